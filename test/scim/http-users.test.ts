/** Users: their ids and names, what comes back of what was sent, and what SCIM and the API tell each other. */
import { expect } from 'chai';
import type { Json, JsonObject } from '../../terraform-provider-spec/kind.ts';
import { Api } from '../contract/api.ts';
import { startTestDaemon, type TestDaemon } from '../support/daemon.ts';
import { done, freshTenant, made, refused, resourcesIn, Scim, type Tenant, USER_SCHEMA } from './http-tenant.ts';

const ENTERPRISE = 'urn:ietf:params:scim:schemas:extension:enterprise:2.0:User';

/** A user with everything that RFC 7643, section 8.2, has an example for. */
const WHOLE: JsonObject = {
  schemas: [USER_SCHEMA, ENTERPRISE],
  userName: 'BJensen@example.com',
  externalId: '701984',
  name: {
    formatted: 'Ms. Barbara J Jensen, III',
    familyName: 'Jensen',
    givenName: 'Barbara',
    middleName: 'Jane',
    honorificPrefix: 'Ms.',
    honorificSuffix: 'III',
  },
  displayName: 'Babs Jensen',
  nickName: 'Babs',
  profileUrl: 'https://login.example.com/bjensen',
  title: 'Tour Guide',
  userType: 'Employee',
  preferredLanguage: 'en-US',
  locale: 'en-US',
  timezone: 'America/Los_Angeles',
  active: true,
  emails: [
    { value: 'babs@jensen.org', type: 'home' },
    { value: 'bjensen@example.com', type: 'work', primary: true },
  ],
  phoneNumbers: [{ value: '555-555-5555', type: 'work' }],
  ims: [{ value: 'someaimhandle', type: 'aim' }],
  photos: [{ value: 'https://photos.example.com/profilephoto/72930000000Ccne/F', type: 'photo' }],
  addresses: [{ type: 'work', streetAddress: '100 Universal City Plaza', locality: 'Hollywood', primary: true }],
  entitlements: [{ value: 'parking' }],
  roles: [{ value: 'guide', primary: true }],
  [ENTERPRISE]: {
    employeeNumber: '701984',
    costCenter: '4130',
    organization: 'Universal Studios',
    division: 'Theme Park',
    department: 'Tour Operations',
    manager: { value: '26118915-6090-4610-87e4-49d8ca9f808d', displayName: 'John Smith' },
  },
};

