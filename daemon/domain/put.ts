/** PUT: create, or converge what is there to the desired state. */

import { ancestorsOf, parentOf, parseAddress } from '../../terraform-provider-spec/address.ts';
import { withArticle } from '../../terraform-provider-spec/article.ts';
import {
  type BodyReading,
  changedAttributes,
  changedImmutables,
  readBody,
} from '../../terraform-provider-spec/derive/validate.ts';
import type { Json, JsonObject, Kind } from '../../terraform-provider-spec/kind.ts';
import type { Answer, PutRequest } from './api.ts';
import {
  canNotice,
  isOwnToken,
  notFound,
  requirePermission,
  requirePowerOver,
  requireRead,
  writePermission,
} from './authority.ts';
import { isBuiltIn } from './built-in.ts';
import { requireManager, requirePreconditions } from './contract.ts';
import { answerOf, type Convergence, changesHands, invalid, nextRow } from './convergence.ts';
import type { Ambient } from './identity.ts';
import { behaviourOf } from './kinds/index.ts';
import type { Principal } from './principal.ts';
import { Problem, type ProblemDetail } from './problem.ts';
import { referenceProblems } from './references.ts';
import { placeOf } from './scopes.ts';
import type { Operation, Snapshot } from './snapshot.ts';
import { type Context, type Effect, retiredReplay, type WriteSpec, writeOperation } from './write.ts';

/** The operation of a PUT. Throws `invalid-address` at once for an address that is none. */
export function putOperation(ambient: Ambient, request: PutRequest): Operation<Answer> {
  const spec = putSpec(request);
  const operation = writeOperation(ambient, spec);
  if (!spec.audiences?.includes('enrolment')) return operation;
  // The first PUT retires the enrolment that it was made with; its answer must not be lost with the connection.
  return { ...operation, decide: (snapshot) => retiredReplay(snapshot, ambient, spec) ?? operation.decide(snapshot) };
}

/** What a PUT does, and what it read in the body. */
export interface PutSpec extends WriteSpec {
  readonly reading: BodyReading;
}

/**
 * What is authorized and decided by a PUT, by itself or as a part of something larger, whose body may have been read before. Throws as
 * `putOperation`.
 */
export function putSpec(request: PutRequest, reading?: BodyReading): PutSpec {
  const { kind, text: address } = parseAddress(request.address);
  const behaviour = behaviourOf(kind);
  const body = reading ?? readBody(kind, request.body);
  const isSelfService = kind.token?.selfService === true;
  return {
    reading: body,
    method: 'PUT',
    address,
    action: 'put',
    body: request.body,
    options: request,
    // Made when it is asked for: of the parts of something larger nobody asks.
    get needs() {
      return { resources: [address, ...ancestorsOf(address)], ...behaviour.needs?.(address) };
    },
    ...(isSelfService && { audiences: ['api', 'enrolment'] }),
    authorize(snapshot, principal) {
      if (isSelfService) requireSelf(snapshot, principal, kind, address);
      else requireWrite(snapshot, principal, kind, address, body.ok ? body.desired : lenient(request.body));
      const holder = behaviour.holder?.(snapshot, address);
      if (holder !== undefined && !isSelfService) requirePowerOver(snapshot, principal, holder);
    },
    decide(context) {
      const stored = context.draft.resource(address);
      requirePreconditions(stored, request);
      if (isBuiltIn(kind, address)) throw builtIn(kind, address);
      if (stored !== undefined) requireManager(stored, request);
      if (!body.ok) throw invalid(body.violations);
      const parent = parentOf(address);
      if (parent !== '' && context.draft.resource(parent) === undefined) throw missingParent(context, parent);
      const convergence = {
        kind,
        address,
        stored,
        desired: body.desired,
        ...(request.provisioned && { provisioned: request.provisioned }),
      };
      refuseImmutableChange(convergence);
      return behaviour.converge?.(context, convergence) ?? converge(context, convergence);
    },
  };
}

