/** The requests that Microsoft Entra ID is documented to send, with and without its flag for compliance, and observed to. */
import { expect } from 'chai';
import { applyPatch } from '../../daemon/scim/patch.ts';
import { readGroup, readUser } from '../../daemon/scim/resources.ts';
import { GROUP_TYPE, USER_TYPE } from '../../daemon/scim/schemas.ts';
import type { Json, JsonObject } from '../../terraform-provider-spec/kind.ts';
import { ENTERPRISE, GROUP, patchOp, USER } from './examples.ts';
import { refused } from './refused.ts';

const user = (body: Json, of: JsonObject = USER) => applyPatch(USER_TYPE, of, body);
const group = (body: Json, of: JsonObject = GROUP) => applyPatch(GROUP_TYPE, of, body);

describe('a PATCH by Entra ID', () => {
  it('disables a user, with the boolean as a string', () => {
    const patched = user({
      schemas: ['urn:ietf:params:scim:api:messages:2.0:PatchOp'],
      Operations: [{ op: 'Replace', path: 'active', value: 'False' }],
    });
    expect(patched).to.deep.equal({ ...USER, active: false });
    expect(readUser(patched).attributes.active).to.equal(false);
    expect(user(patchOp({ op: 'Replace', path: 'active', value: 'True' }), patched)).to.deep.equal(USER);
  });

  it('disables a user, with a boolean', () => {
    const body: JsonObject = {
      Operations: [{ op: 'Replace', path: 'active', value: false }],
      schemas: ['urn:ietf:params:scim:api:messages:2.0:PatchOp'],
    };
    expect(user(body)).to.deep.equal({ ...USER, active: false });
  });

  it('adds a single text', () => {
    expect(user(patchOp({ op: 'Add', path: 'nickName', value: 'Babs' }))).to.deep.equal({ ...USER, nickName: 'Babs' });
  });

  it('replaces several attributes one by one', () => {
    const body: JsonObject = {
      schemas: ['urn:ietf:params:scim:api:messages:2.0:PatchOp'],
      Operations: [
        { op: 'Replace', path: 'displayName', value: 'Pvlo' },
        { op: 'Replace', path: 'emails[type eq "work"].value', value: 'TestBcwqnm@test.microsoft.com' },
        { op: 'Replace', path: 'name.givenName', value: 'Gtfd' },
        { op: 'Replace', path: 'name.familyName', value: 'Pkqf' },
        { op: 'Replace', path: 'externalId', value: 'Eqpj' },
        {
          op: 'Replace',
          path: 'urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:employeeNumber',
          value: 'Eqpj',
        },
      ],
    };
    expect(user(body)).to.deep.equal({
      ...USER,
      displayName: 'Pvlo',
      externalId: 'Eqpj',
      name: { givenName: 'Gtfd', middleName: '', familyName: 'Pkqf' },
      emails: [
        { primary: true, value: 'TestBcwqnm@test.microsoft.com', type: 'work', display: 'test.user@okta.local' },
      ],
      [ENTERPRISE]: { employeeNumber: 'Eqpj' },
    });
  });

  it('replaces several attributes at once, under names that are paths', () => {
    const body: JsonObject = {
      schemas: ['urn:ietf:params:scim:api:messages:2.0:PatchOp'],
      Operations: [
        { op: 'replace', path: 'emails[type eq "work"].value', value: 'TestMhvaes@test.microsoft.com' },
        {
          op: 'replace',
          value: {
            displayName: 'Bjfe',
            'name.givenName': 'Kkom',
            'name.familyName': 'Unua',
            'urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:employeeNumber': 'Aklq',
          },
        },
      ],
    };
    const patched = user(body);
    expect(patched).to.deep.include({
      displayName: 'Bjfe',
      name: { givenName: 'Kkom', middleName: '', familyName: 'Unua' },
      [ENTERPRISE]: { employeeNumber: 'Aklq' },
    });
    expect(readUser(patched).attributes.email).to.equal('TestMhvaes@test.microsoft.com');
  });

  it('replaces the userName', () => {
    const value = '5b50642d-79fc-4410-9e90-4c077cdd1a59@testuser.com';
    expect(user(patchOp({ op: 'Replace', path: 'userName', value })).userName).to.equal(value);
  });

  it('adds an e-mail address of a type of which there is none', () => {
    const path = 'emails[type eq "home"].value';
    expect(user(patchOp({ op: 'Add', path, value: 'a@home.example' })).emails).to.deep.equal([
      ...(USER.emails as Json[]),
      { type: 'home', value: 'a@home.example' },
    ]);
    const { emails: _none, ...bare } = USER;
    const patched = user(patchOp({ op: 'Add', path: 'emails[type eq "work"].value', value: 'a@work.example' }), bare);
    expect(patched.emails).to.deep.equal([{ type: 'work', value: 'a@work.example' }]);
    expect(readUser(patched).attributes.email).to.equal('a@work.example');
  });

  it('adds, where it means to replace, the parts of addresses and telephone numbers', () => {
    const patched = user(
      patchOp(
        { op: 'Add', path: 'addresses[type eq "work"].formatted', value: '18/2111' },
        { op: 'Add', path: 'addresses[type eq "work"].country', value: 'DE' },
        { op: 'Add', path: 'phoneNumbers[type eq "mobile"].value', value: '+49 30 1' },
        { op: 'Add', path: 'phoneNumbers[type eq "mobile"].value', value: '+49 30 2' },
      ),
    );
    expect(patched.addresses).to.deep.equal([{ type: 'work', formatted: '18/2111', country: 'DE' }]);
    expect(patched.phoneNumbers).to.deep.equal([{ type: 'mobile', value: '+49 30 2' }]);
  });

  it('adds a role by a condition in which the boolean is a string', () => {
    const patched = user(patchOp({ op: 'Add', path: 'roles[primary eq "True"].value', value: 'reader' }));
    expect(patched.roles).to.deep.equal([{ primary: true, value: 'reader' }]);
  });

  it('removes an attribute, and an address by its type', () => {
    const patched = user(
      patchOp(
        { op: 'Remove', path: 'name.middleName' },
        { op: 'Remove', path: 'emails[type eq "work"].value', value: 'another@okta.local' },
        { op: 'Remove', path: 'title' },
      ),
    );
    expect(patched.name).to.deep.equal({ givenName: 'Another', familyName: 'User' });
    expect(patched.emails).to.deep.equal([]);
    expect(readUser(patched).attributes.email).to.equal(null);
  });

  it('sets a manager by the bare identifier, and takes it away again', () => {
    const path = `${ENTERPRISE}:manager`;
    const value = '2c2f6fb8-254f-492e-b7fe-c09c5a61c8a2';
    const before = { ...USER, [ENTERPRISE]: { department: 'Retail', manager: { value: 'x', displayName: 'X' } } };
    const patched = user(patchOp({ op: 'add', path, value }), before);
    expect(patched[ENTERPRISE]).to.deep.equal({ department: 'Retail', manager: { value } });
    expect(user(patchOp({ op: 'Replace', path, value: '' }), patched)[ENTERPRISE]).to.deep.equal({
      department: 'Retail',
    });
    expect(user(patchOp({ op: 'Remove', path }), patched)[ENTERPRISE]).to.deep.equal({ department: 'Retail' });
  });

  it('renames a group', () => {
    const value = '1879db59-3bdf-4490-ad68-ab880a269474updatedDisplayName';
    expect(group(patchOp({ op: 'Replace', path: 'displayName', value })).displayName).to.equal(value);
  });

  it('adds members, whose references are null', () => {
    const body: JsonObject = {
      schemas: ['urn:ietf:params:scim:api:messages:2.0:PatchOp'],
      Operations: [{ op: 'Add', path: 'members', value: [{ $ref: null, value: 'f648f8d5ea4e4cd38e9c' }] }],
    };
    expect(group(body).members).to.deep.equal([...(GROUP.members as Json[]), { value: 'f648f8d5ea4e4cd38e9c' }]);
    expect(group(body, group(body)), 'again').to.deep.equal(group(body));
  });

  it('removes the members that it lists', () => {
    const body: JsonObject = {
      schemas: ['urn:ietf:params:scim:api:messages:2.0:PatchOp'],
      Operations: [
        {
          op: 'Remove',
          path: 'members',
          value: [{ $ref: null, value: '89bb1940-b905-4575-9e7f-6f887cfb368e' }],
        },
      ],
    };
    expect(readGroup(group(body)).members).to.deep.equal(['f648f8d5-0000-4000-8000-000000000001']);
    expect(group(body, group(body)), 'again').to.deep.equal(group(body));
  });

  it('removes no member when it lists none, and all when it lists nothing', () => {
    expect(group(patchOp({ op: 'Remove', path: 'members', value: [] }))).to.deep.equal(GROUP);
    const emptied = group(patchOp({ op: 'Remove', path: 'members' }));
    expect(readGroup(emptied).members).to.deep.equal([]);
    refused('invalidValue', () => group(patchOp({ op: 'Remove', path: 'members', value: [{}] })));
  });

  it('removes a member by a condition', () => {
    const path = 'members[value eq "89bb1940-b905-4575-9e7f-6f887cfb368e"]';
    const patched = group(patchOp({ op: 'remove', path }));
    expect(readGroup(patched).members).to.deep.equal(['f648f8d5-0000-4000-8000-000000000001']);
  });
});
