import { expect } from 'chai';
import fc from 'fast-check';
import {
  AddressError,
  ancestorsOf,
  formatAddress,
  NAME_PATTERN,
  organizationOf,
  parentOf,
  parseAddress,
} from '../../terraform-provider-spec/address.ts';
import { KINDS, lineage } from '../../terraform-provider-spec/kinds/index.ts';
import { holds } from './property.ts';

const name = fc.stringMatching(NAME_PATTERN);

describe('addresses', () => {
  for (const kind of KINDS) {
    it(`${kind.title}: its address reads back as what it was made of`, () => {
      const levels = lineage(kind);
      holds(
        fc.property(fc.array(name, { minLength: levels.length, maxLength: levels.length }), (parts) => {
          const names = Object.fromEntries(levels.map(({ parameter }, index) => [parameter, parts[index] as string]));
          const text = formatAddress(kind, names);
          expect(parseAddress(text)).to.deep.equal({ kind, names, text });
          const above = ancestorsOf(text);
          expect(above).to.have.length(levels.length - 1);
          expect(parentOf(text)).to.equal(above.at(-1) ?? '');
          expect(organizationOf(text)).to.equal(above[0] ?? text);
          above.forEach((ancestor, index) => {
            expect(parseAddress(ancestor).kind).to.equal(levels[index]);
          });
        }),
        100,
      );
    });

    it(`${kind.title}: no part of its address is malformed or missing`, () => {
      const levels = lineage(kind);
      const good = Object.fromEntries(levels.map(({ parameter }) => [parameter, 'x']));
      const names = [
        '',
        '.',
        '..',
        'a/b',
        'a%2fb',
        'A',
        ' a',
        'a\0',
        'a\n',
        '-a',
        'a-',
        'a'.repeat(64),
        'a'.repeat(300),
        '__proto__',
      ];
      for (const { parameter } of levels) {
        for (const bad of names) {
          const text = levels
            .map((level) => `${level.collection}/${level.parameter === parameter ? bad : 'x'}`)
            .join('/');
          expect(() => formatAddress(kind, { ...good, [parameter]: bad }), bad).to.throw(AddressError);
          expect(() => parseAddress(text), text).to.throw(AddressError);
        }
        const { [parameter]: _left, ...others } = good;
        expect(() => formatAddress(kind, others)).to.throw(AddressError, parameter);
      }
    });
  }

  it('what has the shape of no kind is no address, and the refusal is short', () => {
    for (const text of [
      '',
      '/',
      'organizations',
      'organizations/a/',
      '/organizations/a',
      'organization/a',
      'constructor/a',
    ]) {
      expect(() => parseAddress(text), text).to.throw(AddressError);
    }
    expect(() => parseAddress('x'.repeat(1_000_000)))
      .to.throw(AddressError)
      .with.property('message')
      .with.length.below(1_000);
  });
});
