/** What is particular to roles: whoever widens one hands power on to all who hold it. */

import { organizationOf } from '../../../terraform-provider-spec/address.ts';
import { allows } from '../../../terraform-provider-spec/permission.ts';
import { requireEveryRight, requireNoMoreSight, requireOwner } from '../authority.ts';
import { ORGANIZATION_SCOPE } from '../scopes.ts';
import type { Behaviour } from './behaviour.ts';

export const role: Behaviour = {
  check({ draft, principal }, { address, stored, desired }) {
    const before = (stored?.attributes.permissions ?? []) as string[];
    const added = (desired.permissions as string[]).filter((permission) => !allows(before, permission));
    const organization = organizationOf(address);
    // Whoever holds such a role is an owner but for the name, and nobody else demotes one.
    if (allows(before, 'owners.write'))
      requireOwner(principal, organization, `change ${address}, which reaches owners`);
    // A role can be granted anywhere, so what is added to it must be held everywhere.
    requireEveryRight(draft, principal, organization, [{ scope: ORGANIZATION_SCOPE, permissions: added }]);
    if (added.length === 0 || principal.isolatedTo === null) return {};
    // Also at the apps that the caller does not see, for holders who see them.
    for (const holder of draft.withKey(address)) requireNoMoreSight(principal, holder.attributes);
    return {};
  },
};
