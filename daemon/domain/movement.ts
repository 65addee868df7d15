/** Where a project or app lies decides whose grants reach it: to move one is to hand it on. */
import { kindAt, organizationOf } from '../../terraform-provider-spec/address.ts';
import type { JsonObject } from '../../terraform-provider-spec/kind.ts';
import { allows } from '../../terraform-provider-spec/permission.ts';
import {
  requireNoMoreSight,
  requireOrganizationPermission,
  requirePermission,
  requireRightsAt,
  writePermission,
} from './authority.ts';
import { holderCarries, homeOf, isolationOf } from './carried.ts';
import { mapLoaded } from './loading.ts';
import type { Resource } from './model.ts';
import { type Principal, permissionsAt } from './principal.ts';
import { ORGANIZATION_SCOPE, type Place, placeOf, placeOfScope } from './scopes.ts';
import type { Snapshot } from './snapshot.ts';
import type { Context } from './write.ts';

/** A project or app that is created or changes where it lies. */
export interface Move {
  readonly address: string;
  readonly stored: Resource | undefined;
  readonly desired: JsonObject;
}

/**
 * Throws unless the principal may write in the project into which the resource comes, and holds there whatever that
 * gives to everybody with grants at the scopes under which it comes to lie. What is created where the principal may
 * write needs no more: it is in good hands there.
 */
export function requireMove({ draft, principal }: Context, { address, stored, desired }: Move): void {
  const organization = organizationOf(address);
  const own = address.slice(organization.length + 1);
  const before = placeOf(draft, address, stored === undefined ? {} : stored.attributes);
  const after = placeOf(draft, address, desired);
  const entered = [...after.scopes].filter(
    (scope) => scope !== own && (stored === undefined || !before.scopes.has(scope)),
  );
  const write = writePermission(kindAt(address), true, 'write');
  const project = desired.project ?? desired.parent;
  if (typeof project === 'string' && entered.includes(`projects/${project}`)) {
    const target = `projects/${project}`;
    requirePermission(principal, `${organization}/${target}`, placeOfScope(draft, organization, target), write);
  }
  if (stored !== undefined) requireLeave(draft, principal, { address, stored, desired }, write);
  const others = entered.filter((scope) => scope !== ORGANIZATION_SCOPE);
  mapLoaded(others, (scope) => {
    const mayCreate = allows(permissionsAt(principal, placeOfScope(draft, organization, scope)), write);
    if (stored === undefined && mayCreate) return;
    const place = stored === undefined ? after : before;
    requireHandover(draft, principal, { organization, scope, own, place, after });
  });
}

/**
 * Throws unless the principal may write at the scopes out of which the resource is taken, and in the organization for
 * what comes to lie in no project: those who work there would lose it.
 */
function requireLeave(
  draft: Snapshot,
  principal: Principal,
  { address, stored, desired }: Move & { readonly stored: Resource },
  write: string,
): void {
  const organization = organizationOf(address);
  const [former, next] = [stored.attributes, desired].map(({ project, parent }) => project ?? parent ?? null);
  const kept = (desired.teams ?? []) as string[];
  const left = ((stored.attributes.teams ?? []) as string[])
    .filter((team) => !kept.includes(team))
    .map((team) => `teams/${team}`);
  if (typeof former === 'string' && former !== next) left.push(`projects/${former}`);
  mapLoaded(left, (scope) => {
    requirePermission(principal, `${organization}/${scope}`, placeOfScope(draft, organization, scope), write);
  });
  if (typeof former === 'string' && next === null) requireOrganizationPermission(principal, address, write);
}

/** Throws unless the principal holds at `place` what others gain at `after` because it lies under `scope`. */
function requireHandover(
  draft: Snapshot,
  principal: Principal,
  { organization, scope, own, place, after }: Entry & { readonly place: Place },
): void {
  const gaining = gains(draft, { organization, scope, own, after });
  const gained = new Set(gaining.flatMap(({ permissions }) => permissions));
  requireRightsAt(principal, place, [...gained].sort(), own);
  // An app is within the principal's sight; in a project there may be some that are not.
  if (!after.isApp) for (const { holder } of gaining) requireNoMoreSight(principal, holder.attributes);
}

/** Something comes to lie under a scope: what it is itself as a scope, and where it then lies. */
interface Entry {
  readonly organization: string;
  readonly scope: string;
  readonly own: string;
  readonly after: Place;
}

interface Gain {
  readonly holder: Resource;
  readonly permissions: readonly string[];
}

/** Who can do something there only because it comes to lie under the scope, and what. */
function gains(snapshot: Snapshot, { organization, scope, own, after }: Entry): Gain[] {
  const row = snapshot.resource(organization) as Resource;
  const holders = snapshot.withKey(`${organization}/${scope}`);
  return mapLoaded(holders, (holder) => {
    // With team isolation, a team brings the app within sight of its members, whatever grants they have.
    const isBrought = isolationOf(holder, row) !== null;
    // What a holder was granted there had no effect as long as it lay outside the holder's home.
    const isHome = homeOf(holder) === scope;
    const reaching = holderCarries(snapshot, holder, holder.attributes).filter(
      (carried) =>
        carried.scope === scope ||
        (isBrought && after.scopes.has(carried.scope)) ||
        (isHome && placeOfScope(snapshot, organization, carried.scope).scopes.has(own)),
    );
    return { holder, permissions: reaching.flatMap(({ permissions }) => permissions) };
  }).filter(({ permissions }) => permissions.length > 0);
}
