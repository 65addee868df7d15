/** What is pinned about a signed token and about a kept key, each alone. */
import { randomBytes } from 'node:crypto';
import { expect } from 'chai';
import { SignJWT } from 'jose';
import { type AccessTokenClaims, readAccessToken, signAccessToken } from '../../daemon/crypto/access-token.ts';
import { Keyring } from '../../daemon/crypto/keyring.ts';
import {
  endSigningKey,
  keyOpener,
  makeSigningKey,
  openSigningKey,
  type SigningKey,
} from '../../daemon/crypto/signing-key.ts';

const NOW = Date.UTC(2030, 0, 1);
const ISSUER = 'https://accredit.test';

describe('a signed access token', () => {
  const keyring = new Keyring(randomBytes(32));
  const key = makeSigningKey(keyring, { created_at: NOW, activates_at: NOW });
  const opened = openSigningKey(keyring, key);
  const claims: AccessTokenClaims = {
    iss: ISSUER,
    aud: `${ISSUER}/default`,
    sub: 'ci@default.accredit.internal',
    client_id: 'ci@default.accredit.internal',
    jti: '1',
    iat: NOW / 1000,
    exp: NOW / 1000 + 60,
    scope: 'builds.read',
    organization: 'default',
    kind: 'service_account',
    address: 'organizations/default/accounts/ci',
    purpose: 'api',
    token: 'organizations/default/accounts/ci/tokens/t',
    token_uid: 'u',
    secret_id: 's',
  };
  const read = (text: string, now = NOW) =>
    readAccessToken(text, () => opened, {
      issuer: ISSUER,
      now,
      audience: (organization) => `${ISSUER}/${organization}`,
    });
  const signed = (header: object, payload: object) =>
    new SignJWT(payload as never)
      .setProtectedHeader({ alg: 'ES256', typ: 'at+jwt', ...header } as never)
      .sign(opened.privateKey);

  it('says what was said', () => {
    expect(read(signAccessToken(claims, opened))).to.deep.equal(claims);
  });

  it('by the right key is refused all the same for another type, issuer, audience, or without an end', async () => {
    const { exp: _exp, ...endless } = claims;
    const wrong = {
      type: await signed({ typ: 'JWT' }, claims),
      issuer: await signed({}, { ...claims, iss: 'https://other.test' }),
      audience: await signed({}, { ...claims, aud: `${ISSUER}/acme` }),
      organization: await signed({}, { ...claims, organization: 'acme' }),
      audiences: await signed({}, { ...claims, aud: [claims.aud, `${ISSUER}/acme`] }),
      end: await signed({}, endless),
      beginning: await signed({}, { ...claims, nbf: NOW / 1000 + 30 }),
    };
    for (const [what, text] of Object.entries(wrong)) expect(read(text), what).to.have.property('refused');
    // The control: made like those, it is read.
    expect(read(await signed({}, claims))).to.deep.equal(claims);
  });

  it('ends at the millisecond', () => {
    const text = signAccessToken(claims, opened);
    expect(read(text, NOW + 60_000 - 1)).to.deep.equal(claims);
    expect(read(text, NOW + 60_000)).to.have.property('refused');
  });

  it('verifies nothing with a key that does not open', () => {
    const text = signAccessToken(claims, opened);
    const closed = () => {
      throw new Error('not what was sealed');
    };
    const audience = () => claims.aud;
    expect(readAccessToken(text, closed, { issuer: ISSUER, now: NOW, audience })).to.have.property('refused');
  });
});

describe('a kept signing key', () => {
  const keyring = new Keyring(randomBytes(32));
  const make = () => makeSigningKey(keyring, { created_at: NOW, activates_at: NOW + 1 });

  it('opens as it was sealed, also after it got an end, and each time to the same pair', () => {
    const key = make();
    const open = keyOpener(keyring);
    expect(open(key)).to.equal(open({ ...key }));
    const ended = endSigningKey(keyring, key, NOW + 5);
    expect(ended).to.include({ kid: key.kid, verifies_until: NOW + 5 });
    expect(openSigningKey(keyring, ended).publicKey.equals(open(key).publicKey)).to.equal(true);
  });

  it('does not open when any column is another one, nor under another master key', () => {
    const [key, other] = [make(), make()];
    const changes: Partial<SigningKey>[] = [
      { kid: other.kid },
      { created_at: NOW + 1 },
      { activates_at: NOW },
      { verifies_until: NOW + 1000 },
      { public_key: other.public_key },
      { private_key: other.private_key },
    ];
    for (const change of changes) {
      expect(() => openSigningKey(keyring, { ...key, ...change }), JSON.stringify(change).slice(0, 40)).to.throw();
    }
    expect(() => openSigningKey(new Keyring(randomBytes(32)), key)).to.throw();
    expect(() => openSigningKey(keyring, endSigningKey(keyring, key, NOW + 5))).to.not.throw();
    const ended = endSigningKey(keyring, key, NOW + 5);
    expect(() => openSigningKey(keyring, { ...ended, verifies_until: null })).to.throw();
    expect(JSON.stringify(key)).to.not.match(/PRIVATE|"d"/);
  });
});
