/** What is particular to token profiles: their rules must go together. */
import { durationMs } from '../../../terraform-provider-spec/formats.ts';
import type { JsonObject } from '../../../terraform-provider-spec/kind.ts';
import type { ProblemDetail } from '../problem.ts';
import type { Profile } from '../profiles.ts';
import type { Behaviour } from './behaviour.ts';

export const tokenProfile: Behaviour = {
  problems: (_context, { desired }) => policyProblems(desired),
};

function policyProblems(desired: JsonObject): ProblemDetail[] {
  const policy = desired as unknown as Profile;
  const { expiry, allowed_lifetimes: lifetimes, max_lifetime: longest, revoke } = policy;
  const problems: ProblemDetail[] = [];
  const refuse = (pointer: string, detail: string) => problems.push({ pointer, detail });
  if (lifetimes?.length === 0) refuse('/allowed_lifetimes', 'must name a lifetime, or be null for any');
  if (expiry === 'forbidden' && lifetimes !== null) refuse('/allowed_lifetimes', 'needs tokens that can have an end');
  if (expiry === 'forbidden' && longest !== null) refuse('/max_lifetime', 'needs tokens that can have an end');
  if (longest !== null) {
    for (const [index, lifetime] of (lifetimes ?? []).entries()) {
      if (durationMs(lifetime) > durationMs(longest)) {
        refuse(`/allowed_lifetimes/${index}`, `is longer than "max_lifetime", ${longest}`);
      }
    }
  }
  if (policy.regenerate === 'forbidden' && durationMs(policy.max_overlap) > 0) {
    refuse('/max_overlap', 'must be "0s" where no token is regenerated');
  }
  if (!revoke && policy.restore !== 'never') refuse('/restore', 'must be "never" where no token is revoked');
  if (!revoke && expiry === 'forbidden' && policy.delete_requires !== 'none') {
    refuse('/delete_requires', 'could never be met: the tokens neither expire nor are revoked');
  }
  if (policy.schemes.length === 0) refuse('/schemes', 'must name a scheme, or no token could be presented');
  return problems;
}
