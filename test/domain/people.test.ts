import { expect } from 'chai';
import { DAY, type Fixture, HOUR, openFixture, refused, secretOf } from '../support/service.ts';

const ORGANIZATION = 'organizations/default';
const ANN = `${ORGANIZATION}/users/ann`;
const LAPTOP = `${ANN}/tokens/laptop`;

describe('the tokens of a person', () => {
  let f: Fixture;
  let laptop: string;
  beforeEach(async () => {
    f = await openFixture();
    await f.put(ANN, { email: 'ann@example.com', grants: [{ role: 'developer' }] });
    laptop = await firstToken('ann');
  });
  afterEach(() => f.close());

  const firstToken = async (user: string) => {
    const address = `${ORGANIZATION}/users/${user}`;
    const enrolment = await f.service.enrol({ caller: f.as(f.root), address, body: null });
    return secretOf(await f.put(`${address}/tokens/laptop`, { rotation: 'a' }, { caller: f.as(secretOf(enrolment)) }));
  };
  const as = (token: string) => ({ caller: f.as(token) });
  const names = async (token: string, parent: string, everywhere = false) => {
    const kinds = ['personal_access_token'];
    const page = await f.service.list({ ...as(token), kinds, parent, everywhere, limit: 10 });
    return page.items.map((item) => item.address);
  };

  it('carry the rights of the person, under its name', async () => {
    expect(await f.decision(laptop, { permission: 'builds.write' })).to.equal('allowed');
    expect(await f.decision(laptop, { permission: 'accounts.write' })).to.equal('forbidden');
    const subject = await f.service.authenticate(f.as(laptop));
    expect(subject).to.include({ identifier: 'users/ann@default.accredit.internal', kind: 'user', address: ANN });
    const basic = async (username: string) => {
      const credential = { scheme: 'basic', token: laptop, username } as const;
      return (await f.service.verify({ credential, ip: null }, 'question')).decision;
    };
    expect(await basic('ann')).to.equal('allowed');
    expect(await basic('users/ann@default.accredit.internal')).to.equal('allowed');
    expect(await basic('ben')).to.equal('unauthenticated');
    const created = await f.put(`${ORGANIZATION}/apps/till`, {}, as(laptop));
    expect(created.resource?.created_by).to.equal('users/ann@default.accredit.internal');
  });

  it('die while the person is not active, and come back with it', async () => {
    const grants = [{ role: 'developer' }];
    await f.put(ANN, { grants, active: false });
    expect(await f.decision(laptop)).to.equal('unauthenticated');
    await refused(f.service.get({ ...as(laptop), address: LAPTOP }), 'unauthenticated');
    const { resource } = await f.service.get({ ...as(f.root), address: LAPTOP });
    expect(resource).to.include({ status: 'disabled', status_reason: 'its user is not active' });
    await f.put(ANN, { grants });
    expect(await f.decision(laptop)).to.equal('allowed');
    expect((await f.service.get({ ...as(laptop), address: LAPTOP })).resource.status).to.equal('active');
  });

  it('go with the person, and are not those of another of the same name', async () => {
    await f.delete(ANN);
    expect(await f.decision(laptop)).to.equal('unauthenticated');
    await f.put(ANN, { grants: [{ role: 'developer' }] });
    expect(await f.decision(laptop)).to.equal('unauthenticated');
    expect(await names(f.root, ANN)).to.deep.equal([]);
  });

  it('are made and rotated by the person and by nobody else, not even an owner', async () => {
    const admin = await f.account('admin', ['admin']);
    for (const token of [f.root, admin]) {
      await refused(f.put(LAPTOP, { rotation: 'b' }, as(token)), 'forbidden');
      await refused(f.put(LAPTOP, { rotation: 'a' }, as(token)), 'forbidden');
      await refused(f.put(`${ANN}/tokens/phone`, {}, as(token)), 'forbidden');
      await refused(f.service.rotate({ ...as(token), address: LAPTOP, body: null }), 'forbidden');
    }
    expect(await f.decision(laptop)).to.equal('allowed');
    expect((await f.put(`${ANN}/tokens/phone`, {}, as(laptop))).outcome).to.equal('created');
    expect((await f.put(`${ANN}/tokens/phone`, { rotation: 'b' }, as(laptop))).outcome).to.equal('rotated');
    const byHand = await f.service.rotate({ ...as(laptop), address: `${ANN}/tokens/phone`, body: null });
    expect(await f.decision(secretOf(byHand))).to.equal('allowed');
    const self = await f.service.rotateSelf({ ...as(laptop), body: null });
    expect(await f.decision(secretOf(self))).to.equal('allowed');
    expect(await f.decision(laptop)).to.equal('unauthenticated');
  });

  it('show themselves to admins, without the secret, who can revoke, restore and delete them', async () => {
    const admin = await f.account('admin', ['admin']);
    expect(await names(admin, ANN)).to.deep.equal([LAPTOP]);
    const { resource } = await f.service.get({ ...as(admin), address: LAPTOP, view: 'full' });
    expect(resource).to.include({ address: LAPTOP, status: 'active', usage: 'never' });
    expect(resource).not.to.have.property('secret');
    await f.service.revoke({ ...as(admin), address: LAPTOP, body: { reason: 'leaver' } });
    expect(await f.decision(laptop)).to.equal('unauthenticated');
    await f.service.restore({ ...as(admin), address: LAPTOP });
    expect(await f.decision(laptop)).to.equal('allowed');
    expect((await f.delete(LAPTOP, as(admin))).outcome).to.equal('deleted');
    expect(await f.decision(laptop)).to.equal('unauthenticated');
  });

  it('are read, and no more, by who may only read', async () => {
    const viewer = await f.account('viewer', ['viewer']);
    expect(await names(viewer, ANN)).to.deep.equal([LAPTOP]);
    await refused(f.delete(LAPTOP, as(viewer)), 'forbidden');
    await refused(f.service.revoke({ ...as(viewer), address: LAPTOP, body: { reason: 'other' } }), 'forbidden');
    const none = await f.account('none', ['none']);
    await refused(f.service.get({ ...as(none), address: LAPTOP }), 'forbidden');
    await refused(names(none, ANN), 'forbidden');
  });

  it('are its own to list, read, make, rotate, revoke and delete, whatever it may do otherwise', async () => {
    await f.put(`${ORGANIZATION}/users/ben`);
    const ben = `${ORGANIZATION}/users/ben`;
    const token = await firstToken('ben');
    expect(await names(token, ben)).to.deep.equal([`${ben}/tokens/laptop`]);
    expect(await names(token, ORGANIZATION, true)).to.deep.equal([`${ben}/tokens/laptop`]);
    expect((await f.service.get({ ...as(token), address: `${ben}/tokens/laptop` })).resource.status).to.equal('active');
    const phone = secretOf(await f.put(`${ben}/tokens/phone`, {}, as(token)));
    const rotated = await f.service.rotate({ ...as(token), address: `${ben}/tokens/phone`, body: { overlap: '1h' } });
    expect(await f.decision(phone)).to.equal('allowed');
    await f.service.revoke({ ...as(token), address: `${ben}/tokens/phone`, body: { reason: 'other' } });
    expect(await f.decision(secretOf(rotated))).to.equal('unauthenticated');
    const latch = await f.service.revocation({ ...as(token), address: `${ben}/tokens/phone` });
    expect(latch).to.include({ reason: 'other', created_by: 'users/ben@default.accredit.internal' });
    await refused(f.service.restore({ ...as(token), address: `${ben}/tokens/phone` }), 'forbidden');
    expect((await f.delete(`${ben}/tokens/phone`, as(token))).outcome).to.equal('deleted');
    const count = await f.service.count({ ...as(token), organization: ORGANIZATION });
    expect(count).to.deep.include({ total: 1, by_status: { active: 1, expired: 0, revoked: 0, disabled: 0 } });
  });

  it('of others are as if they were not there for a person without permissions', async () => {
    await f.put(`${ORGANIZATION}/users/ben`);
    const ben = await firstToken('ben');
    for (const address of [LAPTOP, `${ANN}/tokens/none`, `${ORGANIZATION}/users/nobody/tokens/none`]) {
      await refused(f.service.get({ ...as(ben), address }), 'forbidden');
      await refused(f.put(address, {}, as(ben)), 'forbidden');
      await refused(f.delete(address, as(ben)), 'forbidden');
      await refused(f.service.rotate({ ...as(ben), address, body: null }), 'forbidden');
    }
    await refused(names(ben, ANN), 'forbidden');
    await refused(f.service.get({ ...as(ben), address: `${ORGANIZATION}/users/ben` }), 'forbidden');
  });

  it('make no token that can do more than they do', async () => {
    const permissions = ['builds.read'];
    const narrow = secretOf(await f.put(`${ANN}/tokens/narrow`, { permissions }, as(laptop)));
    await refused(f.put(`${ANN}/tokens/wide`, {}, as(narrow)), 'forbidden');
    await refused(f.put(`${ANN}/tokens/wide`, { permissions: ['builds.*'] }, as(narrow)), 'forbidden');
    await refused(f.put(LAPTOP, { rotation: 'b' }, as(narrow)), 'forbidden');
    await refused(f.service.rotate({ ...as(narrow), address: LAPTOP, body: null }), 'forbidden');
    expect((await f.put(`${ANN}/tokens/same`, { permissions }, as(narrow))).outcome).to.equal('created');
    expect(await f.decision(laptop)).to.equal('allowed');
  });

  it('of an owner are touched by owners only', async () => {
    await f.put(ANN, { grants: [{ role: 'owner' }] });
    const admin = await f.account('admin', ['admin']);
    await refused(f.delete(LAPTOP, as(admin)), 'forbidden');
    await refused(f.service.revoke({ ...as(admin), address: LAPTOP, body: { reason: 'other' } }), 'forbidden');
    await refused(f.put(ANN, { active: false }, as(admin)), 'forbidden');
    expect(await f.decision(laptop, { permission: 'owners.write' })).to.equal('allowed');
    expect((await f.delete(LAPTOP)).outcome).to.equal('deleted');
  });

  it('end in time like others', async () => {
    const short = secretOf(await f.put(`${ANN}/tokens/short`, { expires_in: '1h' }, as(laptop)));
    f.clock.advance(HOUR);
    expect(await f.decision(short)).to.equal('unauthenticated');
    f.clock.advance(100 * DAY);
    expect(await f.decision(laptop)).to.equal('allowed');
  });

  it('are not to be had under accounts/, and the refusal says where', async () => {
    const problem = await refused(f.put(`${ORGANIZATION}/accounts/ann/tokens/laptop`), 'not-found');
    expect(problem.errors[0]?.detail).to.include(`${ANN} is a user, whose tokens are personal access tokens`);
  });
});
