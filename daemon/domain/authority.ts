/** What a principal may do to a resource, and the rules that keep anybody from handing on more than they hold. */
import { kindAt, organizationOf, parentOf } from '../../terraform-provider-spec/address.ts';
import type { JsonObject, Kind } from '../../terraform-provider-spec/kind.ts';
import { allowing, allows } from '../../terraform-provider-spec/permission.ts';
import { addressAllowed, type Carried, carriedAt, holderCarries, homeOf, teamsOf, tokenCarries } from './carried.ts';
import { filterLoaded, mapLoaded } from './loading.ts';
import type { Resource } from './model.ts';
import { DEFAULT_ORGANIZATION, ownsInstallation, type Principal, permissionsAt, sees } from './principal.ts';
import { Problem } from './problem.ts';
import { profileOfToken } from './profiles.ts';
import { OWNER, rolePermissions } from './roles.ts';
import { ORGANIZATION_SCOPE, organizationPlace, type Place, placeOf, placeOfScope } from './scopes.ts';
import type { Snapshot } from './snapshot.ts';
import { secretKindOf, slotOf, statusOf } from './token-state.ts';

/** The refusal for an address at which there is nothing, or nothing that the caller may know of: one and the same. */
export function notFound(address: string): Problem {
  return new Problem('not-found', `There is no ${address}.`);
}

/** The same refusal, given because of who asks: it reads alike, but is on record. */
function hidden(address: string): Problem {
  return new Problem('not-found', `There is no ${address}.`, { refusesCaller: true });
}

/**
 * Throws unless the principal holds `permission` at `place`, where `address` lies.
 *
 * Whoever is not of its organization gets the answer for one that does not exist. Whoever holds the permission nowhere in
 * it gets `forbidden`, and whoever holds it elsewhere gets `not-found`, each whether or not there is something, unless
 * they may read it.
 */
export function requirePermission(principal: Principal, address: string, place: Place, permission: string): void {
  if (!sees(principal, place.organization)) throw hidden(place.organization);
  const held = permissionsAt(principal, place);
  const reachesOut = INSTALLATION_NOUNS.some((noun) => permission.startsWith(`${noun}.`));
  if (allows(held, permission) && (!reachesOut || ownsInstallation(principal))) return;
  const [noun] = permission.split('.', 1);
  const somewhere = !reachesOut && principal.carried.some(({ permissions }) => allows(permissions, permission));
  if (somewhere && !allows(held, `${noun}.read`)) throw hidden(address);
  throw new Problem('forbidden', `This needs the permission "${permission}", which the caller does not hold.`, {
    permission,
  });
}

/** Like `requirePermission`, for what belongs to the organization as a whole. */
export function requireOrganizationPermission(principal: Principal, address: string, permission: string): void {
  requirePermission(principal, address, organizationPlace(organizationOf(address)), permission);
}

// The role "owner" names these everywhere; they mean something only from the organization that administers the rest.
const INSTALLATION_NOUNS = ['organizations', 'signing-keys'];

/** Whether the principal may read the resource at that address, which may also be its own. */
export function canRead(snapshot: Snapshot, principal: Principal, address: string): boolean {
  const kind = kindAt(address);
  if (!sees(principal, organizationOf(address))) return false;
  if (isOwnToken(principal, kind, address)) return true;
  return allows(permissionsAt(principal, placeOf(snapshot, address)), `${kind.noun}.read`);
}

/** Throws unless the principal may read what is at `address`, or would be if something were there. */
export function requireRead(snapshot: Snapshot, principal: Principal, address: string): void {
  const kind = kindAt(address);
  if (isOwnToken(principal, kind, address)) return;
  requirePermission(principal, address, placeOf(snapshot, address), `${kind.noun}.read`);
}

/** Whether it is the address of a personal token of the user who asks. */
export function isOwnToken(principal: Principal, kind: Kind, address: string): boolean {
  return kind.token?.selfService === true && parentOf(address) === principal.holder.address;
}

/**
 * Whether the principal may do anything at all where that is: then it is no secret that it exists. Roles and token
 * profiles are there for everybody who can do something somewhere in their organization: a team's admin names them too.
 */
export function canNotice(snapshot: Snapshot, principal: Principal, address: string): boolean {
  const isShared = kindAt(address).hasBuiltIn === true;
  const isHome = organizationOf(address) === principal.organization.address;
  if (isShared && isHome && principal.carried.some(({ permissions }) => permissions.length > 0)) return true;
  return permissionsAt(principal, placeOf(snapshot, address)).length > 0;
}

