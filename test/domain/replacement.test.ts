import { expect } from 'chai';
import { type Fixture, HOUR, openFixture, refused, secretOf } from '../support/service.ts';

const ACCOUNT = 'organizations/default/accounts/ci';
const TOKEN = `${ACCOUNT}/tokens/deploy`;

describe('replacement at one address', () => {
  let f: Fixture;
  beforeEach(async () => {
    f = await openFixture();
    await f.put(ACCOUNT, {}, { claim: 'account-1', manager: 'terraform' });
  });
  afterEach(() => f.close());

  it('destroy then create leaves exactly one working secret, the new one', async () => {
    const first = await f.put(TOKEN, {}, { claim: 'one' });
    expect((await f.delete(TOKEN, { claim: 'one' })).outcome).to.equal('deleted');
    const second = await f.put(TOKEN, {}, { claim: 'two' });
    expect(second.outcome).to.equal('created');
    expect(second.resource?.uid).not.to.equal(first.resource?.uid);
    expect(await f.decision(secretOf(first))).to.equal('unauthenticated');
    expect(await f.decision(secretOf(second))).to.equal('allowed');
  });

  it('create then destroy leaves exactly one working secret, the new one, even with an overlap', async () => {
    const first = secretOf(await f.put(TOKEN, { overlap: '1d' }, { claim: 'one' }));
    const taken = await f.put(TOKEN, { overlap: '1d' }, { claim: 'two' });
    expect(taken.outcome).to.equal('rotated');
    expect((await f.delete(TOKEN, { claim: 'stranger' })).outcome).to.equal('unchanged');
    expect(await f.decision(first), 'during the replacement').to.equal('allowed');
    expect((await f.delete(TOKEN, { claim: 'one' })).outcome).to.equal('slot-ended');
    expect(await f.decision(first)).to.equal('unauthenticated');
    expect(await f.decision(secretOf(taken))).to.equal('allowed');
    expect((await f.delete(TOKEN, { claim: 'one' })).outcome).to.equal('unchanged');
    expect(await f.decision(secretOf(taken))).to.equal('allowed');
  });

  it('what was made without a claim is destroyed late without harm to what took it over', async () => {
    const first = secretOf(await f.put(TOKEN, { overlap: '1d' }));
    const taken = secretOf(await f.put(TOKEN, { overlap: '1d' }, { claim: 'two' }));
    expect((await f.delete(TOKEN, { claim: '' })).outcome).to.equal('slot-ended');
    expect(await f.decision(first)).to.equal('unauthenticated');
    expect((await f.delete(TOKEN, { claim: '' })).outcome).to.equal('unchanged');
    expect(await f.decision(taken)).to.equal('allowed');
    await f.put(`${ACCOUNT}/tokens/other`);
    expect((await f.delete(`${ACCOUNT}/tokens/other`, { claim: '' })).outcome).to.equal('deleted');
  });

  it('a late destroy of an account that was taken over removes neither it nor its tokens', async () => {
    const secret = secretOf(await f.put(TOKEN, {}, { claim: 'one', manager: 'terraform' }));
    expect((await f.put(ACCOUNT, {}, { claim: 'account-2', manager: 'terraform' })).outcome).to.equal('updated');
    const late = await f.delete(ACCOUNT, { claim: 'account-1', manager: 'terraform', cascade: false });
    expect(late.outcome).to.equal('unchanged');
    expect(await f.decision(secret)).to.equal('allowed');
  });

  it('a create whose answer was lost in a crash is converged by the next, and its secret ends with the overlap', async () => {
    const lost = secretOf(await f.put(TOKEN, { overlap: '1h' }, { claim: 'one', manager: 'terraform' }));
    const next = secretOf(await f.put(TOKEN, { overlap: '1h' }, { claim: 'two', manager: 'terraform' }));
    f.clock.advance(HOUR);
    expect(await f.decision(lost)).to.equal('unauthenticated');
    expect(await f.decision(next)).to.equal('allowed');
  });

  it('a token of an account that is not there is refused, and the refusal names the account', async () => {
    const problem = await refused(f.put('organizations/default/accounts/nope/tokens/x'), 'not-found');
    expect(problem.errors[0]?.detail).to.equal('there is no organizations/default/accounts/nope; create it first');
  });

  it('the same claim again converges without a rotation', async () => {
    const first = secretOf(await f.put(TOKEN, {}, { claim: 'one' }));
    expect((await f.put(TOKEN, {}, { claim: 'one' })).outcome).to.equal('unchanged');
    expect((await f.put(TOKEN, {})).resource?.claim, 'a PUT without a claim keeps it').to.equal('one');
    expect(await f.decision(first)).to.equal('allowed');
  });

  it('an account with live tokens is not deleted where the cascade is forbidden, and the refusal lists them', async () => {
    const secret = secretOf(await f.put(TOKEN));
    await f.put(`${ACCOUNT}/tokens/dead`, { state: 'revoked' });
    const problem = await refused(f.delete(ACCOUNT, { manager: 'terraform', cascade: false }), 'live-tokens');
    expect(problem.errors.map((error) => error.detail)).to.deep.equal([TOKEN]);
    expect(await f.decision(secret)).to.equal('allowed');
    await f.delete(TOKEN);
    expect((await f.delete(ACCOUNT, { manager: 'terraform', cascade: false })).outcome).to.equal('deleted');
  });

  it('an account takes its tokens with it, but not those that another manager declares', async () => {
    const secret = secretOf(await f.put(TOKEN, {}, { manager: 'manifest/app' }));
    await refused(f.delete(ACCOUNT, { manager: 'terraform' }), 'managed-by-another');
    expect(await f.decision(secret)).to.equal('allowed');
    await f.delete(ACCOUNT, { manager: 'terraform', adopt: true });
    expect(await f.decision(secret)).to.equal('unauthenticated');
    const audit = await f.service.audit({ caller: f.as(f.root), organization: 'default', limit: 1, address: TOKEN });
    expect(audit.items[0]).to.deep.include({ action: 'delete', outcome: 'deleted', details: { with: ACCOUNT } });
    await refused(f.service.get({ caller: f.as(f.root), address: TOKEN }), 'not-found');
  });
});
