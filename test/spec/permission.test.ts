import { expect } from 'chai';
import fc from 'fast-check';
import { KINDS } from '../../terraform-provider-spec/kinds/index.ts';
import {
  allowing,
  allows,
  covers,
  intersect,
  OWN_NOUNS,
  PERMISSION_PATTERN,
  PROTECTED_NOUNS,
} from '../../terraform-provider-spec/permission.ts';
import { holds } from './property.ts';

/** Enough of each sort for no pattern to stand for the same as another: own nouns, protected ones and free ones. */
const OWN = ['accounts', 'tokens'];
const FREE = ['builds', 'releases'];
const NOUNS = [...OWN, ...FREE, ...PROTECTED_NOUNS];
const VERBS = ['read', 'write', 'delete'];
const CONCRETE = NOUNS.flatMap((noun) => VERBS.map((verb) => `${noun}.${verb}`));
const PATTERNS = [
  '*',
  '~.*',
  ...NOUNS.map((noun) => `${noun}.*`),
  ...VERBS.flatMap((verb) => [`*.${verb}`, `~.${verb}`]),
  ...CONCRETE,
];
const sets = fc.uniqueArray(fc.constantFrom(...PATTERNS), { maxLength: 6 });

/** What a pattern stands for, in the small world of `CONCRETE`. */
function meaning(pattern: string): string[] {
  const [noun, verb = '*'] = pattern.split('.');
  const nouns = noun === '*' ? [...OWN, ...FREE] : noun === '~' ? FREE : [noun];
  const verbs = verb === '*' ? VERBS : [verb];
  return CONCRETE.filter((each) => nouns.includes(each.split('.')[0]) && verbs.includes(each.split('.')[1] as string));
}

const MEANINGS = new Map(PATTERNS.map((pattern) => [pattern, new Set(meaning(pattern))]));

function meaningOf(patterns: readonly string[]): string[] {
  return CONCRETE.filter((each) => patterns.some((pattern) => MEANINGS.get(pattern)?.has(each)));
}

describe('permissions', () => {
  it('a pattern covers another exactly when it stands for all that the other stands for', () => {
    for (const a of PATTERNS) {
      for (const b of PATTERNS) {
        const expected = meaning(b).every((each) => meaning(a).includes(each));
        expect(covers(a, b), `${a} > ${b}`).to.equal(expected);
      }
    }
  });

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

  it('nouns of Accredit are reached by themselves and by each wildcard but that for free ones', () => {
    const holders = PATTERNS.filter((pattern) => covers(pattern, 'accounts.read'));
    expect(holders).to.have.members(['*', 'accounts.*', '*.read', 'accounts.read']);
  });

  it('free nouns are reached by themselves and by each wildcard', () => {
    const holders = PATTERNS.filter((pattern) => covers(pattern, 'builds.read'));
    expect(holders).to.have.members(['*', '~.*', '~.read', 'builds.*', '*.read', 'builds.read']);
  });

  it('every noun of a kind is one of Accredit, so that no pattern for free ones reaches what Accredit keeps', () => {
    for (const { noun } of KINDS) {
      expect(OWN_NOUNS.has(noun), noun).to.equal(true);
      for (const pattern of ['~.*', '~.read']) expect(covers(pattern, `${noun}.read`), noun).to.equal(false);
    }
  });

  it('have one spelling: a wildcard stands for a whole noun or verb, and for all of both only by itself', () => {
    for (const text of [
      '*.*',
      '~',
      '*.~',
      'builds.~',
      '~~.read',
      '~builds.read',
      'builds*.read',
      'builds.re*',
      '',
      '.',
      'a.b.c',
    ]) {
      expect(text).not.to.match(PERMISSION_PATTERN);
    }
  });

  it('an intersection allows exactly what both sides allow, for any pair of patterns', () => {
    for (const a of PATTERNS) {
      for (const b of PATTERNS) {
        const both = intersect([a], [b]);
        const expected = meaning(a).filter((each) => meaning(b).includes(each));
        expect(meaningOf(both), `${a} and ${b}`).to.deep.equal(expected);
        for (const pattern of both) expect(pattern).to.match(PERMISSION_PATTERN);
      }
    }
  });

  it('an intersection allows exactly what both sides allow, for any sets', () => {
    holds(
      fc.property(sets, sets, (left, right) => {
        const both = intersect(left, right);
        const [leftMeaning, rightMeaning] = [meaningOf(left), meaningOf(right)];
        const expected = leftMeaning.filter((each) => rightMeaning.includes(each));
        expect(meaningOf(both)).to.deep.equal(expected);
        expect(CONCRETE.filter((permission) => allows(both, permission))).to.deep.equal(expected);
      }),
      1_000,
    );
  });

  it('a set that is asked often answers like one that is asked once', () => {
    holds(
      fc.property(sets, (held) => {
        const isAllowed = allowing(held);
        const each = (answers: (wanted: string) => boolean) => [...PATTERNS, ...CONCRETE].filter(answers);
        expect(each(isAllowed)).to.deep.equal(each((wanted) => allows(held, wanted)));
      }),
    );
  });

  it('an intersection holds each pair of patterns where they meet, and no other', () => {
    holds(
      fc.property(sets, sets, (left, right) => {
        const pairs = left.flatMap((a) => right.flatMap((b) => intersect([a], [b])));
        expect(intersect(left, right)).to.deep.equal([...new Set(pairs)].sort());
      }),
      1_000,
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

  it('an intersection holds no pattern that one side does not hold as a whole', () => {
    holds(
      fc.property(sets, sets, (left, right) => {
        for (const pattern of intersect(left, right)) {
          expect(allows(left, pattern) && allows(right, pattern), pattern).to.equal(true);
        }
      }),
    );
  });
});
