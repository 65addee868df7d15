/** Whoever leaves is switched off: from the moment in which the identity provider is answered, whatever stands around. */
import { expect } from 'chai';
import type { JsonObject } from '../../terraform-provider-spec/kind.ts';
import { Api } from '../contract/api.ts';
import { startTestDaemon, type TestDaemon } from '../support/daemon.ts';
import { done, freshTenant, refused, type Tenant } from './http-tenant.ts';

const OFF = [{ op: 'Replace', path: 'active', value: 'False' }];
const ON = [{ op: 'Replace', path: 'active', value: 'True' }];

describe('a leaver', () => {
  let daemon: TestDaemon;
  let tenant: Tenant;
  let scim: Tenant['scim'];
  before(async () => {
    daemon = await startTestDaemon();
  });
  after(() => daemon.close());
  beforeEach(async () => {
    tenant = await freshTenant(new Api(daemon.url, daemon.adminToken));
    scim = tenant.scim;
  });

  const self = async (secret: string) => (await tenant.api.as(secret).send('GET', '/v1/self')).status;

  it('has no working token with the very next request, has the same ones back when active, and none when deleted', async () => {
    const { id } = await tenant.user('alice@example.com');
    await tenant.put('users/alice', { ...(await tenant.get('users/alice')), grants: [{ role: 'none' }] });
    const laptop = await tenant.token('alice');
    const phone = String(done(await tenant.api.as(laptop).put(tenant.at('users/alice/tokens/phone'), {})).secret);
    const statuses = async () => [
      await tenant.authorize(laptop),
      await self(laptop),
      await tenant.authorize(phone),
      await self(phone),
    ];
    expect(await statuses()).to.deep.equal([200, 200, 200, 200]);
    for (let times = 0; times < 3; times += 1) {
      // Decisions that are under way while it changes can be either; none that begins after the answer is.
      const during = Promise.all(Array.from({ length: 10 }, () => tenant.authorize(laptop)));
      done(await scim.patch(`Users/${id}`, OFF));
      const afterwards = await Promise.all(Array.from({ length: 10 }, statuses));
      expect([...new Set(afterwards.flat())]).to.deep.equal([401]);
      expect([200, 401]).to.include.members(await during);
      done(await scim.patch(`Users/${id}`, ON));
      expect(await statuses()).to.deep.equal([200, 200, 200, 200]);
    }
    expect((await scim.delete(`Users/${id}`)).status).to.equal(204);
    expect(await statuses()).to.deep.equal([401, 401, 401, 401]);
    const another = await tenant.user('alice@example.com');
    expect(another.id).to.not.equal(id);
    expect(await statuses(), 'a new user of the name is another one').to.deep.equal([401, 401, 401, 401]);
  });

  it('cannot be let in again by an enrolment that was made before', async () => {
    const { id } = await tenant.user('alice@example.com');
    const enrolment = done(await tenant.api.post(`${tenant.at('users/alice')}/enrolment`, {}));
    done(await scim.patch(`Users/${id}`, OFF));
    const attempt = await tenant.api.as(String(enrolment.secret)).put(tenant.at('users/alice/tokens/late'), {});
    expect(attempt.status).to.equal(401);
  });

  it('is on record under the account of the identity provider, with what it took along', async () => {
    const { id } = await tenant.user('alice@example.com');
    const group = await tenant.group('Sales', String(id));
    await tenant.token('alice');
    done(await scim.patch(`Groups/${group.id}`, [{ op: 'remove', path: 'members' }]));
    done(await scim.patch(`Groups/${group.id}`, [{ op: 'add', path: 'members', value: [{ value: String(id) }] }]));
    done(await scim.patch(`Users/${id}`, OFF));
    expect((await scim.delete(`Groups/${group.id}`)).status).to.equal(204);
    expect((await scim.delete(`Users/${id}`)).status).to.equal(204);
    const account = tenant.at('accounts/identity-provider');
    const { identifier } = await tenant.get('accounts/identity-provider');
    const events = (await tenant.api.events(tenant.organization)).filter(({ actor }) => actor === identifier);
    const told = events.map(({ action, address, outcome, actor_token, details }) => {
      expect(actor_token).to.equal(`${account}/tokens/scim`);
      const { changed, with: along } = details as JsonObject;
      const what = along === undefined ? JSON.stringify(changed) : `with ${along}`;
      return `${action} ${String(address).slice(tenant.organization.length + 1)} ${outcome} ${what}`;
    });
    expect(told.reverse()).to.deep.equal([
      'put users/alice created []',
      'put teams/sales created ["/display_name","/members"]',
      `put users/alice updated with ${tenant.at('teams/sales')}`,
      ...['put teams/sales updated ["/members"]', `put users/alice updated with ${tenant.at('teams/sales')}`],
      ...['put teams/sales updated ["/members"]', `put users/alice updated with ${tenant.at('teams/sales')}`],
      'put users/alice updated ["/active"]',
      'delete teams/sales deleted []',
      `delete users/alice updated with ${tenant.at('teams/sales')}`,
      'delete users/alice deleted []',
      `delete users/alice/tokens/laptop deleted with ${tenant.at('users/alice')}`,
    ]);
  });

  it('is switched off and deleted whoever declares the user, who stays its manager', async () => {
    const manager = { 'Accredit-Manager': 'terraform' };
    const { uid } = await tenant.put('users/alice', { email: 'alice@example.com' }, manager);
    const enrolment = done(await tenant.api.post(`${tenant.at('users/alice')}/enrolment`, {}, { headers: manager }));
    const own = tenant.api.as(String(enrolment.secret));
    const { secret } = done(await own.put(tenant.at('users/alice/tokens/laptop'), {}, { headers: manager }));
    done(await scim.patch(`Users/${uid}`, OFF));
    expect(await tenant.authorize(String(secret))).to.equal(401);
    expect(await tenant.get('users/alice')).to.include({ active: false, managed_by: 'terraform' });
    done(await scim.patch(`Users/${uid}`, ON));
    expect(await tenant.authorize(String(secret))).to.equal(200);
    expect((await scim.delete(`Users/${uid}`)).status).to.equal(204);
    expect(await tenant.authorize(String(secret))).to.equal(401);
  });

  it('is switched off although somebody else goes by the same name meanwhile', async () => {
    const { id } = await tenant.user('alice@example.com');
    const secret = await tenant.token('alice');
    const { uid } = await tenant.put('users/namesake', { email: 'Alice@example.com' });
    done(await scim.patch(`Users/${id}`, OFF));
    expect(await tenant.authorize(secret)).to.equal(401);
    done(await scim.patch(`Users/${uid}`, OFF));
    expect(await tenant.get('users/namesake')).to.include({ active: false });
    const name = (userName: string) =>
      scim.patch(`Users/${uid}`, [{ op: 'replace', path: 'userName', value: userName }]);
    done(await name('namesake@example.com'));
    refused(await name('ALICE@example.com'), 409, 'uniqueness');
  });

  it('is switched off whatever rights it has, with the right to write users alone', async () => {
    await tenant.put('teams/red');
    await tenant.put('teams/blue');
    await tenant.put('apps/vault', { teams: ['blue'] });
    await tenant.put('projects/shop');
    await tenant.put('roles/strong', { permissions: ['*', 'organizations.*'] });
    await tenant.put('', { settings: { team_isolation: true } });
    const { uid } = await tenant.put('users/alice', {
      teams: ['blue'],
      grants: [
        { role: 'strong' },
        { role: 'developer', scope: 'apps/vault' },
        { role: 'developer', scope: 'projects/shop' },
      ],
    });
    const secret = await tenant.token('alice');
    const narrow = await tenant.scimOf(['users.write']);
    await tenant.put('accounts/identity-provider-1', { teams: ['red'], grants: [{ role: 'identity-provider-1' }] });
    done(await narrow.patch(`Users/${uid}`, OFF));
    expect(await tenant.authorize(secret)).to.equal(401);
    refused(await narrow.patch(`Users/${uid}`, ON), 403);
    refused(await narrow.get(`Users/${uid}`), 403);
    refused(await narrow.delete(`Users/${uid}`), 403);
  });

  it('comes back only by somebody who holds as much, and the attempt is on record', async () => {
    const { id } = await tenant.user('alice@example.com');
    await tenant.put('users/alice', { ...(await tenant.get('users/alice')), grants: [{ role: 'admin' }] });
    const secret = await tenant.token('alice');
    done(await scim.patch(`Users/${id}`, OFF));
    const attempts = [
      () => scim.patch(`Users/${id}`, ON),
      () => scim.patch(`Users/${id}`, [{ op: 'replace', value: { active: true, title: 'Boss' } }]),
      () => scim.put(`Users/${id}`, { userName: 'alice@example.com', active: true }),
    ];
    for (const attempt of attempts) {
      const before = await tenant.get('users/alice');
      refused(await attempt(), 403);
      expect(await tenant.get('users/alice')).to.deep.equal(before);
      expect(await tenant.authorize(secret)).to.equal(401);
      const [event] = await tenant.api.events(tenant.organization);
      expect(event).to.deep.include({
        action: 'put',
        outcome: 'refused',
        actor_token: tenant.at('accounts/identity-provider/tokens/scim'),
      });
      expect(event).to.have.nested.property('details.code', 'forbidden');
    }
    done(await scim.patch(`Users/${id}`, [{ op: 'replace', path: 'title', value: 'Former boss' }]));
    done(await scim.put(`Users/${id}`, { userName: 'alice@example.com' }));
    expect(await tenant.get('users/alice'), 'left out says nothing').to.include({ active: false });
    const equal = await tenant.scimOf(['users.write'], [{ role: 'admin' }]);
    done(await equal.patch(`Users/${id}`, ON));
    expect(await tenant.authorize(secret)).to.equal(200);
  });

  it('that holds "owner" is changed by owners only', async () => {
    const { uid } = await tenant.put('users/boss', { email: 'boss@example.com', grants: [{ role: 'owner' }] });
    const secret = await tenant.token('boss');
    const team = await tenant.group('Board');
    const strong = await tenant.scimOf([], [{ role: 'admin' }]);
    const owner = await tenant.scimOf([], [{ role: 'owner' }]);
    const attempts = [
      (by: typeof scim) => by.patch(`Users/${uid}`, [{ op: 'replace', path: 'title', value: 'Boss' }]),
      (by: typeof scim) =>
        by.patch(`Groups/${team.id}`, [{ op: 'add', path: 'members', value: [{ value: `${uid}` }] }]),
      (by: typeof scim) => by.patch(`Groups/${team.id}`, [{ op: 'remove', path: 'members' }]),
      (by: typeof scim) => by.put(`Users/${uid}`, { userName: 'other' }),
      (by: typeof scim) => by.patch(`Users/${uid}`, OFF),
      (by: typeof scim) => by.patch(`Users/${uid}`, ON),
      (by: typeof scim) => by.delete(`Users/${uid}`),
    ];
    for (const [index, attempt] of attempts.entries()) {
      const before = await tenant.get('users/boss');
      // Before the owner has added the boss, there is nobody in it to be removed.
      for (const by of [scim, strong]) expect(refused(await attempt(by), 403), `${index}`).to.include('owner');
      expect(await tenant.get('users/boss'), `${index}`).to.deep.equal(before);
      expect((await attempt(owner)).status, `${index}`).to.be.oneOf([200, 204]);
    }
    expect(await tenant.authorize(secret)).to.equal(401);
  });
});
