import { randomUUID } from 'node:crypto';
import type { Client } from '../../client/client.ts';
import { ApiError, ConnectionError } from '../../client/errors.ts';
import type { TerraformSchema } from '../../terraform-provider-spec/derive/terraform.ts';
import type {
  CallContext,
  Diagnostic,
  PlanResourceChangeRequest,
  PlanResourceChangeResponse,
} from '../plugin/messages.ts';
import { isNullDynamic, type ValueRecord } from '../values/value.ts';
import { error, failure, pathTo, policyWarnings, warning } from './diagnostics.ts';
import { decodeState, encodeState } from './mapping.ts';
import { ownSecret, type Plan, plan, secretAttribute } from './planning.ts';
import { decodePrivate } from './private-state.ts';
import { isProtected, protectedFromDestroy, protectedFromReplacement } from './protection.ts';
import { desiredBody } from './requests.ts';
import { refusesSecret } from './same-secret.ts';
import { dueNextWarnings, dueWarnings } from './schedule.ts';
import { resourceOf } from './schemas.ts';
import type { Session } from './session.ts';
import { secretInState } from './validation.ts';

/** Questions to the daemon only improve a plan, so they are not worth a long wait. */
const ADVICE_DEADLINE = 3_000;

/** Plans a change, and warns of what it would take over or cut off. */
export async function planResourceChange(
  session: Session,
  request: PlanResourceChangeRequest,
  { signal }: CallContext,
): Promise<PlanResourceChangeResponse> {
  const schema = resourceOf(request.type_name);
  const prior = decodeState(schema, request.prior_state);
  const config = decodeState(schema, request.config);
  // What is remembered goes on to the new object of a replacement and to the deletion of the old one.
  const planned_private = request.prior_private;
  if (config === null || isNullDynamic(request.proposed_new_state)) {
    const diagnostics = isProtected(prior) ? [protectedFromDestroy(schema, String(prior?.id))] : [];
    return { planned_state: encodeState(schema, null), planned_private, diagnostics };
  }
  if (session.forbidsSecretsInState) {
    const diagnostics = secretInState(schema, config);
    if (diagnostics.length > 0) return { diagnostics };
  }
  const { imported: adopt, due } = decodePrivate(planned_private);
  const { organization, manager } = session;
  const made = plan({ schema, prior, config, organization, manager, adopts: adopt, due });
  const kept = keptSecret(schema, prior, made, config);
  if (kept !== undefined && session.forbidsSecretsInState) {
    const detail = `The provider is configured with forbid_secrets_in_state. ${kept.detail}`;
    return { diagnostics: [error('A secret would stay in the Terraform state', detail, kept.attribute)] };
  }
  const { id: address } = prior ?? made.planned;
  const replaces =
    prior === null ? session.isProtected(String(address)) : made.replacedBy.length > 0 && isProtected(prior);
  if (replaces) return { diagnostics: [protectedFromReplacement(schema, String(address), made.replacedBy)] };
  return {
    planned_state: encodeState(schema, made.planned),
    requires_replace: made.replacedBy.map(pathTo),
    planned_private,
    diagnostics: isApplying(request)
      ? []
      : [
          ...(kept === undefined ? [] : [kept]),
          ...dueWarnings({ schema, prior, planned: made.planned, config, due: due === true }),
          ...(await advice(session, { schema, prior, config, made, adopt, signal })),
        ],
  };
}

/**
 * While it applies, Terraform plans once more, too late for advice: what was there is partly replaced by then. Only this
 * capability tells the two apart; in a release of Terraform that sends it otherwise, a warning comes twice or not at all.
 */
function isApplying({ client_capabilities }: PlanResourceChangeRequest): boolean {
  return client_capabilities?.deferral_allowed === true;
}

/** A hash that is not sent would leave the daemon's secret in the state without a word. */
function keptSecret(
  schema: TerraformSchema,
  prior: ValueRecord | null,
  { planned }: Plan,
  config: ValueRecord,
): Diagnostic | undefined {
  const own = ownSecret(schema, config);
  const secret = secretAttribute(schema);
  if (prior === null || own?.source.from !== 'write-only' || secret === undefined) return undefined;
  if ((config[own.name] ?? null) === null || typeof planned[secret.name] !== 'string') return undefined;
  return warning(
    `${own.name} is not sent`,
    `The daemon made the present secret, which stays in the state. ${own.name} is sent when ${own.source.version} changes.`,
    pathTo(own.name),
  );
}

interface Question {
  readonly schema: TerraformSchema;
  readonly prior: ValueRecord | null;
  readonly config: ValueRecord;
  readonly made: Plan;
  readonly adopt: boolean | undefined;
  readonly signal: AbortSignal;
}

async function advice(session: Session, question: Question): Promise<Diagnostic[]> {
  const { client } = session;
  const { prior, made } = question;
  const address = made.planned.id;
  if (client === undefined || typeof address !== 'string') return [];
  if (prior === null) {
    return session.inState.has(address)
      ? sameSecret(session, client, address, question)
      : takesOver(session, client, address, question);
  }
  if (made.replacedBy.length > 0 || made.changed.size === 0) return [];
  return cutsOff(client, address, question);
}

/**
 * A replacement cannot keep a secret of the caller's: destroyed first it is used up, and created first it is the same
 * token, which the late destroy would end. With another claim at the daemon it is what a killed replacement has made.
 */
