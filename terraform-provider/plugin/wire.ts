import { type Field, MESSAGES, type ScalarType } from './descriptors.ts';

/** Bytes that are not the message that they should be. */
export class WireError extends Error {
  override readonly name = 'WireError';
}

/** A message as the codec sees it; `messages.ts` has the real types. */
type Message = Record<string, unknown>;

const VARINT = 0;
const FIXED64 = 1;
const LENGTH_DELIMITED = 2;
const FIXED32 = 5;

/**
 * Encodes a message of the descriptor table by the rules of proto3: fields in the order of the table, default values of fields
 * without presence left out. Fields of the object that the table does not name are refused, so that a misspelt one is noticed.
 * Throws {@link WireError}.
 */
export function encodeMessage(name: string, message: object): Uint8Array {
  const out = new Writer();
  writeMessage(out, name, message as Message);
  return out.bytes();
}

/**
 * Decodes a message of the descriptor table. Unknown fields are skipped; of a scalar that comes twice the last one counts, messages
 * are merged. Bytes are views into `bytes`. Throws {@link WireError} when the bytes are cut off or malformed.
 */
export function decodeMessage(name: string, bytes: Uint8Array): object {
  const message = emptyMessage(name);
  readMessage(new Reader(bytes, 0, bytes.length), name, message);
  return message;
}

// ---- writing

function writeMessage(out: Writer, name: string, message: Message): void {
  const fields = fieldsOf(name);
  for (const key of Object.keys(message)) {
    if (!fields.names.has(key)) throw new WireError(`${name} has no field ${key}.`);
  }
  for (const field of fields.list) {
    const value = message[field[1]];
    if (value !== undefined && value !== null) writeField(out, field, value);
  }
}

function writeField(out: Writer, [number, , type, label]: Field, value: unknown): void {
  if (label === 'repeated') {
    for (const item of value as unknown[]) writeValue(out, number, type, item);
  } else if (label === 'map') {
    for (const [key, item] of Object.entries(value as Message)) {
      const entry = new Writer();
      writeValue(entry, 1, 'string', key);
      writeValue(entry, 2, type, item);
      out.tag(number, LENGTH_DELIMITED);
      out.delimited(entry.bytes());
    }
  } else if (label === 'presence' || !isDefault(value)) {
    writeValue(out, number, type, value);
  }
}

function writeValue(out: Writer, number: number, type: string, value: unknown): void {
  if (!isScalar(type)) {
    const inner = new Writer();
    writeMessage(inner, type, value as Message);
    out.tag(number, LENGTH_DELIMITED);
    out.delimited(inner.bytes());
  } else if (type === 'string') {
    out.tag(number, LENGTH_DELIMITED);
    out.delimited(Buffer.from(value as string, 'utf8'));
  } else if (type === 'bytes') {
    out.tag(number, LENGTH_DELIMITED);
    out.delimited(value as Uint8Array);
  } else {
    out.tag(number, VARINT);
    out.varint(Number(value));
  }
}

function isDefault(value: unknown): boolean {
  return value === '' || value === 0 || value === false || (value instanceof Uint8Array && value.length === 0);
}

class Writer {
  private buffer = Buffer.allocUnsafe(256);
  private length = 0;

  bytes(): Uint8Array {
    return this.buffer.subarray(0, this.length);
  }

  tag(number: number, wireType: number): void {
    this.varint(number * 8 + wireType);
  }

  delimited(bytes: Uint8Array): void {
    this.varint(bytes.length);
    this.reserve(bytes.length);
    this.buffer.set(bytes, this.length);
    this.length += bytes.length;
  }

  /** A negative number takes ten bytes, as 64-bit two's complement. */
  varint(value: number): void {
    if (!Number.isSafeInteger(value)) throw new WireError(`${value} is not an integer that the wire can carry.`);
    this.reserve(10);
    if (value < 0) {
      let rest = BigInt.asUintN(64, BigInt(value));
      for (; rest > 0x7fn; rest >>= 7n) this.buffer[this.length++] = Number(rest & 0x7fn) | 0x80;
      this.buffer[this.length++] = Number(rest);
      return;
    }
    let rest = value;
    for (; rest > 0x7f; rest = Math.floor(rest / 128)) this.buffer[this.length++] = (rest % 128) | 0x80;
    this.buffer[this.length++] = rest;
  }

  private reserve(count: number): void {
    if (this.length + count <= this.buffer.length) return;
    const larger = Buffer.allocUnsafe(Math.max(this.buffer.length * 2, this.length + count));
    larger.set(this.bytes());
    this.buffer = larger;
  }
}

// ---- reading

function readMessage(reader: Reader, name: string, message: Message): void {
  const { byNumber } = fieldsOf(name);
  while (!reader.atEnd()) {
    const tag = reader.varint();
    const wireType = tag % 8;
    const field = byNumber.get(Math.floor(tag / 8));
    if (field === undefined || wireType !== wireTypeOf(field)) reader.skip(wireType);
    else readField(reader, field, message);
  }
}

