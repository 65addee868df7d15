/** What accounts, apps and users carry by their attributes, and where it holds: before anybody presents anything. */
import { BlockList, isIP } from 'node:net';
import type { JsonObject } from '../../terraform-provider-spec/kind.ts';
import { kindNamed } from '../../terraform-provider-spec/kinds/index.ts';
import { intersect } from '../../terraform-provider-spec/permission.ts';
import { mapLoaded } from './loading.ts';
import type { Resource } from './model.ts';
import type { Principal } from './principal.ts';
import { rolePermissions } from './roles.ts';
import { ORGANIZATION_SCOPE, type Place } from './scopes.ts';
import type { Snapshot } from './snapshot.ts';

/** Permissions that hold at a scope and whatever lies in it. */
export interface Carried {
  readonly scope: string;
  readonly permissions: readonly string[];
}

/** `{account}@{organization}.{domain}`; with `users/` or `apps/` in front for those. */
export function identifierOf(holder: Resource, organization: Resource): string {
  const settings = organization.attributes.settings as { domain: string };
  const { collection } = kindNamed(holder.kind);
  const prefix = holder.kind === 'service_account' ? '' : `${collection}/`;
  return `${prefix}${holder.name}@${organization.name}.${settings.domain}`;
}

/** Everything that an account, app or user with these attributes carries, scope by scope. */
export function holderCarries(
  snapshot: Snapshot,
  holder: Pick<Resource, 'kind' | 'name' | 'organization'>,
  attributes: JsonObject,
): Carried[] {
  // An app's token is for whatever services keep in that app; Accredit's own resources are none of its business.
  if (holder.kind === 'app') return [{ scope: `apps/${holder.name}`, permissions: ['~.*'] }];
  return mapLoaded((attributes.grants ?? []) as { role: string; scope: string }[], ({ role, scope }) => ({
    scope,
    permissions: rolePermissions(snapshot, holder.organization, role) ?? [],
  }));
}

/** What a token with these attributes carries: all that its holder does, or the part that `permissions` leaves. */
export function tokenCarries(snapshot: Snapshot, attributes: JsonObject, holder: Resource): Carried[] {
  const all = holderCarries(snapshot, holder, holder.attributes);
  const narrowed = (attributes.permissions ?? null) as string[] | null;
  if (narrowed === null) return all;
  return all.map((carried) => new Narrowed(carried, narrowed));
}

/**
 * The part of what is carried at a scope that `by` leaves. It is worked out when it is looked at, and not kept: an account
 * may have hundreds of grants, of which a question concerns a few.
 */
export class Narrowed implements Carried {
  readonly scope: string;
  readonly of: Carried;
  readonly by: readonly string[];

  constructor(of: Carried, by: readonly string[]) {
    this.scope = of.scope;
    this.of = of;
    this.by = by;
  }

  get permissions(): readonly string[] {
    return intersect(this.of.permissions, this.by);
  }
}

/** The scope beyond which nothing that a holder carries reaches: its home for an account, itself for an app. */
export function homeOf(holder: Pick<Resource, 'kind' | 'name' | 'attributes'>): string {
  if (holder.kind === 'app') return `apps/${holder.name}`;
  return (holder.attributes.scope as string | undefined) ?? ORGANIZATION_SCOPE;
}

/** The teams of an account or user: those that it declares, and the one that it lives in. */
export function teamsOf(attributes: JsonObject): string[] {
  const { scope } = attributes;
  const own = typeof scope === 'string' && scope.startsWith('teams/') ? [scope.slice('teams/'.length)] : [];
  return [...new Set([...own, ...((attributes.teams ?? []) as string[])])];
}

/** With team isolation, the teams to whose apps a holder is confined; null when it sees all. */
export function isolationOf(holder: Pick<Resource, 'kind' | 'attributes'>, organization: Resource): string[] | null {
  const { team_isolation: isolated } = organization.attributes.settings as { team_isolation?: boolean };
  if (isolated !== true || holder.kind === 'app') return null;
  const teams = teamsOf(holder.attributes);
  return teams.length === 0 ? null : teams;
}

/** What `carried` allows at a place, for somebody of that home and isolation. */
export function carriedAt(
  carried: readonly Carried[],
  { home, isolatedTo }: Pick<Principal, 'home' | 'isolatedTo'>,
  place: Place,
): string[] {
  if (home !== ORGANIZATION_SCOPE && !place.scopes.has(home)) return [];
  if (isolatedTo !== null && place.isApp && !isolatedTo.some((team) => place.scopes.has(`teams/${team}`))) return [];
  const held = new Set<string>();
  for (const { scope, permissions } of carried) {
    if (place.scopes.has(scope)) for (const permission of permissions) held.add(permission);
  }
  return [...held].sort();
}

/** Whether `allowed_cidrs` lets `ip` through. With a list, an unknown address is refused. */
export function addressAllowed(attributes: JsonObject, ip: string | null): boolean {
  const cidrs = (attributes.allowed_cidrs ?? null) as string[] | null;
  if (cidrs === null) return true;
  // A dual-stack socket shows IPv4 peers as ::ffff:a.b.c.d; the list means the IPv4 address.
  const plain = ip?.toLowerCase().startsWith('::ffff:') && isIP(ip.slice(7)) === 4 ? ip.slice(7) : ip;
  const family = plain === null ? 0 : isIP(plain);
  if (plain === null || family === 0) return false;
  const list = new BlockList();
  for (const cidr of cidrs) {
    const [network, bits] = cidr.split('/') as [string, string];
    list.addSubnet(network, Number(bits), isIP(network) === 6 ? 'ipv6' : 'ipv4');
  }
  return list.check(plain, family === 6 ? 'ipv6' : 'ipv4');
}
