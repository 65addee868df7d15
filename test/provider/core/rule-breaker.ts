/**
 * A provider that keeps every rule of core but the one that the attribute `breaks` of a resource names. It stores nothing: what it
 * is asked is enough for it. With RULES_RECORD it notes what core asks, for a comparison of one core with another.
 */
import { appendFileSync } from 'node:fs';
import type { Handlers } from '../../../terraform-provider/plugin/messages.ts';
import { runProvider } from '../../../terraform-provider/plugin/run.ts';
import {
  decodeDynamic,
  encodeDynamic,
  isRecord,
  UNKNOWN,
  type Value,
  type ValueRecord,
} from '../../../terraform-provider/values/value.ts';
import { breakApplied, breakFinalPlan, breakPlan, breakRead } from './broken-rules.ts';
import { DATA, EPHEMERAL, RESOURCE, STRING } from './rule-schemas.ts';

const { type: TYPE } = RESOURCE;

const handlers: Handlers = {
  GetProviderSchema: async () => ({
    provider: { block: {} },
    resource_schemas: { rules_thing: RESOURCE.schema },
    data_source_schemas: { rules_thing: DATA.schema },
    ephemeral_resource_schemas: { rules_secret: EPHEMERAL.schema },
    functions: {
      double: {
        parameters: [{ name: 'text', type: STRING }],
        return: { type: STRING },
      },
    },
    server_capabilities: { plan_destroy: true, get_provider_schema_optional: true },
  }),

  ValidateProviderConfig: async () => ({}),
  ConfigureProvider: async () => ({}),
  ValidateResourceConfig: async () => ({}),
  ValidateDataResourceConfig: async () => ({}),
  ValidateEphemeralResourceConfig: async () => ({}),

  UpgradeResourceState: async ({ raw_state }) => {
    const state = JSON.parse(Buffer.from(raw_state!.json).toString('utf8')) as ValueRecord;
    note('Upgrade', state, {});
    return { upgraded_state: encodeDynamic(TYPE, breakRead('upgrade', state)) };
  },

  ReadResource: async ({ current_state, private: stored }) => {
    const state = decodeDynamic(TYPE, current_state);
    note('Read', state, { private: text(stored) });
    return { new_state: encodeDynamic(TYPE, breakRead('read', state)), private: wrapped('read', stored) };
  },

  ImportResourceState: async ({ type_name, id }) => ({
    imported_resources: [
      {
        type_name,
        state: encodeDynamic(TYPE, breakRead('import', { id, name: id, breaks: id, level: 'low' })),
        private: Buffer.from('import'),
      },
    ],
  }),

  PlanResourceChange: async (request) => {
    const [prior, proposed, config] = [request.prior_state, request.proposed_new_state, request.config].map((value) =>
      decodeDynamic(TYPE, value),
    );
    const applying = request.client_capabilities?.deferral_allowed === true;
    note('Plan', proposed ?? prior ?? null, {
      prior: said(prior),
      proposed: said(proposed),
      private: text(request.prior_private),
      applying,
    });
    const planned_private = wrapped('plan', request.prior_private);
    if (!isRecord(proposed ?? null)) return { planned_state: encodeDynamic(TYPE, null), planned_private };
    const made = plan(prior ?? null, proposed as ValueRecord);
    const broken = applying
      ? breakFinalPlan(made, prior ?? null)
      : breakPlan(made, prior ?? null, config as ValueRecord);
    return {
      planned_state: encodeDynamic(broken.type ?? TYPE, broken.planned),
      requires_replace: broken.replacing.map((name) => ({ steps: [{ attribute_name: name }] })),
      planned_private,
    };
  },

  ApplyResourceChange: async ({ prior_state, planned_state, planned_private, config }) => {
    const [prior, planned] = [decodeDynamic(TYPE, prior_state), decodeDynamic(TYPE, planned_state)];
    note('Apply', planned ?? prior, { prior: said(prior), planned: said(planned), private: text(planned_private) });
    const applied = breakApplied(isRecord(planned) ? made(planned) : null, decodeDynamic(TYPE, config));
    return {
      new_state: encodeDynamic(TYPE, applied.state),
      private: wrapped('apply', planned_private),
      diagnostics: applied.diagnostics,
    };
  },

  ReadDataSource: async ({ config }) => {
    const given = decodeDynamic(DATA.type, config) as ValueRecord;
    const found: Value = given.name === 'unknown data' ? UNKNOWN : 'found';
    return { state: encodeDynamic(DATA.type, given.name === 'null data' ? null : { ...given, found }) };
  },

  OpenEphemeralResource: async ({ config }) => {
    const given = decodeDynamic(EPHEMERAL.type, config) as ValueRecord;
    const result: ValueRecord = { ...given, value: given.name === 'unknown ephemeral' ? UNKNOWN : 'made' };
    if (given.name === 'another ephemeral') result.name = 'x';
    return { result: encodeDynamic(EPHEMERAL.type, result), private: Buffer.from('opened') };
  },
  RenewEphemeralResource: async () => ({}),
  CloseEphemeralResource: async () => ({}),

  CallFunction: async ({ arguments: [argument] }) => {
    const given = String(decodeDynamic('string', argument));
    if (given === '') return { error: { text: 'There is nothing to double.', function_argument: 0 } };
    if (given === 'another type') return { result: encodeDynamic(['list', 'string'], ['x']) };
    if (given === 'no such argument') return { error: { text: 'It is wrong.', function_argument: 7 } };
    return { result: encodeDynamic('string', given + given) };
  },
};

/** The plan of a provider that keeps to the rules: `level` has a default, `id` is decided at the apply. */
function plan(prior: Value, proposed: ValueRecord): { planned: Value; replacing: string[] } {
  const planned: ValueRecord = { ...proposed, secret_wo: null };
  if (prior === null) planned.id = UNKNOWN;
  if (planned.level === null) planned.level = 'low';
  const grants = planned.grants ?? null;
  if (Array.isArray(grants)) {
    planned.grants = grants.map((one) => (isRecord(one) ? { ...one, scope: one.scope ?? 'all' } : one));
  }
  const limit = planned.limit ?? null;
  if (isRecord(limit)) planned.limit = { ...limit, mode: limit.mode ?? 'block' };
  return { planned, replacing: isRecord(prior) && prior.name !== planned.name ? ['name'] : [] };
}

function made(planned: ValueRecord): ValueRecord {
  return { ...planned, id: planned.id === UNKNOWN ? `made-${planned.name}` : (planned.id ?? null) };
}

/** Each RPC wraps what it got, so that private data tells its whole way. */
function wrapped(rpc: string, bytes: Uint8Array | undefined): Uint8Array {
  return Buffer.from(`${rpc}(${text(bytes)})`);
}

function text(bytes: Uint8Array | undefined): string {
  return Buffer.from(bytes ?? []).toString('utf8');
}

function said(value: Value | undefined): string | null {
  return isRecord(value ?? null) ? JSON.stringify(value, (_, item) => (item === UNKNOWN ? '?' : item)) : null;
}

function note(rpc: string, about: Value, what: object): void {
  const file = process.env.RULES_RECORD;
  if (file === undefined) return;
  const name = isRecord(about) ? about.name : null;
  appendFileSync(file, `${JSON.stringify({ rpc, name, ...what })}\n`);
}

runProvider(async () => handlers);
