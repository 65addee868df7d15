/** What a plan tells where something is to be destroyed, by itself or for a successor. */
import type { Client } from '../../client/client.ts';
import { ApiError, ConnectionError } from '../../client/errors.ts';
import type { TerraformSchema } from '../../terraform-provider-spec/derive/terraform.ts';
import type { Diagnostic } from '../plugin/messages.ts';
import { UNKNOWN, type Value, type ValueRecord } from '../values/value.ts';
import { asWarning, failure, pathTo, sentence, warning } from './diagnostics.ts';
import { deletionOptions } from './requests.ts';

/** Questions to the daemon only improve a plan, so they are not worth a long wait. */
export const ADVICE_DEADLINE = 3_000;

/** What is to be destroyed. */
export interface Destroyed {
  readonly schema: TerraformSchema;
  /** Its state, or as much of it as is known: the address and the claim. */
  readonly prior: ValueRecord;
  readonly adopt: boolean | undefined;
  readonly signal: AbortSignal;
}

/** What is refused now and may not be by then: what refers to it, or belongs to it, goes first if it is in the plan too. */
const CLEARED_BY_THE_PLAN = new Set(['in-use', 'live-tokens', 'not-found']);

/** What a deletion would cut off, and why it would be refused. Rejects for defects only. */
export async function destruction(client: Client, destroyed: Destroyed): Promise<Diagnostic[]> {
  const address = String(destroyed.prior.id);
  return (await foresee(client, destroyed)).said(`The deletion of ${address}`);
}

/** The same of a replacement that the state or the command line asks for, not the configuration. */
export async function replacementOnDemand(client: Client, destroyed: Destroyed): Promise<Diagnostic[]> {
  const address = String(destroyed.prior.id);
  return (await foresee(client, destroyed)).said(`The replacement of ${address}`);
}

/** Why something is replaced, and what that cuts off. `replacedBy` names the attributes that cannot change. */
export async function replacement(
  client: Client | undefined,
  destroyed: Destroyed,
  { replacedBy, planned }: { replacedBy: readonly string[]; planned: ValueRecord },
): Promise<Diagnostic[]> {
  const { schema, prior } = destroyed;
  const { title, token } = schema.kind;
  const reasons = replacedBy.map(
    (name) =>
      `${name} cannot change once the ${title} is made: it is ${said(prior[name])} and would be ${said(planned[name])}.`,
  );
  const consequence = `The ${title} is destroyed and another one created${token === undefined ? '' : ', with another secret'}.`;
  const foreseen = client === undefined ? undefined : await foresee(client, destroyed);
  const ended = (foreseen?.cutsOff ?? []).map(sentence);
  return [
    warning(
      `${prior.id} will be replaced`,
      [...reasons, consequence, ...ended].join('\n'),
      replacedBy[0] === undefined ? undefined : pathTo(replacedBy[0]),
    ),
    ...(foreseen?.refusals ?? []),
  ];
}

async function foresee(client: Client, { schema, prior, adopt, signal }: Destroyed) {
  const address = String(prior.id);
  let cutsOff: readonly string[] = [];
  let refusals: Diagnostic[] = [];
  try {
    const options = { ...deletionOptions(schema, prior), adopt: adopt === true, signal, deadline: ADVICE_DEADLINE };
    ({ cutsOff } = await client.planDelete(address, options));
  } catch (cause) {
    // The apply will say so if the daemon is still away by then.
    if (!(cause instanceof ConnectionError) && !(cause instanceof ApiError && CLEARED_BY_THE_PLAN.has(cause.code))) {
      refusals = failure(cause, { schema, action: 'delete', address, foreseen: true }).map(asWarning);
    }
  }
  return { cutsOff, refusals, said: (change: string) => [...cutOff(change, cutsOff), ...refusals] };
}

/** A value of the configuration for people. What cannot change is never sensitive. */
function said(value: Value | undefined): string {
  if (value === UNKNOWN) return 'something that is not known yet';
  return value === null || value === undefined ? 'not given' : JSON.stringify(value);
}

/**
 * What a change ends, in one warning with a summary of its own: Terraform folds several of one summary, and would show only the
 * first.
 */
export function cutOff(change: string, cutsOff: readonly string[]): Diagnostic[] {
  return cutsOff.length === 0 ? [] : [warning(`${change} cuts something off`, cutsOff.map(sentence).join('\n'))];
}
