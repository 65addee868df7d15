import { decode, ExtData, type ExtensionCodecType, encode } from '@msgpack/msgpack';
import type { DynamicValue } from '../plugin/messages.ts';
import { parseExactJson } from './json.ts';
import { NumberText, normalDecimal } from './number-text.ts';

export { NumberText } from './number-text.ts';

/** Stands for a value that is not known before apply. There is one, {@link UNKNOWN}: compare with `===`. */
export class Unknown {
  /** For messages and debugging only. */
  toString(): string {
    return '(known after apply)';
  }
}

/** The one unknown value. A refinement that Terraform sent along with it is dropped, which the protocol allows. */
export const UNKNOWN: Unknown = new Unknown();

/** A value at a place of type `dynamic`: it carries its type along. */
export class TypedValue {
  readonly type: CtyType;
  readonly value: Value;

  /** Pairs a value with the type under which it travels. */
  constructor(type: CtyType, value: Value) {
    this.type = type;
    this.value = value;
  }
}

/**
 * A Terraform value. Lists, sets and tuples are arrays; maps and objects are records (made without a prototype, so that no key
 * is special). A number that Terraform sent as text stays text ({@link NumberText}) and travels back unharmed.
 */
export type Value = null | boolean | number | NumberText | string | Unknown | TypedValue | Value[] | ValueRecord;

/** A map or an object. */
export interface ValueRecord {
  [key: string]: Value;
}

/** A type in Terraform's JSON notation, such as `["set","string"]`. */
export type CtyType =
  | 'string'
  | 'number'
  | 'bool'
  | 'dynamic'
  | ['list' | 'set' | 'map', CtyType]
  | ['tuple', CtyType[]]
  | ['object', { [name: string]: CtyType }]
  | ['object', { [name: string]: CtyType }, string[]];

/** A value that does not have the type it should have; the message names the place. */
export class ValueError extends Error {
  override readonly name = 'ValueError';
}

/** True for a map or an object, and for nothing else. */
export function isRecord(value: Value): value is ValueRecord {
  return (
    typeof value === 'object' &&
    value !== null &&
    value !== UNKNOWN &&
    !Array.isArray(value) &&
    !(value instanceof NumberText) &&
    !(value instanceof TypedValue)
  );
}

/** True when the value is {@link UNKNOWN} or holds it anywhere. */
export function containsUnknown(value: Value): boolean {
  if (value === UNKNOWN) return true;
  if (value instanceof TypedValue) return containsUnknown(value.value);
  if (Array.isArray(value)) return value.some(containsUnknown);
  return isRecord(value) && Object.values(value).some(containsUnknown);
}

/**
 * Decodes what Terraform sent. Absent and empty are null. Every extension code means unknown, refinements included.
 * Throws {@link ValueError} when the bytes do not hold a value of the type.
 */
export function decodeDynamic(type: CtyType, value: DynamicValue | undefined): Value {
  if (value?.msgpack !== undefined && value.msgpack.length > 0) {
    return fromWire(type, decodeMsgpack(value.msgpack), '', STRICT);
  }
  if (value?.json !== undefined && value.json.length > 0) {
    return fromWire(type, parseJson(value.json), '', JSON_FORM);
  }
  return null;
}

/** Whether what Terraform sent is null: `decodeDynamic` without the work. */
export function isNullDynamic(value: DynamicValue | undefined): boolean {
  if (value?.msgpack !== undefined && value.msgpack.length > 0) return value.msgpack[0] === MSGPACK_NIL;
  return value?.json === undefined || value.json.length === 0 || parseJson(value.json) === null;
}

/**
 * Encodes a value as msgpack. Strings are NFC-normalised, sets sorted and without duplicates, and an object has every attribute
 * of its type (null where it is missing). Throws {@link ValueError} for a value of another type and for attributes that the
 * object type does not have.
 */
export function encodeDynamic(type: CtyType, value: Value): DynamicValue {
  return { msgpack: encodeMsgpack(toWire(type, value, '', false)) };
}

