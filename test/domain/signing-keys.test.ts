/** Whoever can write the database, and has no master key, cannot make anybody believe a key of theirs. */
import { generateKeyPairSync } from 'node:crypto';
import { expect } from 'chai';
import type { SigningKey } from '../../daemon/domain/model.ts';
import type { JsonObject } from '../../terraform-provider-spec/kind.ts';
import { type Fixture, openFixture } from '../support/service.ts';

describe('a signing key that somebody wrote into the database', () => {
  let f: Fixture;
  beforeEach(async () => {
    f = await openFixture();
  });
  afterEach(() => f.close());

  const stored = () =>
    f.store.reader.read({ needs: { signingKeys: ['all'] }, decide: (snapshot) => snapshot.signingKeys() });
  const write = (key: SigningKey) =>
    f.store.engine.submit({
      needs: {},
      organizations: ['organizations/default'],
      decide: (snapshot) => snapshot.putSigningKey(key),
    });
  const published = async () => ((await f.service.keySet()).keys as JsonObject[]).map(({ kid, x }) => ({ kid, x }));
  const issue = () =>
    f.service.issueToken({
      client: { scheme: 'basic', username: 'root', token: f.root },
      ip: '127.0.0.1',
      requestId: 'q',
    });
  const theirs = () =>
    generateKeyPairSync('ec', { namedCurve: 'P-256' }).publicKey.export({ format: 'jwk' }) as JsonObject;
  const kidOf = (jwt: string) => JSON.parse(Buffer.from(jwt.split('.')[0] as string, 'base64url').toString()).kid;

  it('is not published, stops nobody from being issued access tokens, and is removed by the next rotation', async () => {
    const [own] = await published();
    const [genuine] = await stored();
    const forged: SigningKey = {
      ...(genuine as SigningKey),
      kid: 'theirs',
      activates_at: f.clock.now + 1,
      public_key: theirs(),
    };
    await write(forged);
    f.clock.advance(2);
    expect(await published()).to.deep.equal([own]);
    expect(kidOf((await issue()).access_token)).to.equal(own?.kid);
    await f.service.maintain();
    await f.service.rotateSigningKeys({ caller: f.as(f.root), body: null });
    const kids = (await stored()).map(({ kid }) => kid);
    expect(kids).to.have.length(2).and.include(own?.kid).and.not.include('theirs');
    expect((await published()).map(({ kid }) => kid)).to.have.members(kids);
  });

  it('lends the published ones no member of its own', async () => {
    const before = await f.service.keySet();
    const [genuine] = await stored();
    const { public_key } = genuine as SigningKey;
    await write({ ...(genuine as SigningKey), public_key: { ...public_key, x5u: 'https://theirs.test/' } });
    expect(await f.service.keySet()).to.deep.equal(before);
  });

  it('in the place of the one that signs is replaced by a new one of our own', async () => {
    const [own] = await published();
    const [genuine] = await stored();
    const public_key = theirs();
    await write({ ...(genuine as SigningKey), public_key });
    const now = await published();
    expect(now).to.have.length(1);
    expect(now[0]?.kid).to.not.equal(own?.kid);
    expect(now[0]?.x).to.not.equal(public_key.x);
    const { access_token: token } = await issue();
    expect(kidOf(token)).to.equal(now[0]?.kid);
    expect(await f.decision(token)).to.equal('allowed');
  });
});
