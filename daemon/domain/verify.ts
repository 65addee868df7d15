/** May whoever holds this token do that, in this organization? */

import { parentOf } from '../../terraform-provider-spec/address.ts';
import { formatTimestamp } from '../../terraform-provider-spec/formats.ts';
import type { JsonObject } from '../../terraform-provider-spec/kind.ts';
import { allows } from '../../terraform-provider-spec/permission.ts';
import type { Question, Subject, Verdict } from './api.ts';
import type { Ambient } from './identity.ts';
import { identify, type Principal, presentedHash, subjectOf } from './principal.ts';
import type { Operation, Snapshot } from './snapshot.ts';
import { livePrevious } from './token-state.ts';

/** The verdict, and what a good token brings about. */
export interface Verification {
  readonly verdict: Verdict;
  readonly principal?: Principal;
}

/** The operation that answers a question. */
export function verifyOperation(
  ambient: Ambient,
  question: Question,
): Pick<Operation<Verification>, 'needs' | 'decide'> {
  const hash = presentedHash(ambient, question.credential);
  return {
    needs: { secrets: hash === undefined ? [] : [hash] },
    decide(snapshot) {
      const found = identify(snapshot, ambient, question.credential, question.ip);
      if ('refused' in found) return { verdict: { decision: 'unauthenticated', reason: found.refused } };
      return { verdict: judge(snapshot, found, question, subjectOf(found, ambient.now())), principal: found };
    },
  };
}

function judge(snapshot: Snapshot, principal: Principal, question: Question, subject: Subject): Verdict {
  const { organization, scope } = placeOf(question);
  // Strictly the token's own: whoever owns one organization can name things in it as they like.
  if (organization !== principal.organization.address) {
    return {
      decision: 'forbidden',
      reason: `a token of ${principal.organization.address}, asked in ${organization}`,
      subject,
    };
  }
  if (scope !== 'organization' && snapshot.resource(`${organization}/${scope}`) === undefined) {
    return { decision: 'forbidden', reason: `there is no ${organization}/${scope}`, subject };
  }
  if (question.permission !== undefined && !allows(principal.permissions, question.permission)) {
    return { decision: 'forbidden', reason: `lacks ${question.permission}`, subject };
  }
  return { decision: 'allowed', subject };
}

/** The organization's address and the scope within it that a question means. */
export function placeOf({ organization, scope = 'organization' }: Question): { organization: string; scope: string } {
  const full = /^(organizations\/[^/]+)(?:\/(.+))?$/.exec(scope);
  if (full !== null) return { organization: full[1] as string, scope: full[2] ?? 'organization' };
  return { organization: `organizations/${organization ?? 'default'}`, scope };
}

/** What RFC 7662, section 2.2, answers about a good token; times are in seconds there. */
export function introspection(verdict: Verdict, asked: { permission?: string | undefined }): JsonObject {
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
    ...(asked.permission !== undefined && { allowed: verdict.decision === 'allowed' }),
  };
}

/** A subject as `GET /v1/self` and introspection show it. */
export function presentSubject(subject: Subject): JsonObject {
  const { issued_at: _issued, valid_until, grants, permissions, ...names } = subject;
  return {
    ...names,
    grants: [...grants],
    permissions: [...permissions],
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