/** The permission that writing needs: creating and deleting an organization is the installation's business. */
export function writePermission(kind: Kind, exists: boolean, verb: 'write' | 'delete'): string {
  if (kind.parent !== undefined) return `${kind.noun}.${verb}`;
  if (verb === 'delete') return 'organizations.delete';
  return exists ? `${kind.noun}.write` : 'organizations.create';
}

/** Throws `forbidden` unless `holder` has no power over owners, or the principal is an owner there. */
export function requirePowerOver(snapshot: Snapshot, principal: Principal, holder: Resource): void {
  const place = organizationPlace(holder.organization);
  const held = carriedAt(
    holderCarries(snapshot, holder, holder.attributes),
    { home: homeOf(holder), isolatedTo: null },
    place,
  );
  if (!holder.owner && !allows(held, 'owners.write')) return;
  requireOwner(principal, holder.organization, `act on ${holder.address}, which holds the role "owner"`);
}

/** Throws `forbidden` unless the principal is an owner of `organization`; `act` is what only one can do. */
export function requireOwner(principal: Principal, organization: string, act: string): void {
  if (allows(permissionsAt(principal, organizationPlace(organization)), 'owners.write')) return;
  throw new Problem('forbidden', `Only an owner can ${act}.`);
}

/** Throws `forbidden` unless the principal holds, at each scope in `wanted`, everything that is listed for it. */
export function requireEveryRight(
  snapshot: Snapshot,
  principal: Principal,
  organization: string,
  wanted: readonly Carried[],
): void {
  const places = mapLoaded(wanted, ({ scope }) => placeOfScope(snapshot, organization, scope));
  wanted.forEach(({ scope, permissions }, index) => {
    requireRightsAt(principal, places[index] as Place, permissions, scope);
  });
}

/** Throws `forbidden` unless the principal holds all of `permissions` at a place, which the refusal calls `scope`. */
export function requireRightsAt(
  principal: Principal,
  place: Place,
  permissions: readonly string[],
  scope: string,
): void {
  const isHeld = allowing(permissionsAt(principal, place));
  const missing = permissions.filter((permission) => !isHeld(permission));
  if (missing.length === 0) return;
  const named = missing.slice(0, 10).map((permission) => `"${permission}"`);
  const where = scope === ORGANIZATION_SCOPE ? '' : ` at ${scope}`;
  throw new Problem('forbidden', `This would hand on more than the caller holds: ${named.join(', ')}${where}.`);
}

/** Throws `forbidden` for a principal that team isolation confines: it cannot lift it for itself. */
export function requireUnlimitedSight(principal: Principal): void {
  if (principal.isolatedTo === null) return;
  throw new Problem('forbidden', 'Whoever is confined to the apps of their teams cannot lift team isolation.');
}

/**
 * Throws `forbidden` when a holder with these attributes would see apps that the principal, confined to those of its
 * teams, does not.
 */
export function requireSameSight(
  snapshot: Snapshot,
  principal: Principal,
  holder: Pick<Resource, 'kind' | 'organization'>,
  attributes: JsonObject,
): void {
  // The teams that confine somebody are those of their own organization.
  const isHome = principal.organization.address === holder.organization;
  if (principal.isolatedTo === null || !isHome || holder.kind === 'app') return;
  if (!holderCarries(snapshot, { ...holder, name: '' }, attributes).some(({ permissions }) => permissions.length > 0))
    return;
  requireNoMoreSight(principal, attributes);
}

/** Throws `forbidden` when somebody with these attributes sees apps that the principal does not. */
export function requireNoMoreSight({ isolatedTo }: Principal, attributes: JsonObject): void {
  if (isolatedTo === null) return;
  const teams = teamsOf(attributes);
  if (teams.length > 0 && teams.every((team) => isolatedTo.includes(team))) return;
  throw new Problem(
    'forbidden',
    'This would hand on the sight of more apps than the caller has: with team isolation, give it teams of your own only.',
  );
}

/** Throws `forbidden` unless the principal holds all that a token at `address` with these attributes carries. */
export function requireTokenRights(
  snapshot: Snapshot,
  principal: Principal,
  address: string,
  attributes: JsonObject,
): void {
  const holder = snapshot.resource(parentOf(address)) as Resource;
  requireSameSight(snapshot, principal, holder, holder.attributes);
  const carried = reaching(snapshot, holder, tokenCarries(snapshot, attributes, holder));
  requireEveryRight(snapshot, principal, holder.organization, carried);
}

