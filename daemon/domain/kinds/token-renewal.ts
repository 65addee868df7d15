/** Whether a token whose secret nobody has can get another one. */

import type { Resource } from '../model.ts';
import { Problem } from '../problem.ts';
import { type Profile, profileOfToken } from '../profiles.ts';
import type { Snapshot } from '../snapshot.ts';
import { endOf, type TokenStatus, tokenState, wouldWork } from '../token-state.ts';
import {
  policyWarnings,
  profileProblems,
  requireFuture,
  requireLifetime,
  requireRoom,
  requireUniqueDisplayName,
} from './token-rules.ts';

/**
 * Whether a manifest may give another secret to a token that it manages and whose present one was never confirmed, and the new
 * one would work at `now`. A profile that forbids another secret lets such a token be replaced, until somebody has used it.
 */
export function takesNewSecret(snapshot: Snapshot, token: Resource, status: TokenStatus, now: number): boolean {
  if (!wouldWork(token, status)) return false;
  const profile = profileOfToken(snapshot, token);
  if (profile.regenerate !== 'forbidden') return isAllowed(snapshot, token, profile, now);
  if (snapshot.secret(tokenState(token).current.hash)?.last_used_at !== null) return false;
  return isAllowed(snapshot, token, profile, now, () => {
    requireRoom(snapshot, token.address, profile);
    requireUniqueDisplayName(snapshot, token.address, profile, token.attributes);
  });
}

/** Whether the rules as they are now let a secret begin under the attributes, and `more` throws no `Problem`. */
function isAllowed(snapshot: Snapshot, token: Resource, profile: Profile, now: number, more = () => {}): boolean {
  const { address, attributes } = token;
  if (profileProblems(profile, attributes).length > 0) return false;
  const end = endOf(attributes, now);
  try {
    requireFuture(attributes, end, now);
    requireLifetime(profile, attributes, end, now);
    policyWarnings(snapshot, address, attributes, end, now);
    more();
    return true;
  } catch (error) {
    if (error instanceof Problem) return false;
    throw error;
  }
}