describe('a user of SCIM', () => {
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

  const userNames = async () => resourcesIn(await scim.list('Users')).map(({ userName }) => userName);

  it('has the uid as its id, which stays, and a name made of its userName, with a number if that is taken', async () => {
    await tenant.put('users/bob');
    const expected = [
      ['alice@example.com', 'alice'],
      ['alice@example.org', 'alice-2'],
      ['ALICE@example.net', 'alice-3'],
      ['bob@example.com', 'bob-2'],
      ['Jörg.Müller@example.com', 'jorg.muller'],
      ['李雷', 'user'],
      ['韩梅梅', 'user-2'],
      ['__proto__', 'proto'],
      ['constructor', 'constructor'],
    ] as const;
    for (const [userName, name] of expected) {
      const { id } = await tenant.user(userName);
      const user = await tenant.get(`users/${name}`);
      expect(user.uid, userName).to.equal(id);
      expect(user).to.include({ address: tenant.at(`users/${name}`), managed_by: null, active: true });
      expect(done(await scim.get(`Users/${id}`)).userName).to.equal(userName);
    }
    const [alice] = resourcesIn(await scim.list('Users', { filter: 'userName eq "alice@example.com"' }));
    done(await scim.patch(`Users/${alice?.id}`, [{ op: 'replace', path: 'userName', value: 'carol@example.com' }]));
    expect((await tenant.get('users/alice')).uid, 'the name stays when it is called otherwise').to.equal(alice?.id);
  });

  it('finds a name also where very many have it', async function () {
    this.timeout(60_000);
    const people = Array.from({ length: 120 }, (_, index) => `alice@example${index}.com`);
    await Promise.all(people.map(tenant.user));
    await tenant.user('alice@example.com');
    expect(await tenant.get('users/alice-121')).to.include({ active: true });
  });

  it('has a userName that nobody else has, in whatever case, users that SCIM did not make included', async () => {
    const alice = await tenant.user('alice@example.com');
    await tenant.put('users/bob', { email: 'Bob@example.com' });
    await tenant.put('users/carol');
    const dave = await tenant.user('dave@example.com');
    for (const taken of ['alice@example.com', 'ALICE@EXAMPLE.COM', 'bob@example.com', 'Carol']) {
      refused(await scim.post('Users', { userName: taken }), 409, 'uniqueness');
      refused(await scim.put(`Users/${dave.id}`, { userName: taken }), 409, 'uniqueness');
      const patch = [{ op: 'replace', path: 'userName', value: taken }];
      refused(await scim.patch(`Users/${dave.id}`, patch), 409, 'uniqueness');
    }
    expect(await userNames()).to.have.members(['alice@example.com', 'Bob@example.com', 'carol', 'dave@example.com']);
    const same = await scim.patch(`Users/${alice.id}`, [
      { op: 'replace', path: 'userName', value: 'Alice@example.com' },
    ]);
    expect(done(same).userName, 'its own in another case is free').to.equal('Alice@example.com');
    expect((await scim.delete(`Users/${alice.id}`)).status).to.equal(204);
    await tenant.user('alice@example.com');
    expect((await tenant.get('users/alice')).active, 'as is the name of one that is gone').to.equal(true);
    const other = await freshTenant(tenant.api);
    await other.user('dave@example.com');
  });

  it('comes back as it was sent, from every method that shows it', async () => {
    const created = made(await scim.post('Users', { ...WHOLE, password: 'a password', unknown: 'x' }));
    const { id, meta, groups, ...rest } = created;
    expect(rest).to.deep.equal(WHOLE);
    expect(groups).to.deep.equal([]);
    const location = `${daemon.url}/scim/v2/Users/${id}`;
    expect(meta).to.include({ resourceType: 'User', location });
    expect(done(await scim.get(`Users/${id}`))).to.deep.equal(created);
    expect(resourcesIn(await scim.list('Users'))).to.deep.equal([created]);
    expect(done(await scim.put(`Users/${id}`, created)), 'what was read may be sent').to.deep.equal(created);
    expect(await tenant.get('users/bjensen')).to.include({
      display_name: 'Babs Jensen',
      email: 'bjensen@example.com',
      revision: 1,
    });
    expect(JSON.stringify(created)).to.not.include('a password');
    const small = made(await scim.post('Users', { userName: 'small' }));
    expect(small).to.have.all.keys('schemas', 'id', 'userName', 'active', 'groups', 'meta');
    expect(small.active, 'who is created is active').to.equal(true);
  });

  it('is named by the parts of its name where it has no displayName', async () => {
    const created = await tenant.user({ userName: 'x', name: { givenName: 'Ann', familyName: 'Lee' } });
    expect(created).to.not.have.property('displayName');
    expect(await tenant.get('users/x')).to.include({ display_name: 'Ann Lee' });
    const named = await scim.patch(`Users/${created.id}`, [{ op: 'add', path: 'displayName', value: 'Annie' }]);
    expect(done(named).displayName).to.equal('Annie');
    expect(await tenant.get('users/x')).to.include({ display_name: 'Annie' });
  });

  it('shows what the API changes, and keeps what only one of them knows', async () => {
    const { id } = made(await scim.post('Users', WHOLE));
    const whole = await tenant.get('users/bjensen');
    const labels = { floor: '3' };
    const changes = { display_name: 'Barbara', email: 'new@example.com', grants: [{ role: 'viewer' }], labels };
    await tenant.put('users/bjensen', { ...whole, ...changes });
    const shown = done(await scim.get(`Users/${id}`));
    const { id: _id, meta, groups: _groups, ...rest } = shown;
    const emails = [
      { value: 'babs@jensen.org', type: 'home' },
      { value: 'new@example.com', type: 'work', primary: true },
    ];
    expect(rest).to.deep.equal({ ...WHOLE, displayName: 'Barbara', emails });
    expect((meta as JsonObject).version).to.equal(`W/"${id}.2"`);
    done(await scim.patch(`Users/${id}`, [{ op: 'replace', path: 'title', value: 'Chief' }]));
    expect(await tenant.get('users/bjensen')).to.deep.include({
      ...changes,
      grants: [{ role: 'viewer', scope: 'organization' }],
    });
    await tenant.put('users/bjensen', { active: false });
    expect(done(await scim.get(`Users/${id}`))).to.include({ active: false, title: 'Chief', externalId: '701984' });
  });

  it('that the API made is one like every other', async () => {
    const made = await tenant.put('users/ci-friend', { email: 'Friend@example.com', display_name: 'Friend' });
    await tenant.put('users/plain');
    const friend = done(await scim.get(`Users/${made.uid}`));
    expect(friend).to.deep.include({
      id: made.uid,
      userName: 'Friend@example.com',
      displayName: 'Friend',
      emails: [{ type: 'work', primary: true, value: 'Friend@example.com' }],
      active: true,
    });
    const lookUp = { filter: 'userName eq "friend@EXAMPLE.com"' };
    expect(resourcesIn(await scim.list('Users', lookUp))).to.deep.equal([friend]);
    expect(await userNames()).to.have.members(['Friend@example.com', 'plain']);
    const linked = await scim.patch(`Users/${made.uid}`, [{ op: 'add', path: 'externalId', value: 'e-1' }]);
    expect(done(linked)).to.deep.include({ externalId: 'e-1', emails: friend.emails, displayName: 'Friend' });
    expect(await tenant.get('users/ci-friend')).to.include({ email: 'Friend@example.com', display_name: 'Friend' });
    expect(resourcesIn(await scim.list('Users', { filter: 'externalId eq "e-1"' }))).to.have.length(1);
  });

  it('is refused with the fault in its own words, and then nothing is kept', async () => {
    const user = await tenant.user({ userName: 'alice@example.com', displayName: 'Alice' });
    const faults: [JsonObject, RegExp][] = [
      [{}, /^userName is required/],
      [{ userName: ' ' }, /^userName must not be empty/],
      [{ userName: 7 }, /^userName must be a string/],
      [{ userName: 'x', active: 'maybe' }, /^active must be/],
      [{ userName: 'x', emails: [{ value: 'not an address' }] }, /emails must be an e-mail address/],
      [{ userName: 'x', displayName: 'x'.repeat(300) }, /displayName must not be longer than 256/],
      [{ userName: 'x', displayName: 'a\u0001b' }, /displayName must not hold control characters/],
      [{ userName: 'a\0b' }, /^userName must be well-formed/],
      [{ userName: 'x'.repeat(5000) }, /^userName must not be longer/],
    ];
    for (const [body, fault] of faults) {
      expect(refused(await scim.post('Users', body), 400, 'invalidValue')).to.match(fault);
      expect(refused(await scim.put(`Users/${user.id}`, body), 400, 'invalidValue')).to.match(fault);
    }
    const half = [
      { op: 'replace', path: 'displayName', value: 'Other' },
      { op: 'replace', path: 'active', value: false },
    ];
    const wrong: [Json, string][] = [
      [{ op: 'remove', path: 'userName' }, 'mutability'],
      [{ op: 'replace', path: 'id', value: 'other' }, 'mutability'],
      [{ op: 'remove', path: 'groups' }, 'mutability'],
      [{ op: 'replace', path: 'emails[type eq "other"].value', value: 'x@example.com' }, 'noTarget'],
      [{ op: 'replace', path: 'no.such', value: 1 }, 'invalidPath'],
      [{ op: 'add', path: 'emails[type gt "a"]', value: {} }, 'invalidFilter'],
      [{ op: 'move', path: 'title' }, 'invalidSyntax'],
      [{ op: 'add', path: 'emails', value: [{ value: 'not an address', primary: true }] }, 'invalidValue'],
    ];
    for (const [operation, scimType] of wrong) {
      refused(await scim.patch(`Users/${user.id}`, [...half, operation]), 400, scimType);
    }
    expect(done(await scim.get(`Users/${user.id}`))).to.deep.equal(user);
    expect(await userNames()).to.deep.equal(['alice@example.com']);
  });

  it('may be told again what it is, its read-only attributes included', async () => {
    const user = await tenant.user('alice@example.com');
    await tenant.group('Sales', String(user.id));
    const { id, meta, groups, ...rest } = done(await scim.get(`Users/${user.id}`));
    const again = await scim.patch(`Users/${id}`, [{ op: 'replace', value: { id, meta, groups, ...rest } as Json }]);
    expect(done(again)).to.deep.equal({ id, meta, groups, ...rest });
    const events = await tenant.api.events(tenant.at('users/alice'));
    expect(events, 'its creation and the group').to.have.length(2);
  });

  it('of another organization is not there', async () => {
    const other = await freshTenant(tenant.api);
    const foreign = await other.user({ userName: 'eve@example.com', externalId: 'e-1' });
    const team = await other.group('Others', String(foreign.id));
    const own = await tenant.user('alice@example.com');
    const owners = await tenant.scimOf([], [{ role: 'owner' }]);
    await tenant.api.put('organizations/default/accounts/provider', { grants: [{ role: 'owner' }] });
    const installation = done(
      await tenant.api.put('organizations/default/accounts/provider/tokens/scim', { purpose: 'scim' }),
    );
    for (const by of [scim, owners, new Scim(daemon.url, String(installation.secret))]) {
      for (const path of [`Users/${foreign.id}`, `Groups/${team.id}`, `Groups/${own.id}`, `Users/${team.id}`]) {
        refused(await by.get(path), 404);
        refused(await by.put(path, { userName: 'x', displayName: 'x' }), 404);
        refused(await by.patch(path, [{ op: 'replace', path: 'externalId', value: 'x' }]), 404);
        refused(await by.delete(path), 404);
      }
      for (const filter of ['userName eq "eve@example.com"', 'externalId eq "e-1"', `id eq "${foreign.id}"`]) {
        expect(resourcesIn(await by.list('Users', { filter })), filter).to.deep.equal([]);
      }
    }
    expect(await userNames()).to.deep.equal(['alice@example.com']);
    expect(resourcesIn(await scim.list('Groups'))).to.deep.equal([]);
    expect(done(await other.scim.get(`Users/${foreign.id}`)).userName).to.equal('eve@example.com');
    expect(done(await other.scim.list('Groups')).totalResults).to.equal(1);
  });
});
