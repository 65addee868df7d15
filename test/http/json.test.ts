import { expect } from 'chai';
import fc from 'fast-check';
import { JsonError, parseJson } from '../../daemon/http/json.ts';
import { printedSeed } from '../support/seed.ts';

describe('JSON bodies', () => {
  it('reads whatever JSON.parse reads, to the same value', () => {
    const seed = printedSeed('JSON bodies');
    fc.assert(
      fc.property(fc.json({ maxDepth: 5 }), fc.constantFrom(undefined, 1, '\t'), (text, indent) => {
        const spaced = JSON.stringify(JSON.parse(text), null, indent);
        expect(parseJson(spaced)).to.deep.equal(JSON.parse(spaced));
      }),
      { seed },
    );
  });

  it('refuses whatever JSON.parse refuses', () => {
    const seed = printedSeed('broken JSON');
    const pieces = fc.array(
      fc.constantFrom('{', '}', '[', ']', ',', ':', '"a"', '1', '-', 'true', ' ', '\\', '"', '\n'),
    );
    fc.assert(
      fc.property(pieces, (parts) => {
        const text = parts.join('');
        if (isJson(text)) return;
        expect(() => parseJson(text)).to.throw(JsonError);
      }),
      { seed, numRuns: 2000 },
    );
  });

  for (const [what, text, where] of [
    ['an empty body', '', 'line 1, column 1'],
    ['a missing value', '{"a":\n  }', 'line 2, column 3'],
    ['a trailing comma', '{"a": 1,}', 'line 1, column 9'],
    ['something behind the end', '{} {}', 'line 1, column 4'],
    ['a string without an end', '["abc', 'line 1, column 2'],
    ['a raw line feed in a string', '["a\nb"]', 'line 1, column 4'],
    ['an unknown escape', '["\\x"]', 'line 1, column 3'],
    ['a number with a leading zero', '[01]', 'line 1, column 3'],
    ['a comment', '{} // done', 'line 1, column 4'],
  ] as const) {
    it(`says where it breaks: ${what}`, () => {
      expect(() => parseJson(text)).to.throw(JsonError, where);
    });
  }

  it('refuses a name that stands twice in one object, however it is written', () => {
    expect(() => parseJson('{"a": 1, "a": 1}')).to.throw(JsonError, 'twice');
    expect(() => parseJson('{"a": 1, "\\u0061": 1}')).to.throw(JsonError, 'twice');
    expect(parseJson('[{"a": 1}, {"a": 1}]')).to.deep.equal([{ a: 1 }, { a: 1 }]);
  });

  it('takes __proto__ for a name like any other', () => {
    const value = parseJson('{"__proto__": {"admin": true}}') as object;
    expect(Object.keys(value)).to.deep.equal(['__proto__']);
    expect(Object.getPrototypeOf(value)).to.equal(Object.prototype);
  });

  it('refuses nesting that would exhaust the stack', () => {
    const depth = 100_000;
    expect(() => parseJson('['.repeat(depth) + ']'.repeat(depth))).to.throw(JsonError, 'nested');
  });

  it('never quotes the text in what it says', () => {
    for (const text of ['{"hunter2"}', '["hunter2" hunter2', '{"hunter2": 1, "hunter2": 2}', 'hunter2']) {
      expect(() => parseJson(text))
        .to.throw(JsonError)
        .with.property('message')
        .that.does.not.include('hunter2');
    }
  });
});

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}
