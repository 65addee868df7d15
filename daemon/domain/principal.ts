/** From what a client presented to who it is, and what that one may do where. */
import { organizationOf } from '../../terraform-provider-spec/address.ts';
import type { JsonObject, SecretKind } from '../../terraform-provider-spec/kind.ts';
import { kindNamed } from '../../terraform-provider-spec/kinds/index.ts';
import { allows } from '../../terraform-provider-spec/permission.ts';
import { tokenHash, tokenKind } from '../../terraform-provider-spec/token.ts';
import { type AccessTokenClaims, isAccessToken, keyIdOf, readAccessToken } from '../crypto/access-token.ts';
import { isAccepted } from '../crypto/signing-key.ts';
import type { Audience, Caller, Credential, Subject } from './api.ts';
import {
  addressAllowed,
  type Carried,
  carriedAt,
  homeOf,
  identifierOf,
  isolationOf,
  Narrowed,
  tokenCarries,
} from './carried.ts';
import { canAct, type Enrolment, enrolmentOf } from './holder.ts';
import type { Ambient } from './identity.ts';
import type { Resource } from './model.ts';
import { Problem } from './problem.ts';
import { profileOfToken } from './profiles.ts';
import { ORGANIZATION_SCOPE, organizationPlace, type Place } from './scopes.ts';
import type { Needs, Snapshot } from './snapshot.ts';
import { livePrevious, secretKindOf, slotOf, statusOf, tokenState } from './token-state.ts';

/** The organization from which the installation is administered. */
export const DEFAULT_ORGANIZATION = 'organizations/default';

/** Who calls: the token that was presented, who holds it and what the two allow. */
export interface Principal {
  readonly hash: string;
  readonly slot: 'current' | 'previous';
  /** How it was presented, as profiles name it. */
  readonly scheme: 'bearer' | 'basic';
  /** The row that the secret belongs to: a token, or with an enrolment the user. */
  readonly token: Resource;
  /** The service account, app or user that the token belongs to. */
  readonly holder: Resource;
  readonly organization: Resource;
  readonly identifier: string;
  readonly audience: Audience;
  /** In its own organization, narrowed by the token. */
  readonly carried: readonly Carried[];
  /** The scope beyond which nothing that it carries reaches. */
  readonly home: string;
  /** With team isolation, the teams outside which it sees no app; null when it sees all. */
  readonly isolatedTo: readonly string[] | null;
  /** What it carries at the scope of its organization. */
  readonly permissions: readonly string[];
  /** What was presented, when it was an access token; `acceptedUntil` is the end of the key that signed it, if known. */
  readonly accessToken?: { readonly claims: AccessTokenClaims; readonly acceptedUntil: number | null };
}

/** Why a credential is no good. The text is for the log: the caller learns nothing from it. */
export interface Refusal {
  readonly refused: string;
}

/** The hash under which a well-formed token would be stored, or `undefined` for anything else. */
export function presentedHash(ambient: Ambient, credential: Credential): string | undefined {
  if (tokenKind(credential.token) === undefined) return undefined;
  const known = hashes.get(credential);
  if (known?.keyring === ambient.keyring) return known.hash;
  const hash = ambient.keyring.hashSecret(tokenHash(credential.token));
  hashes.set(credential, { keyring: ambient.keyring, hash });
  return hash;
}

/** One request asks for the hash of its credential at every step that it takes. */
const hashes = new WeakMap<Credential, { keyring: Ambient['keyring']; hash: string }>();

/** What is needed first to say who a caller is. */
export function neededBy(ambient: Ambient, { credential }: Pick<Caller, 'credential'>): Needs {
  const hash = presentedHash(ambient, credential);
  return { secrets: hash === undefined ? [] : [hash] };
}

/** Who presents this credential from `ip`, or why it is nobody. */
export function identify(
  snapshot: Snapshot,
  ambient: Ambient,
  credential: Credential,
  ip: string | null,
): Principal | Refusal {
  if (isAccessToken(credential.token)) return identifyAccessToken(snapshot, ambient, credential, ip);
  const hash = presentedHash(ambient, credential);
  if (hash === undefined) return { refused: 'malformed token' };
  const secret = snapshot.secret(hash);
  if (secret === undefined) return { refused: 'unknown token' };
  const token = tokenRow(snapshot, secret);
  if ('refused' in token) return token;
  const { row, organization } = token;
  if (kindNamed(row.kind).token === undefined) {
    return enrolling(ambient, { hash, user: row, organization, credential });
  }
  if (secretKindOf(row) !== tokenKind(credential.token)) return { refused: 'another kind of token' };
  return holding(snapshot, ambient, { hash, token: row, organization, credential, ip });
}