function readField(reader: Reader, [, key, type, label]: Field, message: Message): void {
  if (label === 'repeated') {
    (message[key] as unknown[]).push(readValue(reader, type, undefined));
  } else if (label === 'map') {
    const entry: { key: string; value: unknown } = { key: '', value: isScalar(type) ? DEFAULTS[type] : undefined };
    readEntry(reader.delimited(), type, entry);
    (message[key] as Message)[entry.key] = entry.value ?? emptyMessage(type);
  } else {
    message[key] = readValue(reader, type, message[key]);
  }
}

function readEntry(reader: Reader, type: string, entry: { key: string; value: unknown }): void {
  while (!reader.atEnd()) {
    const tag = reader.varint();
    if (tag === 1 * 8 + LENGTH_DELIMITED) entry.key = reader.delimited().text();
    else if (tag === 2 * 8 + wireTypeOfType(type)) entry.value = readValue(reader, type, entry.value);
    else reader.skip(tag % 8);
  }
}

function readValue(reader: Reader, type: string, previous: unknown): unknown {
  if (!isScalar(type)) {
    const inner = (previous as Message | undefined) ?? emptyMessage(type);
    readMessage(reader.delimited(), type, inner);
    return inner;
  }
  if (type === 'string') return reader.delimited().text();
  if (type === 'bytes') return reader.delimited().rest();
  const value = reader.varint();
  return type === 'bool' ? value !== 0 : value;
}

class Reader {
  private readonly source: Uint8Array;
  private readonly end: number;
  private position: number;

  constructor(bytes: Uint8Array, start: number, end: number) {
    this.source = bytes;
    this.position = start;
    this.end = end;
  }

  atEnd(): boolean {
    return this.position >= this.end;
  }

  /** Read as signed 64-bit integer; beyond ±2^53 the nearest number. */
  varint(): number {
    let value = 0;
    let scale = 1;
    for (let count = 0; count < 7; count += 1) {
      const byte = this.byte();
      value += (byte & 0x7f) * scale;
      if (byte < 0x80) return value;
      scale *= 128;
    }
    let high = 0n;
    for (let count = 0; count < 3; count += 1) {
      const byte = this.byte();
      high |= BigInt(byte & 0x7f) << BigInt(7 * count);
      if (byte < 0x80) return Number(BigInt.asIntN(64, BigInt(value) | (high << 49n)));
    }
    throw new WireError('A number is longer than ten bytes.');
  }

  delimited(): Reader {
    const length = this.varint();
    const start = this.position;
    this.advance(length);
    return new Reader(this.source, start, start + length);
  }

  rest(): Uint8Array {
    return new Uint8Array(this.source.buffer, this.source.byteOffset + this.position, this.end - this.position);
  }

  text(): string {
    const { buffer, byteOffset } = this.source;
    return Buffer.from(buffer, byteOffset + this.position, this.end - this.position).toString('utf8');
  }

  skip(wireType: number): void {
    if (wireType === VARINT) this.varint();
    else if (wireType === FIXED64) this.advance(8);
    else if (wireType === LENGTH_DELIMITED) this.advance(this.varint());
    else if (wireType === FIXED32) this.advance(4);
    else throw new WireError(`Wire type ${wireType} is not part of proto3.`);
  }

  private byte(): number {
    if (this.position >= this.end) throw new WireError('The message is cut off.');
    return this.source[this.position++] as number;
  }

  private advance(count: number): void {
    if (count < 0 || count > this.end - this.position) throw new WireError('The message is cut off.');
    this.position += count;
  }
}

// ---- the table, indexed on first use

interface Fields {
  list: readonly Field[];
  names: Set<string>;
  byNumber: Map<number, Field>;
}

const indexed = new Map<string, Fields>();

function fieldsOf(name: string): Fields {
  let fields = indexed.get(name);
  if (fields === undefined) {
    const list = MESSAGES[name];
    if (list === undefined) throw new WireError(`There is no message ${name}.`);
    fields = {
      list,
      names: new Set(list.map((field) => field[1])),
      byNumber: new Map(list.map((field) => [field[0], field])),
    };
    indexed.set(name, fields);
  }
  return fields;
}

const DEFAULTS: Readonly<Record<ScalarType, unknown>> = {
  string: '',
  bytes: new Uint8Array(0),
  bool: false,
  int64: 0,
  int32: 0,
  uint32: 0,
  enum: 0,
};

function isScalar(type: string): type is ScalarType {
  return Object.hasOwn(DEFAULTS, type);
}

function wireTypeOfType(type: string): number {
  return isScalar(type) && type !== 'string' && type !== 'bytes' ? VARINT : LENGTH_DELIMITED;
}

function wireTypeOf([, , type, label]: Field): number {
  return label === 'map' ? LENGTH_DELIMITED : wireTypeOfType(type);
}

/** What a message without bytes decodes to. Maps have no prototype, so that no key is special. */
function emptyMessage(name: string): Message {
  const message: Message = {};
  for (const [, key, type, label] of fieldsOf(name).list) {
    if (label === 'repeated') message[key] = [];
    else if (label === 'map') message[key] = Object.create(null);
    else if (label === undefined && isScalar(type)) message[key] = DEFAULTS[type];
  }
  return message;
}
