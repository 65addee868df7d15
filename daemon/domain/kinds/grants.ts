/** Grants are power handed on: what an account or user may come to hold, and who may give it. */
import { organizationOf } from '../../../terraform-provider-spec/address.ts';
import type { JsonObject } from '../../../terraform-provider-spec/kind.ts';
import { allowing } from '../../../terraform-provider-spec/permission.ts';
import { requireEveryRight, requireSameSight } from '../authority.ts';
import { carriedAt, holderCarries, homeOf, teamsOf } from '../carried.ts';
import type { Convergence } from '../convergence.ts';
import { canAct } from '../holder.ts';
import { mapLoaded } from '../loading.ts';
import type { Resource } from '../model.ts';
import type { ProblemDetail } from '../problem.ts';
import { OWNER } from '../roles.ts';
import { ORGANIZATION_SCOPE, placeOfScope } from '../scopes.ts';
import type { Snapshot } from '../snapshot.ts';
import type { Context } from '../write.ts';

interface Grant {
  readonly role: string;
  readonly scope: string;
}

/** Whether a holder with these attributes has the role `owner` of its organization. */
export function isOwnerHolder(attributes: JsonObject): boolean {
  return grantsOf(attributes).some(({ role, scope }) => role === OWNER && scope === ORGANIZATION_SCOPE);
}

/**
 * Grants of an account that lies in a project or team reach nothing beyond it, so none can be asked for. One that it has
 * may lie outside since a project or app was moved: it has no effect, and no change of the account is refused for it.
 */
export function grantProblems(snapshot: Snapshot, { address, stored, desired }: Convergence): ProblemDetail[] {
  const home = (desired.scope ?? ORGANIZATION_SCOPE) as string;
  if (home === ORGANIZATION_SCOPE) return [];
  const organization = organizationOf(address);
  const kept = grantsOf(stored?.attributes ?? {});
  return mapLoaded(grantsOf(desired), ({ role, scope }, index) =>
    placeOfScope(snapshot, organization, scope).scopes.has(home) ||
    kept.some((grant) => grant.role === role && grant.scope === scope)
      ? []
      : [{ pointer: `/grants/${index}/scope`, detail: `is not within "${home}", where the account lives` }],
  ).flat();
}

/**
 * Throws `forbidden` unless the principal holds all that the holder would hold and does not yet. One that comes back to
 * life holds nothing before; one that changes teams under team isolation may come to see other apps with all it has.
 */
export function requireGrants({ draft, principal }: Context, { kind, address, stored, desired }: Convergence): void {
  const organization = organizationOf(address);
  const name = address.slice(address.lastIndexOf('/') + 1);
  const next = { kind: kind.kind, name, organization, attributes: desired };
  const isRevived = stored !== undefined && !canAct(stored.attributes) && canAct(desired);
  const isResighted = stored !== undefined && isIsolating(draft, organization) && movesTeams(stored, desired);
  const before = stored === undefined || isRevived || isResighted ? undefined : stored;
  const carried = mapLoaded(holderCarries(draft, next, desired), ({ scope, permissions }) => {
    const isHeld = allowing(before === undefined ? [] : heldBy(draft, before, scope));
    return { scope, permissions: permissions.filter((permission) => !isHeld(permission)) };
  });
  if (carried.every(({ permissions }) => permissions.length === 0)) return;
  requireEveryRight(draft, principal, organization, carried);
  requireSameSight(draft, principal, next, desired);
}

function heldBy(snapshot: Snapshot, holder: Resource, scope: string): string[] {
  const place = placeOfScope(snapshot, holder.organization, scope);
  const carried = holderCarries(snapshot, holder, holder.attributes);
  return carriedAt(carried, { home: homeOf(holder), isolatedTo: null }, place);
}

function isIsolating(snapshot: Snapshot, organization: string): boolean {
  const settings = snapshot.resource(organization)?.attributes.settings as { team_isolation?: boolean } | undefined;
  return settings?.team_isolation === true;
}

function movesTeams(stored: Resource, desired: JsonObject): boolean {
  return teamsOf(stored.attributes).sort().join() !== teamsOf(desired).sort().join();
}

function grantsOf(attributes: JsonObject): Grant[] {
  return (attributes.grants ?? []) as unknown as Grant[];
}
