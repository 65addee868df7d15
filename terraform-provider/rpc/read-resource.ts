import type { Client } from '../../client/client.ts';
import { ApiError } from '../../client/errors.ts';
import { withArticle } from '../../terraform-provider-spec/article.ts';
import type { TerraformSchema } from '../../terraform-provider-spec/derive/terraform.ts';
import type { JsonObject } from '../../terraform-provider-spec/kind.ts';
import type { CallContext, Diagnostic, ReadResourceRequest, ReadResourceResponse } from '../plugin/messages.ts';
import type { ValueRecord } from '../values/value.ts';
import { error, failure, pathTo, warning } from './diagnostics.ts';
import { identityOf } from './identity.ts';
import { decodeState, encodeState, stateOf } from './mapping.ts';
import { secretAttribute } from './planning.ts';
import { decodePrivate, encodePrivate, type PrivateState } from './private-state.ts';
import { isDue, lostSecret } from './schedule.ts';
import { resourceOf } from './schemas.ts';
import type { Session } from './session.ts';
import { isGone } from './whereabouts.ts';

/** When the current secret was made: it moves with every rotation and with nothing else. */
const ROTATED_AT = 'rotated_at';

/** Another one at the same address is another resource. */
const UID = 'uid';

/**
 * Brings the state up to date. A resource counts as gone only if the daemon says so to a token that would see it;
 * whatever else goes wrong is an error and leaves the state as it is.
 */
export async function readResource(
  session: Session,
  { type_name, current_state, private: privateBytes, current_identity }: ReadResourceRequest,
  { signal }: CallContext,
): Promise<ReadResourceResponse> {
  const schema = resourceOf(type_name);
  const prior = decodeState(schema, current_state);
  const new_identity = current_identity ?? identityOf(schema, prior?.id);
  const unchanged: ReadResourceResponse = { new_state: current_state, private: privateBytes, new_identity };
  const { client } = session;
  // Without a client the provider's configuration is still unknown: what the state says is all that is known.
  if (prior === null || typeof prior.id !== 'string' || client === undefined) return unchanged;
  const address = prior.id;
  session.remembers(address, prior.claim);
  try {
    const resource = await find(session, client, schema, prior, signal);
    if (resource === undefined) return { new_state: encodeState(schema, null), private: privateBytes };
    if (resource === 'hidden') return { ...unchanged, diagnostics: [hidden(schema, address)] };
    const before = decodePrivate(privateBytes);
    const rotation = { client, schema, prior, token: session.token as string, adopt: before.imported === true, signal };
    const found = await withLostSecret(resource, rotation);
    const state = stateOf(schema, found, address, prior);
    const flags = nextFlags(before, { schema, prior, found, state, manager: session.manager });
    return {
      new_state: encodeState(schema, state),
      private: encodePrivate(flags),
      new_identity: identityOf(schema, address),
      diagnostics: [
        ...(typeof prior[UID] === 'string' && prior[UID] !== state[UID] ? [madeAnew(schema, address)] : []),
        ...(isLatched(state)
          ? [latched(schema, address, state)]
          : flags.stale
            ? [staleSecret(schema, address, state)]
            : []),
      ],
    };
  } catch (cause) {
    return { ...unchanged, diagnostics: failure(cause, { schema, action: 'read', address }) };
  }
}

async function find(
  session: Session,
  client: Client,
  schema: TerraformSchema,
  prior: ValueRecord,
  signal: AbortSignal,
): Promise<JsonObject | 'hidden' | undefined> {
  try {
    return await session.reads(client).get(String(prior.id), signal);
  } catch (cause) {
    if (!(cause instanceof ApiError) || cause.status !== 404 || cause.code !== 'not-found') throw cause;
    return (await isGone(session, client, schema.kind, prior, signal)) ? undefined : 'hidden';
  }
}

/** The resource, with its secret if that came from a rotation of this configuration's and never got into the state. */
async function withLostSecret(resource: JsonObject, rotation: Omit<Parameters<typeof lostSecret>[0], 'resource'>) {
  const { rotated_at: before } = rotation.prior;
  if (typeof before !== 'string' || before === resource[ROTATED_AT]) return resource;
  const secret = await lostSecret({ ...rotation, resource });
  return secret === undefined ? resource : { ...resource, secret };
}

interface Found {
  readonly schema: TerraformSchema;
  readonly prior: ValueRecord;
  /** As the daemon answered, with a secret that was lost. */
  readonly found: JsonObject;
  readonly state: ValueRecord;
  readonly manager: string | undefined;
}

function nextFlags(before: PrivateState, { schema, prior, found, state, manager }: Found): PrivateState {
  const secret = secretAttribute(schema);
  const holdsSecret = secret !== undefined && (prior[secret.name] ?? null) !== null;
  const isFound = secret !== undefined && secret.name in found;
  const rotated = typeof prior[ROTATED_AT] === 'string' && prior[ROTATED_AT] !== state[ROTATED_AT];
  const isOwn = manager !== undefined && state.managed_by === manager;
  return {
    ...(before.imported && !isOwn ? { imported: true } : {}),
    manager: before.imported && isOwn ? manager : before.manager,
    ...((before.stale || (holdsSecret && rotated)) && !isFound ? { stale: true } : {}),
    ...(isDue(found) ? { due: true } : {}),
  };
}

function hidden({ kind }: TerraformSchema, address: string): Diagnostic {
  return error(
    `The provider's token cannot see ${address}`,
    `The daemon answers as if it did not exist, as it does to whoever may not know. Use a token of its organization with the ` +
      `permission ${kind.noun}.read at a scope in which it lies, or of an owner of the installation. The state was left as it ` +
      `is; if the ${kind.title} is really gone, remove it with terraform state rm.`,
  );
}

function madeAnew({ kind, type }: TerraformSchema, address: string): Diagnostic {
  return warning(
    `${address} was created anew by somebody else`,
    `The ${kind.title} that Terraform made was deleted, and another one has its address. Terraform keeps its settings as ` +
      `declared, but a destroy leaves it alone. To own it, replace it with terraform apply -replace, or take it over as it ` +
      `is: terraform state rm, then terraform import ${type}.NAME ${address}`,
    pathTo('id'),
  );
}

/** Declared as active and revoked all the same: by an emergency revocation, which no declared state gets around. */
function isLatched({ state, status }: ValueRecord): boolean {
  return state === 'active' && status === 'revoked';
}

function latched({ kind }: TerraformSchema, address: string, { status_reason: reason }: ValueRecord): Diagnostic {
  return warning(
    `${address} is ${typeof reason === 'string' ? reason : 'revoked'}`,
    `Its secret opens nothing any more. That is no difference from what is declared, so there is nothing to plan, and nothing ` +
      `that is declared brings it back: no state, no rotation and no replacement. Declare ${withArticle(kind.title)} of another name, or ` +
      `have the revocation deleted (DELETE /v1/${address}/revocation) by somebody with ${kind.noun}.restore.`,
    pathTo('state'),
  );
}

function staleSecret({ kind }: TerraformSchema, address: string, state: ValueRecord): Diagnostic {
  return warning(
    `The secret of ${address} in the state is not the current one`,
    `It was rotated${state[ROTATED_AT] ? ` at ${state[ROTATED_AT]}` : ''} by somebody else, or by an ` +
      `apply whose state was not stored. The secret that Terraform holds works no longer than the overlap of that rotation. To give this configuration a secret of its own again, change the ` +
      `rotation triggers of the ${kind.title}, or replace it.`,
    pathTo('secret'),
  );
}