/** The row that a secret or an access token was made for, if it is still there. */
function tokenRow(
  snapshot: Snapshot,
  { address, uid }: { address: string; uid: string },
): { row: Resource; organization: Resource } | Refusal {
  const row = snapshot.resource(address);
  if (row === undefined || row.uid !== uid) return { refused: 'the token was deleted' };
  const organization = snapshot.resource(organizationOf(address));
  return organization === undefined ? { refused: 'the organization was deleted' } : { row, organization };
}

/**
 * Like `identify`, for an access token: it stands for the secret that it was issued for, as long as that one works, and
 * carries the part that its scope leaves of what that one carries now.
 */
function identifyAccessToken(
  snapshot: Snapshot,
  ambient: Ambient,
  credential: Credential,
  ip: string | null,
): Principal | Refusal {
  const now = ambient.now();
  const kid = keyIdOf(credential.token);
  const key = snapshot.signingKeys().find((one) => one.kid === kid);
  if (key === undefined || !isAccepted(key, now)) return { refused: 'a JWT under a key that is not accepted' };
  const issuer = ambient.accessTokens.issuer();
  const audience = (organization: string) => accessTokenAudience(issuer, organization);
  const claims = readAccessToken(credential.token, () => ambient.openKey(key), { issuer, now, audience });
  if ('refused' in claims) return claims;
  const token = tokenRow(snapshot, { address: claims.token, uid: claims.token_uid });
  if ('refused' in token) return token;
  const { row, organization } = token;
  const { current } = tokenState(row);
  const hash = [current.hash, livePrevious(row, now)?.hash].find(
    (one) => one !== undefined && secretId(ambient, one) === claims.secret_id,
  );
  if (hash === undefined) return { refused: 'the secret that the JWT was issued for was rotated away' };
  const found = holding(snapshot, ambient, { hash, token: row, organization, credential, ip });
  if ('refused' in found) return found;
  const scope = claims.scope.split(' ').filter((permission) => permission !== '');
  const carried = found.carried.map((each) => new Narrowed(each, scope));
  const place = organizationPlace(organization.address);
  return {
    ...found,
    audience: 'services',
    carried,
    permissions: carriedAt(carried, { home: found.home, isolatedTo: null }, place),
    accessToken: { claims, acceptedUntil: key.verifies_until },
  };
}

/** The `aud` of an organization's access tokens: the services that ask in it. */
export function accessTokenAudience(issuer: string, organization: string): string {
  return `${issuer}/v1/organizations/${organization}`;
}

/** What tells the secret with that stored hash from others in an access token, and nobody anything about it. */
export function secretId(ambient: Ambient, hash: string): string {
  return ambient.keyring.mark('access-token', hash).slice(0, 32);
}

/** Whoever holds the token whose secret has that hash. */
function holding(
  snapshot: Snapshot,
  ambient: Ambient,
  {
    hash,
    token,
    organization,
    credential,
    ip,
  }: { hash: string; token: Resource; organization: Resource; credential: Credential; ip: string | null },
): Principal | Refusal {
  const now = ambient.now();
  const status = statusOf(snapshot, token, now);
  if (status.status !== 'active') return { refused: `${status.status}${status.reason ? `: ${status.reason}` : ''}` };
  const slot = slotOf(token, hash, now);
  if (slot === undefined) return { refused: 'the secret was rotated away' };
  const holder = snapshot.resource(token.parent) as Resource;
  const identifier = identifierOf(holder, organization);
  const { username } = credential;
  if (username !== undefined && username !== holder.name && username !== identifier) {
    return { refused: 'the user name is not that of the token' };
  }
  const scheme = credential.scheme === 'basic' ? 'basic' : 'bearer';
  if (!profileOfToken(snapshot, token).schemes.includes(scheme)) {
    return { refused: `its profile does not allow the scheme ${scheme}` };
  }
  if (!addressAllowed(token.attributes, ip)) return { refused: `not allowed from ${ip ?? 'an unknown address'}` };
  const carried = tokenCarries(snapshot, token.attributes, holder);
  const home = homeOf(holder);
  return {
    hash,
    slot,
    scheme,
    token,
    holder,
    organization,
    identifier,
    audience: AUDIENCES[secretKindOf(token)],
    carried,
    home,
    isolatedTo: isolationOf(holder, organization),
    permissions: carriedAt(carried, { home, isolatedTo: null }, organizationPlace(organization.address)),
  };
}

const AUDIENCES: Readonly<Record<SecretKind, Audience>> = {
  sa: 'api',
  pat: 'api',
  app: 'app',
  scim: 'scim',
  enrol: 'enrolment',
};

