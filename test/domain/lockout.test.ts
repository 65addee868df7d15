import { expect } from 'chai';
import { BOOTSTRAP_TOKEN, ROOT_ACCOUNT, recoverOperation } from '../../daemon/domain/bootstrap.ts';
import { ambient } from '../../daemon/domain/identity.ts';
import { mintToken, tokenHash } from '../../terraform-provider-spec/token.ts';
import { type Fixture, openFixture, refused, secretOf } from '../support/service.ts';

const OWNER = { grants: [{ role: 'owner' }] };

describe('nobody locks the door behind themselves', () => {
  let f: Fixture;
  let other: string;
  beforeEach(async () => {
    f = await openFixture();
    other = await f.account('helper', ['admin']);
  });
  afterEach(() => f.close());

  const self = { allowSelf: true };

  it('refuses to end the credential that the request is made with, in every way, unless that is meant', async () => {
    await f.put('organizations/default/accounts/second', OWNER);
    await f.put('organizations/default/accounts/second/tokens/main');
    await refused(f.delete(BOOTSTRAP_TOKEN), 'own-credential');
    await refused(f.put(BOOTSTRAP_TOKEN, { state: 'revoked' }), 'own-credential');
    await refused(f.put(BOOTSTRAP_TOKEN, { rotation: 'x' }), 'own-credential');
    await refused(f.put(ROOT_ACCOUNT, { ...OWNER, disabled: true }), 'own-credential');
    await refused(f.delete(ROOT_ACCOUNT), 'own-credential');
    await refused(f.service.rotate({ caller: f.as(f.root), address: BOOTSTRAP_TOKEN, body: null }), 'own-credential');
    await refused(f.put(BOOTSTRAP_TOKEN, { allowed_cidrs: ['10.0.0.0/8'] }), 'own-credential');
    expect((await f.put(BOOTSTRAP_TOKEN, { allowed_cidrs: ['127.0.0.0/8'] })).outcome).to.equal('updated');
    expect(await f.decision(f.root)).to.equal('allowed');
    expect((await f.put(BOOTSTRAP_TOKEN, { rotation: 'x', overlap: '1h' })).outcome).to.equal('rotated');
    expect((await f.delete(BOOTSTRAP_TOKEN, self)).outcome).to.equal('deleted');
  });

  it('refuses to remove, demote, disable, revoke or let expire the last live credential of the last owner', async () => {
    await refused(f.delete(BOOTSTRAP_TOKEN, self), 'last-owner');
    await refused(f.delete(ROOT_ACCOUNT, self), 'last-owner');
    await refused(f.put(ROOT_ACCOUNT, { grants: [{ role: 'admin' }] }, self), 'last-owner');
    await refused(f.put(ROOT_ACCOUNT, { ...OWNER, disabled: true }, self), 'last-owner');
    await refused(f.put(BOOTSTRAP_TOKEN, { state: 'revoked' }, self), 'last-owner');
    await refused(f.put(BOOTSTRAP_TOKEN, { expires_in: '90d' }, self), 'last-owner');
    await refused(f.put(BOOTSTRAP_TOKEN, { permissions: ['accounts.read'] }, self), 'last-owner');
    await refused(f.put(BOOTSTRAP_TOKEN, { permissions: ['owners.write', 'tokens.*'] }, self), 'last-owner');
    await refused(f.put(BOOTSTRAP_TOKEN, { allowed_cidrs: ['10.0.0.0/8'] }, self), 'last-owner');
    const body = { reason: 'compromised' };
    await refused(f.service.revoke({ caller: f.as(f.root), address: BOOTSTRAP_TOKEN, body, ...self }), 'last-owner');
    expect(await f.decision(f.root)).to.equal('allowed');
  });

  it('counts only owners who can still act', async () => {
    await f.put('organizations/default/accounts/second', OWNER);
    const token = 'organizations/default/accounts/second/tokens/main';
    await f.put(token, { permissions: ['accounts.read'] });
    await refused(f.delete(BOOTSTRAP_TOKEN, self), 'last-owner');
    await f.put(token, { state: 'revoked' });
    await refused(f.delete(BOOTSTRAP_TOKEN, self), 'last-owner');
    await f.put(token);
    expect((await f.delete(BOOTSTRAP_TOKEN, self)).outcome).to.equal('deleted');
  });

  it('never deletes the organization default', async () => {
    await refused(f.delete('organizations/default'), 'default-organization');
  });

  it('lets a rotation with the new secret in hand through for the last owner', async () => {
    const rotated = await f.put(BOOTSTRAP_TOKEN, { rotation: 'x' }, self);
    expect(await f.decision(f.root)).to.equal('unauthenticated');
    expect(await f.decision(secretOf(rotated))).to.equal('allowed');
  });

  it('gives a new owner token by recovery, with an audit event', async () => {
    const token = mintToken('sa');
    const recover = recoverOperation(
      ambient(f.keyring, () => f.clock.now),
      tokenHash(token),
      'recovery',
    );
    const address = await f.store.engine.submit(recover);
    expect(await f.decision(token, { permission: 'owners.write' })).to.equal('allowed');
    const audit = await f.service.audit({ caller: f.as(token), organization: 'default', limit: 1 });
    expect(audit.items[0]).to.include({ action: 'recover', address, outcome: 'created' });
    expect(await f.decision(other), 'others are left alone').to.equal('allowed');
  });
});

