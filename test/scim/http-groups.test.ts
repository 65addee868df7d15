/** Groups are teams, and their members the users whose teams name them: a change of either is whole or does not happen. */
import { expect } from 'chai';
import type { Json, JsonObject } from '../../terraform-provider-spec/kind.ts';
import { Api } from '../contract/api.ts';
import { startTestDaemon, type TestDaemon } from '../support/daemon.ts';
import { done, freshTenant, made, memberIds, refused, resourcesIn, type Tenant } from './http-tenant.ts';

describe('a group of SCIM', () => {
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

  const people = async (...names: string[]) =>
    Promise.all(names.map(async (name) => String((await tenant.user(`${name}@example.com`)).id)));
  const membersOf = async (group: JsonObject) => memberIds(done(await scim.get(`Groups/${group.id}`)));
  const add = (...ids: Json[]) => ({ op: 'add', path: 'members', value: ids.map((value) => ({ value })) });
  const whole = async () => [
    (await scim.list('Groups')).text,
    (await scim.list('Users')).text,
    JSON.stringify(await tenant.api.all(tenant.at('teams'))),
    JSON.stringify(await tenant.api.all(tenant.at('users'))),
  ];

  it('has as members the users whose teams name it, whoever said so', async () => {
    const [alice = '', bob = ''] = await people('alice', 'bob');
    const sales = await tenant.group('Sales', alice);
    const at = (path: string) => `${daemon.url}/scim/v2/${path}`;
    const member = (id: string, name: string) => ({
      value: id,
      $ref: at(`Users/${id}`),
      display: `${name}@example.com`,
      type: 'User',
    });
    expect(sales.members).to.deep.equal([member(alice, 'alice')]);
    expect((await tenant.get('users/alice')).teams).to.deep.equal(['sales']);
    await tenant.put('users/bob', { ...(await tenant.get('users/bob')), teams: ['sales'] });
    await tenant.put('users/alice', { ...(await tenant.get('users/alice')), teams: [] });
    const shown = done(await scim.get(`Groups/${sales.id}`));
    expect(shown.members).to.deep.equal([member(bob, 'bob')]);
    expect(resourcesIn(await scim.list('Groups'))).to.deep.equal([shown]);
    const groups = [{ value: sales.id, $ref: at(`Groups/${sales.id}`), display: 'Sales', type: 'direct' }];
    expect(done(await scim.get(`Users/${bob}`)).groups).to.deep.equal(groups);
    expect(done(await scim.get(`Users/${alice}`)).groups).to.deep.equal([]);
    const claimed = await scim.put(`Users/${alice}`, { userName: 'alice@example.com', groups: groups as Json });
    expect(done(claimed).groups, 'a user does not join by saying so').to.deep.equal([]);
  });

  it('counts nobody as a member for having rights or an account there', async () => {
    const [alice = ''] = await people('alice');
    const sales = await tenant.group('Sales');
    const grants = [{ role: 'viewer', scope: 'teams/sales' }];
    await tenant.put('users/alice', { ...(await tenant.get('users/alice')), grants });
    await tenant.put('accounts/bot', { teams: ['sales'] });
    await tenant.put('accounts/resident', { scope: 'teams/sales' });
    expect(await membersOf(sales)).to.deep.equal([]);
    done(await scim.patch(`Groups/${sales.id}`, [add(alice), { op: 'remove', path: `members[value eq "${alice}"]` }]));
    expect((await tenant.get('users/alice')).teams).to.deep.equal([]);
  });

  it('is a team of its name, which stays, and shows what the API calls it', async () => {
    const group = await tenant.group('Sales & Märketing');
    expect((await tenant.get('teams/sales-marketing')).uid).to.equal(group.id);
    await tenant.group('Sales / Märketing');
    expect(await tenant.get('teams/sales-marketing-2')).to.include({ display_name: 'Sales / Märketing' });
    done(await scim.patch(`Groups/${group.id}`, [{ op: 'replace', path: 'displayName', value: 'Support' }]));
    expect(await tenant.get('teams/sales-marketing')).to.include({ display_name: 'Support', uid: group.id });
    await tenant.put('teams/sales-marketing', { display_name: 'Help desk', labels: { floor: '3' } });
    const search = async (name: string) =>
      resourcesIn(await scim.list('Groups', { filter: `displayName eq "${name}"` })).map(({ id }) => id);
    expect(await search('HELP desk')).to.deep.equal([group.id]);
    expect(await search('Support')).to.deep.equal([]);
    done(await scim.patch(`Groups/${group.id}`, [{ op: 'replace', path: 'displayName', value: 'Desk' }]));
    expect(await tenant.get('teams/sales-marketing')).to.deep.include({ display_name: 'Desk', labels: { floor: '3' } });
    const { uid } = await tenant.put('teams/plain');
    expect(done(await scim.get(`Groups/${uid}`))).to.include({ displayName: 'plain' });
    expect(await search('plain')).to.deep.equal([uid]);
  });

  it('keeps its members when it is replaced without any word about them, and loses them to an empty list', async () => {
    const [alice = ''] = await people('alice');
    const group = await tenant.group('Sales', alice);
    done(await scim.put(`Groups/${group.id}`, { displayName: 'Sales' }));
    expect(await membersOf(group)).to.deep.equal([alice]);
    done(await scim.put(`Groups/${group.id}`, { displayName: 'Sales', members: [] }));
    expect(await membersOf(group)).to.deep.equal([]);
  });

  it('takes users by their ids only, and an unknown one leaves everything as it was', async () => {
    const [alice = '', bob = ''] = await people('alice', 'bob');
    const sales = await tenant.group('Sales', alice);
    const other = await tenant.group('Other');
    const elsewhere = await freshTenant(tenant.api);
    const foreign = String((await elsewhere.user('eve@example.com')).id);
    const { uid: account } = await tenant.put('accounts/bot');
    const before = await whole();
    const recorded = (await tenant.api.events(tenant.organization)).length;
    const strangers = ['alice', 'alice@example.com', 'users/alice', foreign, String(other.id), String(account), 'none'];
    for (const stranger of strangers) {
      const members = [bob, stranger].map((value) => ({ value }));
      const rename = { op: 'replace', path: 'displayName', value: 'Renamed' };
      for (const attempt of [
        await scim.post('Groups', { displayName: 'New', members }),
        await scim.put(`Groups/${sales.id}`, { displayName: 'Renamed', members }),
        await scim.patch(`Groups/${sales.id}`, [rename, add(bob, stranger)]),
        await scim.patch(`Groups/${sales.id}`, [rename, { op: 'replace', path: 'members', value: members }]),
      ]) {
        const detail = refused(attempt, 400, 'invalidValue');
        expect(detail).to.match(/members\/\d\/value is not the id of a user/);
      }
    }
    refused(
      await scim.patch(`Groups/${sales.id}`, [add(bob), { op: 'remove', path: 'displayName' }]),
      400,
      'mutability',
    );
    const nested = [{ value: String(other.id), type: 'Group' }];
    refused(await scim.put(`Groups/${sales.id}`, { displayName: 'Renamed', members: nested }), 400, 'invalidValue');
    refused(await scim.post('Groups', { displayName: '' }), 400, 'invalidValue');
    refused(await scim.post('Groups', { members: [{ value: bob }] }), 400, 'invalidValue');
    expect(await whole()).to.deep.equal(before);
    expect(await tenant.api.events(tenant.organization)).to.have.length(recorded);
  });

  it('does not change by half when one of its members may not be touched', async () => {
    const [alice = '', bob = ''] = await people('alice', 'bob');
    const { uid: boss } = await tenant.put('users/boss', { grants: [{ role: 'owner' }] });
    const sales = await tenant.group('Sales', alice);
    const board = await tenant.group('Board', bob);
    await tenant.put('users/boss', { grants: [{ role: 'owner' }], teams: ['board'] });
    const before = await whole();
    const rename = { op: 'replace', path: 'displayName', value: 'Renamed' };
    refused(await scim.patch(`Groups/${sales.id}`, [rename, add(bob, String(boss))]), 403);
    refused(await scim.patch(`Groups/${board.id}`, [rename, { op: 'remove', path: 'members' }]), 403);
    refused(await scim.post('Groups', { displayName: 'New', members: [{ value: bob }, { value: String(boss) }] }), 403);
    refused(await scim.delete(`Groups/${board.id}`), 403);
    expect(await whole()).to.deep.equal(before);
    done(await scim.patch(`Groups/${board.id}`, [rename, { op: 'remove', path: `members[value eq "${bob}"]` }]));
    expect(await membersOf(board), 'the boss stays where nobody may take the boss away').to.deep.equal([boss]);
  });

  it('changes, with team isolation, only by whoever holds the rights of those that it moves', async () => {
    const [alice = '', bob = ''] = await people('alice', 'bob');
    const sales = await tenant.group('Sales', bob);
    for (const name of ['alice', 'bob']) {
      await tenant.put(`users/${name}`, {
        ...(await tenant.get(`users/${name}`)),
        grants: [{ role: 'developer' }],
      });
    }
    await tenant.put('', { settings: { team_isolation: true } });
    const before = await whole();
    const attempts = [
      (by: typeof scim) => by.patch(`Groups/${sales.id}`, [add(alice)]),
      (by: typeof scim) => by.patch(`Groups/${sales.id}`, [{ op: 'remove', path: `members[value eq "${bob}"]` }]),
      (by: typeof scim) => by.delete(`Groups/${sales.id}`),
    ];
    for (const attempt of attempts) {
      refused(await attempt(scim), 403);
      const [event] = await tenant.api.events(tenant.organization);
      expect(event?.outcome).to.equal('refused');
    }
    expect(await whole()).to.deep.equal(before);
    const [carol = ''] = await people('carol');
    done(await scim.patch(`Groups/${sales.id}`, [add(carol)]));
    done(await scim.patch(`Groups/${sales.id}`, [{ op: 'replace', path: 'displayName', value: 'Sales team' }]));
    const strong = await tenant.scimOf(['users.write', 'teams.write', 'teams.delete'], [{ role: 'developer' }]);
    for (const attempt of attempts) expect((await attempt(strong)).status).to.be.oneOf([200, 204]);
    expect((await tenant.get('users/alice')).teams).to.deep.equal([]);
  });

  it('lets everybody go who is in it when it is deleted, in one transaction', async () => {
    const ids = await people('alice', 'bob');
    const sales = await tenant.group('Sales', ...ids);
    await tenant.group('Support', ...ids);
    expect((await scim.delete(`Groups/${sales.id}`)).status).to.equal(204);
    expect((await tenant.api.get(tenant.at('teams/sales'))).status).to.equal(404);
    for (const name of ['alice', 'bob']) {
      const [event] = await tenant.api.events(tenant.at(`users/${name}`));
      const [deletion] = await tenant.api.events(tenant.at('teams/sales'));
      expect((await tenant.get(`users/${name}`)).teams).to.deep.equal(['support']);
      expect(event?.request_id).to.equal(deletion?.request_id);
    }
    refused(await scim.delete(`Groups/${sales.id}`), 404);
  });

  const REFERRERS: Readonly<Record<string, [path: string, body: JsonObject]>> = {
    'an account in it': ['accounts/bot', { teams: ['sales'] }],
    'an account that lives there': ['accounts/bot', { scope: 'teams/sales' }],
    'an app of it': ['apps/till', { teams: ['sales'] }],
    'a grant of an account': ['accounts/bot', { grants: [{ role: 'viewer', scope: 'teams/sales' }] }],
    'a grant of a user': ['users/dora', { grants: [{ role: 'viewer', scope: 'teams/sales' }] }],
    'a grant of a member': ['users/alice', { teams: ['sales'], grants: [{ role: 'viewer', scope: 'teams/sales' }] }],
  };
  for (const [what, [path, body]] of Object.entries(REFERRERS)) {
    it(`stays, with its members, as long as there is ${what}`, async () => {
      const ids = await people('alice', 'bob');
      const sales = await tenant.group('Sales', ...ids);
      await tenant.put(path, body);
      const before = await whole();
      const detail = refused(await scim.delete(`Groups/${sales.id}`), 409);
      expect(detail).to.include('in use');
      expect(await whole()).to.deep.equal(before);
      expect((await tenant.api.delete(tenant.at(path))).status).to.equal(204);
      expect((await scim.delete(`Groups/${sales.id}`)).status).to.equal(204);
      expect((await tenant.get('users/bob')).teams).to.deep.equal([]);
    });
  }

  it('takes many members at once, each with teams and grants of its own, and lets them go again', async function () {
    this.timeout(60_000);
    const many = Array.from({ length: 60 }, (_, index) => index);
    const ids = await Promise.all(
      many.map(async (index) => {
        await tenant.put(`teams/t${index}`);
        await tenant.put(`projects/p${index}`);
        await tenant.put(`roles/r${index}`, { permissions: ['builds.read'] });
        const grants = [{ role: `r${index}`, scope: `projects/p${index}` }];
        return String((await tenant.put(`users/u${index}`, { teams: [`t${index}`], grants })).uid);
      }),
    );
    const group = made(await scim.post('Groups', { displayName: 'Many', members: ids.map((value) => ({ value })) }));
    expect(memberIds(group)).to.deep.equal([...ids].sort());
    done(
      await scim.patch(`Groups/${group.id}`, [
        { op: 'replace', path: 'members', value: [{ value: ids[0] as string }] },
      ]),
    );
    expect(await membersOf(group)).to.deep.equal([ids[0]]);
    done(await scim.patch(`Groups/${group.id}`, [add(...ids)]));
    expect((await scim.delete(`Groups/${group.id}`)).status).to.equal(204);
    for (const index of many) expect((await tenant.get(`users/u${index}`)).teams).to.deep.equal([`t${index}`]);
  });
});
