/** Reads the body of a PUT by the description of its kind: what is wrong with it, or the whole desired state. */
import { checkText, FORMATS } from '../formats.ts';
import type { Attribute, Attributes, Json, JsonObject, Kind, ValueType } from '../kind.ts';
import { isWide, MOST_WIDE } from '../permission.ts';
import { allAttributes, canonicalValue } from './attributes.ts';
import { closest } from './closest.ts';
import { pointerTo } from './pointer.ts';

export {
  allAttributes,
  canonicalDesired,
  changedAttributes,
  changedImmutables,
  equalValues,
  readOnlyAttributes,
  writableAttributes,
} from './attributes.ts';

/** One thing that is wrong with a body. */
export interface Violation {
  /** A JSON pointer (RFC 6901) into the body; `''` for the body itself. */
  readonly pointer: string;
  /** What is wrong, for people. Never repeats a value. */
  readonly detail: string;
}

export type BodyReading =
  | { readonly ok: true; readonly desired: JsonObject }
  | { readonly ok: false; readonly violations: Violation[] };

/** Violations beyond this number are not reported. */
export const MOST_VIOLATIONS = 100;

/** Longest free text, in Unicode code points, where the description names no other. */
export const DEFAULT_MAX_LENGTH = 1024;

/** Most members of a set or map where the description names no other number. */
export const DEFAULT_MAX_ITEMS = 1024;

/**
 * The desired state that `body` asks for, or everything that is wrong with it (at most `MOST_VIOLATIONS`).
 *
 * `desired` holds each writable attribute in the order of the description, exactly as sent, with defaults for missing
 * and null ones (also inside objects) and null for optional ones without a default. Attributes that keep their stored
 * value are left out when missing or null. Read-only attributes are ignored, whatever they hold. What needs the state
 * to be judged (whether a role exists, whether a date is past) is not judged here.
 */
export function readBody(kind: Kind, body: Json): BodyReading {
  return readAttributes(allAttributes(kind), body);
}

/** Like `readBody`, for a body that is described by its attributes alone. */
export function readAttributes(attributes: Attributes, body: Json): BodyReading {
  const violations: Violation[] = [];
  const refuse: Refuse = (pointer, detail) => {
    if (violations.length < MOST_VIOLATIONS) violations.push({ pointer, detail });
  };
  const desired = readObject(attributes, body, '', refuse);
  return violations.length === 0 ? { ok: true, desired } : { ok: false, violations };
}

type Refuse = (pointer: string, detail: string) => void;

function readObject(attributes: Attributes, value: Json, at: string, refuse: Refuse): JsonObject {
  if (!isObject(value)) {
    refuse(at, `must be a JSON object, not ${nameOf(value)}`);
    return {};
  }
  refuseUnknown(attributes, value, at, refuse);
  const result: JsonObject = {};
  const given: string[] = [];
  for (const [name, attribute] of Object.entries(attributes)) {
    if (attribute.access === 'read-only') continue;
    const pointer = pointerTo(at, name);
    const sent = Object.hasOwn(value, name) ? (value[name] as Json) : null;
    if (sent === null) {
      if (attribute.access === 'required') refuse(pointer, 'is required');
      else if (attribute.keeps !== true) result[name] = defaultOf(attribute);
      continue;
    }
    result[name] = readValue(attribute, sent, pointer, refuse);
    const other = given.find(
      (earlier) => attribute.conflictsWith?.includes(earlier) || attributes[earlier]?.conflictsWith?.includes(name),
    );
    given.push(name);
    if (other !== undefined) refuse(pointer, `cannot be given together with "${other}"`);
  }
  return result;
}

function refuseUnknown(attributes: Attributes, value: JsonObject, at: string, refuse: Refuse): void {
  for (const key of Object.keys(value)) {
    if (Object.hasOwn(attributes, key)) continue;
    const writable = Object.keys(attributes).filter((name) => attributes[name]?.access !== 'read-only');
    const meant = closest(key, writable);
    refuse(
      pointerTo(at, key),
      meant === undefined ? 'there is no such attribute' : `there is no such attribute; did you mean "${meant}"?`,
    );
  }
}

