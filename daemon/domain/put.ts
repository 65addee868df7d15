/** PUT: create, or converge what is there to the desired state. */
import { ancestorsOf, parentOf, parseAddress } from '../../terraform-provider-spec/address.ts';
import { changedAttributes, changedImmutables, readBody } from '../../terraform-provider-spec/derive/validate.ts';
import type { Answer, PutRequest } from './api.ts';
import { requirePermission, requirePowerOver, writePermission } from './authority.ts';
import { requireManager, requirePreconditions } from './contract.ts';
import { answerOf, type Convergence, changesHands, invalid, nextRow } from './convergence.ts';
import type { Ambient } from './identity.ts';
import type { Behaviour } from './kinds/behaviour.ts';
import { behaviourOf } from './kinds/index.ts';
import { Problem } from './problem.ts';
import type { Operation } from './snapshot.ts';
import { type Context, type Effect, writeOperation } from './write.ts';

/** The operation of a PUT. Throws `invalid-address` at once for an address that is none. */
export function putOperation(ambient: Ambient, request: PutRequest): Operation<Answer> {
  const { kind, text: address } = parseAddress(request.address);
  const behaviour = behaviourOf(kind);
  const body = readBody(kind, request.body);
  return writeOperation(ambient, {
    method: 'PUT',
    address,
    action: 'put',
    body: request.body,
    options: request,
    needs: {
      resources: [address, ...ancestorsOf(address)],
      ...behaviour.needs?.(address),
    },
    authorize(snapshot, principal) {
      const stored = snapshot.resource(address);
      requirePermission(principal, address, writePermission(kind, stored !== undefined, 'write'));
      const account = behaviour.account?.(snapshot, address);
      if (account !== undefined) requirePowerOver(principal, account);
    },
    decide(context) {
      const stored = context.draft.resource(address);
      requirePreconditions(stored, request);
      if (stored !== undefined) requireManager(stored, request);
      if (!body.ok) throw invalid(body.violations);
      const parent = parentOf(address);
      if (parent !== '' && context.draft.resource(parent) === undefined) throw missingParent(parent);
      const convergence = { kind, address, stored, desired: body.desired };
      refuseImmutableChange(convergence);
      return behaviour.converge?.(context, convergence) ?? converge(context, convergence, behaviour);
    },
  });
}

/** Whoever gets here may write below it, so there is nothing to hide in that it is not there. */
function missingParent(parent: string): Problem {
  const errors = [{ pointer: '', detail: `there is no ${parent}; create it first` }];
  return new Problem('not-found', `There is no ${parent}.`, { errors });
}

function refuseImmutableChange({ kind, address, stored, desired }: Convergence): void {
  if (stored === undefined) return;
  const pointers = changedImmutables(kind, stored.attributes, desired);
  if (pointers.length === 0) return;
  throw new Problem(
    'immutable',
    `${address} exists, and ${pointers.join(', ')} cannot be changed: delete it first, or create another one beside it. ` +
      'A replacement that creates before it destroys needs another name.',
    { errors: pointers.map((pointer) => ({ pointer, detail: 'cannot be changed after the creation' })) },
  );
}

function converge(context: Context, convergence: Convergence, behaviour: Behaviour): Effect {
  const { kind, stored, desired } = convergence;
  const { draft } = context;
  const changed = changedAttributes(kind, stored?.attributes ?? {}, desired);
  if (stored !== undefined && changed.length === 0 && !changesHands(context, stored)) {
    return { answer: answerOf(context, stored, 'unchanged'), touched: [], changed };
  }
  const row = nextRow(context, convergence, { attributes: desired, ...behaviour.check?.(context, convergence) });
  draft.put(row);
  return {
    answer: answerOf(context, row, stored === undefined ? 'created' : 'updated'),
    touched: stored === undefined ? [] : [stored],
    changed,
  };
}
