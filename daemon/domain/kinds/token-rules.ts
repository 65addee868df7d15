/** What the profile of a token, and the policy of its organization, let be done with it. */
import { organizationOf, parentOf } from '../../../terraform-provider-spec/address.ts';
import { durationMs } from '../../../terraform-provider-spec/formats.ts';
import type { JsonObject } from '../../../terraform-provider-spec/kind.ts';
import { invalid } from '../convergence.ts';
import { referrersLeft } from '../in-use.ts';
import type { Resource } from '../model.ts';
import { Problem, type ProblemDetail } from '../problem.ts';
import type { Profile } from '../profiles.ts';
import type { Snapshot } from '../snapshot.ts';
import { overlapOf, statusOf } from '../token-state.ts';

function expiryProblems(profile: Profile, attributes: JsonObject): ProblemDetail[] {
  const { expires_in: lifetime, expires_at: end } = attributes;
  const pointer = typeof end === 'string' ? '/expires_at' : '/expires_in';
  const { name, expiry, allowed_lifetimes: lifetimes, max_lifetime: longest } = profile;
  if (typeof lifetime !== 'string' && typeof end !== 'string') {
    return expiry === 'required' ? [{ pointer, detail: `is required by the profile "${name}"` }] : [];
  }
  if (expiry === 'forbidden') return [{ pointer, detail: `must be null: tokens of the profile "${name}" have no end` }];
  if (lifetimes !== null) {
    const isListed =
      typeof lifetime === 'string' && lifetimes.some((each) => durationMs(each) === durationMs(lifetime));
    if (!isListed) {
      const choice = `"expires_in" of ${lifetimes.join(', ')}`;
      return [{ pointer, detail: `is not a lifetime that the profile "${name}" allows: it takes ${choice}` }];
    }
  }
  if (longest !== null && typeof lifetime === 'string' && durationMs(lifetime) > durationMs(longest)) {
    return [{ pointer, detail: `is longer than the profile "${name}" allows, ${longest}` }];
  }
  return [];
}

/** What is wrong with a token's attributes under that profile. */
export function profileProblems(profile: Profile, attributes: JsonObject): ProblemDetail[] {
  const problems = expiryProblems(profile, attributes);
  if (overlapOf(attributes) > durationMs(profile.max_overlap)) {
    problems.push({
      pointer: '/overlap',
      detail: `is longer than the profile "${profile.name}" allows, ${profile.max_overlap}`,
    });
  }
  const schedule = (['rotate_every', 'rotate_before_expiry'] as const).find(
    (name) => typeof attributes[name] === 'string',
  );
  if (schedule !== undefined && profile.regenerate === 'forbidden') {
    problems.push({
      pointer: `/${schedule}`,
      detail: `must be null: tokens of the profile "${profile.name}" get no other secret`,
    });
  }
  if (attributes.state === 'revoked' && !profile.revoke) {
    problems.push({
      pointer: '/state',
      detail: `tokens of the profile "${profile.name}" are deleted, not revoked; an emergency revocation is possible`,
    });
  }
  return problems;
}

/** Throws `invalid` when an end that a request sets, at `now`, is later than the profile allows. */
export function requireLifetime(profile: Profile, attributes: JsonObject, end: number | null, now: number): void {
  const { max_lifetime: longest, name } = profile;
  if (longest === null || end === null || end - now <= durationMs(longest)) return;
  const pointer = typeof attributes.expires_at === 'string' ? '/expires_at' : '/expires_in';
  throw invalid([{ pointer, detail: `is longer than the profile "${name}" allows, ${longest}` }]);
}

/** Throws `invalid` when the secret would end in the past: whoever sets an expiry or mints a secret means it to work. */
export function requireFuture(attributes: JsonObject, end: number | null, now: number): void {
  if (end === null || end > now) return;
  const pointer = typeof attributes.expires_at === 'string' ? '/expires_at' : '/expires_in';
  throw invalid([{ pointer, detail: 'ends in the past' }]);
}

/** The organization's longest lifetime in milliseconds, and what happens to a token that exceeds it; null for no limit. */
export function lifetimePolicy(
  organization: Resource | undefined,
): { longest: number; text: string; mode: string } | null {
  const settings = organization?.attributes.settings as JsonObject | undefined;
  const policy = (settings?.max_token_lifetime ?? null) as { duration: string; mode: string } | null;
  return policy === null ? null : { longest: durationMs(policy.duration), text: policy.duration, mode: policy.mode };
}

