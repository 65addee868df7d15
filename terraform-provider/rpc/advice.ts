/** What a plan tells beside its values: what the apply would take over, cut off or be refused. The daemon is asked, and nothing depends on it. */
import { randomUUID } from 'node:crypto';
import type { Client } from '../../client/client.ts';
import { ApiError, ConnectionError } from '../../client/errors.ts';
import type { TerraformSchema } from '../../terraform-provider-spec/derive/terraform.ts';
import type { Diagnostic } from '../plugin/messages.ts';
import type { ValueRecord } from '../values/value.ts';
import { ADVICE_DEADLINE, cutOff, replacement, replacementOnDemand } from './destruction.ts';
import { asWarning, error, failure, pathTo, policyWarnings, warning } from './diagnostics.ts';
import { ownSecret, type Plan } from './planning.ts';
import { desiredBody } from './requests.ts';
import { refusesSecret } from './same-secret.ts';
import { dueNextWarnings } from './schedule.ts';
import type { Session } from './session.ts';

/** A change that is planned. */
export interface Question {
  readonly schema: TerraformSchema;
  readonly prior: ValueRecord | null;
  readonly config: ValueRecord;
  readonly made: Plan;
  readonly adopt: boolean | undefined;
  readonly signal: AbortSignal;
}

/** What is to be said of a creation, an update or a replacement. Rejects for defects only. */
export async function advice(session: Session, question: Question): Promise<Diagnostic[]> {
  const { client } = session;
  const { prior, made } = question;
  const address = made.planned.id;
  if (prior !== null && made.replacedBy.length > 0) return replacement(client, { ...question, prior }, made);
  if (client === undefined || typeof address !== 'string') return [];
  if (prior === null) {
    return session.inState.has(address)
      ? replacesInPlace(session, client, address, question)
      : takesOver(session, client, address, question);
  }
  return made.changed.size === 0 ? [] : cutsOff(client, address, question);
}

/** What is in the state is destroyed and made anew, for it is tainted or somebody asked for that. */
async function replacesInPlace(
  session: Session,
  client: Client,
  address: string,
  question: Question,
): Promise<Diagnostic[]> {
  const { schema, adopt, signal } = question;
  const errors = await sameSecret(session, client, address, question);
  const [claim, ...others] = session.inState.get(address) ?? [];
  // What was found to be gone is created anew, and nothing ends with it.
  if (errors.length > 0 || claim === undefined || others.length > 0 || session.gone.has(address)) return errors;
  return [
    ...(await replacementOnDemand(client, { schema, prior: { id: address, claim }, adopt, signal })),
    ...(await notTakenOver(client, address, question)),
  ];
}

/**
 * Of a used token whose profile allows it no other secret: only after its destruction another one can be created. In which
 * order that goes the provider is not told.
 */
async function notTakenOver(client: Client, address: string, question: Question): Promise<Diagnostic[]> {
  const { schema, config, made, adopt, signal } = question;
  const body = desiredBody({ schema, prior: null, planned: made.planned, config });
  if (schema.kind.token === undefined || body === undefined) return [];
  try {
    const options = { claim: randomUUID(), adopt: adopt === true, signal, deadline: ADVICE_DEADLINE };
    await client.planPut(address, body, options);
  } catch (cause) {
    if (cause instanceof ApiError && cause.code === 'rotation-forbidden') {
      return [
        warning(
          `Nothing can take over ${address} before it is destroyed`,
          'It was used, and its profile allows it no other secret. The apply will fail to replace it with create_before_destroy, ' +
            'be it in its own lifecycle or in that of something that refers to it. Otherwise the old one is destroyed first.',
          pathTo('profile'),
        ),
      ];
    }
    if (!(cause instanceof ApiError || cause instanceof ConnectionError)) throw cause;
  }
  return [];
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

async function takesOver(session: Session, client: Client, address: string, question: Question): Promise<Diagnostic[]> {
  const { schema, signal } = question;
  const { manager } = session;
  try {
    const found = await session.looks(client).look(address, signal);
    if (found === 'absent') return againstPolicy(client, address, question);
    // What it lies in is created before, and until then the daemon has nothing to say.
    if (found === 'nowhere') return [];
    const { managed_by: owner } = found;
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
    return failure(cause, { schema, action: 'create', address, config, foreseen: true }).map(asWarning);
  }
}

/** What a new token goes against. Nothing else is said: what this plan creates before is not there yet. */
async function againstPolicy(client: Client, address: string, question: Question): Promise<Diagnostic[]> {
  const { schema, config, made, signal } = question;
  const body = desiredBody({ schema, prior: null, planned: made.planned, config });
  if (schema.kind.token === undefined || body === undefined) return [];
  try {
    const { warnings } = await client.planPut(address, body, { signal, deadline: ADVICE_DEADLINE });
    return policyWarnings(address, warnings);
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
    return [
      ...cutOff(`The update of ${address}`, [...dryRun.cutsOff, ...(rotation?.cutsOff ?? [])]),
      ...policyWarnings(address, [...dryRun.warnings, ...(rotation?.warnings ?? [])]),
      ...dueNextWarnings({ schema, prior, planned: made.planned, config, due: false }, dryRun.resource ?? {}),
    ];
  } catch (cause) {
    // The apply will say so if the daemon is still away by then.
    if (cause instanceof ConnectionError) return [];
    return failure(cause, { schema, action: 'update', address, config, foreseen: true }).map(asWarning);
  }
}
