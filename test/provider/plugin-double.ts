/** A provider small enough to show what the transport does: one resource, and handlers that misbehave on request. */

import { RPC_NAMES } from '../../terraform-provider/plugin/descriptors.ts';
import { log } from '../../terraform-provider/plugin/log.ts';
import type { CallContext, Handlers, Schema } from '../../terraform-provider/plugin/messages.ts';
import { runProvider } from '../../terraform-provider/plugin/run.ts';
import {
  type CtyType,
  decodeDynamic,
  encodeDynamic,
  isRecord,
  UNKNOWN,
  type Value,
} from '../../terraform-provider/values/value.ts';

const TYPE: CtyType = ['object', { id: 'string', name: 'string', note: 'string' }];
const STRING = Buffer.from('"string"');
const SCHEMA: Schema = {
  block: {
    attributes: [
      { name: 'id', type: STRING, computed: true },
      { name: 'name', type: STRING, required: true },
      { name: 'note', type: STRING, optional: true },
    ],
  },
};

const normal: Handlers = {
  GetProviderSchema: async () => ({
    provider: { block: {} },
    resource_schemas: { double_thing: SCHEMA },
    server_capabilities: { plan_destroy: true, get_provider_schema_optional: true },
  }),
  ConfigureProvider: async (_request, context) => untilAborted(context),
  ValidateResourceConfig: async () => ({}),
  UpgradeResourceState: async ({ raw_state }) => ({
    upgraded_state: encodeDynamic(TYPE, JSON.parse(Buffer.from(raw_state!.json).toString('utf8')) as Value),
  }),
  ReadResource: async ({ current_state, ...request }) => ({ new_state: current_state, private: request.private }),
  PlanResourceChange: async ({ prior_state, proposed_new_state, prior_private }) => {
    const [prior, proposed] = [decodeDynamic(TYPE, prior_state), decodeDynamic(TYPE, proposed_new_state)];
    const planned = prior === null && isRecord(proposed) ? { ...proposed, id: UNKNOWN } : proposed;
    const renamed = isRecord(prior) && isRecord(proposed) && prior.name !== proposed.name;
    return {
      planned_state: encodeDynamic(TYPE, planned),
      planned_private: prior_private,
      requires_replace: renamed ? [{ steps: [{ attribute_name: 'name' }] }] : [],
    };
  },
  ApplyResourceChange: async ({ planned_state }) => {
    const planned = decodeDynamic(TYPE, planned_state);
    const result = isRecord(planned) ? { ...planned, id: planned.id === UNKNOWN ? 'made' : planned.id! } : null;
    return { new_state: encodeDynamic(TYPE, result), private: Buffer.from('p') };
  },
};

/** Never answers by itself. */
function untilAborted({ signal }: CallContext): Promise<never> {
  log.info('waits');
  return new Promise((_resolve, reject) => {
    signal.addEventListener('abort', () => {
      log.info('aborted');
      reject(new Error('aborted'));
    });
  });
}

async function fail(): Promise<never> {
  throw new Error(process.env.DOUBLE_FAILURE);
}

runProvider(async () => {
  if (process.env.DOUBLE_FAILURE === 'at start') throw new Error('there is\nno logic');
  if (process.env.DOUBLE_FAILURE === undefined) return normal;
  return Object.fromEntries(RPC_NAMES.map((rpc) => [rpc, fail]));
});
