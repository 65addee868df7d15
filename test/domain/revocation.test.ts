import { expect } from 'chai';
import { DAY, type Fixture, openFixture, refused, secretOf } from '../support/service.ts';

const ACCOUNT = 'organizations/default/accounts/ci';
const TOKEN = `${ACCOUNT}/tokens/deploy`;

describe('revocation', () => {
  let f: Fixture;
  beforeEach(async () => {
    f = await openFixture();
    await f.put(ACCOUNT);
  });
  afterEach(() => f.close());

  const revoke = (reason = 'compromised', token = f.root) =>
    f.service.revoke({ caller: f.as(token), address: TOKEN, body: { reason } });

  it('declared as state stops the token at once and restores the same secret', async () => {
    const secret = secretOf(await f.put(TOKEN));
    await f.put(TOKEN, { state: 'revoked' });
    expect(await f.decision(secret)).to.equal('unauthenticated');
    await f.put(TOKEN, { state: 'active' });
    expect(await f.decision(secret)).to.equal('allowed');
  });

  it('is not undone by a declared state once the token has expired', async () => {
    await f.put(TOKEN, { expires_in: '1d', state: 'revoked' });
    f.clock.advance(DAY);
    await refused(f.put(TOKEN, { expires_in: '1d', state: 'active' }), 'expired');
    await refused(f.put(TOKEN, { expires_in: '30d', state: 'active' }), 'expired');
    await refused(f.put(TOKEN, { expires_in: '30d', state: 'revoked' }), 'expired');
    await refused(f.put(TOKEN, { state: 'active' }), 'expired');
  });

  it('in an emergency survives every declared state, rotation, takeover and re-creation', async () => {
    const secret = secretOf(await f.put(TOKEN, { rotation: 'a' }, { claim: 'one' }));
    expect((await revoke()).outcome).to.equal('revoked');
    expect(await f.decision(secret)).to.equal('unauthenticated');

    const seen = await f.put(TOKEN, { rotation: 'a' }, { claim: 'one' });
    expect(seen.outcome, 'an identical PUT is no attempt').to.equal('unchanged');
    expect(seen.resource).to.include({ status: 'revoked', status_reason: 'revoked as compromised', state: 'active' });
    await refused(f.put(TOKEN, { rotation: 'b' }), 'revoked');
    await refused(f.put(TOKEN, { rotation: 'a' }, { claim: 'two' }), 'revoked');
    await refused(f.service.rotate({ caller: f.as(f.root), address: TOKEN, body: null }), 'revoked');
    await f.put(TOKEN, { state: 'revoked' });
    await refused(f.put(TOKEN, { state: 'active' }), 'revoked');
    await f.delete(TOKEN);
    await refused(f.put(TOKEN), 'revoked');
    await f.delete(ACCOUNT);
    await f.put(ACCOUNT);
    await refused(f.put(TOKEN), 'revoked');
    expect(await f.decision(secret)).to.equal('unauthenticated');
  });

  it('in an emergency ends when somebody who may restore tokens deletes it', async () => {
    const secret = secretOf(await f.put(TOKEN));
    await revoke();
    expect((await f.service.restore({ caller: f.as(f.root), address: TOKEN })).outcome).to.equal('restored');
    expect(await f.decision(secret)).to.equal('allowed');
    expect((await f.service.restore({ caller: f.as(f.root), address: TOKEN })).outcome).to.equal('unchanged');
  });

  it('in an emergency can be asked for by the token itself, which then cannot undo it', async () => {
    const secret = secretOf(await f.put(TOKEN));
    await revoke('other', secret);
    expect(await f.decision(secret)).to.equal('unauthenticated');
    await refused(f.service.restore({ caller: f.as(secret), address: TOKEN }), 'unauthenticated');
  });

  it('in an emergency of an address without a token and without a tombstone is a 404', async () => {
    await refused(revoke(), 'not-found');
  });
});

describe('expiry', () => {
  let f: Fixture;
  beforeEach(async () => {
    f = await openFixture();
    await f.put(ACCOUNT);
  });
  afterEach(() => f.close());

  it('stops the token, which stays readable, and whose file still applies', async () => {
    const body = { expires_at: '2030-01-02T00:00:00Z' };
    const secret = secretOf(await f.put(TOKEN, body));
    f.clock.advance(DAY - 1);
    expect(await f.decision(secret)).to.equal('allowed');
    f.clock.advance(1);
    expect(await f.decision(secret)).to.equal('unauthenticated');
    const again = await f.put(TOKEN, body);
    expect(again.outcome).to.equal('unchanged');
    expect(again.resource).to.include({ status: 'expired', expires_at: body.expires_at });
  });

  it('is renewed in place with the same secret', async () => {
    const secret = secretOf(await f.put(TOKEN, { expires_in: '1d' }));
    f.clock.advance(2 * DAY);
    await f.put(TOKEN, { expires_in: '30d' });
    expect(await f.decision(secret)).to.equal('allowed');
  });

  it('is refused in the past at creation, change and rotation', async () => {
    const past = { expires_at: '2029-12-31T00:00:00Z' };
    const problem = await refused(f.put(TOKEN, past), 'invalid');
    expect(problem.errors[0]?.pointer).to.equal('/expires_at');
    await f.put(TOKEN, { expires_at: '2030-01-02T00:00:00Z' });
    await refused(f.put(TOKEN, past), 'invalid');
    f.clock.advance(2 * DAY);
    await refused(f.put(TOKEN, { expires_at: '2030-01-02T00:00:00Z', rotation: 'x' }), 'invalid');
  });

  it('is followed by removal only where the organization asked for it, and never of managed tokens', async () => {
    await f.put(TOKEN, { expires_in: '1d' });
    await f.put(`${ACCOUNT}/tokens/managed`, { expires_in: '1d' }, { manager: 'terraform' });
    f.clock.advance(40 * DAY);
    await f.service.maintain();
    await f.service.get({ caller: f.as(f.root), address: TOKEN });
    await f.put('organizations/default', { settings: { purge_after: '30d' } });
    await f.service.maintain();
    await refused(f.service.get({ caller: f.as(f.root), address: TOKEN }), 'not-found');
    await f.service.get({ caller: f.as(f.root), address: `${ACCOUNT}/tokens/managed` });
  });
});
