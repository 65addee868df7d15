import { expect } from 'chai';
import fc from 'fast-check';
import {
  checksum,
  mintToken,
  SECRET_KINDS,
  TOKEN_PATTERN,
  tokenHash,
  tokenKind,
} from '../../terraform-provider-spec/token.ts';
import { holds } from './property.ts';

// Made with another implementation: CRC-32 from zlib, SHA-256 from OpenSSL. The last one has a checksum with zeros ahead.
const VECTORS = [
  [
    'sa',
    'acr_sa_1cOPI2EsA1IzjOIy94rJEuhEzWO2G5lUniY3rOsZ1fKF79',
    '26396541f97151d7b510a52ca0c6ee42810dc25598f8d03db9628e085b37a23d',
  ],
  [
    'app',
    'acr_app_rzbFumXDUMChBNLrm7zwXMrSKAtGyF5c50AlNw232RMjxQ',
    '9a3bc7cd334163bd4455b1f8751c1144a43a856d2b0d556ecb2ae1f13ef5edea',
  ],
  [
    'pat',
    'acr_pat_YaSHWJcc3eGBEQJnTTtGDGWmjy8JcKxnlE7qc1bA0zBinx',
    '899e1d2f6548b21481ce6c1521cd475cee655d3c5c801fbb4ded7d7681065092',
  ],
  [
    'scim',
    'acr_scim_eVxCnfRH36qHAsHoWx6nOvvQGsW7M8vs5gmil5uW0fPaVi',
    '832a1213ec4875beaf43e83083fd69328f88dca46e06ef75d43da7cf0f4b3797',
  ],
  [
    'enrol',
    'acr_enrol_z0btleVJtG2rnfyJQCni7KNGZN8OPaKBYGEtjZ9S3ok2gC',
    'de48b7c64ffe094d9f31c9353bc15fd0867e164e2a59586b74d67ba38a05f5f2',
  ],
  [
    'sa',
    'acr_sa_000000000000000000000000000000000000030700JJvH',
    'd75b689d025d7fe1ff7cac29fcd954144fe21c16f3c9b30e552035f814947dfe',
  ],
] as const;

describe('tokens', () => {
  it('tokens of another implementation are read, and hashed alike', () => {
    for (const [kind, token, hash] of VECTORS) {
      expect(tokenKind(token)).to.equal(kind);
      expect(tokenHash(token)).to.equal(hash);
    }
  });

  it('the checksum is CRC-32 in base 62, padded to six digits', () => {
    expect(checksum('')).to.equal('000000');
    expect(checksum('123456789')).to.equal('3jZRME');
  });

  it('every minted token is well-formed, of its kind, and another one each time', () => {
    const seen = new Set<string>();
    for (const kind of SECRET_KINDS) {
      for (let count = 0; count < 50; count += 1) {
        const token = mintToken(kind);
        expect(token)
          .to.match(TOKEN_PATTERN)
          .and.match(new RegExp(`^acr_${kind}_`));
        expect(tokenKind(token)).to.equal(kind);
        seen.add(token);
      }
    }
    expect(seen.size).to.equal(SECRET_KINDS.length * 50);
  });

  it('a token with any one character changed, missing or added is malformed', () => {
    const characters = fc.constantFrom(...'09AZaz_-. \n\0é');
    const index = fc.nat({ max: 60 });
    holds(
      fc.property(fc.constantFrom(...VECTORS), index, characters, ([, token], at, character) => {
        const place = at % token.length;
        const changed = token.slice(0, place) + character + token.slice(place + 1);
        if (changed !== token) expect(tokenKind(changed), changed).to.equal(undefined);
        expect(tokenKind(token.slice(0, place) + token.slice(place + 1))).to.equal(undefined);
        expect(tokenKind(`${token.slice(0, place)}${character}${token.slice(place)}`)).to.equal(undefined);
      }),
    );
  });

  it('a changed kind is malformed: the checksum covers all before it', () => {
    const [, token] = VECTORS[0];
    expect(tokenKind(token.replace('acr_sa_', 'acr_pat_'))).to.equal(undefined);
  });

  it('the published pattern matches one whole token and nothing around it', () => {
    const [, token] = VECTORS[0];
    expect(token).to.match(TOKEN_PATTERN);
    for (const text of [`${token}\n`, `x${token}`, `${token}x`]) expect(text).not.to.match(TOKEN_PATTERN);
  });

  it('anything else is malformed', () => {
    for (const text of ['', 'acr_sa_', 'Bearer x', 'x'.repeat(1_000_000), `${VECTORS[0][1]}\n`, ` ${VECTORS[0][1]}`]) {
      expect(tokenKind(text)).to.equal(undefined);
    }
    holds(
      fc.property(fc.string({ maxLength: 80 }), (text) => {
        expect(tokenKind(text)).to.equal(undefined);
      }),
    );
  });
});