/** `value` as it goes into the desired state. After a refusal the result is of no use and not used. */
function readValue(type: ValueType, value: Json, at: string, refuse: Refuse): Json {
  switch (type.type) {
    case 'string':
      if (typeof value !== 'string') break;
      checkString(type, value, at, refuse);
      return value;
    case 'boolean':
      if (typeof value !== 'boolean') break;
      return value;
    case 'integer':
      if (!Number.isSafeInteger(value)) break;
      if (type.minimum !== undefined && (value as number) < type.minimum)
        refuse(at, `must be at least ${type.minimum}`);
      return value;
    case 'set':
      if (!Array.isArray(value)) break;
      return readSet(type, value, at, refuse);
    case 'map':
      if (!isObject(value)) break;
      return readMap(type, value, at, refuse);
    case 'object':
      return readObject(type.attributes, value, at, refuse);
  }
  refuse(at, `must be ${TYPE_TEXTS[type.type]}, not ${nameOf(value)}`);
  return null;
}

function checkString(type: ValueType & { type: 'string' }, value: string, at: string, refuse: Refuse): void {
  if (type.enum !== undefined) {
    const choices = type.enum.map((choice) => `"${choice}"`).join(' or ');
    if (!type.enum.includes(value)) refuse(at, `must be ${choices}`);
    return;
  }
  const maximum = type.maxLength ?? (type.format === undefined ? DEFAULT_MAX_LENGTH : undefined);
  if (maximum !== undefined && codePoints(value) > maximum) {
    refuse(at, `must not be longer than ${maximum} characters`);
    return;
  }
  const wrong = type.format === undefined ? checkText(value) : FORMATS[type.format].check(value);
  if (wrong !== undefined) refuse(at, wrong);
}

function readSet(type: ValueType & { type: 'set' }, value: Json[], at: string, refuse: Refuse): Json {
  const maximum = type.maxItems ?? DEFAULT_MAX_ITEMS;
  if (value.length > maximum) {
    refuse(at, `must not have more than ${maximum} members`);
    return [];
  }
  const seen = new Map<string, number>();
  const members = value.map((item, index) => {
    const pointer = pointerTo(at, index);
    let sound = true;
    const read = readValue(type.items, item, pointer, (where, detail) => {
      sound = false;
      refuse(where, detail);
    });
    if (sound) {
      const canonical = canonicalValue(type.items, read);
      const first = seen.get(canonical);
      if (first === undefined) seen.set(canonical, index);
      else refuse(pointer, `is the same as member ${first}; each member of a set is given once`);
    }
    return read;
  });
  if (isPermission(type.items) && members.filter((member) => isWide(String(member))).length > MOST_WIDE) {
    refuse(at, `must not have more than ${MOST_WIDE} members of one verb for many nouns, such as "*.read"`);
  }
  return members;
}

function isPermission(type: ValueType): boolean {
  return type.type === 'string' && type.format === 'permission';
}

function readMap(type: ValueType & { type: 'map' }, value: JsonObject, at: string, refuse: Refuse): Json {
  const entries = Object.entries(value);
  const maximum = type.maxItems ?? DEFAULT_MAX_ITEMS;
  if (entries.length > maximum) {
    refuse(at, `must not have more than ${maximum} entries`);
    return {};
  }
  const read = entries.map(([key, item]): [string, Json] => {
    const pointer = pointerTo(at, key);
    const wrong = FORMATS[type.keys].check(key);
    if (wrong !== undefined) refuse(pointer, `the key ${wrong}`);
    return [key, readValue(type.values, item, pointer, refuse)];
  });
  // Defines own properties whatever the keys are called: an assignment to `__proto__` would not.
  return Object.fromEntries(read);
}

/** What a missing attribute means, with the defaults inside an object filled in. A fresh value each time. */
function defaultOf(attribute: Attribute): Json {
  const value = attribute.default ?? null;
  if (value === null) return null;
  return readValue(attribute, value, '', (pointer, detail) => {
    throw new Error(`a default in the description of a kind is invalid: ${pointer} ${detail}`);
  });
}

/** Length in Unicode code points, as JSON Schema counts (RFC 8259 section 1). */
function codePoints(text: string): number {
  let count = 0;
  for (const _ of text) count += 1;
  return count;
}

function isObject(value: Json): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

const TYPE_TEXTS: Readonly<Record<ValueType['type'], string>> = {
  string: 'a string',
  boolean: 'true or false',
  integer: 'a whole number',
  set: 'an array',
  map: 'a JSON object',
  object: 'a JSON object',
};

function nameOf(value: Json): string {
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'an array';
  if (typeof value === 'number') return Number.isSafeInteger(value) ? 'a number' : 'a fraction or a number beyond 2^53';
  return { string: 'a string', boolean: 'a boolean', object: 'an object' }[
    typeof value as 'string' | 'boolean' | 'object'
  ];
}
