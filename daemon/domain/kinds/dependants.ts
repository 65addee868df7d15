/** The tokens that go with their account, app or user. */
import type { DeleteRequest } from '../api.ts';
import { requireManager } from '../contract.ts';
import { referrersLeft } from '../in-use.ts';
import { filterLoaded } from '../loading.ts';
import type { Resource } from '../model.ts';
import { statusOf } from '../token-state.ts';
import type { Context } from '../write.ts';

/**
 * The tokens of a holder that is deleted. Throws `managed-by-another` for one that another manager declares, and
 * `live-tokens` where the request forbids to end live ones.
 */
export function tokensOf({ draft, now }: Context, holder: Resource, request: DeleteRequest): readonly Resource[] {
  const tokens = draft.children(holder.address);
  for (const token of tokens) if (token.managed_by !== null) requireManager(token, request);
  if (request.cascade !== false) return tokens;
  const live = filterLoaded(tokens, (token) => statusOf(draft, token, now).status === 'active');
  if (live.length === 0) return tokens;
  throw referrersLeft(
    'live-tokens',
    `${holder.address} still has live tokens, and the request forbids to end them`,
    live,
  );
}
