import { expect } from 'chai';
import { applyPatch } from '../../daemon/scim/patch.ts';
import { type Kept, presentUser, readUser, userNameOf } from '../../daemon/scim/resources.ts';
import { USER_TYPE } from '../../daemon/scim/schemas.ts';
import type { Json, JsonObject } from '../../terraform-provider-spec/kind.ts';
import { BASE, ENTERPRISE, patchOp, stored, UID } from './examples.ts';
import { refused } from './refused.ts';

const ENTRA_USER: JsonObject = {
  schemas: ['urn:ietf:params:scim:schemas:core:2.0:User', 'urn:ietf:params:scim:schemas:extension:enterprise:2.0:User'],
  externalId: '0a21f0f2-8d2a-4f8e-bf98-7363c4aed4ef',
  userName: 'Test_User_ab6490ee-1e48-479e-a20b-2d77186b5dd1',
  active: true,
  emails: [{ primary: true, type: 'work', value: 'Test_User_fd0ea19b-0777-472c-9f96-4f70d2226f2e@testuser.com' }],
  meta: { resourceType: 'User' },
  name: { formatted: 'givenName familyName', familyName: 'familyName', givenName: 'givenName' },
  roles: [],
};

const OKTA_USER: JsonObject = {
  schemas: ['urn:ietf:params:scim:schemas:core:2.0:User'],
  userName: 'test.user@okta.local',
  name: { givenName: 'Test', familyName: 'User' },
  emails: [{ primary: true, value: 'test.user@okta.local', type: 'work' }],
  displayName: 'Test User',
  locale: 'en-US',
  externalId: '00ujl29u0le5T6Aj10h7',
  groups: [],
  password: '1mz050nq',
  active: true,
};