/** What of `carried` has any effect: grants beyond the home of their holder have none. */
function reaching(snapshot: Snapshot, holder: Resource, carried: readonly Carried[]): readonly Carried[] {
  const home = homeOf(holder);
  if (home === ORGANIZATION_SCOPE) return carried;
  return filterLoaded(carried, ({ scope }) => placeOfScope(snapshot, holder.organization, scope).scopes.has(home));
}

/**
 * Throws when, after the drafted changes, the secret that the caller presented no longer works, unless the caller said
 * that this is meant.
 */
export function requireOwnCredential(
  after: Snapshot,
  principal: Principal,
  options: { now: number; ip: string | null; allowSelf: boolean },
): void {
  if (options.allowSelf || survives(after, principal, options)) return;
  throw new Problem(
    'own-credential',
    'This would end the very credential that the request was made with. ' +
      'Give the rotation an overlap, use another credential, or send "Accredit-Allow-Self: true".',
  );
}

function survives(after: Snapshot, principal: Principal, { now, ip }: { now: number; ip: string | null }): boolean {
  const token = after.resource(principal.token.address);
  if (token === undefined || token.uid !== principal.token.uid) return false;
  if (statusOf(after, token, now).status !== 'active') return false;
  if (!profileOfToken(after, token).schemes.includes(principal.scheme)) return false;
  return addressAllowed(token.attributes, ip) && slotOf(token, principal.hash, now) !== undefined;
}

/**
 * Throws when the drafted changes would leave the installation without a live credential of an owner, or (with
 * `expiryMoved`) would let the one that lasts longest end sooner.
 */
export function requireOwnerLeft(
  before: Snapshot,
  after: Snapshot,
  touched: readonly Resource[],
  options: { now: number; ip: string | null; expiryMoved: boolean },
): void {
  if (!touched.some((resource) => mattersToOwners(before, resource))) return;
  const endBefore = lastOwnerEnd(before, options);
  const endAfter = lastOwnerEnd(after, options);
  const lost = endAfter === undefined && endBefore !== undefined;
  const shortened = options.expiryMoved && endAfter !== undefined && endBefore !== undefined && endAfter < endBefore;
  if (!lost && !shortened) return;
  throw new Problem(
    'last-owner',
    lost
      ? 'This would take away the last live credential of the last owner of the installation. Make another one first.'
      : 'This would let the last credential of the last owner of the installation expire. Make another one first.',
  );
}

function mattersToOwners(before: Snapshot, resource: Resource): boolean {
  if (resource.organization !== DEFAULT_ORGANIZATION) return false;
  if (resource.owner) return true;
  return before.resource(resource.parent)?.owner === true;
}

/** The end of the owner credential that lives longest; `undefined` when none is alive. */
function lastOwnerEnd(snapshot: Snapshot, options: { now: number; ip: string | null }): number | undefined {
  const ends = mapLoaded(snapshot.owners(DEFAULT_ORGANIZATION), (holder) =>
    mapLoaded(snapshot.children(holder.address), (token) => ownerEnd(snapshot, holder, token, options)),
  ).flat();
  const alive = ends.filter((end) => end !== undefined);
  return alive.length === 0 ? undefined : Math.max(...alive);
}

/** The end of a token of an owner; `undefined` for one that is no credential of an owner now. */
function ownerEnd(
  snapshot: Snapshot,
  holder: Resource,
  token: Resource,
  { now, ip }: { now: number; ip: string | null },
): number | undefined {
  if (statusOf(snapshot, token, now).status !== 'active' || secretKindOf(token) === 'scim') return undefined;
  const carried = tokenCarries(snapshot, token.attributes, holder);
  const place = organizationPlace(holder.organization);
  const held = carriedAt(carried, { home: homeOf(holder), isolatedTo: null }, place);
  const everything = rolePermissions(snapshot, DEFAULT_ORGANIZATION, OWNER) ?? [];
  if (!everything.every((permission) => allows(held, permission))) return undefined;
  // One that works from elsewhere only is of no use to whoever is about to lose the last that works from here.
  if (!addressAllowed(token.attributes, ip)) return undefined;
  return token.valid_until ?? Number.POSITIVE_INFINITY;
}