/** What is there lies where it lies; what is not there yet, where its attributes put it. */
function requireWrite(
  snapshot: Snapshot,
  principal: Principal,
  kind: Kind,
  address: string,
  desired: JsonObject,
): void {
  const stored = snapshot.resource(address);
  const place = placeOf(snapshot, address, stored === undefined ? desired : undefined);
  requirePermission(principal, address, place, writePermission(kind, stored !== undefined, 'write'));
}

/** The refusal of anybody but the user: whoever may know of the user is told, others learn nothing. */
function requireSelf(snapshot: Snapshot, principal: Principal, kind: Kind, address: string): void {
  if (isOwnToken(principal, kind, address)) return;
  if (principal.audience === 'api') {
    requireRead(snapshot, principal, address);
    if (snapshot.resource(parentOf(address)) === undefined) throw notFound(parentOf(address));
  }
  throw new Problem(
    'forbidden',
    'A personal access token is made by the user it belongs to. For the first one, make an enrolment: POST …/enrolment.',
  );
}

/** As much of an invalid body as says where a new resource would lie: its faults are for those who may write there. */
function lenient(body: Json): JsonObject {
  if (typeof body !== 'object' || body === null || Array.isArray(body)) return {};
  const { scope, project, parent, teams } = body;
  return {
    ...(typeof parent === 'string' && { parent }),
    ...(typeof scope === 'string' && { scope }),
    ...(typeof project === 'string' && { project }),
    ...(Array.isArray(teams) && teams.every((team) => typeof team === 'string') && { teams }),
  };
}

function builtIn(kind: Kind, address: string): Problem {
  return new Problem('built-in', `${address} is built in. Make ${withArticle(kind.title)} of another name.`);
}

/** Whoever gets here may write below it, so there is nothing to hide in that it is not there. */
function missingParent({ draft }: Context, parent: string): Problem {
  const user = parent.replace(/\/accounts\/(?=[^/]+$)/, '/users/');
  const isHuman = user !== parent && draft.resource(user) !== undefined;
  const hint = isHuman ? `; ${user} is a user, whose tokens are personal access tokens` : '; create it first';
  const errors = [{ pointer: '', detail: `there is no ${parent}${hint}` }];
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

/** Makes the row what is desired, as for every kind that has no way of its own. Throws where that may not be. */
export function converge(context: Context, convergence: Convergence): Effect {
  const { kind, address, stored, desired, provisioned } = convergence;
  const behaviour = behaviourOf(kind);
  const { draft, principal } = context;
  const changed = changedAttributes(kind, stored?.attributes ?? {}, desired);
  const isProvisioned = provisioned !== undefined && !sameJson(stored?.state.provisioned ?? null, provisioned);
  if (stored !== undefined && changed.length === 0 && !isProvisioned && !changesHands(context, stored)) {
    return { answer: answerOf(context, stored, 'unchanged'), touched: [], changed };
  }
  const visible = (target: string) => canNotice(draft, principal, target);
  // What stays as it was is not looked at again: whoever switches somebody off need not see all that they are granted.
  const isNew = ({ pointer }: ProblemDetail) =>
    stored === undefined || changed.some((each) => pointer === each || pointer.startsWith(`${each}/`));
  const problems = [
    ...referenceProblems(draft, kind, address, desired, visible).filter(isNew),
    ...(behaviour.problems?.(context, convergence) ?? []),
  ];
  if (problems.length > 0) throw invalid(problems);
  const checked = behaviour.check?.(context, convergence);
  const row = nextRow(context, convergence, {
    attributes: desired,
    ...checked,
    ...(provisioned !== undefined && { state: { ...(checked?.state ?? stored?.state), provisioned } }),
  });
  draft.put(row);
  return {
    answer: answerOf(context, row, stored === undefined ? 'created' : 'updated'),
    touched: stored === undefined ? [] : [stored],
    changed,
  };
}

function sameJson(left: Json, right: Json): boolean {
  return JSON.stringify(left) === JSON.stringify(right);
}
