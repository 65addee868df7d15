import { expect } from 'chai';
import fc from 'fast-check';
import {
  allows,
  covers,
  intersect,
  PERMISSION_PATTERN,
  PROTECTED_NOUNS,
} from '../../terraform-provider-spec/permission.ts';
import { holds } from './property.ts';

const NOUNS = ['accounts', 'tokens', 'builds', ...PROTECTED_NOUNS];
const VERBS = ['read', 'write', 'delete'];
const CONCRETE = NOUNS.flatMap((noun) => VERBS.map((verb) => `${noun}.${verb}`));
const PATTERNS = ['*', ...NOUNS.map((noun) => `${noun}.*`), ...VERBS.map((verb) => `*.${verb}`), ...CONCRETE];
const sets = fc.uniqueArray(fc.constantFrom(...PATTERNS), { maxLength: 6 });

describe('permissions', () => {
  it('covering is reflexive, transitive, and the same as holding whatever is held', () => {
    for (const a of PATTERNS) {
      expect(a).to.match(PERMISSION_PATTERN);
      expect(covers(a, a)).to.equal(true);
      for (const b of PATTERNS) {
        if (!covers(a, b)) continue;
        for (const c of PATTERNS) if (covers(b, c)) expect(covers(a, c), `${a} > ${b} > ${c}`).to.equal(true);
      }
    }
  });

  it('protected nouns are held by naming them, and by no wildcard', () => {
    for (const noun of PROTECTED_NOUNS) {
      for (const verb of VERBS) {
        const holders = PATTERNS.filter((pattern) => covers(pattern, `${noun}.${verb}`));
        expect(holders).to.have.members([`${noun}.*`, `${noun}.${verb}`]);
      }
    }
  });

  it('other nouns are reached by themselves and by each wildcard', () => {
    const holders = PATTERNS.filter((pattern) => covers(pattern, 'accounts.read'));
    expect(holders).to.have.members(['*', 'accounts.*', '*.read', 'accounts.read']);
  });

  it('an intersection allows exactly what both sides allow', () => {
    holds(
      fc.property(sets, sets, (left, right) => {
        const both = intersect(left, right);
        for (const permission of CONCRETE) {
          const expected = allows(left, permission) && allows(right, permission);
          expect(allows(both, permission), `${permission} in ${both}`).to.equal(expected);
        }
      }),
    );
  });

  it('an intersection is the same from both sides, and keeps a set that is met with itself', () => {
    holds(
      fc.property(sets, sets, (left, right) => {
        expect(intersect(left, right)).to.deep.equal(intersect(right, left));
        for (const pattern of left) expect(allows(intersect(left, left), pattern)).to.equal(true);
      }),
    );
  });
});