/**
 * Decodes the JSON under which Terraform stored a resource (`RawState.json`). Numbers keep their digits; an attribute that the
 * type does not have is left out, a missing one is null. Throws {@link ValueError} for text that is no JSON or of another type.
 */
export function decodeJsonState(type: CtyType, json: Uint8Array): Value {
  return json.length === 0 ? null : fromWire(type, parseJson(json), '', JSON_FORM);
}

/**
 * True when both are the same value of the type: order in sets, notation of numbers and Unicode form of strings are no
 * difference; unknown equals unknown.
 */
export function equalValues(type: CtyType, a: Value, b: Value): boolean {
  // Most of what is compared needs no canonical form.
  if (a === b) return true;
  if (a === null || b === null || a === UNKNOWN || b === UNKNOWN) return false;
  if (type === 'string' && typeof a === 'string' && typeof b === 'string') {
    return a.normalize('NFC') === b.normalize('NFC');
  }
  const canonical = (value: Value) => Buffer.from(encodeMsgpack(toWire(type, value, '', true)));
  return canonical(a).equals(canonical(b));
}

/**
 * The type of a value that carries none, as Terraform would infer it: arrays are tuples, records objects.
 */
export function inferType(value: Value): CtyType {
  if (typeof value === 'string') return 'string';
  if (typeof value === 'boolean') return 'bool';
  if (typeof value === 'number' || value instanceof NumberText) return 'number';
  if (Array.isArray(value)) return ['tuple', value.map(inferType)];
  if (isRecord(value)) {
    return ['object', Object.fromEntries(Object.entries(value).map(([key, item]) => [key, inferType(item)]))];
  }
  return 'dynamic';
}

// ---- msgpack

/** What msgpack and JSON decode to before the type gives it a meaning. */
type Raw = unknown;

const MSGPACK_NIL = 0xc0;
const UNKNOWN_EXTENSION = new ExtData(0, Uint8Array.of(0));

/** Any extension is an unknown value, whatever its code: later ones may come, as the refined unknowns (12) did. */
const EXTENSIONS: ExtensionCodecType<undefined> = {
  tryToEncode: (input) => (input === UNKNOWN ? UNKNOWN_EXTENSION : null),
  decode: () => UNKNOWN,
};

/** Keys get a prefix while the library holds them, for it refuses `__proto__`, which is a valid key of a map. */
const KEY_PREFIX = '.';
const PREFIXED_KEYS = {
  canBeCached: () => true,
  decode: (bytes: Uint8Array, offset: number, length: number) =>
    KEY_PREFIX + Buffer.from(bytes.buffer, bytes.byteOffset + offset, length).toString('utf8'),
};

function decodeMsgpack(bytes: Uint8Array): Raw {
  try {
    return decode(bytes, {
      extensionCodec: EXTENSIONS,
      useBigInt64: true,
      keyDecoder: PREFIXED_KEYS,
    });
  } catch (cause) {
    throw new ValueError('The value is not valid msgpack.', { cause });
  }
}

function encodeMsgpack(raw: Raw): Uint8Array {
  return encode(raw, { extensionCodec: EXTENSIONS, maxDepth: 1000 });
}

