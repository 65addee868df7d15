import { Encoder, ExtData } from '@msgpack/msgpack';
import { expect } from 'chai';
import fc from 'fast-check';
import {
  type CtyType,
  containsUnknown,
  decodeDynamic,
  decodeJsonState,
  encodeDynamic,
  equalValues,
  NumberText,
  TypedValue,
  UNKNOWN,
  type Value,
} from '../../terraform-provider/values/value.ts';
import { printedSeed } from '../support/seed.ts';

const hex = (type: CtyType, value: Value) => Buffer.from(encodeDynamic(type, value).msgpack!).toString('hex');
const fromHex = (type: CtyType, bytes: string) => decodeDynamic(type, { msgpack: Buffer.from(bytes, 'hex') });
const fromJson = (type: CtyType, json: string) => decodeJsonState(type, Buffer.from(json));

describe('Terraform values', () => {
  it('of any extension code are unknown, refined or not, wherever they stand', () => {
    for (let code = 0; code < 128; code += 1) {
      const bytes = new Encoder().encode([new ExtData(code, Uint8Array.of(1, 2, 3))]);
      expect(decodeDynamic(['list', 'string'], { msgpack: bytes }), `code ${code}`).to.deep.equal([UNKNOWN]);
    }
    // As Terraform sends `"pre-${x.id}"`: code 12 around the map {1: false, 2: "pre-"}.
    const refined = 'c7090c8201c202a47072652d';
    expect(fromHex('string', refined)).to.equal(UNKNOWN);
    expect(fromHex(['object', { a: 'string', b: 'number' }], `82a161${refined}a162d40000`)).to.deep.include({
      a: UNKNOWN,
      b: UNKNOWN,
    });
    expect(hex('string', UNKNOWN)).to.equal('d40000');
  });

  it('that are numbers travel through without loss, text as text', () => {
    const cases: [string, number | string][] = [
      ['05', 5],
      ['ff', -1],
      ['cf001fffffffffffff', Number.MAX_SAFE_INTEGER],
      ['cb3fe0000000000000', 0.5],
      ['cb7e70000000000000', 2 ** 1000],
      ['a3302e31', '0.1'],
      ['b43132333435363738393031323334353637383930', '12345678901234567890'],
      ['b6332e3134313539323635333538393739333233383436', '3.14159265358979323846'],
    ];
    for (const [bytes, number] of cases) {
      const value = fromHex('number', bytes);
      expect(value, bytes).to.deep.equal(typeof number === 'number' ? number : new NumberText(number));
      expect(hex('number', value), bytes).to.equal(bytes);
    }
    // 64-bit integers beyond 2^53 keep their digits, too.
    expect(fromHex('number', 'cfffffffffffffffff')).to.deep.equal(new NumberText('18446744073709551615'));
    expect(fromHex('number', 'd38000000000000000')).to.deep.equal(new NumberText('-9223372036854775808'));
  });

  it('that are strings are NFC in both directions, keys of maps included', () => {
    expect(hex('string', 'e\u0301')).to.equal('a2c3a9');
    expect(fromHex('string', 'a365cc81')).to.equal('é');
    expect(hex(['map', 'bool'], { 'e\u0301': true })).to.equal('81a2c3a9c3');
  });

  it('that are sets lose duplicates and their order, but never two unknown elements', () => {
    expect(hex(['set', 'string'], ['b', 'a', 'b'])).to.equal('92a161a162');
    expect(hex(['set', 'string'], ['e\u0301', 'é'])).to.equal('91a2c3a9');
    expect(hex(['set', 'number'], [1, new NumberText('1.0'), 1])).to.equal('9101');
    expect(hex(['set', 'string'], [UNKNOWN, 'a', UNKNOWN])).to.equal('93a161d40000d40000');
    const objects: Value[] = [{ a: 'x' }, { a: 'x', b: null }];
    expect(hex(['set', ['object', { a: 'string', b: 'string' }]], objects)).to.equal('9182a161a178a162c0');
    expect(hex(['list', 'string'], ['b', 'a', 'b']), 'a list').to.equal('93a162a161a162');
  });

  it('that are objects have every attribute of their type and no other', () => {
    const type: CtyType = ['object', { a: 'string', b: 'bool' }];
    expect(hex(type, { b: true })).to.equal('82a161c0a162c3');
    expect(() => hex(type, { a: 'x', c: 1 })).to.throw('The object has no attribute c.');
    expect(() => hex(['object', { inner: type }], { inner: { zz: null } })).to.throw('inner has no attribute zz.');
    expect(() => fromHex(type, '81a163c0')).to.throw('has no attribute c');
    expect(() => hex(type, { a: 5 })).to.throw('a is not a string.');
  });

  it('may have any key in a map', () => {
    const bytes = `82a9${Buffer.from('__proto__').toString('hex')}a178ab${Buffer.from('constructor').toString('hex')}a179`;
    const map = fromHex(['map', 'string'], bytes) as Record<string, Value>;
    expect(Object.entries(map)).to.deep.equal([
      ['__proto__', 'x'],
      ['constructor', 'y'],
    ]);
    expect(hex(['map', 'string'], map)).to.equal(bytes);
    expect(Object.entries(fromJson(['map', 'string'], '{"__proto__":"x"}') as object)).to.deep.equal([
      ['__proto__', 'x'],
    ]);
  });

  it('of type dynamic carry their type', () => {
    const value = new TypedValue(['list', 'number'], [1]);
    const bytes = `92c411${Buffer.from('["list","number"]').toString('hex')}9101`;
    expect(hex('dynamic', value)).to.equal(bytes);
    expect(fromHex('dynamic', bytes)).to.deep.equal(value);
    expect(fromHex('dynamic', hex('dynamic', ['a', 1]))).to.deep.equal(
      new TypedValue(['tuple', ['string', 'number']], ['a', 1]),
    );
    expect(fromHex('dynamic', 'd40000')).to.equal(UNKNOWN);
  });

  it('that are absent are null', () => {
    expect(decodeDynamic('string', undefined)).to.equal(null);
    expect(decodeDynamic('string', { msgpack: new Uint8Array(), json: new Uint8Array() })).to.equal(null);
    expect(decodeJsonState('string', new Uint8Array())).to.equal(null);
    expect(decodeDynamic('string', { json: Buffer.from('"x"') })).to.equal('x');
  });

  it('stored as JSON keep the digits of numbers, and only the attributes of today', () => {
    const type: CtyType = ['object', { n: ['list', 'number'], s: 'string', gone: 'bool' }];
    const json = '{"n":[1, 0.1, 12345678901234567890, -1.50e+2],"s":"1.5 and \\"2.5","old":0.25}';
    expect(fromJson(type, json)).to.deep.include({
      n: [1, new NumberText('0.1'), new NumberText('12345678901234567890'), new NumberText('-1.50e+2')],
      s: '1.5 and "2.5',
      gone: null,
    });
    expect(Object.keys(fromJson(type, json) as object)).to.have.members(['n', 's', 'gone']);
    for (const broken of ['{"n":01}', '{', '[1,]', '{"s":1 2}'])
      expect(() => fromJson(type, broken), broken).to.throw('JSON');
    expect(() => decodeJsonState('string', Buffer.from([0x22, 0xff, 0x22]))).to.throw('JSON');
  });

  it('are equal regardless of notation, and different otherwise', () => {
    const same: [CtyType, Value, Value][] = [
      ['number', 1.5, new NumberText('15e-1')],
      ['number', 0, new NumberText('-0.00')],
      ['string', 'é', 'e\u0301'],
      [
        ['set', 'string'],
        ['a', 'b'],
        ['b', 'a'],
      ],
      ['string', UNKNOWN, UNKNOWN],
      [['object', { a: 'string' }], {}, { a: null }],
    ];
    for (const [type, a, b] of same) expect(equalValues(type, a, b), JSON.stringify([a, b])).to.equal(true);
    const different: [CtyType, Value, Value][] = [
      ['number', new NumberText('3.14159265358979323846'), Math.PI],
      ['string', null, ''],
      ['string', null, UNKNOWN],
      [
        ['list', 'string'],
        ['a', 'b'],
        ['b', 'a'],
      ],
      [['map', 'string'], {}, { a: null }],
    ];
    for (const [type, a, b] of different) expect(equalValues(type, a, b), JSON.stringify([a, b])).to.equal(false);
  });

  it('of random type and content come back equal', () => {
    const seed = printedSeed('value round trip');
    const typed = arbitraryType(3).chain((type) => fc.tuple(fc.constant(type), arbitraryValue(type)));
    fc.assert(
      fc.property(typed, ([type, value]) => {
        const encoded = encodeDynamic(type, value);
        const decoded = decodeDynamic(type, encoded);
        expect(equalValues(type, decoded, value)).to.equal(true);
        expect(containsUnknown(decoded)).to.equal(containsUnknown(value));
        expect(encodeDynamic(type, decoded), 'a second time').to.deep.equal(encoded);
      }),
      { seed, numRuns: 1000 },
    );
  });
});

