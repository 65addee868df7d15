/** What the actions do, and what the RPCs for them share. */
import type { Client } from '../../client/client.ts';
import { ACTION_SCHEMAS, type ActionSchema } from '../../terraform-provider-spec/derive/terraform-actions.ts';
import type { JsonObject } from '../../terraform-provider-spec/kind.ts';
import type { Diagnostic } from '../plugin/messages.ts';
import type { ValueRecord } from '../values/value.ts';
import { invalidValuesOf, noTokenAddress } from './validation.ts';

interface Doing {
  readonly client: Client;
  readonly address: string;
  readonly config: ValueRecord;
  readonly signal: AbortSignal;
}

/** Answers what was done, for people. Rejects like the client. */
type Do = (doing: Doing) => Promise<string>;

const DOINGS: Readonly<Record<string, Do>> = {
  accredit_rotate: async ({ client, address, config, signal }) => {
    const { secret_hash, overlap } = config;
    const body: JsonObject = { secret_hash: String(secret_hash), ...(typeof overlap === 'string' ? { overlap } : {}) };
    const { resource } = await client.rotate(address, body, { signal });
    const { previous } = resource as { previous?: { valid_until: string } | null };
    return `${address} has its new secret; the former one ${previous ? `works until ${previous.valid_until}` : 'is dead'}`;
  },
  accredit_revoke: async ({ client, address, config, signal }) => {
    const outcome = await client.revoke(address, { reason: String(config.reason) }, { signal });
    return outcome === 'unchanged' ? `${address} was revoked already` : `${address} is revoked`;
  },
};

/** The action of that type. Throws a `RangeError` for an unknown one. */
export function actionOf(type: string): { readonly schema: ActionSchema; readonly act: Do } {
  const [schema, act] = [ACTION_SCHEMAS.get(type), DOINGS[type]];
  if (schema === undefined || act === undefined) throw new RangeError(`there is no action ${type}`);
  return { schema, act };
}

/** What is wrong with the known values of an action's configuration. */
export function invalidAction(schema: ActionSchema, config: ValueRecord): Diagnostic[] {
  const wrong = invalidValuesOf(schema, schema.action.attributes, config);
  return wrong.length > 0 ? wrong : noTokenAddress(config.address);
}