/** An enrolment carries nothing: it opens the creation of the user's own tokens, once. */
function enrolling(
  ambient: Ambient,
  {
    hash,
    user,
    organization,
    credential,
  }: { hash: string; user: Resource; organization: Resource; credential: Credential },
): Principal | Refusal {
  const enrolment: Enrolment | undefined = enrolmentOf(user);
  if (tokenKind(credential.token) !== 'enrol') return { refused: 'another kind of token' };
  if (enrolment?.hash !== hash) return { refused: 'the enrolment was used or replaced' };
  if (enrolment.valid_until <= ambient.now()) return { refused: 'the enrolment has expired' };
  if (!canAct(user.attributes)) return { refused: 'the user is not active' };
  const identifier = identifierOf(user, organization);
  const { username } = credential;
  if (username !== undefined && username !== user.name && username !== identifier) {
    return { refused: 'the user name is not that of the enrolment' };
  }
  const nothing = { carried: [], home: ORGANIZATION_SCOPE, isolatedTo: null, permissions: [] };
  const scheme = credential.scheme === 'basic' ? 'basic' : 'bearer';
  return {
    hash,
    slot: 'current',
    scheme,
    token: user,
    holder: user,
    organization,
    identifier,
    audience: 'enrolment',
    ...nothing,
  };
}

/**
 * Like `identify`, for a caller of the API: `audience` is what the request needs. Throws `unauthenticated` for a
 * credential that is no good, `forbidden` for a good one that is meant for something else.
 */
export function authenticate(
  snapshot: Snapshot,
  ambient: Ambient,
  caller: Caller,
  audiences: readonly Audience[] = ['api'],
): Principal {
  const found = identify(snapshot, ambient, caller.credential, caller.ip);
  if ('refused' in found) throw unauthenticated(found.refused);
  if (audiences.includes(found.audience)) return found;
  throw new Problem('forbidden', `This is not open to ${CREDENTIALS[found.audience]}.`, {
    internal: `presented ${found.token.address}`,
  });
}

const CREDENTIALS: Readonly<Record<Audience, string>> = {
  api: 'a token for the API: it needs one whose purpose is "scim"',
  app: 'the token of an app, which opens that app and nothing else',
  scim: 'a token with the purpose "scim", which opens /scim/v2/ and nothing else',
  services: 'an access token, which is for services and opens nothing of Accredit',
  enrolment: "an enrolment token, which opens the creation of the user's own tokens and nothing else",
};

/** The refusal of a credential. It never says why: `internal` does, to the log. */
export function unauthenticated(internal: string): Problem {
  const detail = "The credential is wrong or no longer valid. The daemon's log says which, under the request id.";
  return new Problem('unauthenticated', detail, { internal });
}

/** Whether the installation's owners are among those for whom the principal acts. */
export function ownsInstallation(principal: Principal): boolean {
  return principal.organization.address === DEFAULT_ORGANIZATION && isOwner(principal);
}

/** Whether the principal may act on owners: it holds the role and its token does not narrow it away. */
export function isOwner(principal: Principal): boolean {
  return allows(principal.permissions, 'owners.write');
}

/** What the principal may do at a place: in its own organization, or in any for an owner of the installation. */
export function permissionsAt(principal: Principal, place: Place): readonly string[] {
  if (principal.organization.address === place.organization) return carriedAt(principal.carried, principal, place);
  return ownsInstallation(principal) ? principal.permissions : [];
}

/** Whether the principal may know that `organization` exists. */
export function sees(principal: Principal, organization: string): boolean {
  return principal.organization.address === organization || ownsInstallation(principal);
}

/** The principal as services and `GET /v1/self` see it; `permissions` are those at `place`, its home if left out. */
export function subjectOf(principal: Principal, now: number, place?: Place): Subject {
  const { token, holder, organization, accessToken } = principal;
  const previous = principal.slot === 'previous' ? livePrevious(token, now) : null;
  return {
    identifier: principal.identifier,
    kind: holder.kind,
    address: holder.address,
    uid: holder.uid,
    organization: organization.name,
    token: token.address,
    token_uid: token.uid,
    confined_to: principal.home,
    grants: (holder.attributes.grants ?? []) as JsonObject[],
    permissions: place === undefined ? principal.permissions : permissionsAt(principal, place),
    permissions_by_scope: principal.carried,
    issued_at: (token.state as { rotated_at?: number }).rotated_at ?? token.updated_at,
    valid_until: previous?.valid_until ?? token.valid_until,
    ...(accessToken && {
      issued_at: accessToken.claims.iat * 1000,
      valid_until: accessToken.claims.exp * 1000,
      access_token: accessToken.claims,
    }),
  };
}
