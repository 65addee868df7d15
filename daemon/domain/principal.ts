/** From what a client presented to who it is, and what that one may do where. */
import { BlockList, isIP } from 'node:net';
import { organizationOf } from '../../terraform-provider-spec/address.ts';
import type { JsonObject } from '../../terraform-provider-spec/kind.ts';
import { kindNamed } from '../../terraform-provider-spec/kinds/index.ts';
import { allows, intersect } from '../../terraform-provider-spec/permission.ts';
import { tokenHash, tokenKind } from '../../terraform-provider-spec/token.ts';
import type { Caller, Credential, Subject } from './api.ts';
import type { Ambient } from './identity.ts';
import type { Resource } from './model.ts';
import { Problem } from './problem.ts';
import { rolePermissions } from './roles.ts';
import type { Snapshot } from './snapshot.ts';
import { livePrevious, slotOf, statusOf } from './token-state.ts';

/** The organization from which the installation is administered. */
export const DEFAULT_ORGANIZATION = 'organizations/default';

/** Who calls: the token that was presented, the account behind it and what the two allow. */
export interface Principal {
  readonly hash: string;
  readonly slot: 'current' | 'previous';
  readonly token: Resource;
  readonly account: Resource;
  readonly organization: Resource;
  readonly identifier: string;
  /** In its own organization, narrowed by the token. */
  readonly permissions: readonly string[];
}

/** Why a credential is no good. The text is for the log: the caller learns nothing from it. */
export interface Refusal {
  readonly refused: string;
}

/** The hash under which a well-formed token would be stored, or `undefined` for anything else. */
export function presentedHash(ambient: Ambient, credential: Credential): string | undefined {
  if (tokenKind(credential.token) === undefined) return undefined;
  return ambient.keyring.hashSecret(tokenHash(credential.token));
}

/** Who presents this credential from `ip`, or why it is nobody. */
export function identify(
  snapshot: Snapshot,
  ambient: Ambient,
  credential: Credential,
  ip: string | null,
): Principal | Refusal {
  const hash = presentedHash(ambient, credential);
  if (hash === undefined) return { refused: 'malformed token' };
  const secret = snapshot.secret(hash);
  if (secret === undefined) return { refused: 'unknown token' };
  const token = snapshot.resource(secret.address);
  if (token === undefined || token.uid !== secret.uid) return { refused: 'the token was deleted' };
  if (kindNamed(token.kind).token?.secretKind !== tokenKind(credential.token))
    return { refused: 'another kind of token' };
  const now = ambient.now();
  const status = statusOf(snapshot, token, now);
  if (status.status !== 'active') return { refused: `${status.status}${status.reason ? `: ${status.reason}` : ''}` };
  const slot = slotOf(token, hash, now);
  if (slot === undefined) return { refused: 'the secret was rotated away' };
  const account = snapshot.resource(token.parent) as Resource;
  const organization = snapshot.resource(organizationOf(token.address));
  if (organization === undefined) return { refused: 'the organization was deleted' };
  const identifier = identifierOf(account, organization);
  const { username } = credential;
  if (username !== undefined && username !== account.name && username !== identifier) {
    return { refused: 'the user name is not that of the token' };
  }
  if (!addressAllowed(token.attributes, ip)) return { refused: `not allowed from ${ip ?? 'an unknown address'}` };
  const permissions = tokenPermissions(snapshot, token.attributes, account);
  return { hash, slot, token, account, organization, identifier, permissions };
}

/** Like `identify`, for a caller of the management API. Throws `unauthenticated`. */
export function authenticate(snapshot: Snapshot, ambient: Ambient, caller: Caller): Principal {
  const found = identify(snapshot, ambient, caller.credential, caller.ip);
  if ('refused' in found) throw unauthenticated(found.refused);
  return found;
}

/** The refusal of a credential. It never says why: `internal` does, to the log. */
export function unauthenticated(internal: string): Problem {
  return new Problem('unauthenticated', 'The credential is missing, wrong or no longer valid.', { internal });
}

/** `{account}@{organization}.{domain}`. */
export function identifierOf(account: Resource, organization: Resource): string {
  const settings = organization.attributes.settings as { domain: string };
  return `${account.name}@${organization.name}.${settings.domain}`;
}

/** What the account's grants allow at the scope of its organization. */
export function accountPermissions(snapshot: Snapshot, account: Resource): readonly string[] {
  return grantedPermissions(snapshot, account.organization, account.attributes);
}

/** What grants, as they stand in an account's attributes, allow at the scope of `organization`. */
export function grantedPermissions(snapshot: Snapshot, organization: string, attributes: JsonObject): string[] {
  const held = new Set<string>();
  for (const { role, scope } of attributes.grants as { role: string; scope: string }[]) {
    if (scope !== 'organization') continue;
    for (const permission of rolePermissions(snapshot, organization, role) ?? []) held.add(permission);
  }
  return [...held].sort();
}

/** What a token with these attributes carries: its account's permissions, or the part that `permissions` leaves. */
export function tokenPermissions(snapshot: Snapshot, attributes: JsonObject, account: Resource): readonly string[] {
  const held = accountPermissions(snapshot, account);
  const narrowed = attributes.permissions as string[] | null;
  return narrowed === null ? held : intersect(held, narrowed);
}

/** Whether the installation's owners are among those for whom the principal acts. */
export function ownsInstallation(principal: Principal): boolean {
  return principal.organization.address === DEFAULT_ORGANIZATION && isOwner(principal);
}

/** Whether the principal may act on owners: it holds the role and its token does not narrow it away. */
export function isOwner(principal: Principal): boolean {
  return allows(principal.permissions, 'owners.write');
}

/** What the principal may do in `organization`: its own, or any for an owner of the installation; else nothing. */
export function permissionsIn(principal: Principal, organization: string): readonly string[] {
  const home = principal.organization.address === organization;
  return home || ownsInstallation(principal) ? principal.permissions : [];
}

/** Whether the principal may know that `organization` exists. */
export function sees(principal: Principal, organization: string): boolean {
  return principal.organization.address === organization || ownsInstallation(principal);
}

/** The principal as services and `GET /v1/self` see it. */
export function subjectOf(principal: Principal, now: number): Subject {
  const { token, account, organization } = principal;
  const previous = principal.slot === 'previous' ? livePrevious(token, now) : null;
  return {
    identifier: principal.identifier,
    kind: account.kind,
    address: account.address,
    uid: account.uid,
    organization: organization.name,
    token: token.address,
    token_uid: token.uid,
    grants: account.attributes.grants as JsonObject[],
    permissions: principal.permissions,
    issued_at: (token.state as { rotated_at: number }).rotated_at,
    valid_until: previous?.valid_until ?? token.valid_until,
  };
}

/** Whether `allowed_cidrs` lets `ip` through. With a list, an unknown address is refused. */
export function addressAllowed(attributes: JsonObject, ip: string | null): boolean {
  const cidrs = attributes.allowed_cidrs as string[] | null;
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
