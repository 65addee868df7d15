/** What is particular to organizations: only an empty one goes, and the first never. */
import { requireEveryRight, requireUnlimitedSight } from '../authority.ts';
import { holderCarries, isolationOf } from '../carried.ts';
import { referrersLeft } from '../in-use.ts';
import { mapLoaded } from '../loading.ts';
import type { Resource } from '../model.ts';
import { DEFAULT_ORGANIZATION } from '../principal.ts';
import { Problem } from '../problem.ts';
import type { Context } from '../write.ts';
import type { Behaviour } from './behaviour.ts';

export const organization: Behaviour = {
  check(context, { stored, desired }) {
    if (stored !== undefined && isolates(stored.attributes) && !isolates(desired)) requireMayLift(context, stored);
    return {};
  },
  dependants({ draft }, stored) {
    if (stored.address === DEFAULT_ORGANIZATION) {
      throw new Problem(
        'default-organization',
        'The installation is administered from "default"; it cannot be deleted.',
      );
    }
    const referrers = draft.referrers(stored.address);
    if (referrers.length === 0) return [];
    throw referrersLeft('in-use', `${stored.address} is not empty: delete what it holds first`, referrers);
  },
};

/** Without isolation everybody with a team can do in all apps what until then they could do in those of their teams. */
function requireMayLift({ draft, principal }: Context, organization: Resource): void {
  // The teams that confine somebody are those of their own organization.
  if (principal.organization.address === organization.address) requireUnlimitedSight(principal);
  const isolated = draft.children(organization.address).filter((holder) => isolationOf(holder, organization) !== null);
  const carried = mapLoaded(isolated, (holder) => holderCarries(draft, holder, holder.attributes)).flat();
  requireEveryRight(draft, principal, organization.address, carried);
}

function isolates(attributes: { settings?: unknown } | undefined): boolean {
  return (attributes?.settings as { team_isolation?: boolean } | undefined)?.team_isolation === true;
}
