/** The roles that every organization has. They are code, not rows: nothing can edit them away. */
import { organizationOf } from '../../terraform-provider-spec/address.ts';
import { uidFrom } from './identity.ts';
import type { Resource } from './model.ts';
import type { Snapshot } from './snapshot.ts';

export const OWNER = 'owner';

interface BuiltInRole {
  readonly description: string;
  readonly permissions: readonly string[];
}

const BUILT_IN: ReadonlyMap<string, BuiltInRole> = new Map([
  [
    OWNER,
    {
      description: 'Everything, other owners and the installation included.',
      permissions: ['*', 'organizations.*', 'owners.*', 'signing-keys.*'],
    },
  ],
  ['admin', { description: 'Everything but owners and the installation.', permissions: ['*'] }],
  [
    'viewer',
    { description: 'Reads everything but secrets, which nobody reads, and changes nothing.', permissions: ['*.read'] },
  ],
  ['none', { description: 'Nothing: proves who the account is, and no more.', permissions: [] }],
]);

/** The names of the built-in roles, sorted. */
export const BUILT_IN_ROLES: readonly string[] = [...BUILT_IN.keys()].sort();

/** What a role of that organization allows; `undefined` when there is no such role. */
export function rolePermissions(snapshot: Snapshot, organization: string, name: string): readonly string[] | undefined {
  const builtIn = BUILT_IN.get(name);
  if (builtIn !== undefined) return builtIn.permissions;
  const custom = snapshot.resource(`${organization}/roles/${name}`);
  return custom?.attributes.permissions as string[] | undefined;
}

/** A built-in role as a resource of `organization`, or `undefined` when `address` names none. */
export function builtInRole(organization: Resource, address: string): Resource | undefined {
  const name = address.slice(`${organization.address}/roles/`.length);
  const role = BUILT_IN.get(name);
  if (role === undefined || organizationOf(address) !== organization.address) return undefined;
  return {
    address,
    kind: 'role',
    organization: organization.address,
    parent: organization.address,
    name,
    uid: uidFrom(organization.uid, address),
    revision: 1,
    created_at: organization.created_at,
    created_by: 'accredit',
    updated_at: organization.created_at,
    managed_by: null,
    claim: null,
    attributes: { display_name: null, description: role.description, labels: {} },
    state: { permissions: [...role.permissions] },
    owner: false,
    valid_until: null,
  };
}
