/** What is wrong with attributes that are good each by itself: rules that need neither the clock nor another resource. */
import { durationMs } from '../formats.ts';
import type { JsonObject, Kind } from '../kind.ts';
import { TOKEN_KINDS } from '../kinds/index.ts';
import { tokenProfile } from '../kinds/token-profile.ts';
import type { Violation } from './validate.ts';

/**
 * What is wrong with the attributes of a desired state taken together, in which each is good by itself and defaults are filled in.
 * A missing attribute is one that nobody knows yet: nothing is said of it.
 */
export function problemsTogether(kind: Kind, desired: JsonObject): Violation[] {
  if (TOKEN_KINDS.includes(kind)) return scheduleProblems(desired);
  return kind === tokenProfile ? policyProblems(desired) : [];
}

function scheduleProblems(desired: JsonObject): Violation[] {
  const problems: Violation[] = [];
  if (desired.retire_previous === 'on_first_use' && isNothing(desired.overlap)) {
    problems.push({ pointer: '/retire_previous', detail: '"on_first_use" needs an overlap above "0s"' });
  }
  const { rotate_before_expiry: before, expires_in: lifetime, expires_at: end } = desired;
  if (typeof before !== 'string') return problems;
  if (lifetime === null && end === null) {
    problems.push({ pointer: '/rotate_before_expiry', detail: 'needs "expires_in" or "expires_at"' });
  } else if (typeof lifetime === 'string' && durationMs(before) >= durationMs(lifetime)) {
    problems.push({ pointer: '/rotate_before_expiry', detail: `must be shorter than "expires_in", ${lifetime}` });
  }
  return problems;
}

function policyProblems(desired: JsonObject): Violation[] {
  const { expiry, max_lifetime: longest, revoke, restore } = desired;
  const lifetimes = Array.isArray(desired.allowed_lifetimes) ? desired.allowed_lifetimes : undefined;
  const problems: Violation[] = [];
  const refuse = (pointer: string, detail: string) => problems.push({ pointer, detail });
  if (lifetimes?.length === 0) refuse('/allowed_lifetimes', 'must name a lifetime, or be null for any');
  if (expiry === 'forbidden') {
    if (lifetimes !== undefined) refuse('/allowed_lifetimes', 'needs tokens that can have an end');
    if (typeof longest === 'string') refuse('/max_lifetime', 'needs tokens that can have an end');
  }
  if (typeof longest === 'string') {
    for (const [index, lifetime] of (lifetimes ?? []).entries()) {
      if (durationMs(String(lifetime)) > durationMs(longest)) {
        refuse(`/allowed_lifetimes/${index}`, `is longer than "max_lifetime", ${longest}`);
      }
    }
  }
  if (
    desired.regenerate === 'forbidden' &&
    typeof desired.max_overlap === 'string' &&
    !isNothing(desired.max_overlap)
  ) {
    refuse('/max_overlap', 'must be "0s" where no token is regenerated');
  }
  if (revoke === false) {
    if (typeof restore === 'string' && restore !== 'never') {
      refuse('/restore', 'must be "never" where no token is revoked');
    }
    if (expiry === 'forbidden' && typeof desired.delete_requires === 'string' && desired.delete_requires !== 'none') {
      refuse('/delete_requires', 'could never be met: the tokens neither expire nor are revoked');
    }
  }
  if (Array.isArray(desired.schemes) && desired.schemes.length === 0) {
    refuse('/schemes', 'must name a scheme, or no token could be presented');
  }
  return problems;
}

function isNothing(duration: unknown): boolean {
  return typeof duration === 'string' && durationMs(duration) === 0;
}
