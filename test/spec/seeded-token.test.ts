import { expect } from 'chai';
import fc from 'fast-check';
import { checkSeed, deriveToken } from '../../terraform-provider-spec/seeded-token.ts';
import { SECRET_KINDS, tokenKind } from '../../terraform-provider-spec/token.ts';
import { holds } from './property.ts';

const SEED = '6f1c7d0e9b8a43215566778899aabbccddeeff00112233445566778899aabbcc';

// Made with another implementation: HMAC-SHA256 of Python's standard library, put together as in RFC 5869.
const VECTORS = [
  [
    SEED,
    { kind: 'sa', address: 'organizations/default/accounts/ci/tokens/deploy', version: '1' },
    'acr_sa_W4CZNyykj12PgV8F0dufshiaBINT9aFCVSqM2m652GMmIo',
  ],
  [
    SEED,
    { kind: 'app', address: 'organizations/default/apps/till/tokens/fastlane', version: '2027-Q1' },
    'acr_app_YyhbBAnIDeeVJ7wmCK1abt4HTLVndwtuTCHNWZRJ2bhIMB',
  ],
  [
    `Zürich-${SEED}`,
    { kind: 'scim', address: 'organizations/default/accounts/ci/tokens/scim', version: 'ä"\\' },
    'acr_scim_ASpsovUdlPa08LTuK2NxlBSPIJIKHZZMsluRlvw52L7DoV',
  ],
] as const;

describe('tokens from a seed', () => {
  it('are those of another implementation, and so the same in every release', () => {
    for (const [seed, derivation, token] of VECTORS) expect(deriveToken(seed, derivation)).to.equal(token);
  });

  it('are well-formed, and others for any other seed, kind, address or version', () => {
    const part = fc.string({ unit: 'binary', maxLength: 300 });
    const derivation = fc.record({
      seed: part,
      kind: fc.constantFrom(...SECRET_KINDS),
      address: part,
      version: part,
    });
    holds(
      fc.property(derivation, derivation, (one, other) => {
        const tokens = [one, other].map(({ seed, ...rest }) => deriveToken(seed, rest));
        expect(tokens.map(tokenKind)).to.deep.equal([one.kind, other.kind]);
        const same = JSON.stringify(one) === JSON.stringify(other);
        expect(tokens[0] === tokens[1]).to.equal(same);
      }),
      100,
    );
  });

  it('come of no seed that is too short or repeats itself, and the refusal repeats nothing of it', () => {
    const good = [SEED, SEED.slice(0, 32), Buffer.from(SEED, 'hex').toString('base64'), VECTORS[0][2]];
    for (const seed of good) expect(checkSeed(seed), seed).to.equal(undefined);
    const bad = ['', 'hunter2', SEED.slice(0, 31), 'a'.repeat(64), '0123456'.repeat(9), SEED.slice(0, 16).repeat(4)];
    for (const seed of bad) {
      const said = checkSeed(seed);
      expect(said, seed).to.be.a('string').that.includes('at least 32 characters');
      if (seed !== '') expect(said).to.not.include(seed);
    }
  });
});
