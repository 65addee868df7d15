/** DELETE: idempotent, never reaching past what the client may end. */
import { ancestorsOf, parseAddress } from '../../terraform-provider-spec/address.ts';
import type { JsonObject, Kind } from '../../terraform-provider-spec/kind.ts';
import type { Answer, DeleteRequest } from './api.ts';
import { requirePermission, requirePowerOver, writePermission } from './authority.ts';
import { requireManager, requirePreconditions } from './contract.ts';
import type { Ambient } from './identity.ts';
import type { Resource } from './model.ts';
import { DEFAULT_ORGANIZATION } from './principal.ts';
import { Problem } from './problem.ts';
import { accountOf } from './put.ts';
import { type Operation, REFERRER_LIMIT } from './snapshot.ts';
import { livePrevious, statusOf, storedState, tokenState } from './token-state.ts';
import { etagOf } from './view.ts';
import { type Context, type Effect, writeOperation } from './write.ts';

const UNCHANGED: Effect = { answer: { outcome: 'unchanged' }, touched: [], changed: [] };

/** The operation of a DELETE. Throws `invalid-address` at once for an address that is none. */
export function deleteOperation(ambient: Ambient, request: DeleteRequest): Operation<Answer> {
  const { kind, text: address } = parseAddress(request.address);
  return writeOperation(ambient, {
    method: 'DELETE',
    address,
    action: 'delete',
    body: null,
    options: request,
    needs: {
      resources: [address, ...ancestorsOf(address)],
      ...(kind.token && { revocations: [address] }),
      ...(kind.kind === 'service_account' && { children: [address] }),
    },
    authorize(snapshot, principal) {
      requirePermission(principal, address, writePermission(kind, true, 'delete'));
      const account = accountOf(snapshot, kind, address);
      if (account !== undefined) requirePowerOver(principal, account);
    },
    decide(context) {
      const stored = context.draft.resource(address);
      requirePreconditions(stored, request);
      if (stored === undefined) return UNCHANGED;
      if (request.claim !== undefined && request.claim !== stored.claim) {
        return kind.token === undefined ? UNCHANGED : endClaimedSlot(context, stored, request.claim);
      }
      requireManager(stored, request);
      const removed = [stored, ...dependants(context, kind, stored, request)];
      for (const resource of removed) context.draft.remove(resource.address);
      const details: JsonObject =
        removed.length > 1 ? { with: removed.slice(1).map((resource) => resource.address) } : {};
      return { answer: { outcome: 'deleted' }, touched: removed, changed: [], details };
    },
  });
}

/** The late destroy of a replaced creation: it ends only the secret that this creation made, if that still lives. */
function endClaimedSlot(context: Context, token: Resource, claim: string): Effect {
  const previous = livePrevious(token, context.now);
  if (previous === null || previous.claim !== claim) return UNCHANGED;
  requireManager(token, context.options);
  const row: Resource = {
    ...token,
    state: storedState({ ...tokenState(token), previous: null }),
    revision: token.revision + 1,
    updated_at: context.now,
  };
  context.draft.put(row);
  return { answer: { outcome: 'slot-ended', etag: etagOf(row) }, touched: [token], changed: ['/previous'] };
}

/** What goes with the resource. Throws when it may not go because of them. */
function dependants(context: Context, kind: Kind, stored: Resource, request: DeleteRequest): readonly Resource[] {
  if (kind.token !== undefined) return [];
  if (kind.kind === 'service_account') return cascade(context, stored, request);
  if (stored.address === DEFAULT_ORGANIZATION) {
    throw new Problem('default-organization', 'The installation is administered from "default"; it cannot be deleted.');
  }
  const referrers = context.draft.referrers(stored.address);
  if (referrers.length > 0)
    throw inUse('in-use', `${stored.address} is not empty: delete what it holds first`, referrers);
  return [];
}

function cascade(context: Context, account: Resource, request: DeleteRequest): readonly Resource[] {
  const { draft, now } = context;
  const tokens = draft.children(account.address);
  for (const token of tokens) if (token.managed_by !== null) requireManager(token, request);
  if (request.cascade !== false) return tokens;
  const live = tokens.filter((token) => statusOf(draft, token, now).status === 'active');
  if (live.length === 0) return tokens;
  throw inUse('live-tokens', `${account.address} still has live tokens, and the request forbids to end them`, live);
}

function inUse(code: 'in-use' | 'live-tokens', text: string, referrers: readonly Resource[]): Problem {
  const named = referrers.slice(0, REFERRER_LIMIT);
  const rest = referrers.length > named.length ? ' and more' : '';
  return new Problem(code, `${text} (${named.map((resource) => resource.address).join(', ')}${rest}).`, {
    errors: named.map((resource) => ({ pointer: '', detail: resource.address })),
  });
}