async function sameSecret(
  session: Session,
  client: Client,
  address: string,
  { schema, config, made, adopt, signal }: Question,
): Promise<Diagnostic[]> {
  const own = ownSecret(schema, config);
  const body = desiredBody({ schema, prior: null, planned: made.planned, config });
  if (own?.source.from !== 'write-only' || body?.[own.source.attribute] === undefined) return [];
  const options = { signal, deadline: ADVICE_DEADLINE };
  try {
    const { resource } = await client.get(address, options);
    if (session.inState.get(address)?.has(resource.claim ?? null) !== true) return [];
    await client.planPut(address, body, { ...options, claim: randomUUID(), adopt: adopt === true });
    return [];
  } catch (cause) {
    if (refusesSecret(schema, cause)) {
      return [
        error(
          'A replacement needs another secret',
          `The secret of ${address} is good for one creation. Give ${own.name} of a new secret and change ${own.source.version}.`,
          pathTo(own.name),
        ),
      ];
    }
    // Any other refusal may have passed when the replacement is made; if not, the apply says so.
    if (cause instanceof ApiError || cause instanceof ConnectionError) return [];
    throw cause;
  }
}

async function takesOver(
  { manager }: Session,
  client: Client,
  address: string,
  question: Question,
): Promise<Diagnostic[]> {
  const { schema, signal } = question;
  try {
    const { resource } = await client.get(address, { signal, deadline: ADVICE_DEADLINE });
    const { managed_by: owner } = resource;
    const path = pathTo('name');
    const summary = `${address} exists already`;
    if (owner !== manager) {
      const refusal = owner === null ? await refusedAsBuiltIn(client, address, question) : [];
      if (refusal.length > 0) return refusal;
      return [
        warning(
          summary,
          `It is managed by ${owner === null ? 'nobody' : `"${owner}"`}, and this configuration is "${manager}": the daemon will ` +
            `refuse to create it. To make it part of this configuration, import it: terraform import ${schema.type}.NAME ${address}`,
          path,
        ),
      ];
    }
    const consequence =
      schema.kind.token === undefined ? '' : ' A new secret is made, and the present one ends with its overlap.';
    return [
      warning(
        summary,
        `It is not in the state, but was made under the same manager, "${manager}": an interrupted apply or another ` +
          `configuration may have made it. Apply takes it over.${consequence}`,
        path,
      ),
    ];
  } catch (cause) {
    if (cause instanceof ApiError && cause.code === 'not-found') return againstPolicy(client, address, question);
    return failure(cause, { schema, action: 'look for', address }).map(asWarning);
  }
}

/** What is built in cannot be made one's own by an import either. */
async function refusedAsBuiltIn(client: Client, address: string, question: Question): Promise<Diagnostic[]> {
  const { schema, config, made, signal } = question;
  const body = desiredBody({ schema, prior: null, planned: made.planned, config });
  if (!schema.kind.hasBuiltIn || body === undefined) return [];
  try {
    await client.planPut(address, body, { adopt: true, signal, deadline: ADVICE_DEADLINE });
    return [];
  } catch (cause) {
    if (!(cause instanceof ApiError) || cause.code !== 'built-in') return [];
    return failure(cause, { schema, action: 'create', address, config }).map(asWarning);
  }
}

/** What a new token goes against. Nothing else is said: what this plan creates before is not there yet. */
async function againstPolicy(client: Client, address: string, question: Question): Promise<Diagnostic[]> {
  const { schema, config, made, signal } = question;
  const body = desiredBody({ schema, prior: null, planned: made.planned, config });
  if (schema.kind.token === undefined || body === undefined) return [];
  try {
    return policyWarnings((await client.planPut(address, body, { signal, deadline: ADVICE_DEADLINE })).warnings);
  } catch (cause) {
    if (cause instanceof ApiError || cause instanceof ConnectionError) return [];
    throw cause;
  }
}

async function cutsOff(client: Client, address: string, question: Question): Promise<Diagnostic[]> {
  const { schema, prior, config, made, adopt, signal } = question;
  const body = desiredBody({ schema, prior, planned: made.planned, config });
  if (body === undefined) return [];
  const options = { adopt: adopt === true, signal, deadline: ADVICE_DEADLINE };
  try {
    const dryRun = await client.planPut(address, body, options);
    const rotation = made.rotation === 'sure' ? await client.planRotate(address, {}, options) : undefined;
    // In one warning: Terraform folds several of one summary, and would show only the first.
    const ended = [...dryRun.cutsOff, ...(rotation?.cutsOff ?? [])].map((text) => `${text}.`).join('\n');
    return [
      ...(ended === '' ? [] : [warning('This change cuts something off', ended)]),
      ...policyWarnings([...dryRun.warnings, ...(rotation?.warnings ?? [])]),
      ...dueNextWarnings(dryRun.resource ?? {}, made.rotation),
    ];
  } catch (cause) {
    // The apply will say so if the daemon is still away by then.
    if (cause instanceof ConnectionError) return [];
    return failure(cause, { schema, action: 'update', address, config }).map(asWarning);
  }
}

/** By the time of the apply it may be different: another resource of the same plan can clear the way. */
function asWarning(diagnostic: Diagnostic): Diagnostic {
  return warning(diagnostic.summary, diagnostic.detail ?? '', diagnostic.attribute);
}
