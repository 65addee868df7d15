/** May whoever holds this token do that, in this organization? */

import { parentOf } from '../../terraform-provider-spec/address.ts';
import { formatTimestamp } from '../../terraform-provider-spec/formats.ts';
import type { JsonObject } from '../../terraform-provider-spec/kind.ts';
import { allows } from '../../terraform-provider-spec/permission.ts';
import type { Question, Subject, Verdict } from './api.ts';
import type { Holds } from './decisions.ts';
import type { Ambient } from './identity.ts';
import { identify, neededBy, type Principal, permissionsAt, subjectOf } from './principal.ts';
import { profileOfToken } from './profiles.ts';
import { ORGANIZATION_SCOPE, type Place, placeOfScope } from './scopes.ts';
import type { Operation, Snapshot } from './snapshot.ts';
import { livePrevious } from './token-state.ts';

/** The verdict, and who presented a good token. */
export interface Verification {
  readonly verdict: Verdict;
  readonly principal?: Principal;
}

/** The operation that answers a question. */
export function verifyOperation(
  ambient: Ambient,
  question: Question,
): Pick<Operation<Verification>, 'needs' | 'decide'> {
  return {
    needs: neededBy(ambient, question),
    decide(snapshot) {
      const found = identify(snapshot, ambient, question.credential, question.ip);
      if ('refused' in found) return { verdict: { decision: 'unauthenticated', reason: found.refused } };
      if (found.audience === 'enrolment') return { verdict: { decision: 'unauthenticated', reason: 'an enrolment' } };
      return { verdict: judge(snapshot, found, question, ambient.now()), principal: found };
    },
  };
}

/**
 * How long what was decided about this principal holds, should no row change; undefined when its use changes
 * something, so that the next decision may be another.
 */
export function holdsOf(principal: Principal, now: number): Holds | undefined {
  const { token, slot, hash, audience, accessToken } = principal;
  if (audience === 'enrolment' || endsPrevious(principal, now)) return undefined;
  const previous = slot === 'previous' ? livePrevious(token, now) : null;
  const ends = [
    token.valid_until,
    previous?.valid_until,
    accessToken && accessToken.claims.exp * 1000,
    accessToken?.acceptedUntil,
  ];
  const until = Math.min(...ends.map((end) => end ?? Number.POSITIVE_INFINITY));
  return {
    hash,
    until: Number.isFinite(until) ? until : null,
    byAddress: (token.attributes.allowed_cidrs ?? null) !== null,
  };
}

function judge(snapshot: Snapshot, principal: Principal, question: Question, now: number): Verdict {
  const { organization, scope } = askedPlace(question);
  const forbidden = (reason: string, place?: Place): Verdict => ({
    decision: 'forbidden',
    reason,
    subject: subjectOf(principal, now, place),
  });
  // Strictly the token's own: whoever owns one organization can name things in it as they like.
  if (organization !== principal.organization.address) {
    return forbidden(`a token of ${principal.organization.address}, asked in ${organization}`);
  }
  if (principal.audience === 'scim') return forbidden('a token for SCIM');
  if (scope !== ORGANIZATION_SCOPE && !exists(snapshot, `${organization}/${scope}`)) {
    return forbidden(`there is no ${organization}/${scope}`);
  }
  const place = placeOfScope(snapshot, organization, scope);
  if (!reaches(principal, place)) return forbidden(`reaches ${principal.home} only`, place);
  const { permission } = question;
  if (permission !== undefined && !allows(permissionsAt(principal, place), permission)) {
    return forbidden(`lacks ${permission}`, place);
  }
  return { decision: 'allowed', subject: subjectOf(principal, now, place) };
}

/** Whether a place is within the home of whoever asks, and within sight: beyond it even a good token is none. */
function reaches({ home, isolatedTo }: Principal, place: Place): boolean {
  if (home !== ORGANIZATION_SCOPE && !place.scopes.has(home)) return false;
  return isolatedTo === null || !place.isApp || isolatedTo.some((team) => place.scopes.has(`teams/${team}`));
}

