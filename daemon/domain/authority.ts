/** What a principal may do to a resource, and the rules that keep anybody from handing on more than they hold. */
import { organizationOf, parentOf } from '../../terraform-provider-spec/address.ts';
import type { JsonObject, Kind } from '../../terraform-provider-spec/kind.ts';
import { allows } from '../../terraform-provider-spec/permission.ts';
import type { Resource } from './model.ts';
import {
  addressAllowed,
  DEFAULT_ORGANIZATION,
  isOwner,
  ownsInstallation,
  type Principal,
  permissionsIn,
  sees,
  tokenPermissions,
} from './principal.ts';
import { Problem } from './problem.ts';
import { OWNER, rolePermissions } from './roles.ts';
import type { Snapshot } from './snapshot.ts';
import { slotOf, statusOf } from './token-state.ts';

/** The refusal for an address at which there is nothing, or nothing that the caller may know of: one and the same. */
export function notFound(address: string): Problem {
  return new Problem('not-found', `There is no ${address}.`);
}

/**
 * Throws unless the principal holds `permission` in the organization of `address`. Whoever is not of that organization
 * gets the answer for one that does not exist; whoever is of it gets `forbidden`, whether or not the address exists.
 */
export function requirePermission(principal: Principal, address: string, permission: string): void {
  const organization = organizationOf(address);
  if (!sees(principal, organization)) throw notFound(organization);
  const held = permissionsIn(principal, organization);
  const reachesOut = INSTALLATION_NOUNS.some((noun) => permission.startsWith(`${noun}.`));
  if (allows(held, permission) && (!reachesOut || ownsInstallation(principal))) return;
  throw new Problem('forbidden', `This needs the permission "${permission}", which the caller does not hold.`);
}

// The role "owner" names these everywhere; they mean something only from the organization that administers the rest.
const INSTALLATION_NOUNS = ['organizations', 'signing-keys'];

/** The permission that writing needs: creating and deleting an organization is the installation's business. */
export function writePermission(kind: Kind, exists: boolean, verb: 'write' | 'delete'): string {
  if (kind.parent !== undefined) return `${kind.noun}.${verb}`;
  if (verb === 'delete') return 'organizations.delete';
  return exists ? `${kind.noun}.write` : 'organizations.create';
}

/** Throws `forbidden` unless `account` is no owner's, or the principal is an owner there. */
export function requirePowerOver(principal: Principal, account: Resource): void {
  if (!account.owner) return;
  if (permissionsIn(principal, account.organization).length > 0 && isOwner(principal)) return;
  throw new Problem('forbidden', `Only an owner can act on ${account.address}, which holds the role "owner".`);
}

/** Throws `forbidden` unless the principal holds everything in `wanted` in the organization of `address`. */
export function requireEveryRight(principal: Principal, address: string, wanted: readonly string[]): void {
  const held = permissionsIn(principal, organizationOf(address));
  const missing = wanted.filter((permission) => !allows(held, permission));
  if (missing.length === 0) return;
  throw new Problem(
    'forbidden',
    `This would hand on more than the caller holds: ${missing
      .slice(0, 10)
      .map((text) => `"${text}"`)
      .join(', ')}.`,
  );
}

/** Throws `forbidden` unless the principal holds all that a token at `address` with these attributes carries. */
export function requireTokenRights(
  snapshot: Snapshot,
  principal: Principal,
  address: string,
  attributes: JsonObject,
): void {
  const account = snapshot.resource(parentOf(address)) as Resource;
  requireEveryRight(principal, address, tokenPermissions(snapshot, attributes, account));
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
function lastOwnerEnd(snapshot: Snapshot, { now, ip }: { now: number; ip: string | null }): number | undefined {
  const everything = rolePermissions(snapshot, DEFAULT_ORGANIZATION, OWNER) ?? [];
  let last: number | undefined;
  for (const account of snapshot.owners(DEFAULT_ORGANIZATION)) {
    for (const token of snapshot.children(account.address)) {
      if (statusOf(snapshot, token, now).status !== 'active') continue;
      const held = tokenPermissions(snapshot, token.attributes, account);
      if (!everything.every((permission) => allows(held, permission))) continue;
      // One that works from elsewhere only is of no use to whoever is about to lose the last that works from here.
      if (!addressAllowed(token.attributes, ip)) continue;
      last = Math.max(last ?? 0, token.valid_until ?? Number.POSITIVE_INFINITY);
    }
  }
  return last;
}
