import { randomUUID } from 'node:crypto';
import type { Client, Written } from '../../client/client.ts';
import { ApiError } from '../../client/errors.ts';
import type { TerraformSchema } from '../../terraform-provider-spec/derive/terraform.ts';
import type { JsonObject } from '../../terraform-provider-spec/kind.ts';
import type { ApplyResourceChangeRequest, ApplyResourceChangeResponse, CallContext } from '../plugin/messages.ts';
import type { ValueRecord } from '../values/value.ts';
import { error, failure, pathTo, policyWarnings, warning } from './diagnostics.ts';
import { identityOf } from './identity.ts';
import { creationKey, markedRotationKey } from './keys.ts';
import { asPlanned, decodeState, encodeState, stateOf } from './mapping.ts';
import { ownSecret, scheduledRotation, secretAttribute } from './planning.ts';
import { decodePrivate, encodePrivate, type PrivateState } from './private-state.ts';
import { asksForRotation, deletionOptions, desiredBody } from './requests.ts';
import { refusesSecret } from './same-secret.ts';
import { rotateOnce } from './schedule.ts';
import { resourceOf } from './schemas.ts';
import type { Session } from './session.ts';
import { isGone, nowhere } from './whereabouts.ts';

interface Change {
  readonly session: Session;
  readonly client: Client;
  readonly schema: TerraformSchema;
  readonly flags: PrivateState;
  readonly signal: AbortSignal;
}

/** Makes a planned change real. After an error the answer is the state as it was: nothing here happens in part. */
export async function applyResourceChange(
  session: Session,
  request: ApplyResourceChangeRequest,
  { signal }: CallContext,
): Promise<ApplyResourceChangeResponse> {
  const schema = resourceOf(request.type_name);
  const prior = decodeState(schema, request.prior_state);
  const planned = decodeState(schema, request.planned_state);
  const config = decodeState(schema, request.config) ?? {};
  const { client } = session;
  const unchanged: ApplyResourceChangeResponse = {
    new_state: encodeState(schema, prior),
    private: request.planned_private,
    new_identity: identityOf(schema, prior?.id),
  };
  if (client === undefined) {
    return {
      ...unchanged,
      diagnostics: [error('The provider is not configured', 'A setting of it is still unknown.')],
    };
  }
  const change: Change = { session, client, schema, flags: decodePrivate(request.planned_private), signal };
  const address = String((planned ?? prior)?.id);
  const action = planned === null ? 'delete' : prior === null ? 'create' : 'update';
  try {
    if (planned === null) {
      if (prior !== null) await remove(change, prior);
      return { new_state: encodeState(schema, null) };
    }
    const written = await converge(change, address, { prior, planned, config });
    const minted = secretAttribute(schema)?.name ?? '';
    const { superseded } = written;
    const kept = superseded && prior !== null ? { ...planned, [minted]: prior[minted] ?? null } : planned;
    const state = asPlanned(schema, stateOf(schema, written.resource, address, kept), planned);
    session.remembers(address, state.claim);
    const stale = (superseded || change.flags.stale) && prior !== null && typeof kept[minted] === 'string';
    return {
      new_state: encodeState(schema, state),
      private: encodePrivate({ ...(stale ? { stale } : {}), manager: session.manager }),
      new_identity: identityOf(schema, address),
      diagnostics: [
        ...policyWarnings(address, written.warnings),
        ...(superseded ? [rotatedMeanwhile(schema, address, state)] : []),
      ],
    };
  } catch (cause) {
    if (signal.aborted) return { ...unchanged, diagnostics: [interrupted(action, address)] };
    if (action === 'create' && cause instanceof ApiError && cause.code === 'not-found') {
      return { ...unchanged, diagnostics: await notPlaced(change, address, cause) };
    }
    return { ...unchanged, diagnostics: failure(cause, { schema, action, address, config, write: true }) };
  }
}

/** Why there is nothing under which something could be created. */
async function notPlaced({ session, client, schema, signal }: Change, address: string, refusal: ApiError) {
  try {
    const found = await nowhere(session, client, schema, address, signal);
    if (found !== undefined) return [found];
  } catch (cause) {
    if (signal.aborted) return [interrupted('create', address)];
    return failure(cause, { schema, action: 'create', address });
  }
  return failure(refusal, { schema, action: 'create', address });
}

interface Convergence {
  readonly prior: ValueRecord | null;
  readonly planned: ValueRecord;
  readonly config: ValueRecord;
}

interface Converged extends Written {
  /** Somebody else has made the rotation that was planned, and has its secret. */
  readonly superseded?: boolean;
}