/** A scope that a question names must be there, or a permission for the whole organization would open anything. */
function exists(snapshot: Snapshot, address: string): boolean {
  return snapshot.resource(address) !== undefined;
}

/** The organization's address and the scope within it that a question means. */
export function askedPlace({ organization, scope = 'organization' }: Question): {
  organization: string;
  scope: string;
} {
  const full = /^(organizations\/[^/]+)(?:\/(.+))?$/.exec(scope);
  if (full !== null) return { organization: full[1] as string, scope: full[2] ?? 'organization' };
  return { organization: `organizations/${organization ?? 'default'}`, scope };
}

/** What RFC 7662, section 2.2, answers about a good token; times are in seconds there. */
export function introspection(
  verdict: Verdict,
  asked: { permission?: string | undefined; scope?: string | undefined },
): JsonObject {
  if (verdict.decision === 'unauthenticated') return { active: false };
  const { subject } = verdict;
  return {
    active: true,
    sub: subject.identifier,
    username: subject.identifier,
    token_type: 'Bearer',
    scope: subject.permissions.join(' '),
    iat: Math.floor(subject.issued_at / 1000),
    ...(subject.valid_until !== null && { exp: Math.floor(subject.valid_until / 1000) }),
    ...presentSubject(subject),
    ...accessTokenMembers(subject),
    ...((asked.permission !== undefined || asked.scope !== undefined) && { allowed: verdict.decision === 'allowed' }),
  };
}

/** What RFC 7662 and RFC 9068 tell of an access token besides. */
function accessTokenMembers({ access_token: claims }: Subject): JsonObject {
  if (claims === undefined) return {};
  const { iss, aud, jti, client_id, purpose } = claims;
  return { iss, aud, jti, client_id, purpose };
}

/** A subject as `GET /v1/self` and introspection show it. */
export function presentSubject(subject: Subject): JsonObject {
  const {
    issued_at: _issued,
    access_token: _claims,
    valid_until,
    grants,
    permissions,
    permissions_by_scope,
    ...names
  } = subject;
  return {
    ...names,
    grants: [...grants],
    permissions: [...permissions],
    permissions_by_scope: permissions_by_scope.map(({ scope, permissions: held }) => ({
      scope,
      permissions: [...held],
    })),
    valid_until: valid_until === null ? null : formatTimestamp(valid_until),
  };
}

/**
 * Whether this use is the first of a new secret whose predecessor ends with it, so that the end must be committed
 * before the use is answered.
 */
export function endsPrevious(principal: Principal, now: number): boolean {
  const { token, slot } = principal;
  return slot === 'current' && token.attributes.retire_previous === 'on_first_use' && livePrevious(token, now) !== null;
}

/** The operation that ends the previous secret at the first use of the current one. */
export function endPreviousOperation(ambient: Ambient, principal: Principal, requestId: string): Operation<void> {
  const { address, organization } = principal.token;
  return {
    needs: { resources: [address, parentOf(address)] },
    organizations: [organization],
    decide(snapshot) {
      const token = snapshot.resource(address);
      const now = ambient.now();
      // Rotated again or ended meanwhile: then this use has nothing left to end.
      if (token === undefined || !endsPrevious({ ...principal, token }, now)) return;
      if ((token.state as { current: { hash: string } }).current.hash !== principal.hash) return;
      snapshot.put({
        ...token,
        state: { ...token.state, previous: null },
        revision: token.revision + 1,
        updated_at: now,
      });
      snapshot.record({
        organization,
        at: now,
        actor: principal.identifier,
        actor_token: address,
        action: 'first-use',
        address,
        outcome: 'slot-ended',
        request_id: requestId,
        details: {},
      });
    },
  };
}

/**
 * Whether this is the first use of a secret under a profile that forbids another one. Whether such a secret was ever
 * used decides whether a creation may be repeated over it, so the use must be on record before it is answered.
 */
export function isFirstUse(snapshot: Snapshot, { hash, token, audience }: Principal): boolean {
  if (audience === 'enrolment' || snapshot.secret(hash)?.last_used_at !== null) return false;
  return profileOfToken(snapshot, token).regenerate === 'forbidden';
}
