/** Roles: the ones that every organization has, which are code and not rows, and what any of them allows. */
import type { JsonObject } from '../../terraform-provider-spec/kind.ts';
import type { Snapshot } from './snapshot.ts';

export const OWNER = 'owner';

/** The built-in roles as the bodies that would make them, by name. */
export const BUILT_IN_ROLES: ReadonlyMap<string, JsonObject> = new Map([
  [
    OWNER,
    {
      description: 'Everything, other owners and the installation included.',
      permissions: ['*', 'organizations.*', 'owners.*', 'signing-keys.*'],
    },
  ],
  ['admin', { description: 'Everything but owners and the installation.', permissions: ['*'] }],
  [
    'team-admin',
    {
      description: 'Service accounts and their tokens; granted at a team, those of that team.',
      permissions: ['accounts.*', 'tokens.*', 'teams.read', 'apps.read'],
    },
  ],
  [
    'developer',
    {
      description: 'Reads everything, and writes apps, their tokens and whatever services keep in them.',
      permissions: ['*.read', '~.*', 'apps.write', 'app-tokens.*'],
    },
  ],
  [
    'viewer',
    { description: 'Reads everything but secrets, which nobody reads, and changes nothing.', permissions: ['*.read'] },
  ],
  ['none', { description: 'Nothing: proves who the account is, and no more.', permissions: [] }],
]);

/** What a role of that organization allows; `undefined` when there is no such role. */
export function rolePermissions(snapshot: Snapshot, organization: string, name: string): readonly string[] | undefined {
  const builtIn = BUILT_IN_ROLES.get(name);
  const role = builtIn ?? snapshot.resource(`${organization}/roles/${name}`)?.attributes;
  return role?.permissions as string[] | undefined;
}
