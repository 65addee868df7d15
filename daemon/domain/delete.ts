/** DELETE: idempotent, never reaching past what the client may end. */
import { ancestorsOf, parseAddress } from '../../terraform-provider-spec/address.ts';
import type { Kind } from '../../terraform-provider-spec/kind.ts';
import { isReferenced, kindNamed } from '../../terraform-provider-spec/kinds/index.ts';
import type { Answer, DeleteRequest } from './api.ts';
import { canRead, isOwnToken, requirePermission, requirePowerOver, writePermission } from './authority.ts';
import { isBuiltIn } from './built-in.ts';
import { requireManager, requirePreconditions } from './contract.ts';
import type { Ambient } from './identity.ts';
import { referrersLeft } from './in-use.ts';
import { behaviourOf } from './kinds/index.ts';
import { filterLoaded } from './loading.ts';
import type { Resource } from './model.ts';
import { Problem } from './problem.ts';
import { placeOf } from './scopes.ts';
import type { Operation } from './snapshot.ts';
import { type Context, type Effect, type WriteSpec, writeOperation } from './write.ts';

const UNCHANGED: Effect = { answer: { outcome: 'unchanged' }, touched: [], changed: [] };

/** The operation of a DELETE. Throws `invalid-address` at once for an address that is none. */
export function deleteOperation(ambient: Ambient, request: DeleteRequest): Operation<Answer> {
  return writeOperation(ambient, deleteSpec(request));
}

/** What is authorized and decided by a DELETE, by itself or as a part of something larger. Throws as `deleteOperation`. */
export function deleteSpec(request: DeleteRequest): WriteSpec {
  const { kind, text: address } = parseAddress(request.address);
  const behaviour = behaviourOf(kind);
  return {
    method: 'DELETE',
    address,
    action: 'delete',
    body: null,
    options: request,
    needs: {
      resources: [address, ...ancestorsOf(address)],
      ...behaviour.needs?.(address),
    },
    authorize(snapshot, principal) {
      if (isOwnToken(principal, kind, address)) return;
      requirePermission(principal, address, placeOf(snapshot, address), writePermission(kind, true, 'delete'));
      const holder = behaviour.holder?.(snapshot, address);
      if (holder !== undefined) requirePowerOver(snapshot, principal, holder);
    },
    decide(context) {
      const stored = context.draft.resource(address);
      requirePreconditions(stored, request);
      if (isBuiltIn(kind, address)) throw new Problem('built-in', `${address} is built in and stays.`);
      if (stored === undefined) return UNCHANGED;
      const claim = request.claim === '' ? null : request.claim;
      if (claim !== undefined && claim !== stored.claim) {
        return behaviour.endReplaced?.(context, stored, claim) ?? UNCHANGED;
      }
      return remove(context, stored, request);
    },
  };
}

/** Removes what is there and what goes with it. Throws where that may not be. */
export function remove(context: Context, stored: Resource, request: DeleteRequest): Effect {
  const kind = kindNamed(stored.kind);
  requireManager(stored, request);
  requireUnreferenced(context, kind, stored);
  const removed = [stored, ...(behaviourOf(kind).dependants?.(context, stored, request) ?? [])];
  for (const resource of removed) context.draft.remove(resource.address);
  const alongWith = removed.slice(1).map(({ address }) => ({ address, outcome: 'deleted' }) as const);
  return { answer: { outcome: 'deleted' }, touched: removed, changed: [], alongWith };
}

/** Throws `in-use`, listing what refers to the resource as far as the caller may see it. */
function requireUnreferenced({ draft, principal }: Context, kind: Kind, stored: Resource): void {
  if (!isReferenced(kind)) return;
  const referrers = draft.withKey(stored.address);
  if (referrers.length === 0) return;
  const visible = filterLoaded(referrers, ({ address }) => canRead(draft, principal, address));
  const unseen = referrers.length - visible.length;
  const others = unseen === 0 ? '' : `, among them ${unseen} that this credential may not see`;
  throw referrersLeft('in-use', `${stored.address} is in use${others}`, visible);
}