function parseJson(bytes: Uint8Array): Raw {
  try {
    return parseExactJson(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
  } catch (cause) {
    throw new ValueError('The value is not valid JSON.', { cause });
  }
}

// ---- from the wire

interface Form {
  /** What precedes every key of a raw record. */
  keyPrefix: string;
  /** True where attributes of another version of the schema may turn up. */
  dropsUnknownAttributes: boolean;
  dynamic: (raw: Raw, path: string) => { type: CtyType; value: Raw };
}

const STRICT: Form = {
  keyPrefix: KEY_PREFIX,
  dropsUnknownAttributes: false,
  dynamic: (raw, path) => {
    if (!Array.isArray(raw) || raw.length !== 2 || !(raw[0] instanceof Uint8Array)) {
      throw mismatch(path, 'a dynamic value with its type');
    }
    return { type: JSON.parse(Buffer.from(raw[0]).toString('utf8')), value: raw[1] };
  },
};

const JSON_FORM: Form = {
  keyPrefix: '',
  dropsUnknownAttributes: true,
  dynamic: (raw, path) => {
    if (typeof raw !== 'object' || raw === null || !('type' in raw) || !('value' in raw)) {
      throw mismatch(path, 'a dynamic value with its type');
    }
    return { type: raw.type as CtyType, value: raw.value };
  },
};

function fromWire(type: CtyType, raw: Raw, path: string, form: Form): Value {
  if (raw === null || raw === undefined) return null;
  if (raw === UNKNOWN) return UNKNOWN;
  if (type === 'dynamic') {
    const inner = form.dynamic(raw, path);
    return new TypedValue(inner.type, fromWire(inner.type, inner.value, path, form));
  }
  if (typeof type === 'string') return primitiveFromWire(type, raw, path);
  if (type[0] === 'map' || type[0] === 'object') return recordFromWire(type, raw, path, form);
  if (!Array.isArray(raw)) throw mismatch(path, `a ${type[0]}`);
  if (type[0] === 'tuple') {
    const types = type[1];
    if (raw.length !== types.length) throw mismatch(path, `a tuple of ${types.length} elements`);
    return raw.map((item, index) => fromWire(types[index]!, item, `${path}[${index}]`, form));
  }
  const element = type[1];
  return raw.map((item, index) => fromWire(element, item, `${path}[${index}]`, form));
}

function primitiveFromWire(type: 'string' | 'number' | 'bool', raw: Raw, path: string): Value {
  if (type === 'string') {
    if (typeof raw === 'string') return raw.normalize('NFC');
    // State written under another schema may hold the same thing under another primitive type.
    if (typeof raw === 'number' || typeof raw === 'boolean') return String(raw);
  } else if (type === 'number') {
    if (typeof raw === 'number') return raw;
    if (typeof raw === 'bigint') return isSafe(raw) ? Number(raw) : new NumberText(String(raw));
    if (typeof raw === 'string' && normalDecimal(raw) !== undefined) return new NumberText(raw);
  } else {
    if (typeof raw === 'boolean') return raw;
    if (raw === 'true' || raw === 'false') return raw === 'true';
  }
  throw mismatch(path, `a ${type}`);
}

function recordFromWire(
  type: Extract<CtyType, ['map' | 'object', ...unknown[]]> | ['list' | 'set' | 'map', CtyType],
  raw: Raw,
  path: string,
  form: Form,
): ValueRecord {
  if (typeof raw !== 'object' || raw === null || Array.isArray(raw) || raw instanceof Uint8Array) {
    throw mismatch(path, `${type[0] === 'map' ? 'a map' : 'an object'}`);
  }
  const entries = raw as Record<string, Raw>;
  const record: ValueRecord = Object.create(null);
  const keys = Object.keys(entries);
  if (type[0] !== 'object') {
    for (const prefixed of keys) {
      const key = prefixed.slice(form.keyPrefix.length);
      record[key.normalize('NFC')] = fromWire(type[1], entries[prefixed], `${path}["${key}"]`, form);
    }
    return record;
  }
  const attributes = type[1];
  let known = 0;
  for (const name of Object.keys(attributes)) {
    const key = form.keyPrefix + name;
    const isThere = Object.hasOwn(entries, key);
    if (isThere) known += 1;
    record[name] = isThere ? fromWire(attributes[name]!, entries[key], join(path, name), form) : null;
  }
  if (keys.length > known && !form.dropsUnknownAttributes) {
    const names = keys.map((key) => key.slice(form.keyPrefix.length));
    throw unexpected(
      path,
      names.filter((name) => !Object.hasOwn(attributes, name)),
    );
  }
  return record;
}

// ---- to the wire

/** With `canonical`, equal numbers get equal bytes; else a number travels as it came. */
function toWire(type: CtyType, value: Value | undefined, path: string, canonical: boolean): Raw {
  if (value === null || value === undefined) return null;
  if (value === UNKNOWN) return UNKNOWN;
  if (type === 'dynamic') {
    const typed = value instanceof TypedValue ? value : new TypedValue(inferType(value), value);
    return [Buffer.from(JSON.stringify(typed.type)), toWire(typed.type, typed.value, path, canonical)];
  }
  if (typeof type === 'string') return primitiveToWire(type, value, path, canonical);
  if (type[0] === 'map' || type[0] === 'object') {
    if (!isRecord(value)) throw mismatch(path, type[0] === 'map' ? 'a map' : 'an object');
    return type[0] === 'object'
      ? objectToWire(type[1], value, path, canonical)
      : mapToWire(type[1] as CtyType, value, path, canonical);
  }
  if (!Array.isArray(value)) throw mismatch(path, `a ${type[0]}`);
  if (type[0] === 'tuple') {
    const types = type[1];
    if (value.length !== types.length) throw mismatch(path, `a tuple of ${types.length} elements`);
    return value.map((item, index) => toWire(types[index]!, item, `${path}[${index}]`, canonical));
  }
  const element = type[1] as CtyType;
  const items = value.map((item, index) => toWire(element, item, `${path}[${index}]`, canonical));
  return type[0] === 'set' ? withoutDuplicates(element, value, items, path) : items;
}

function primitiveToWire(type: 'string' | 'number' | 'bool', value: Value, path: string, canonical: boolean): Raw {
  if (type === 'string' && typeof value === 'string') return value.normalize('NFC');
  if (type === 'bool' && typeof value === 'boolean') return value;
  if (type === 'number' && value instanceof NumberText) return canonical ? normalDecimal(value.text) : value.text;
  if (type === 'number' && typeof value === 'number' && Number.isFinite(value)) {
    return canonical ? normalDecimal(String(value)) : value;
  }
  throw mismatch(path, `a ${type}`);
}

function objectToWire(types: { [name: string]: CtyType }, value: ValueRecord, path: string, canonical: boolean): Raw {
  const extra = Object.keys(value).filter((name) => !Object.hasOwn(types, name));
  if (extra.length > 0) throw unexpected(path, extra);
  const raw: Record<string, Raw> = Object.create(null);
  for (const name of Object.keys(types).sort()) {
    const item = Object.hasOwn(value, name) ? value[name] : null;
    raw[name] = toWire(types[name]!, item, join(path, name), canonical);
  }
  return raw;
}

function mapToWire(element: CtyType, value: ValueRecord, path: string, canonical: boolean): Raw {
  const raw: Record<string, Raw> = Object.create(null);
  for (const key of Object.keys(value).sort()) {
    raw[key.normalize('NFC')] = toWire(element, value[key], `${path}["${key}"]`, canonical);
  }
  return raw;
}

/** Two unknown elements may turn out to differ, so only fully known ones are compared. */
function withoutDuplicates(element: CtyType, values: Value[], items: Raw[], path: string): Raw[] {
  const known = new Map<string, Raw>();
  const unknown: Raw[] = [];
  for (const [index, value] of values.entries()) {
    if (containsUnknown(value)) unknown.push(items[index]);
    else {
      const key = Buffer.from(encodeMsgpack(toWire(element, value, path, true))).toString('latin1');
      if (!known.has(key)) known.set(key, items[index]);
    }
  }
  const sorted = [...known].sort(([a], [b]) => (a < b ? -1 : 1));
  return [...sorted.map(([, item]) => item), ...unknown];
}

// ---- messages

function isSafe(value: bigint): boolean {
  return value <= BigInt(Number.MAX_SAFE_INTEGER) && value >= BigInt(Number.MIN_SAFE_INTEGER);
}

function join(path: string, name: string): string {
  return path === '' ? name : `${path}.${name}`;
}

function mismatch(path: string, expected: string): ValueError {
  return new ValueError(`${path === '' ? 'The value' : path} is not ${expected}.`);
}

function unexpected(path: string, names: string[]): ValueError {
  return new ValueError(`${path === '' ? 'The object' : path} has no attribute ${names.sort().join(', ')}.`);
}
