/** Lists over HTTP: filters, pages, and answers that hold a part of what there is. */
import { expect } from 'chai';
import type { JsonObject } from '../../terraform-provider-spec/kind.ts';
import { Api } from '../contract/api.ts';
import { startTestDaemon, type TestDaemon } from '../support/daemon.ts';
import { done, freshTenant, made, memberIds, refused, resourcesIn, type Tenant, USER_SCHEMA } from './http-tenant.ts';

const PEOPLE = 253;

describe('a list of SCIM', () => {
  let daemon: TestDaemon;
  let tenant: Tenant;
  let scim: Tenant['scim'];
  /** By name: the users that are there. */
  const users = new Map<string, JsonObject>();
  let group: JsonObject;
  before(async function () {
    this.timeout(60_000);
    daemon = await startTestDaemon();
    tenant = await freshTenant(new Api(daemon.url, daemon.adminToken));
    scim = tenant.scim;
    const other = await freshTenant(tenant.api);
    await other.user({ userName: 'alice@example.com', externalId: 'E-1' });
    const alice = await tenant.user({
      userName: 'Alice@example.com',
      externalId: 'E-1',
      displayName: 'Alice "the first"',
      title: 'Boss',
      emails: [
        { value: 'alice@example.com', type: 'work', primary: true },
        { value: 'alice@home.example', type: 'home' },
      ],
      name: { givenName: 'Alice', familyName: 'Doe' },
    });
    const bob = await tenant.user({ userName: 'bob@example.com', externalId: 'e-1', active: false, title: 'Boss' });
    group = await tenant.group('Sales', String(alice.id));
    await tenant.group('Support');
    const rest = Array.from({ length: PEOPLE - 2 }, (_, index) => tenant.user(`person${index}@example.com`));
    for (const user of [alice, bob, ...(await Promise.all(rest))]) {
      users.set(String(user.userName), done(await scim.get(`Users/${user.id}`)));
    }
  });
  after(() => daemon.close());

  const found = async (filter: string, path = 'Users') =>
    resourcesIn(await scim.list(path, { filter, count: 200 })).map((one) => one.userName ?? one.displayName);
  const alice = () => users.get('Alice@example.com') as JsonObject;

  const FILTERS: Readonly<Record<string, readonly string[]>> = {
    'userName eq "alice@EXAMPLE.com"': ['Alice@example.com'],
    'USERNAME Eq "bob@example.com"': ['bob@example.com'],
    'urn:ietf:params:scim:schemas:core:2.0:User:userName eq "bob@example.com"': ['bob@example.com'],
    'externalId eq "E-1"': ['Alice@example.com'],
    'externalId eq "e-1"': ['bob@example.com'],
    'displayName eq "alice \\"the first\\""': ['Alice@example.com'],
    'emails.value eq "ALICE@example.com"': ['Alice@example.com'],
    'emails eq "alice@home.example"': ['Alice@example.com'],
    'emails[type eq "home"].value eq "alice@home.example"': ['Alice@example.com'],
    'emails[type eq "home"].value eq "alice@example.com"': [],
    'active eq false': ['bob@example.com'],
    'active eq "False"': ['bob@example.com'],
    'title eq "boss"': ['Alice@example.com', 'bob@example.com'],
    'title eq "boss" and active eq true': ['Alice@example.com'],
    'active eq true and title eq "boss" and name.familyName eq "doe"': ['Alice@example.com'],
    'userName eq "bob@example.com" and active eq true': [],
    'userName eq "bob@example.com" and userName eq "Alice@example.com"': [],
    'userName eq "Alice@example.com" and externalId eq "e-1"': [],
    'userName eq "alice"': [],
    'userName eq ""': [],
  };
  for (const [filter, expected] of Object.entries(FILTERS)) {
    it(`with ${filter} holds ${expected.join(' and ') || 'nobody'}`, async () => {
      expect(await found(filter)).to.have.members([...expected]);
    });
  }

  it('is looked up by id, alone and together with something else', async () => {
    expect(await found(`id eq "${alice().id}"`)).to.deep.equal(['Alice@example.com']);
    expect(await found(`id eq "${alice().id}" and active eq false`)).to.deep.equal([]);
    expect(await found(`id eq "${String(alice().id).toUpperCase()}"`), 'an id is exact').to.deep.equal([]);
    expect(await found(`id eq "${group.id}"`), 'a group is no user').to.deep.equal([]);
    expect(await found(`groups.value eq "${group.id}"`)).to.deep.equal(['Alice@example.com']);
  });

  it('of groups is filtered by name, by id and by member', async () => {
    expect(await found('displayName eq "SALES"', 'Groups')).to.deep.equal(['Sales']);
    expect(await found(`id eq "${group.id}"`, 'Groups')).to.deep.equal(['Sales']);
    expect(await found(`members eq "${alice().id}"`, 'Groups')).to.deep.equal(['Sales']);
    expect(await found(`members.value eq "${alice().id}" and displayName eq "Support"`, 'Groups')).to.deep.equal([]);
    expect(await found('displayName eq "Nobody"', 'Groups')).to.deep.equal([]);
  });

  const REFUSED: readonly (readonly [query: Readonly<Record<string, string>>, scimType: string])[] = [
    [{ filter: 'userName co "a"' }, 'invalidFilter'],
    [{ filter: 'userName pr' }, 'invalidFilter'],
    [{ filter: 'userName eq "a" or userName eq "b"' }, 'invalidFilter'],
    [{ filter: 'not (userName eq "a")' }, 'invalidFilter'],
    [{ filter: 'userName eq alice' }, 'invalidFilter'],
    [{ filter: 'noSuchThing eq "a"' }, 'invalidFilter'],
    [{ filter: 'password eq "a"' }, 'invalidFilter'],
    [{ filter: '' }, 'invalidFilter'],
    [{ startIndex: 'first' }, 'invalidValue'],
    [{ count: '1.5' }, 'invalidValue'],
    [{ attributes: 'userName', excludedAttributes: 'emails' }, 'invalidValue'],
  ];
  for (const [query, scimType] of REFUSED) {
    it(`is refused with ${JSON.stringify(query)}`, async () => {
      refused(await scim.list('Users', query), 400, scimType);
      refused(await scim.list('Groups', query), 400, scimType);
    });
  }

  it(`of ${PEOPLE} users comes page by page, each user once, in an order that stays`, async () => {
    const pages: JsonObject[][] = [];
    for (let startIndex = 1; startIndex <= PEOPLE; startIndex += 60) {
      const answer = await scim.list('Users', { startIndex, count: 60 });
      const page = resourcesIn(answer);
      expect(answer.body).to.include({ totalResults: PEOPLE, startIndex, itemsPerPage: page.length });
      pages.push(page);
    }
    expect(pages.map(({ length }) => length)).to.deep.equal([60, 60, 60, 60, 13]);
    const seen = pages.flat();
    expect(seen).to.have.deep.members([...users.values()]);
    const [first = '', second = ''] = seen.map(({ id }) => String(id));
    expect(resourcesIn(await scim.list('Users', { startIndex: 2, count: 1 })).map(({ id }) => id)).to.deep.equal([
      second,
    ]);
    expect(resourcesIn(await scim.list('Users', { startIndex: -5, count: 1 })).map(({ id }) => id)).to.deep.equal([
      first,
    ]);
  });

  it('has a usual and a largest page, and none at all where only the number is asked for', async () => {
    const sizes = async (query: Readonly<Record<string, number | string>>) => {
      const { body } = await scim.list('Users', query);
      const { totalResults, startIndex, itemsPerPage, Resources } = body;
      expect(itemsPerPage).to.equal((Resources as unknown[]).length);
      return [totalResults, startIndex, itemsPerPage];
    };
    expect(await sizes({})).to.deep.equal([PEOPLE, 1, 100]);
    expect(await sizes({ count: 1000 })).to.deep.equal([PEOPLE, 1, 200]);
    expect(await sizes({ count: 0 })).to.deep.equal([PEOPLE, 1, 0]);
    expect(await sizes({ count: -1 })).to.deep.equal([PEOPLE, 1, 0]);
    expect(await sizes({ startIndex: PEOPLE })).to.deep.equal([PEOPLE, PEOPLE, 1]);
    expect(await sizes({ startIndex: PEOPLE + 1 })).to.deep.equal([PEOPLE, PEOPLE + 1, 0]);
    expect(await sizes({ filter: 'active eq true', count: 10, startIndex: 250 })).to.deep.equal([PEOPLE - 1, 250, 3]);
  });

  it('and a resource hold the attributes that are asked for, and what is always there', async () => {
    const { id } = alice();
    const query = 'attributes=userName,emails.value,NAME.familyName,noSuchThing';
    const part = {
      schemas: [USER_SCHEMA],
      id,
      userName: 'Alice@example.com',
      emails: [{ value: 'alice@example.com' }, { value: 'alice@home.example' }],
      name: { familyName: 'Doe' },
    };
    expect(done(await scim.get(`Users/${id}?${query}`))).to.deep.equal(part);
    const filter = encodeURIComponent(`id eq "${id}"`);
    expect(resourcesIn(await scim.get(`Users?filter=${filter}&${query}`))).to.deep.equal([part]);
    const patched = await scim.patch(`Users/${id}?${query}`, [{ op: 'replace', path: 'title', value: 'Boss' }]);
    expect(done(patched)).to.deep.equal(part);
    const replaced = await scim.put(`Users/${id}?attributes=id`, alice());
    expect(done(replaced)).to.deep.equal({ schemas: [USER_SCHEMA], id });
    const { meta: _meta, emails: _emails, ...without } = alice();
    expect(done(await scim.get(`Users/${id}?excludedAttributes=meta,emails,id,schemas`))).to.deep.equal(without);
    const bare = made(await scim.post('Groups?excludedAttributes=members,meta', { displayName: 'Short-lived' }));
    expect(bare).to.have.all.keys('schemas', 'id', 'displayName');
    expect((await scim.delete(`Groups/${bare.id}`)).status).to.equal(204);
    const shown = resourcesIn(await scim.list('Groups', { excludedAttributes: 'members' }));
    expect(shown.map(({ members }) => members)).to.deep.equal([undefined, undefined]);
    expect(memberIds(done(await scim.get(`Groups/${group.id}?attributes=members.value`)))).to.deep.equal([id]);
  });

  it('has no part of a change whose answer could not be told', async () => {
    const both = 'attributes=id&excludedAttributes=meta';
    const before = [(await scim.list('Users', { count: 200 })).text, (await scim.list('Groups')).text];
    refused(await scim.post(`Users?${both}`, { userName: 'unseen' }), 400, 'invalidValue');
    refused(await scim.post(`Groups?${both}`, { displayName: 'Unseen' }), 400, 'invalidValue');
    refused(await scim.put(`Users/${alice().id}?${both}`, { userName: 'unseen' }), 400, 'invalidValue');
    const rename = [{ op: 'replace', path: 'displayName', value: 'Unseen' }];
    refused(await scim.patch(`Users/${alice().id}?${both}`, rename), 400, 'invalidValue');
    refused(await scim.patch(`Groups/${group.id}?${both}`, rename), 400, 'invalidValue');
    expect([(await scim.list('Users', { count: 200 })).text, (await scim.list('Groups')).text]).to.deep.equal(before);
  });
});
