import { expect } from 'chai';
import fc from 'fast-check';
import { slugOf, slugs } from '../../daemon/scim/slugs.ts';
import { NAME_PATTERN } from '../../terraform-provider-spec/address.ts';
import { printedSeed } from '../support/seed.ts';

function first(count: number, name: string, kind?: 'user' | 'team'): string[] {
  const candidates = slugs(name, kind);
  return Array.from({ length: count }, () => candidates.next().value);
}

describe('the name in an address', () => {
  it('of a user is what people expect of its userName', () => {
    const expected: Record<string, string> = {
      'alice@example.com': 'alice',
      'Alice.Doe@Example.COM': 'alice.doe',
      AliceDoe: 'alicedoe',
      'José Müller': 'jose-muller',
      Straße: 'strasse',
      'Łukasz Ørsted': 'lukasz-orsted',
      'EXAMPLE\\alice': 'example-alice',
      '-_.alice._-': 'alice',
      'alice+ci@example.com': 'alice-ci',
      'a  b': 'a-b',
      '@example': 'example',
      ℌello: 'hello',
      '': 'user',
      '@': 'user',
      山田: 'user',
      '../..': 'user',
      '._-@example.com': 'user',
    };
    for (const [userName, slug] of Object.entries(expected)) expect(slugOf(userName), userName).to.equal(slug);
  });

  it('of a team is the whole of its displayName', () => {
    expect(slugOf('Test SCIMv2', 'team')).to.equal('test-scimv2');
    expect(slugOf('Admins@Berlin', 'team')).to.equal('admins-berlin');
    expect(slugOf('☂', 'team')).to.equal('team');
  });

  it('gets a number when it is taken', () => {
    expect(first(3, 'alice@example.com')).to.deep.equal(['alice', 'alice-2', 'alice-3']);
    expect(first(2, '☂', 'team')).to.deep.equal(['team', 'team-2']);
    const long = `${'a'.repeat(60)}-bcd`;
    expect(first(3, long)).to.deep.equal([`${'a'.repeat(60)}-bc`, `${'a'.repeat(60)}-2`, `${'a'.repeat(60)}-3`]);
    expect(first(12, 'a'.repeat(80)).at(-1)).to.equal(`${'a'.repeat(60)}-12`);
  });

  it('is no candidate twice, also where it ends like one that was numbered', () => {
    const numbered = `${'a'.repeat(61)}-2`;
    expect(first(3, numbered)).to.deep.equal([numbered, `${'a'.repeat(61)}-3`, `${'a'.repeat(61)}-4`]);
  });

  it('is a name for every text, and so is every candidate', () => {
    const any = fc.oneof(
      fc.string({ unit: 'grapheme', maxLength: 100 }),
      fc.string({ unit: fc.constantFrom('a', '-', '.', '_', '2', '@', 'Ä', ' '), maxLength: 90 }),
    );
    fc.assert(
      fc.property(any, fc.constantFrom('user' as const, 'team' as const), (text, kind) => {
        const candidates = first(12, text, kind);
        for (const slug of candidates) expect(slug).to.match(NAME_PATTERN);
        expect(new Set(candidates).size).to.equal(candidates.length);
        expect(candidates[0]).to.equal(slugOf(text, kind));
        expect(slugOf(candidates[0] as string, kind), 'a slug is its own').to.equal(candidates[0]);
      }),
      { seed: printedSeed('slugs'), numRuns: 1_000 },
    );
  });
});
