/** The requests that Okta is documented to send. */
import { expect } from 'chai';
import { applyPatch } from '../../daemon/scim/patch.ts';
import { readGroup } from '../../daemon/scim/resources.ts';
import { GROUP_TYPE, USER_TYPE } from '../../daemon/scim/schemas.ts';
import type { JsonObject } from '../../terraform-provider-spec/kind.ts';
import { GROUP, patchOp, USER } from './examples.ts';
import { refused } from './refused.ts';

describe('a PATCH by Okta', () => {
  it('deactivates and activates a user by a value without a path', () => {
    const body: JsonObject = {
      schemas: ['urn:ietf:params:scim:api:messages:2.0:PatchOp'],
      Operations: [{ op: 'replace', value: { active: false } }],
    };
    const deactivated = applyPatch(USER_TYPE, USER, body);
    expect(deactivated).to.deep.equal({ ...USER, active: false });
    expect(applyPatch(USER_TYPE, deactivated, patchOp({ op: 'replace', value: { active: true } }))).to.deep.equal(USER);
  });

  it('synchronizes a password, which is ignored', () => {
    expect(applyPatch(USER_TYPE, USER, patchOp({ op: 'replace', value: { password: '1mz050nq' } }))).to.deep.equal(
      USER,
    );
    expect(applyPatch(USER_TYPE, USER, patchOp({ op: 'replace', path: 'password', value: '1mz050nq' }))).to.deep.equal(
      USER,
    );
  });

  it('renames a group and names its id, which stays', () => {
    const body = (id: string) => ({
      schemas: ['urn:ietf:params:scim:api:messages:2.0:PatchOp'],
      Operations: [{ op: 'replace', value: { id, displayName: 'Test SCIMv20' } }],
    });
    expect(applyPatch(GROUP_TYPE, GROUP, body('abf4dd94-a4c0-4f67-89c9-76b03340cb9b'))).to.deep.equal({
      ...GROUP,
      displayName: 'Test SCIMv20',
    });
    refused('mutability', () => applyPatch(GROUP_TYPE, GROUP, body('another')));
  });

  it('removes a member by a condition and adds others', () => {
    const body: JsonObject = {
      schemas: ['urn:ietf:params:scim:api:messages:2.0:PatchOp'],
      Operations: [
        { op: 'remove', path: 'members[value eq "89bb1940-b905-4575-9e7f-6f887cfb368e"]' },
        {
          op: 'add',
          path: 'members',
          value: [{ value: '23a35c27-23d3-4c03-b4c5-6443c09e7173', display: 'test.user@okta.local' }],
        },
      ],
    };
    const patched = applyPatch(GROUP_TYPE, GROUP, body);
    expect(readGroup(patched).members).to.deep.equal([
      'f648f8d5-0000-4000-8000-000000000001',
      '23a35c27-23d3-4c03-b4c5-6443c09e7173',
    ]);
    expect(applyPatch(GROUP_TYPE, patched, body), 'again').to.deep.equal(patched);
  });

  it('replaces all members', () => {
    const body: JsonObject = {
      schemas: ['urn:ietf:params:scim:api:messages:2.0:PatchOp'],
      Operations: [
        {
          op: 'replace',
          path: 'members',
          value: [
            { value: '23a35c27-23d3-4c03-b4c5-6443c09e7173', display: 'test.user@okta.local' },
            { value: '89bb1940-b905-4575-9e7f-6f887cfb368e', display: 'test.user@okta.local' },
          ],
        },
      ],
    };
    expect(readGroup(applyPatch(GROUP_TYPE, GROUP, body)).members).to.deep.equal([
      '23a35c27-23d3-4c03-b4c5-6443c09e7173',
      '89bb1940-b905-4575-9e7f-6f887cfb368e',
    ]);
    const emptied = applyPatch(GROUP_TYPE, GROUP, patchOp({ op: 'replace', path: 'members', value: [] }));
    expect(readGroup(emptied).members).to.deep.equal([]);
  });
});
