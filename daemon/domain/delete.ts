/** DELETE: idempotent, never reaching past what the client may end. */
import { ancestorsOf, parseAddress } from '../../terraform-provider-spec/address.ts';
import type { Answer, DeleteRequest } from './api.ts';
import { requirePermission, requirePowerOver, writePermission } from './authority.ts';
import { requireManager, requirePreconditions } from './contract.ts';
import type { Ambient } from './identity.ts';
import { behaviourOf } from './kinds/index.ts';
import type { Operation } from './snapshot.ts';
import { type Effect, writeOperation } from './write.ts';

const UNCHANGED: Effect = { answer: { outcome: 'unchanged' }, touched: [], changed: [] };

/** The operation of a DELETE. Throws `invalid-address` at once for an address that is none. */
export function deleteOperation(ambient: Ambient, request: DeleteRequest): Operation<Answer> {
  const { kind, text: address } = parseAddress(request.address);
  const behaviour = behaviourOf(kind);
  return writeOperation(ambient, {
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
      requirePermission(principal, address, writePermission(kind, true, 'delete'));
      const account = behaviour.account?.(snapshot, address);
      if (account !== undefined) requirePowerOver(principal, account);
    },
    decide(context) {
      const stored = context.draft.resource(address);
      requirePreconditions(stored, request);
      if (stored === undefined) return UNCHANGED;
      const claim = request.claim === '' ? null : request.claim;
      if (claim !== undefined && claim !== stored.claim) {
        return behaviour.endReplaced?.(context, stored, claim) ?? UNCHANGED;
      }
      requireManager(stored, request);
      const removed = [stored, ...(behaviour.dependants?.(context, stored, request) ?? [])];
      for (const resource of removed) context.draft.remove(resource.address);
      const removedWith = removed.slice(1).map((resource) => resource.address);
      return { answer: { outcome: 'deleted' }, touched: removed, changed: [], removedWith };
    },
  });
}
