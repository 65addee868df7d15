import type { Resource } from './model.ts';
import { Problem } from './problem.ts';
import { REFERRER_LIMIT } from './snapshot.ts';

/** The refusal to remove something because of others, which it lists. */
export function referrersLeft(
  code: 'in-use' | 'live-tokens' | 'token-limit',
  text: string,
  referrers: readonly Resource[],
): Problem {
  const named = referrers.slice(0, REFERRER_LIMIT);
  const rest = referrers.length > named.length ? ' and more' : '';
  if (named.length === 0) return new Problem(code, `${text}.`);
  return new Problem(code, `${text} (${named.map((resource) => resource.address).join(', ')}${rest}).`, {
    errors: named.map((resource) => ({ pointer: '', detail: resource.address })),
  });
}