function arbitraryType(depth: number): fc.Arbitrary<CtyType> {
  const primitive = fc.constantFrom<CtyType>('string', 'number', 'bool');
  if (depth === 0) return primitive;
  const inner = arbitraryType(depth - 1);
  return fc.oneof(
    primitive,
    fc.tuple(fc.constantFrom('list' as const, 'set' as const, 'map' as const), inner),
    fc.tuple(
      fc.constant('object' as const),
      fc.dictionary(fc.string({ minLength: 1, maxLength: 4 }), inner, { maxKeys: 4 }),
    ),
    fc.tuple(fc.constant('tuple' as const), fc.array(inner, { maxLength: 3 })),
  );
}

function arbitraryValue(type: CtyType): fc.Arbitrary<Value> {
  const rare = fc.constantFrom<Value>(null, UNKNOWN);
  return fc.oneof({ weight: 6, arbitrary: knownValue(type) }, { weight: 1, arbitrary: rare });
}

function knownValue(type: CtyType): fc.Arbitrary<Value> {
  if (type === 'string') return fc.string({ unit: 'grapheme', maxLength: 40 });
  if (type === 'bool') return fc.boolean();
  if (type === 'number') {
    const text = fc.bigInt().map((integer) => new NumberText(String(integer)));
    return fc.oneof(fc.maxSafeInteger(), fc.double({ noNaN: true, noDefaultInfinity: true }), text);
  }
  if (type === 'dynamic') return fc.constant(null);
  if (type[0] === 'tuple') return fc.tuple(...type[1].map(arbitraryValue));
  if (type[0] === 'object') {
    return fc.record(Object.fromEntries(Object.entries(type[1]).map(([name, item]) => [name, arbitraryValue(item)])));
  }
  if (type[0] === 'map') return fc.dictionary(fc.string({ maxLength: 5 }), arbitraryValue(type[1]), { maxKeys: 4 });
  return fc.array(arbitraryValue(type[1]), { maxLength: 5 });
}