async function converge(change: Change, address: string, { prior, planned, config }: Convergence): Promise<Converged> {
  const { session, client, schema, flags, signal } = change;
  const body = desiredBody({ schema, prior, planned, config });
  if (body === undefined) throw new TypeError('a value is still unknown at apply');
  if (prior === null) return create(change, address, body);
  // Without the precondition a PUT would create anew what was deleted since the plan, and nobody would have planned that.
  const written = await update(change, address, prior, body);
  const rotation = scheduledRotation({ schema, prior, planned, config, due: flags.due === true });
  // A rotation that a changed marker asks for is the one that was due.
  if (rotation !== 'sure' || asksForRotation(schema, body)) return promisedRotation(change, address, body, written);
  const token = session.token as string;
  const rotated = await rotateOnce({ client, schema, prior, token, adopt: flags.imported === true, signal });
  if (rotated === undefined) return { ...written, superseded: true };
  return { ...rotated, warnings: [...written.warnings, ...rotated.warnings] };
}

/**
 * One that asks for a rotation and was made already, by an apply that was killed before it could store the answer, is answered
 * again: one rotation more would end the secret that is in use, overlap or not.
 */
async function update(
  { session, client, schema, flags, signal }: Change,
  address: string,
  prior: ValueRecord,
  body: JsonObject,
) {
  const options = { ifMatch: '*', adopt: flags.imported === true, signal };
  if (!asksForRotation(schema, body)) return client.put(address, body, options);
  try {
    const idempotencyKey = markedRotationKey({ schema, prior, token: session.token as string }, body);
    const written = await client.put(address, body, { ...options, idempotencyKey });
    if (String(written.resource.rotated_at) >= String(prior.rotated_at)) return written;
  } catch (cause) {
    // The secret of back then has ended, or it was another's request: either way there is nothing to be answered again.
    const isOver =
      cause instanceof ApiError && (cause.code === 'superseded' || cause.code === 'idempotency-key-reused');
    if (!isOver) throw cause;
  }
  return client.put(address, body, options);
}

async function create({ session, client, schema, flags, signal }: Change, address: string, body: JsonObject) {
  const claim = randomUUID();
  const adopt = flags.imported === true;
  try {
    return await client.put(address, body, { claim, idempotencyKey: creationKey(claim), adopt, signal });
  } catch (cause) {
    if (!refusesSecret(schema, cause)) throw cause;
    // An earlier apply was killed after it had made this very token: nobody else holds its claim, which stays.
    const written = await client.put(address, body, { ifMatch: '*', adopt, signal });
    if (written.outcome === 'rotated') throw cause;
    session.takesUp(address, written.resource.claim);
    return written;
  }
}

/**
 * The daemon knows the marker already if an earlier apply was killed before it could store the answer. Whoever changed
 * the triggers was promised a new secret, and nobody holds the one of that time.
 */
async function promisedRotation(
  { client, schema, signal }: Change,
  address: string,
  body: JsonObject,
  written: Written,
): Promise<Written> {
  const secret = secretAttribute(schema);
  const own = ownSecret(schema);
  const ownHash = own !== undefined && 'attribute' in own.source && own.source.attribute in body;
  if (secret === undefined || ownHash || !asksForRotation(schema, body) || written.outcome === 'rotated')
    return written;
  return client.rotate(address, { if_rotated_at: written.resource.rotated_at ?? null }, { signal });
}

async function remove({ session, client, schema, flags, signal }: Change, prior: ValueRecord): Promise<void> {
  // A replacement with the same secret leaves nothing of the former instance that could be destroyed apart from it.
  if (session.hasTakenUp(String(prior.id), prior.claim)) return;
  try {
    await client.delete(String(prior.id), {
      ...deletionOptions(schema, prior),
      adopt: flags.imported === true,
      signal,
    });
  } catch (cause) {
    if (!(cause instanceof ApiError)) throw cause;
    // To whoever holds rights at some scope only, what is gone looks like what lies elsewhere.
    if (cause.code === 'not-found' && (await isGone(session, client, schema.kind, prior, signal))) return;
    if (cause.code !== 'live-tokens') throw cause;
    throw new ApiError(cause.status, {
      ...cause,
      detail:
        `${cause.detail} Tokens that this configuration declares are destroyed first where they refer to the ` +
        `${schema.kind.title}; to delete it together with all others, apply force_destroy = true before.`,
    });
  }
}

function rotatedMeanwhile({ kind }: TerraformSchema, address: string, { rotated_at: at }: ValueRecord) {
  return warning(
    'Rotated by somebody else since the plan was made',
    `${address} was due for rotation, but was rotated at ${at} already: it was not rotated once more, and the secret in the ` +
      `state is not the current one. To give this configuration a secret of its own again, change the rotation triggers of ` +
      `the ${kind.title}, or replace it.`,
    pathTo('secret'),
  );
}

function interrupted(action: string, address: string) {
  return error(
    'Interrupted',
    `Terraform stopped the provider while it was about to ${action} ${address}. Whether the daemon has acted on the request is ` +
      'not known; the next apply converges either way.',
  );
}
