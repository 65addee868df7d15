/** A user and a group as SCIM shows them, and the envelope of a PATCH. */
import type { Kept, Stored } from '../../daemon/scim/resources.ts';
import type { Json, JsonObject } from '../../terraform-provider-spec/kind.ts';

export const BASE = 'https://accredit.example.com/scim/v2';
export const ENTERPRISE = 'urn:ietf:params:scim:schemas:extension:enterprise:2.0:User';

export const USER: JsonObject = {
  schemas: ['urn:ietf:params:scim:schemas:core:2.0:User'],
  id: '23a35c27-23d3-4c03-b4c5-6443c09e7173',
  externalId: '00ujl29u0le5T6Aj10h7',
  userName: 'test.user@okta.local',
  name: { givenName: 'Another', middleName: '', familyName: 'User' },
  emails: [{ primary: true, value: 'test.user@okta.local', type: 'work', display: 'test.user@okta.local' }],
  active: true,
  groups: [],
  meta: { resourceType: 'User', location: `${BASE}/Users/23a35c27-23d3-4c03-b4c5-6443c09e7173` },
};

export const GROUP: JsonObject = {
  schemas: ['urn:ietf:params:scim:schemas:core:2.0:Group'],
  id: 'abf4dd94-a4c0-4f67-89c9-76b03340cb9b',
  displayName: 'Test SCIMv2',
  members: [
    { value: '89bb1940-b905-4575-9e7f-6f887cfb368e', display: 'first@okta.local', type: 'User' },
    { value: 'f648f8d5-0000-4000-8000-000000000001', display: 'second@okta.local', type: 'User' },
  ],
  meta: { resourceType: 'Group' },
};

export function patchOp(...operations: Json[]): JsonObject {
  return { schemas: ['urn:ietf:params:scim:api:messages:2.0:PatchOp'], Operations: operations };
}

/** The uid of what `stored` gives. */
export const UID = '3f0a7a9c-9f0e-4d1c-8d4e-2b7c1f5a6e01';
const TIMES = { created_at: Date.UTC(2026, 0, 2, 3, 4, 5), updated_at: Date.UTC(2026, 0, 3, 3, 4, 5, 120) };

/** A row that holds `kept`. */
export function stored(kept: Kept, more: Partial<Stored> = {}): Stored {
  return { name: 'alice', uid: UID, revision: 3, ...TIMES, ...kept, ...more };
}
