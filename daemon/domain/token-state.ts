/** What a token remembers besides its declared attributes, and what follows from both at a given moment. */

import { durationMs, timestampMs } from '../../terraform-provider-spec/formats.ts';
import type { JsonObject, SecretKind } from '../../terraform-provider-spec/kind.ts';
import { kindNamed, writtenKind } from '../../terraform-provider-spec/kinds/index.ts';
import { canAct } from './holder.ts';
import type { Resource, Revocation } from './model.ts';
import type { Snapshot } from './snapshot.ts';

/** The secret that works, or would if the token did. */
export interface CurrentSecret {
  readonly hash: string;
  /** The claim of the creation that made it, or null. */
  readonly claim: string | null;
}

/** The one before, until its overlap ends. */
export interface PreviousSecret extends CurrentSecret {
  readonly valid_until: number;
}

export interface TokenState {
  readonly rotated_at: number;
  readonly current: CurrentSecret;
  readonly previous: PreviousSecret | null;
}

export type TokenStatus = 'active' | 'expired' | 'revoked' | 'disabled';

export interface Status {
  readonly status: TokenStatus;
  readonly reason: string | null;
}

/** The state of a token's row. */
export function tokenState(token: Resource): TokenState {
  return token.state as unknown as TokenState;
}

/** `state` in the form in which rows keep it. */
export function storedState(state: TokenState): JsonObject {
  return state as unknown as JsonObject;
}

/** The kind of secret that a token with these attributes has: what is for SCIM is marked as such. */
export function secretKindOf({ kind, attributes }: Pick<Resource, 'kind' | 'attributes'>): SecretKind {
  return writtenKind(kindNamed(kind), attributes.purpose) ?? 'sa';
}

/** When a secret made at `rotatedAt` ends under these attributes; null for never. */
export function endOf(attributes: JsonObject, rotatedAt: number): number | null {
  if (typeof attributes.expires_at === 'string') return timestampMs(attributes.expires_at);
  if (typeof attributes.expires_in === 'string') return rotatedAt + durationMs(attributes.expires_in);
  return null;
}

/**
 * When the token's own schedule asks for a rotation; null without a schedule. A rotation moves no fixed end, so before
 * such an end the schedule asks for one and no more.
 */
export function nextRotation(token: Resource): number | null {
  const { rotated_at: rotatedAt } = tokenState(token);
  const { rotate_every: every, rotate_before_expiry: before } = token.attributes;
  if (typeof every === 'string') return rotatedAt + durationMs(every);
  if (typeof before !== 'string' || token.valid_until === null) return null;
  const next = token.valid_until - durationMs(before);
  return next > rotatedAt ? next : null;
}

/**
 * Whether the schedule of a token with that status asks for a rotation at `now`. It asks for none that would be refused or
 * bring nothing to life: of what somebody has stopped, or of what has come to a fixed end.
 */
export function isRotationDue(token: Resource, status: TokenStatus, now: number): boolean {
  const next = nextRotation(token);
  return next !== null && next <= now && wouldWork(token, status);
}

/** Whether another secret would work at once if a token with that status got it. */
export function wouldWork({ attributes }: Resource, status: TokenStatus): boolean {
  return status === 'active' || (status === 'expired' && typeof attributes.expires_at !== 'string');
}

/** Whether the present secret came by its hash and nobody has confirmed that it was delivered. A rotation forgets it. */
export function isUndelivered(token: Resource): boolean {
  return token.state.undelivered === true;
}

/** Whether a token works at `now`, given who holds it and what latches its address. */
export function tokenStatus(
  token: Resource,
  holder: Resource | undefined,
  latch: Revocation | undefined,
  now: number,
): Status {
  if (latch !== undefined) return { status: 'revoked', reason: `revoked as ${latch.reason}` };
  if (token.attributes.state === 'revoked') return { status: 'revoked', reason: 'declared as revoked' };
  if (holder === undefined || !canAct(holder.attributes)) {
    return {
      status: 'disabled',
      reason: holder?.kind === 'user' ? 'its user is not active' : 'its account is disabled',
    };
  }
  if (token.valid_until !== null && token.valid_until <= now) return { status: 'expired', reason: null };
  return { status: 'active', reason: null };
}

/** The status of a token, its owner and latch looked up in the snapshot. */
export function statusOf(snapshot: Snapshot, token: Resource, now: number): Status {
  return tokenStatus(token, snapshot.resource(token.parent), snapshot.revocation(token.address), now);
}

/** The previous secret if it still works by its own times at `now`. A token that has expired has none. */
export function livePrevious(token: Resource, now: number): PreviousSecret | null {
  const { previous } = tokenState(token);
  if (previous === null || previous.valid_until <= now) return null;
  return token.valid_until !== null && token.valid_until <= now ? null : previous;
}

/** Which of the token's secrets has this hash and could work at `now`; the token's status is another question. */
export function slotOf(token: Resource, hash: string, now: number): 'current' | 'previous' | undefined {
  if (tokenState(token).current.hash === hash) return 'current';
  return livePrevious(token, now)?.hash === hash ? 'previous' : undefined;
}

/**
 * The state after a rotation at `now`. The previous secret lives on for `overlap`, but never past its own end, and not
 * at all when the token was not active: a rotation revives nothing.
 */
export function rotatedState(
  token: Resource,
  next: CurrentSecret,
  options: { now: number; overlap: number; active: boolean },
): TokenState {
  const { current } = tokenState(token);
  const end = Math.min(options.now + options.overlap, token.valid_until ?? Number.POSITIVE_INFINITY);
  const lives = options.active && end > options.now;
  return {
    rotated_at: options.now,
    current: next,
    previous: lives ? { ...current, valid_until: end } : null,
  };
}

/** How long the previous secret lives on under these attributes, in milliseconds. */
export function overlapOf(attributes: JsonObject): number {
  return durationMs(attributes.overlap as string);
}
