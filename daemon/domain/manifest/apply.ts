/**
 * PUT and DELETE of a manifest: all that it declares is converged, and what it declared before and does no more is
 * deleted, in one transaction or not at all. Each resource is decided as by a PUT or DELETE of its own.
 */
import { organizationOf } from '../../../terraform-provider-spec/address.ts';
import type { AuditAction } from '../../../terraform-provider-spec/audit.ts';
import type { JsonObject } from '../../../terraform-provider-spec/kind.ts';
import { MANIFEST } from '../../../terraform-provider-spec/manifest.ts';
import type { Answer, ManifestRequest } from '../api.ts';
import { notFound, requireOrganizationPermission } from '../authority.ts';
import { requirePreconditions } from '../contract.ts';
import { invalid } from '../convergence.ts';
import type { Ambient } from '../identity.ts';
import type { Resource } from '../model.ts';
import { Problem } from '../problem.ts';
import { authenticated } from '../read.ts';
import type { Operation } from '../snapshot.ts';
import { etagOf } from '../view.ts';
import { type Context, type Effect, writeOperation } from '../write.ts';
import { presentChanges, presentManifest } from './answer.ts';
import { expectDelivery } from './delivery.ts';
import { groundsOf, PLAN } from './grounds.ts';
import { inOrder } from './order.ts';
import { finished } from './pieces.ts';
import { recordDeclared, recordGone } from './record.ts';
import { type Done, settle } from './settle.ts';
import { remove, stepOptions } from './steps.ts';
import type { Tree } from './tree.ts';

/** The operation of a PUT of the manifest at `address`. */
export function applyOperation(ambient: Ambient, request: ManifestRequest, tree: Tree): Operation<Answer> {
  return manifestOperation(ambient, request, { method: 'PUT', action: 'put', verb: 'write' }, tree);
}

/** Refuses on its own whom `applyOperation` would refuse first: the caller who may not write manifests there. */
export function admitOperation(
  ambient: Ambient,
  { caller, address }: Pick<ManifestRequest, 'caller' | 'address'>,
): Pick<Operation<void>, 'needs' | 'decide'> {
  return authenticated(ambient, caller, { resources: [organizationOf(address)] }, (_snapshot, principal) =>
    requireOrganizationPermission(principal, address, `${MANIFEST.noun}.write`),
  );
}

/** The operation of a DELETE: what the manifest declared and still manages goes, and the manifest with it. */
export function discardOperation(ambient: Ambient, request: ManifestRequest): Operation<Answer> {
  const way = { method: 'DELETE', action: 'delete', verb: 'delete' } as const;
  return manifestOperation(ambient, request, way, { steps: [], violations: [], mark: null });
}

interface Way {
  readonly method: 'PUT' | 'DELETE';
  readonly action: AuditAction;
  readonly verb: 'write' | 'delete';
}

function manifestOperation(ambient: Ambient, request: ManifestRequest, way: Way, tree: Tree): Operation<Answer> {
  const { address } = request;
  const options = stepOptions(request);
  const manager = options.manager as string;
  const steps = inOrder(tree.steps);
  return writeOperation(ambient, {
    method: way.method,
    address,
    action: way.action,
    body: tree.mark,
    options: { ...request, manager },
    needs: { resources: [address, organizationOf(address)] },
    authorize(_snapshot, principal) {
      requireOrganizationPermission(principal, address, `${MANIFEST.noun}.${way.verb}`);
    },
    decide: (context) => finished(pieces(context)),
    pieces,
    dryRun: ({ answer }) => ({ ...answer, plan: { outcome: answer.outcome, changed: [], cuts_off: [], warnings: [] } }),
  });

  function* pieces(context: Context): Generator<void, Effect> {
    const { draft } = context;
    const organization = organizationOf(address);
    if (draft.resource(organization) === undefined) throw notFound(organization);
    const stored = draft.resource(address);
    if (tree.violations.length > 0) throw invalid(tree.violations);
    const grounds = yield* groundsOf(draft, { address, options, steps, ambient });
    const { leaving } = grounds;
    const plan = request.dryRun === true || namesPlan(request) ? yield* grounds.etag() : undefined;
    requireGrounds(stored, plan, request);
    const removals = inOrder(leaving.map((row) => ({ ...row, dependsOn: [row.parent, ...row.keys] })));
    const done = yield* settle({ ...context, isPart: true }, [
      ...steps,
      ...removals.reverse().map((row) => remove(row, options)),
    ]);
    for (const one of done) noteDelivery(context, one);
    const changes = yield* presentChanges(context, done, steps);
    const addresses = steps.map((step) => step.address);
    const { outcome, row } =
      way.method === 'PUT' ? recordDeclared(context, address, addresses) : recordGone(context, address);
    const shown = { ...(row && presentManifest(row)), outcome, ...changes };
    const tag = request.dryRun === true ? plan : row && etagOf(row);
    return effectOf(done, { outcome, resource: shown, ...(tag !== undefined && { etag: tag }) }, changes);
  }
}

/**
 * Throws `precondition-failed` unless `If-Match` names the plan as it would be now, or the manifest as it is, and
 * `If-None-Match` holds.
 */
function requireGrounds(stored: Resource | undefined, plan: string | undefined, request: ManifestRequest): void {
  const { caller, ifMatch, ifNoneMatch } = request;
  if (plan === undefined || !namesPlan(request)) {
    requirePreconditions(stored, request);
    return;
  }
  if (!ifMatch?.includes(plan)) {
    throw new Problem(
      'precondition-failed',
      'This is not what the plan has shown, or something that it rests on has changed since: make a new plan.',
    );
  }
  requirePreconditions(stored, { caller, ...(ifNoneMatch === true && { ifNoneMatch }) });
}

/** Whether `If-Match` has the entity tag of a plan. */
function namesPlan({ ifMatch }: ManifestRequest): boolean {
  return Array.isArray(ifMatch) && ifMatch.some((tag: string) => tag.startsWith(PLAN));
}

/** A token that was given a secret by its hash waits for the confirmation that the secret has been delivered. */
function noteDelivery(context: Context, { step, effect }: Done): void {
  const isMade = effect.answer.outcome === 'created' || effect.answer.outcome === 'rotated';
  if (step.kind.token === undefined || !isMade || effect.minted !== undefined) return;
  expectDelivery(context, step.address, context.draft.base.resource(step.address));
}

/** All of it as one write: each resource with an event of its own, and the rules about credentials over the whole. */
function effectOf(done: readonly Done[], answer: Answer, changes: JsonObject): Effect {
  return {
    answer,
    touched: done.flatMap(({ effect }) => effect.touched),
    changed: [],
    expiryMoved: done.some(({ effect }) => effect.expiryMoved === true),
    parts: done
      .filter(({ effect }) => effect.answer.outcome !== 'unchanged')
      .map(({ step, effect }) => ({ action: step.action, address: step.address, effect })),
    details: { summary: changes.summary as JsonObject },
  };
}
