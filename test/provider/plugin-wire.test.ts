import { fileURLToPath } from 'node:url';
import { expect } from 'chai';
import fc from 'fast-check';
import protobuf from 'protobufjs';
import { MESSAGES } from '../../terraform-provider/plugin/descriptors.ts';
import { decodeMessage, encodeMessage } from '../../terraform-provider/plugin/wire.ts';
import { printedSeed } from '../support/seed.ts';

const SIDE_SERVICES = new Set(['Empty', 'StdioData', 'ConnInfo', 'HealthCheckRequest', 'HealthCheckResponse']);
const NAMES = Object.keys(MESSAGES).filter((name) => !SIDE_SERVICES.has(name));

describe('The codec of the plugin protocol', () => {
  const oracle = new protobuf.Root();
  const oracleType = (name: string) => oracle.lookupType(fullName(name));

  before(async () => {
    await oracle.load(fileURLToPath(new URL('tfplugin6.proto', import.meta.url)), { keepCase: true });
    oracle.resolveAll();
  });

  it('has the bytes that the rules of proto3 give', () => {
    const cases: [string, object, string][] = [
      ['DynamicValue', { msgpack: Uint8Array.of(0xc0) }, '0a01c0'],
      ['DynamicValue', {}, ''],
      ['Diagnostic', { severity: 1, summary: 'é', detail: '' }, '08011202c3a9'],
      ['AttributePath.Step', { element_key_int: 0 }, '1800'],
      ['AttributePath.Step', { element_key_int: -1 }, '18ffffffffffffffffff01'],
      ['AttributePath.Step', { attribute_name: '' }, '0a00'],
      ['Schema', { version: 300 }, '08ac02'],
      ['Schema', { version: Number.MIN_SAFE_INTEGER }, '0881808080808080f0ff01'],
      ['Schema', { version: 0, block: {} }, '1200'],
      ['RawState', { flatmap: { a: 'b' } }, '12060a0161120162'],
      [
        'OpenEphemeralResource.Response',
        { renew_at: { seconds: 1, nanos: 5 }, private: new Uint8Array() },
        '1204080110052200',
      ],
    ];
    for (const [name, message, hex] of cases) {
      expect(Buffer.from(encodeMessage(name, message)).toString('hex'), name).to.equal(hex);
    }
  });

  it('has every field number, type and label as an independent definition has them', () => {
    for (const name of NAMES) {
      const { fields } = oracleType(name);
      for (const [number, key, type, label] of MESSAGES[name]!) {
        const field = fields[key];
        expect(field && describeField(field), `${name}.${key}`).to.deep.equal({ number, type, label });
      }
    }
  });

  it('agrees with an independent implementation on random messages, in both directions', () => {
    const seed = printedSeed('codec against protobufjs');
    const anyMessage = fc
      .constantFrom(...NAMES)
      .chain((name) => fc.tuple(fc.constant(name), arbitraryMessage(name, 3)));
    fc.assert(
      fc.property(anyMessage, ([name, message]) => {
        const bytes = encodeMessage(name, message);
        const decoded = decodeMessage(name, bytes);
        const type = oracleType(name);
        const foreign = type.encode(type.decode(bytes)).finish();
        expect(decodeMessage(name, foreign)).to.deep.equal(decoded);
        expect(encodeMessage(name, decoded)).to.deep.equal(bytes);
      }),
      { seed, numRuns: 1500 },
    );
  });

  it('skips fields that it does not know', () => {
    const type = oracle.lookupType('tfplugin6.Schema.Attribute');
    const bytes = type.encode({ name: 'a', deprecation_message: 'use b', write_only: true }).finish();
    expect(decodeMessage('Schema.Attribute', bytes)).to.include({ name: 'a', write_only: true });
    // A number in every wire type of proto3: 99 as varint, 64-bit, bytes, 32-bit; then field 1.
    const odd = Buffer.from('98060199060102030405060708' + '9a060101' + '9d0601020304' + '0a0178', 'hex');
    expect(decodeMessage('Schema.Attribute', odd)).to.include({ name: 'x' });
  });

  it('takes the last of two scalars and merges two messages', () => {
    const twice = Buffer.concat([
      encodeMessage('Schema', { version: 1, block: { description: 'a' } }),
      encodeMessage('Schema', { version: 2, block: { deprecated: true } }),
    ]);
    expect(decodeMessage('Schema', twice)).to.deep.nested.include({
      version: 2,
      'block.description': 'a',
      'block.deprecated': true,
    });
  });

  it('refuses bytes that are cut off anywhere within a field, and a number that is too long', () => {
    const bytes = encodeMessage('Diagnostic', {
      severity: 1,
      summary: 'text',
      attribute: { steps: [{ attribute_name: 'a' }] },
    });
    const boundaries = new Set([0, 2, 8, bytes.length]);
    for (let length = 0; length < bytes.length; length += 1) {
      const decode = () => decodeMessage('Diagnostic', bytes.subarray(0, length));
      if (boundaries.has(length)) expect(decode).not.to.throw();
      else expect(decode, `${length} bytes`).to.throw('cut off');
    }
    expect(() => decodeMessage('Schema', Buffer.from('08ffffffffffffffffffff01', 'hex'))).to.throw(
      'longer than ten bytes',
    );
  });

  it('refuses to send a field that the message does not have', () => {
    expect(() => encodeMessage('Diagnostic', { sumary: 'x' })).to.throw('no field sumary');
  });
});

function describeField(field: protobuf.Field): object {
  const type = field.resolvedType instanceof protobuf.Enum ? 'enum' : (field.resolvedType?.fullName ?? field.type);
  let label: string | undefined;
  if (field.map) label = 'map';
  else if (field.repeated) label = 'repeated';
  else if (field.partOf && !(field.resolvedType instanceof protobuf.Type)) label = 'presence';
  return { number: field.id, type: type.replace(/^\.(tfplugin6|google\.protobuf)\./, ''), label };
}

function fullName(name: string): string {
  return name === 'Timestamp' ? 'google.protobuf.Timestamp' : `tfplugin6.${name}`;
}

function arbitraryMessage(name: string, depth: number): fc.Arbitrary<object> {
  const fields: Record<string, fc.Arbitrary<unknown>> = {};
  for (const [, key, type, label] of MESSAGES[name]!) {
    const value = arbitraryValue(type, depth);
    if (value === undefined) continue;
    if (label === 'repeated') fields[key] = fc.array(value, { maxLength: 3 });
    else if (label === 'map') fields[key] = fc.dictionary(fc.string({ maxLength: 5 }), value, { maxKeys: 3 });
    else fields[key] = value;
  }
  const message = fc.record(fields, { requiredKeys: [] });
  // Of a oneof, exactly one.
  return name === 'AttributePath.Step' || name === 'InvokeAction.Event'
    ? message.map((step) => Object.fromEntries(Object.entries(step).slice(0, 1)))
    : message;
}

function arbitraryValue(type: string, depth: number): fc.Arbitrary<unknown> | undefined {
  if (type === 'string') return fc.string({ unit: 'grapheme', maxLength: 20 });
  if (type === 'bytes') return fc.uint8Array({ maxLength: 300 });
  if (type === 'bool') return fc.boolean();
  if (type === 'int64') return fc.maxSafeInteger();
  if (type === 'int32') return fc.integer();
  if (type === 'enum') return fc.integer({ min: 0, max: 3 });
  return depth > 0 ? arbitraryMessage(type, depth - 1) : undefined;
}