/**
 * Holds an end that a request sets at `now` against the organization's policy: answers the warnings, or throws `invalid`
 * where the policy blocks. No token that is there is ever shortened by it.
 */
export function policyWarnings(
  snapshot: Snapshot,
  address: string,
  attributes: JsonObject,
  end: number | null,
  now: number,
): string[] {
  const policy = lifetimePolicy(snapshot.resource(organizationOf(address)));
  if (policy === null || (end !== null && end - now <= policy.longest)) return [];
  const pointer = typeof attributes.expires_at === 'string' ? '/expires_at' : '/expires_in';
  const detail = `${end === null ? 'without an end it would live longer' : 'is longer'} than the organization allows, ${policy.text}`;
  if (policy.mode === 'block') throw invalid([{ pointer, detail }]);
  return [`${address}: ${pointer.slice(1)} ${detail}`];
}

/** Throws unless the profile lets a token have a new secret; `bySelf` when its own holder asks with it. */
export function requireRegenerable(address: string, profile: Profile, { bySelf = false } = {}): void {
  if (profile.regenerate === 'forbidden') {
    throw new Problem(
      'rotation-forbidden',
      `${address} cannot get a new secret: its profile "${profile.name}" forbids it. Delete the token and create it again.`,
    );
  }
  if (bySelf && profile.regenerate === 'admin') {
    throw new Problem('forbidden', `The profile "${profile.name}" leaves rotation to whoever manages the token.`);
  }
}

/** Throws `restore-forbidden` unless the profile lets a revoked token become active again. */
export function requireRestorable(address: string, profile: Profile): void {
  if (profile.restore !== 'never') return;
  throw new Problem(
    'restore-forbidden',
    `${address} is revoked, and its profile "${profile.name}" lets none come back.`,
    {
      errors: [{ pointer: '/state', detail: 'a revoked token of this profile stays revoked' }],
    },
  );
}

/** Throws `token-limit` when the holder already has as many tokens of that profile as it allows. */
export function requireRoom(snapshot: Snapshot, address: string, profile: Profile): void {
  if (profile.max_tokens === null) return;
  const others = siblings(snapshot, address).filter(
    (token) => (token.attributes.profile ?? 'standard') === profile.name,
  );
  if (others.length < profile.max_tokens) return;
  const limit = profile.max_tokens === 1 ? 'one token' : `${profile.max_tokens} tokens`;
  const text = `${parentOf(address)} already has ${limit} of the profile "${profile.name}", which allows no more`;
  throw referrersLeft('token-limit', text, others);
}

/** Throws `display-name-taken` when another token of the holder has the display name, where the profile forbids that. */
export function requireUniqueDisplayName(
  snapshot: Snapshot,
  address: string,
  profile: Profile,
  attributes: JsonObject,
): void {
  const { display_name: name } = attributes;
  if (!profile.display_name_unique || name === null || name === undefined) return;
  const other = siblings(snapshot, address).find((token) => token.attributes.display_name === name);
  if (other === undefined) return;
  throw new Problem('display-name-taken', `${other.address} has this display name, which is to be unique.`, {
    errors: [{ pointer: '/display_name', detail: 'is that of another token of the same owner' }],
  });
}

/** Throws `not-revoked` when the profile wants a token revoked or expired before it is deleted, and it is neither. */
export function requireDeletable(snapshot: Snapshot, token: Resource, profile: Profile, now: number): void {
  if (profile.delete_requires === 'none') return;
  const { status } = statusOf(snapshot, token, now);
  if (status === 'revoked' || status === 'expired') return;
  const isOver = token.valid_until !== null && token.valid_until <= now;
  if (isOver) return;
  throw new Problem(
    'not-revoked',
    `${token.address} is ${status}, and its profile "${profile.name}" lets only a revoked or expired token be deleted. ` +
      'Revoke it first, or send "?revoke=true".',
  );
}

function siblings(snapshot: Snapshot, address: string): readonly Resource[] {
  return snapshot.children(parentOf(address)).filter((token) => token.address !== address);
}