describe('nobody hands on more than they hold', () => {
  let f: Fixture;
  let admin: string;
  beforeEach(async () => {
    f = await openFixture();
    admin = await f.account('admin', ['admin']);
    await f.account('reader', ['viewer']);
  });
  afterEach(() => f.close());

  const READER = 'organizations/default/accounts/reader';

  it('an admin cannot make an owner, touch one, or mint, rotate, restore or read its way to a token of one', async () => {
    const as = { caller: f.as(admin) };
    await refused(f.put(READER, OWNER, as), 'forbidden');
    await refused(f.put(ROOT_ACCOUNT, { grants: [] }, as), 'forbidden');
    await refused(f.put(`${ROOT_ACCOUNT}/tokens/mine`, {}, as), 'forbidden');
    await refused(f.put(BOOTSTRAP_TOKEN, { display_name: 'x' }, as), 'forbidden');
    await refused(f.delete(BOOTSTRAP_TOKEN, as), 'forbidden');
    await refused(f.delete(ROOT_ACCOUNT, as), 'forbidden');
    await refused(f.service.rotate({ ...as, address: BOOTSTRAP_TOKEN, body: null }), 'forbidden');
    await refused(f.service.revoke({ ...as, address: BOOTSTRAP_TOKEN, body: { reason: 'other' } }), 'forbidden');
    await refused(f.service.restore({ ...as, address: BOOTSTRAP_TOKEN }), 'forbidden');
  });

  it('a viewer reads and changes nothing', async () => {
    const viewer = secretOf(await f.put(`${READER}/tokens/second`));
    const as = { caller: f.as(viewer) };
    await f.service.get({ ...as, address: READER });
    await refused(f.put(READER, {}, as), 'forbidden');
    await refused(f.put('organizations/default/accounts/new', {}, as), 'forbidden');
    await refused(f.put(`${READER}/tokens/third`, {}, as), 'forbidden');
    await refused(f.delete(READER, as), 'forbidden');
    await refused(f.put('organizations/default', {}, as), 'forbidden');
    await refused(f.service.rotate({ ...as, address: `${READER}/tokens/main`, body: null }), 'forbidden');
  });

  it('a narrowed token hands on no more than itself', async () => {
    const permissions = ['accounts.read', 'accounts.write', 'tokens.write', 'tokens.rotate', 'tokens.restore'];
    const narrow = secretOf(await f.put('organizations/default/accounts/admin/tokens/narrow', { permissions }));
    const as = { caller: f.as(narrow) };
    await refused(f.put(READER, { grants: [{ role: 'admin' }] }, as), 'forbidden');
    await refused(f.put('organizations/default/accounts/admin/tokens/wide', {}, as), 'forbidden');
    await refused(f.put('organizations/default/accounts/admin/tokens/narrow', {}, as), 'forbidden');
    await f.put('organizations/default/accounts/mixed', { grants: [{ role: 'admin' }, { role: 'viewer' }] });
    const fewer = await f.put('organizations/default/accounts/mixed', { grants: [{ role: 'admin' }] }, as);
    expect(fewer.outcome, 'taking away needs no right of what is left').to.equal('updated');
    const equal = await f.put('organizations/default/accounts/admin/tokens/equal', { permissions }, as);
    expect(equal.outcome).to.equal('created');
  });

  it('a disabled account, a revoked token and a lifted expiry come back only by somebody who holds their rights', async () => {
    const token = 'organizations/default/accounts/admin/tokens/second';
    await f.put(token, { state: 'revoked', expires_in: '1d' });
    await f.put('organizations/default/accounts/admin', { grants: [{ role: 'admin' }] });
    const permissions = ['accounts.*', 'tokens.*'];
    const clerk = secretOf(await f.put('organizations/default/accounts/admin/tokens/clerk', { permissions }));
    const as = { caller: f.as(clerk) };
    await refused(f.put(token, { state: 'active', expires_in: '1d' }, as), 'forbidden');
    await refused(f.put(token, { state: 'revoked' }, as), 'forbidden');
    await refused(f.put(token, { state: 'revoked', expires_in: '1d' }, { ...as, claim: 'mine' }), 'forbidden');
    await refused(f.service.rotate({ ...as, address: token, body: null }), 'forbidden');
    await f.service.revoke({ ...as, address: token, body: { reason: 'other' } });
    await refused(f.service.restore({ ...as, address: token }), 'forbidden');
    await f.put('organizations/default/accounts/other', { grants: [{ role: 'admin' }], disabled: true });
    const revive = { grants: [{ role: 'admin' }], disabled: false };
    await refused(f.put('organizations/default/accounts/other', revive, as), 'forbidden');
    const rename = { grants: [{ role: 'admin' }], disabled: true, display_name: 'Other' };
    expect((await f.put('organizations/default/accounts/other', rename, as)).outcome).to.equal('updated');
  });

  it('a token narrowed to permissions that its account lacks does not gain them', async () => {
    const token = secretOf(
      await f.put(`${READER}/tokens/greedy`, { permissions: ['accounts.write', 'accounts.read'] }),
    );
    expect(await f.decision(token, { permission: 'accounts.read' })).to.equal('allowed');
    expect(await f.decision(token, { permission: 'accounts.write' })).to.equal('forbidden');
  });

  it('a changed grant and a disabled account take effect on live tokens at once', async () => {
    const secret = secretOf(await f.put(`${READER}/tokens/second`));
    expect(await f.decision(secret, { permission: 'builds.read' })).to.equal('allowed');
    await f.put(READER, { grants: [] });
    expect(await f.decision(secret, { permission: 'builds.read' })).to.equal('forbidden');
    await f.put(READER, { grants: [], disabled: true });
    expect(await f.decision(secret)).to.equal('unauthenticated');
    await f.put(READER, { grants: [] });
    expect(await f.decision(secret)).to.equal('allowed');
  });

  it('a token with a user name works only with that of its account', async () => {
    const token = secretOf(await f.put(`${READER}/tokens/second`));
    const decide = async (username: string) => {
      const credential = { scheme: 'basic', token, username } as const;
      return (await f.service.verify({ credential, ip: '127.0.0.1' }, 'question')).decision;
    };
    expect(await decide('reader')).to.equal('allowed');
    expect(await decide('reader@default.accredit.internal')).to.equal('allowed');
    expect(await decide('admin')).to.equal('unauthenticated');
  });

  it('a token works only from its networks', async () => {
    const token = secretOf(await f.put(`${READER}/tokens/local`, { allowed_cidrs: ['10.0.0.0/8', 'fd00::/8'] }));
    expect(await f.decision(token, { ip: '10.1.2.3' })).to.equal('allowed');
    expect(await f.decision(token, { ip: '::ffff:10.1.2.3' })).to.equal('allowed');
    expect(await f.decision(token, { ip: 'fd00::1' })).to.equal('allowed');
    expect(await f.decision(token, { ip: '11.1.2.3' })).to.equal('unauthenticated');
    await refused(f.service.get({ caller: f.as(token, '11.1.2.3'), address: READER }), 'unauthenticated');
  });
});

