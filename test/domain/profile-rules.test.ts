import { expect } from 'chai';
import type { JsonObject } from '../../terraform-provider-spec/kind.ts';
import { type Fixture, openFixture, refused, secretOf } from '../support/service.ts';

const ORGANIZATION = 'organizations/default';
const ACCOUNT = `${ORGANIZATION}/accounts/ci`;
const TOKEN = `${ACCOUNT}/tokens/deploy`;
const PROFILE = `${ORGANIZATION}/token-profiles/own`;

describe('a token profile', () => {
  let f: Fixture;
  beforeEach(async () => {
    f = await openFixture();
    await f.put(ACCOUNT);
  });
  afterEach(() => f.close());

  const pointers = async (promise: Promise<unknown>) =>
    (await refused(promise, 'invalid')).errors.map(({ pointer }) => pointer);

  it('has room for as many tokens of one owner as it says, and the refusal lists them', async () => {
    await f.put(PROFILE, { max_tokens: 2 });
    const token = (name: string) => `${ACCOUNT}/tokens/${name}`;
    await f.put(token('one'), { profile: 'own' });
    await f.put(token('two'), { profile: 'own', state: 'revoked' });
    const full = await refused(f.put(token('three'), { profile: 'own' }), 'token-limit');
    expect(full.errors.map(({ detail }) => detail)).to.deep.equal([token('one'), token('two')]);
    await f.put(token('other'), {});
    await f.put(`${ORGANIZATION}/accounts/second`);
    await f.put(`${ORGANIZATION}/accounts/second/tokens/one`, { profile: 'own' });
    expect((await f.put(token('one'), { profile: 'own', rotation: 'x' })).outcome).to.equal('rotated');
    await f.delete(token('two'));
    expect((await f.put(token('three'), { profile: 'own' })).outcome).to.equal('created');
  });

  it('takes its lifetimes in any unit, and no other way to say when a token ends', async () => {
    await f.put(PROFILE, { allowed_lifetimes: ['30d'], expiry: 'required' });
    expect(await pointers(f.put(TOKEN, { profile: 'own' }))).to.deep.equal(['/expires_in']);
    expect(await pointers(f.put(TOKEN, { profile: 'own', expires_in: '29d' }))).to.deep.equal(['/expires_in']);
    const sameDay = { profile: 'own', expires_at: '2030-01-31T00:00:00Z' };
    expect(await pointers(f.put(TOKEN, sameDay))).to.deep.equal(['/expires_at']);
    expect((await f.put(TOKEN, { profile: 'own', expires_in: '720h' })).outcome).to.equal('created');
  });

  it('holds an expires_at against its longest lifetime from the moment at which it is set', async () => {
    await f.put(PROFILE, { max_lifetime: '30d' });
    const until = (expires_at: string) => f.put(TOKEN, { profile: 'own', expires_at });
    expect(await pointers(until('2030-01-31T00:00:01Z'))).to.deep.equal(['/expires_at']);
    expect((await until('2030-01-31T00:00:00Z')).outcome).to.equal('created');
    f.clock.advance(10 * 86_400_000);
    expect((await until('2030-02-10T00:00:00Z')).outcome).to.equal('updated');
    expect(await pointers(until('2030-02-10T00:00:01Z'))).to.deep.equal(['/expires_at']);
  });

  it('that became stricter ends nothing, and asks nothing of what a request leaves as it is', async () => {
    await f.put(PROFILE, {});
    const body: JsonObject = { profile: 'own', expires_in: '90d', overlap: '10d', state: 'revoked', rotation: 'a' };
    await f.put(TOKEN, body);
    await f.put(`${ACCOUNT}/tokens/live`, { ...body, state: 'active', display_name: 'x' });
    await f.put(PROFILE, {
      max_tokens: 1,
      expiry: 'required',
      max_lifetime: '30d',
      max_overlap: '1h',
      revoke: false,
      restore: 'never',
      display_name_unique: true,
    });
    expect((await f.put(TOKEN, body)).outcome).to.equal('unchanged');
    expect((await f.put(TOKEN, { ...body, description: 'old' })).outcome).to.equal('updated');
    expect(await pointers(f.put(TOKEN, { ...body, rotation: 'b' }))).to.have.members([
      '/expires_in',
      '/overlap',
      '/state',
    ]);
    expect(await pointers(f.put(TOKEN, { ...body, overlap: '2h' }))).to.deep.equal(['/overlap']);
    await refused(f.put(TOKEN, { ...body, state: 'active' }), 'restore-forbidden');
    await refused(f.put(TOKEN, { ...body, display_name: 'x' }), 'display-name-taken');
  });

  it('that lets no live token be deleted lets one go with its owner, but not where live ones are to stay', async () => {
    const secret = secretOf(await f.put(TOKEN, { profile: 'revocable' }));
    await refused(f.delete(TOKEN), 'not-revoked');
    await refused(f.delete(ACCOUNT, { cascade: false }), 'live-tokens');
    expect(await f.decision(secret)).to.equal('allowed');
    expect((await f.delete(ACCOUNT)).outcome).to.equal('deleted');
    expect(await f.decision(secret)).to.equal('unauthenticated');
  });

  it('is the same for tokens of apps and of people', async () => {
    await f.put(`${ORGANIZATION}/apps/till`);
    const one = `${ORGANIZATION}/apps/till/tokens/one`;
    const secret = secretOf(await f.put(one, { profile: 'static' }));
    await refused(f.put(`${ORGANIZATION}/apps/till/tokens/two`, { profile: 'static' }), 'token-limit');
    await refused(f.service.rotate({ caller: f.as(f.root), address: one, body: null }), 'rotation-forbidden');
    const basic = { credential: { scheme: 'basic', token: secret } as const, ip: null };
    expect((await f.service.verify({ ...basic, scope: 'apps/till' }, 'q')).decision).to.equal('unauthenticated');

    await f.put(`${ORGANIZATION}/users/ann`);
    const enrolment = await f.service.enrol({ caller: f.as(f.root), address: `${ORGANIZATION}/users/ann`, body: null });
    const own = `${ORGANIZATION}/users/ann/tokens/one`;
    const pat = secretOf(await f.put(own, { profile: 'static' }, { caller: f.as(secretOf(enrolment)) }));
    const ann = { caller: f.as(pat) };
    await refused(f.put(own, { profile: 'static', rotation: 'x' }, ann), 'rotation-forbidden');
    await refused(f.service.rotateSelf({ ...ann, body: null }), 'rotation-forbidden');
    await refused(f.put(`${ORGANIZATION}/users/ann/tokens/two`, { profile: 'static' }, ann), 'token-limit');
  });
});
