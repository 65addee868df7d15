/** The requests that Microsoft Entra ID and Okta send, in their order, and many of them at once, on both databases. */
import { expect } from 'chai';
import type { Json, JsonObject } from '../../terraform-provider-spec/kind.ts';
import { onEveryDatabase } from '../contract/bench.ts';
import {
  done,
  freshTenant,
  GROUP_SCHEMA,
  made,
  memberIds,
  refused,
  resourcesIn,
  type Tenant,
  USER_SCHEMA,
} from './http-tenant.ts';

const RIVALS = 50;
const ENTERPRISE = 'urn:ietf:params:scim:schemas:extension:enterprise:2.0:User';
const LIST = 'urn:ietf:params:scim:api:messages:2.0:ListResponse';

onEveryDatabase('SCIM', (bench) => {
  let tenant: Tenant;
  let scim: Tenant['scim'];
  beforeEach(async () => {
    tenant = await freshTenant(bench().api);
    scim = tenant.scim;
  });

  it('goes through the life of a user with Entra ID', async () => {
    const userName = 'Test_User_ab6490ee-1e48-479e-a20b-2d77186b5dd1';
    const email = 'Test_User_fd0ea19b-0777-472c-9f96-4f70d2226f2e@testuser.com';
    const connection = await scim.list('Users', { filter: 'userName eq "3a2c1a5a-9a9c-4a9c-8a2e-0a0a0a0a0a0a"' });
    expect(done(connection)).to.deep.equal({
      schemas: [LIST],
      totalResults: 0,
      startIndex: 1,
      itemsPerPage: 0,
      Resources: [],
    });
    const body = {
      schemas: [USER_SCHEMA, ENTERPRISE],
      externalId: '0a21f0f2-8d2a-4f8e-bf98-7363c4aed4ef',
      userName,
      active: true,
      emails: [{ primary: true, type: 'work', value: email }],
      meta: { resourceType: 'User' },
      name: { formatted: 'givenName familyName', familyName: 'familyName', givenName: 'givenName' },
      roles: [],
    };
    const before = await scim.list('Users', { filter: `userName eq "${userName}"` });
    expect(resourcesIn(before)).to.deep.equal([]);
    const created = made(await scim.post('Users', body));
    const { schemas: _schemas, meta: _meta, roles: _roles, ...sent } = body;
    expect(created).to.deep.include(sent);
    const path = `Users/${created.id}`;
    expect(done(await scim.get(path))).to.deep.equal(created);
    expect(resourcesIn(await scim.list('Users', { filter: `userName eq "${userName}"` }))).to.deep.equal([created]);
    expect(resourcesIn(await scim.list('Users', { filter: `externalId eq "${body.externalId}"` }))).to.deep.equal([
      created,
    ]);

    const patched = await scim.patch(path, [
      { op: 'Replace', path: 'emails[type eq "work"].value', value: 'updatedEmail@example.com' },
      { op: 'Replace', path: 'name.familyName', value: 'updatedFamilyName' },
      { op: 'Add', path: `${ENTERPRISE}:department`, value: 'Sales' },
    ]);
    expect(done(patched)).to.deep.include({
      emails: [{ primary: true, type: 'work', value: 'updatedEmail@example.com' }],
      name: { ...body.name, familyName: 'updatedFamilyName' },
      [ENTERPRISE]: { department: 'Sales' },
    });
    const renamed = '5b50642d-79fc-4410-9e90-4c077cdd1a59@testuser.com';
    const again = done(await scim.patch(path, [{ op: 'Replace', path: 'userName', value: renamed }]));
    expect(again).to.include({ userName: renamed, id: created.id });
    expect(resourcesIn(await scim.list('Users', { filter: `userName eq "${userName}"` }))).to.deep.equal([]);

    const secret = await tenant.token('test_user_ab6490ee-1e48-479e-a20b-2d77186b5dd1');
    for (const [value, status] of [
      ['False', 401],
      ['True', 200],
      [false, 401],
      [true, 200],
    ] as const) {
      const answer = done(await scim.patch(path, [{ op: 'Replace', path: 'active', value }]));
      expect(answer.active).to.equal(status === 200);
      expect(await tenant.authorize(secret), `active: ${value}`).to.equal(status);
    }
    expect((await scim.delete(path)).status).to.equal(204);
    expect(await tenant.authorize(secret)).to.equal(401);
    refused(await scim.get(path), 404);
    refused(await scim.delete(path), 404);
  });

  it('goes through the life of a group with Entra ID', async () => {
    const user = await tenant.user('member@testuser.com');
    const displayName = 'displayName';
    const search = { excludedAttributes: 'members', filter: `displayName eq "${displayName}"` };
    expect(resourcesIn(await scim.list('Groups', search))).to.deep.equal([]);
    const created = made(
      await scim.post('Groups', {
        schemas: [GROUP_SCHEMA, 'http://schemas.microsoft.com/2006/11/ResourceManagement/ADSCIM/2.0/Group'],
        externalId: '8aa1a0c0-c4c3-4bc0-b4a5-2ef676900159',
        displayName,
        meta: { resourceType: 'Group' },
      }),
    );
    expect(created).to.deep.include({ displayName, externalId: '8aa1a0c0-c4c3-4bc0-b4a5-2ef676900159', members: [] });
    const path = `Groups/${created.id}`;
    const { members: _members, ...bare } = created;
    expect(done(await scim.get(`${path}?excludedAttributes=members`))).to.deep.equal(bare);
    expect(resourcesIn(await scim.list('Groups', search))).to.deep.equal([bare]);

    const value = '1879db59-3bdf-4490-ad68-ab880a269474updatedDisplayName';
    const renamed = done(await scim.patch(path, [{ op: 'Replace', path: 'displayName', value }]));
    expect(renamed).to.include({ displayName: value, id: created.id });
    const member = { $ref: null, value: String(user.id) };
    const isMember = { filter: `id eq "${created.id}" and members eq "${user.id}"`, attributes: 'id' };
    const addition = { op: 'Add', path: 'members', value: [member] };
    for (let times = 0; times < 2; times += 1) {
      expect(memberIds(done(await scim.patch(path, [addition])))).to.deep.equal([user.id]);
    }
    expect(resourcesIn(await scim.list('Groups', isMember))).to.deep.equal([
      { schemas: [GROUP_SCHEMA], id: created.id },
    ]);
    for (let times = 0; times < 2; times += 1) {
      const removed = await scim.patch(path, [{ op: 'Remove', path: 'members', value: [member] }]);
      expect(memberIds(done(removed))).to.deep.equal([]);
    }
    expect(resourcesIn(await scim.list('Groups', isMember))).to.deep.equal([]);
    expect((await scim.delete(path)).status).to.equal(204);
    refused(await scim.get(path), 404);
    expect(done(await scim.get(`Users/${user.id}`)).groups).to.deep.equal([]);
  });

  it('goes through the life of a user with Okta', async () => {
    const userName = 'test.user@okta.local';
    const search = { filter: `userName eq "${userName}"`, startIndex: 1, count: 100 };
    expect(done(await scim.list('Users', { startIndex: 1, count: 2 }))).to.include({ totalResults: 0, startIndex: 1 });
    expect(resourcesIn(await scim.list('Users', search))).to.deep.equal([]);
    const body = {
      schemas: [USER_SCHEMA],
      userName,
      name: { givenName: 'Test', familyName: 'User' },
      emails: [{ primary: true, value: userName, type: 'work' }],
      displayName: 'Test User',
      locale: 'en-US',
      externalId: '00ujl29u0le5T6Aj10h7',
      groups: [],
      password: '1mz050nq',
      active: true,
    };
    const created = made(await scim.post('Users', body, { 'Content-Type': 'application/scim+json; charset=utf-8' }));
    const { password, ...kept } = body;
    expect(created).to.deep.include(kept);
    expect(JSON.stringify(created)).to.not.include(password);
    const path = `Users/${created.id}`;
    expect(done(await scim.get(path))).to.deep.equal(created);
    expect(resourcesIn(await scim.list('Users', search))).to.deep.equal([created]);
    expect(await tenant.get('users/test.user')).to.include({
      display_name: 'Test User',
      email: userName,
      active: true,
    });

    const update = {
      schemas: [USER_SCHEMA],
      id: created.id as string,
      userName,
      name: { givenName: 'Another', middleName: '', familyName: 'User' },
      emails: [{ primary: true, value: userName, type: 'work', display: userName }],
      active: true,
      groups: [],
      meta: { resourceType: 'User' },
    };
    const updated = done(await scim.put(path, update));
    const { meta: _meta, ...rest } = update;
    expect(updated).to.deep.include(rest);
    expect(updated).to.not.have.any.keys('locale', 'externalId');
    expect(await tenant.get('users/test.user')).to.include({ display_name: 'Another User' });

    const secret = await tenant.token('test.user');
    for (const active of [false, true]) {
      done(await scim.patch(path, [{ op: 'replace', value: { active } }]));
      expect(await tenant.authorize(secret)).to.equal(active ? 200 : 401);
    }
    const off = done(await scim.put(path, { ...update, active: false }));
    expect(off.active).to.equal(false);
    expect(await tenant.authorize(secret)).to.equal(401);
    expect(resourcesIn(await scim.list('Users', search)), 'one that is off is found').to.deep.equal([off]);
  });

  it('goes through the life of a group with Okta', async () => {
    const first = await tenant.user('first@okta.local');
    const second = await tenant.user('second@okta.local');
    const third = await tenant.user('third@okta.local');
    expect(done(await scim.list('Groups', { startIndex: 1, count: 100 })).totalResults).to.equal(0);
    const created = made(
      await scim.post('Groups', { schemas: [GROUP_SCHEMA], displayName: 'Test SCIMv2', members: [] }),
    );
    const path = `Groups/${created.id}`;
    const renamed = await scim.patch(path, [
      { op: 'replace', value: { id: String(created.id), displayName: 'Test SCIMv20' } },
    ]);
    expect(done(renamed)).to.include({ displayName: 'Test SCIMv20' });

    const member = ({ id, userName }: JsonObject): Json => ({ value: String(id), display: String(userName) });
    const assigned = await scim.patch(path, [{ op: 'add', path: 'members', value: [member(first), member(second)] }]);
    expect(memberIds(done(assigned))).to.deep.equal([first.id, second.id].sort());
    const moved = await scim.patch(path, [
      { op: 'remove', path: `members[value eq "${first.id}"]` },
      { op: 'add', path: 'members', value: [member(third)] },
    ]);
    expect(memberIds(done(moved))).to.deep.equal([second.id, third.id].sort());
    const replaced = await scim.put(path, {
      schemas: [GROUP_SCHEMA],
      id: created.id as string,
      displayName: 'Test SCIMv20',
      members: [member(first)],
    });
    expect(memberIds(done(replaced))).to.deep.equal([first.id]);
    expect(done(await scim.get(`Users/${first.id}`)).groups).to.deep.equal([
      {
        value: created.id,
        $ref: `${bench().daemon.url}/scim/v2/${path}`,
        display: 'Test SCIMv20',
        type: 'direct',
      },
    ]);
    expect((await tenant.get('users/first')).teams).to.deep.equal(['test-scimv2']);
    expect((await scim.delete(path)).status).to.equal(204);
    expect((await tenant.get('users/first')).teams).to.deep.equal([]);
  });

  it(`${RIVALS} parallel PATCHes that add different members to one group all take effect`, async () => {
    const users = await Promise.all(Array.from({ length: RIVALS }, (_, index) => tenant.user(`u${index}@example.com`)));
    const group = await tenant.group('Everybody');
    const ids = users.map(({ id }) => String(id));
    const add = (value: string) =>
      scim.patch(`Groups/${group.id}`, [{ op: 'add', path: 'members', value: [{ value }] }]);
    for (const answer of await Promise.all(ids.map(add))) done(answer);
    const whole = done(await scim.get(`Groups/${group.id}`));
    expect(memberIds(whole)).to.deep.equal([...ids].sort());
    const remove = (id: string) =>
      scim.patch(`Groups/${group.id}`, [{ op: 'remove', path: `members[value eq "${id}"]` }]);
    const leaving = ids.slice(0, RIVALS / 2);
    for (const answer of await Promise.all(leaving.map(remove))) done(answer);
    expect(memberIds(done(await scim.get(`Groups/${group.id}`)))).to.deep.equal(ids.slice(RIVALS / 2).sort());
  });

  it('of parallel creations of one userName one is done, and the others are refused', async () => {
    const names = ['alice@example.com', 'ALICE@example.com', 'Alice@Example.com', 'alice@example.com'];
    const answers = await Promise.all(names.map((userName) => scim.post('Users', { userName })));
    expect(answers.filter(({ status }) => status === 201)).to.have.length(1);
    for (const answer of answers) if (answer.status !== 201) refused(answer, 409, 'uniqueness');
    expect(done(await scim.list('Users')).totalResults).to.equal(1);
    const others = await Promise.all(
      ['bob', 'carol'].flatMap((name) => [`${name}@example.com`, `${name}@example.org`]).map(tenant.user),
    );
    expect(new Set(others.map(({ id }) => id)).size, 'other names do not stand in the way').to.equal(4);
  });

  it(`of ${RIVALS} parallel changes that name the same version, one is done`, async () => {
    const user = await tenant.user('alice@example.com');
    const { headers } = await scim.get(`Users/${user.id}`);
    const answers = await Promise.all(
      Array.from({ length: RIVALS }, (_, index) =>
        scim.patch(`Users/${user.id}`, [{ op: 'replace', path: 'title', value: `${index}` }], {
          'If-Match': String(headers.etag),
        }),
      ),
    );
    expect(answers.filter(({ status }) => status === 200)).to.have.length(1);
    for (const answer of answers) if (answer.status !== 200) refused(answer, 412);
  });

  it('finds users by names of any length and script, and nobody by what cannot be stored', async () => {
    const long = Array.from({ length: 1000 }, (_, index) => index.toString(36))
      .join('')
      .slice(0, 4000);
    const names = [long, '李雷@例え.jp', 'o\\"neil@example.com', 'Ünïcode 😀', '%_*@example.com', 'a?b=c#d/e'];
    for (const userName of names) {
      const created = await tenant.user({ userName, externalId: `id of ${userName}`.slice(0, 4000) });
      for (const by of ['userName', 'externalId'] as const) {
        const filter = `${by} eq ${JSON.stringify(created[by])}`;
        expect(resourcesIn(await scim.list('Users', { filter })), filter.slice(0, 80)).to.deep.equal([created]);
      }
      refused(await scim.post('Users', { userName }), 409, 'uniqueness');
    }
    for (const text of ['a\0b', '\ud800', '#', '?userName=', "' OR '1'='1"]) {
      for (const by of ['userName', 'externalId', 'id', 'displayName']) {
        const filter = `${by} eq ${JSON.stringify(text).replaceAll('\0', '\\u0000')}`;
        expect(resourcesIn(await scim.list('Users', { filter })), filter).to.deep.equal([]);
      }
      refused(await scim.get(`Users/${encodeURIComponent(text.replaceAll('\ud800', ''))}`), 404);
    }
  });
});