describe('organizations are strictly apart', () => {
  let f: Fixture;
  let tenant: string;
  beforeEach(async () => {
    f = await openFixture();
    await f.put('organizations/acme');
    await f.put('organizations/acme/accounts/boss', OWNER);
    tenant = secretOf(await f.put('organizations/acme/accounts/boss/tokens/main'));
  });
  afterEach(() => f.close());

  it('an owner of one sees and changes nothing of another, nor whether it exists', async () => {
    const as = { caller: f.as(tenant) };
    const there = await refused(f.service.get({ ...as, address: 'organizations/default/accounts/root' }), 'not-found');
    const nowhere = await refused(f.service.get({ ...as, address: 'organizations/ghost/accounts/root' }), 'not-found');
    expect(there.message.replace('default', 'ghost')).to.equal(nowhere.message);
    await refused(f.put('organizations/default/accounts/mine', {}, as), 'not-found');
    await refused(f.put('organizations/new', {}, as), 'not-found');
    await refused(f.delete('organizations/acme', as), 'forbidden');
    await refused(
      f.service.list({ ...as, kinds: ['service_account'], parent: 'organizations/default', limit: 10 }),
      'not-found',
    );
    await refused(f.service.audit({ ...as, organization: 'default', limit: 10 }), 'not-found');
    const list = await f.service.list({ ...as, kinds: ['organization'], parent: '', limit: 10 });
    expect(list.items.map((item) => item.address)).to.deep.equal(['organizations/acme']);
    expect((await f.put('organizations/acme/accounts/more', OWNER, as)).outcome).to.equal('created');
  });

  it('a token of one is refused where another is asked, even of an owner of the installation', async () => {
    expect(await f.decision(tenant, { organization: 'acme' })).to.equal('allowed');
    expect(await f.decision(tenant, { organization: 'default' })).to.equal('forbidden');
    expect(await f.decision(tenant)).to.equal('forbidden');
    expect(await f.decision(f.root, { organization: 'acme' })).to.equal('forbidden');
  });

  it('introspection in one knows nothing of a token of another', async () => {
    const question = {
      credential: { scheme: 'bearer', token: f.root } as const,
      ip: '127.0.0.1',
      organization: 'acme',
    };
    expect(await f.service.introspect(f.as(tenant), question)).to.deep.equal({ active: false });
    const own = await f.service.introspect(f.as(tenant), {
      ...question,
      credential: { scheme: 'bearer', token: tenant },
    });
    expect(own).to.include({ active: true, sub: 'boss@acme.accredit.internal' });
  });

  it('a question from elsewhere is no use of a token: it ends no previous secret', async () => {
    const address = 'organizations/default/accounts/root/tokens/second';
    const body = { overlap: '1h', retire_previous: 'on_first_use', permissions: ['accounts.read'] };
    const first = secretOf(await f.put(address, { ...body, rotation: 'a' }));
    const second = secretOf(await f.put(address, { ...body, rotation: 'b' }));
    const credential = { scheme: 'bearer', token: second } as const;
    await f.service.introspect(f.as(tenant), { credential, ip: '127.0.0.1', organization: 'acme' });
    expect(await f.decision(second, { organization: 'acme' })).to.equal('forbidden');
    expect(await f.decision(first), 'still in its overlap').to.equal('allowed');
    const question = { credential, ip: '127.0.0.1', permission: 'accounts.write' };
    const answer = await f.service.introspect(f.as(f.root), question);
    expect(answer, 'active is a positive answer, whatever else was asked').to.include({ active: true, allowed: false });
    expect(await f.decision(first), 'after a positive answer').to.equal('unauthenticated');
  });

  it('is deleted only when empty, and the refusal lists what is in it', async () => {
    const problem = await refused(f.delete('organizations/acme'), 'in-use');
    expect(problem.errors.map((error) => error.detail)).to.deep.equal(['organizations/acme/accounts/boss']);
    await f.delete('organizations/acme/accounts/boss');
    expect((await f.delete('organizations/acme')).outcome).to.equal('deleted');
  });

  it('leaves its audit log to the owners of the installation when it is deleted', async () => {
    await f.delete('organizations/acme/accounts/boss');
    await f.delete('organizations/acme');
    const audit = { caller: f.as(f.root), organization: 'acme', limit: 1 };
    const { items } = await f.service.audit(audit);
    expect(items[0]).to.include({ action: 'delete', address: 'organizations/acme' });
    await refused(f.service.audit({ ...audit, organization: 'ghost' }), 'not-found');
  });
});