describe('a SCIM User', () => {
  it('as Entra ID creates one is kept', () => {
    expect(readUser(ENTRA_USER)).to.deep.equal({
      attributes: {
        display_name: 'givenName familyName',
        email: 'Test_User_fd0ea19b-0777-472c-9f96-4f70d2226f2e@testuser.com',
        active: true,
      },
      provisioned: {
        externalId: ENTRA_USER.externalId,
        userName: ENTRA_USER.userName,
        emails: ENTRA_USER.emails,
        name: ENTRA_USER.name,
      },
    });
  });

  it('as Okta creates one is kept, without the password', () => {
    const kept = readUser(OKTA_USER);
    expect(kept.attributes).to.deep.equal({ display_name: 'Test User', email: 'test.user@okta.local', active: true });
    expect(JSON.stringify(kept)).to.not.include('1mz050nq').and.not.include('password');
  });

  it('comes back as it was sent, with what the service adds', () => {
    const sent: JsonObject = {
      ...OKTA_USER,
      name: { givenName: 'Test', middleName: '', familyName: 'User' },
      title: 'Boss',
      phoneNumbers: [{ value: '+49 30 1', type: 'mobile' }],
      addresses: [{ type: 'work', locality: 'Berlin', primary: true }],
      [ENTERPRISE]: { employeeNumber: '7', manager: { value: 'm1' } },
    };
    const teams = [{ uid: 'team-uid', display: 'Support' }];
    const { password: _password, groups: _groups, ...expected } = sent;
    const shown = presentUser(stored(readUser(sent)), BASE, teams);
    const { version, ...meta } = shown.meta as JsonObject;
    expect(version).to.match(new RegExp(`^W/"${UID}\\.3\\.[\\w-]{16}"$`));
    expect({ ...shown, meta }).to.deep.equal({
      ...expected,
      schemas: [...(OKTA_USER.schemas as Json[]), ENTERPRISE],
      id: UID,
      groups: [{ value: 'team-uid', $ref: `${BASE}/Groups/team-uid`, display: 'Support', type: 'direct' }],
      meta: {
        resourceType: 'User',
        created: '2026-01-02T03:04:05Z',
        lastModified: '2026-01-03T03:04:05.120Z',
        location: `${BASE}/Users/${UID}`,
      },
    });
  });

  it('that is sent back as it is shown changes nothing', () => {
    const users: Kept[] = [
      readUser(ENTRA_USER),
      readUser(OKTA_USER),
      { attributes: { display_name: 'Alice', email: 'alice@example.com', active: false }, provisioned: null },
      { attributes: { display_name: null, email: null, active: true }, provisioned: null },
      {
        attributes: { display_name: 'Changed', email: 'changed@example.com', active: true },
        provisioned: readUser(OKTA_USER).provisioned,
      },
      {
        attributes: { display_name: 'Test User', email: null, active: true },
        provisioned: readUser(OKTA_USER).provisioned,
      },
    ];
    for (const kept of users) {
      const shown = presentUser(stored(kept), BASE, []);
      const again = readUser(shown, kept);
      expect(again.attributes).to.deep.equal(kept.attributes);
      expect(presentUser(stored(again), BASE, [])).to.deep.equal(shown);
    }
  });

  it('keeps what SCIM does not know of it', () => {
    const before: Kept = {
      attributes: {
        display_name: null,
        description: 'Joined in 2026',
        labels: { office: 'berlin' },
        email: null,
        active: true,
        teams: ['support'],
        grants: [{ role: 'viewer', scope: 'organization' }],
      },
      provisioned: null,
    };
    const { attributes } = readUser({ ...OKTA_USER, grants: [], teams: [], labels: {} }, before);
    expect(attributes).to.deep.equal({
      ...before.attributes,
      display_name: 'Test User',
      email: 'test.user@okta.local',
    });
  });

  it('stays inactive when a body leaves active out', () => {
    const { active: _active, ...silent } = OKTA_USER;
    const inactive = readUser({ ...OKTA_USER, active: false });
    expect(readUser(silent).attributes.active, 'a new one').to.equal(true);
    expect(readUser(silent, inactive).attributes.active).to.equal(false);
    expect(readUser({ ...silent, active: null }, inactive).attributes.active).to.equal(false);
  });

  it('takes active as the strings that Entra ID sends', () => {
    expect(readUser({ ...OKTA_USER, active: 'False' }).attributes.active).to.equal(false);
    expect(readUser({ ...OKTA_USER, active: 'True' }).attributes.active).to.equal(true);
    const emails: Json[] = [{ value: 'a@x.example' }, { value: 'b@x.example', primary: 'True' }];
    expect(readUser({ ...OKTA_USER, emails }).attributes.email).to.equal('b@x.example');
  });

  it('takes attribute names in whatever case, and shows them in the right one', () => {
    const { provisioned } = readUser({
      USERNAME: 'alice',
      Name: { GIVENNAME: 'Al' },
      EMails: [{ VALUE: 'a@x.example' }],
      'URN:ietf:params:scim:schemas:extension:ENTERPRISE:2.0:User': { DEPARTMENT: 'Retail' },
    });
    expect(provisioned).to.deep.equal({
      userName: 'alice',
      name: { givenName: 'Al' },
      emails: [{ value: 'a@x.example' }],
      [ENTERPRISE]: { department: 'Retail' },
    });
    expect(refused('invalidValue', () => readUser({ userName: 'alice', username: 'bob' }))).to.equal(
      'userName is given twice.',
    );
  });

  it('ignores what is unknown or read-only', () => {
    const kept = readUser({
      ...ENTRA_USER,
      id: 'mine',
      groups: [{ value: 'admins' }],
      nosuch: { x: 1 },
      'urn:ietf:params:scim:schemas:extension:custom:2.0:User': { worksiteId: '180' },
      emails: [{ value: 'a@x.example', nosuch: true }],
    });
    expect(Object.keys(kept.provisioned)).to.have.members(['externalId', 'userName', 'name', 'emails']);
    expect(kept.provisioned.emails).to.deep.equal([{ value: 'a@x.example' }]);
  });

  it('takes null and empty lists for nothing', () => {
    const { provisioned } = readUser({ userName: 'a', title: null, emails: [], phoneNumbers: [null], name: {} });
    expect(provisioned).to.deep.equal({ userName: 'a' });
  });

  it('takes a manager as the bare identifier that Entra ID sends, and shows an object', () => {
    const { provisioned } = readUser({ userName: 'a', [ENTERPRISE]: { manager: 'myuser' } });
    expect(provisioned[ENTERPRISE]).to.deep.equal({ manager: { value: 'myuser' } });
  });

  it('is refused with the name of what is wrong', () => {
    const wrong: [JsonObject, string][] = [
      [{}, 'userName is required.'],
      [{ userName: null }, 'userName is required.'],
      [{ userName: '  ' }, 'userName must not be empty.'],
      [{ userName: 1 }, 'userName must be a string.'],
      [{ active: 'yes' }, 'active must be true or false.'],
      [{ externalId: true }, 'externalId must be a string.'],
      [{ name: 'Alice' }, 'name must be an object.'],
      [{ name: { givenName: {} } }, 'name.givenName must be a string.'],
      [{ emails: { value: 'a@x.example' } }, 'emails must be a list.'],
      [{ emails: ['a@x.example'] }, 'emails must be an object.'],
      [{ emails: [{ value: 1 }] }, 'emails.value must be a string.'],
      [{ emails: [{ primary: true }, { primary: true }] }, 'emails must not have more than one primary value.'],
      [{ emails: Array(101).fill({ value: 'x' }) }, 'emails must not have more than 100 values.'],
      [{ [ENTERPRISE]: [] }, `${ENTERPRISE} must be an object.`],
      [{ [ENTERPRISE]: { division: 1 } }, `${ENTERPRISE}:division must be a string.`],
      [{ [ENTERPRISE]: { manager: { value: 1 } } }, `${ENTERPRISE}:manager.value must be a string.`],
    ];
    for (const [part, text] of wrong) {
      const body = 'userName' in part || text.startsWith('userName') ? part : { userName: 'alice', ...part };
      expect(refused('invalidValue', () => readUser(body))).to.equal(text);
    }
    for (const body of [null, [], 'x', 1] as Json[]) refused('invalidSyntax', () => readUser(body));
  });

  it('that was not made through SCIM goes by its e-mail address, else by its name', () => {
    const bare: Kept = { attributes: { display_name: null, email: null, active: true }, provisioned: null };
    const mailed: Kept = { ...bare, attributes: { ...bare.attributes, email: 'alice@example.com' } };
    expect(userNameOf(stored(bare))).to.equal('alice');
    expect(userNameOf(stored(mailed))).to.equal('alice@example.com');
    const shown = presentUser(stored(mailed), BASE, []);
    expect(shown.emails).to.deep.equal([{ type: 'work', primary: true, value: 'alice@example.com' }]);
    expect(shown).to.not.have.any.keys('externalId', 'displayName', 'name');
    expect(presentUser(stored(bare), BASE, [])).to.not.have.property('emails');
    const patched = applyPatch(USER_TYPE, shown, patchOp({ op: 'replace', value: { active: false } }));
    expect(readUser(patched, mailed).attributes).to.deep.equal({ ...mailed.attributes, active: false });
  });

  it('has the address that counts: the primary one, else that for work, else the first', () => {
    const home = { value: 'h@x.example', type: 'home' };
    const work = { value: 'w@x.example', type: 'Work' };
    const other = { value: 'o@x.example', primary: true };
    const email = (...emails: Json[]) => readUser({ userName: 'a', emails }).attributes.email;
    expect(email(home, work, other)).to.equal('o@x.example');
    expect(email(home, work)).to.equal('w@x.example');
    expect(email(home)).to.equal('h@x.example');
    expect(email({ type: 'work' }, home)).to.equal('h@x.example');
    expect(email()).to.equal(null);
  });

  it('has a display name of its parts, which is not taken for one that was sent', () => {
    const name = { givenName: 'Alice', familyName: 'Doe' };
    const kept = readUser({ userName: 'a', name });
    expect(kept.attributes.display_name).to.equal('Alice Doe');
    const shown = presentUser(stored(kept), BASE, []);
    expect(shown).to.not.have.property('displayName');
    const patched = applyPatch(USER_TYPE, shown, patchOp({ op: 'Replace', path: 'name.familyName', value: 'Smith' }));
    expect(readUser(patched, kept).attributes.display_name).to.equal('Alice Smith');
    expect(readUser({ userName: 'a', name: { givenName: 'x'.repeat(300) } }).attributes.display_name).to.have.length(
      256,
    );
    expect(readUser({ userName: 'a', name: { givenName: '' } }).attributes.display_name).to.equal(null);
  });

  it('shows what others have changed since', () => {
    const { provisioned } = readUser({
      ...OKTA_USER,
      emails: [
        { value: 'h@x.example', type: 'home' },
        { value: 'w@x.example', type: 'work', display: 'W' },
      ],
    });
    const changed = (attributes: JsonObject) =>
      presentUser(
        stored({ attributes: { active: true, display_name: 'Test User', ...attributes }, provisioned }),
        BASE,
        [],
      );
    expect(changed({ email: 'new@x.example', display_name: 'New' })).to.deep.include({
      displayName: 'New',
      emails: [
        { value: 'h@x.example', type: 'home' },
        { type: 'work', primary: true, value: 'new@x.example', display: 'W' },
      ],
    });
    expect(changed({ email: null }).emails).to.deep.equal([{ value: 'h@x.example', type: 'home' }]);
  });
});
