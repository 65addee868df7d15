/**
 * Plays Terraform's core towards a provider process: starts it as Terraform does, speaks the plugin protocol over mutual TLS, and holds the
 * provider to the rules that Terraform enforces on plans and results.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { Client, credentials } from '@grpc/grpc-js';
import { createCertificate, type EphemeralCertificate } from '../../terraform-provider/plugin/certificate.ts';
import { MAGIC_COOKIE } from '../../terraform-provider/plugin/handshake.ts';
import type {
  AttributePath,
  Diagnostic,
  GetProviderSchemaResponse,
  Requests,
  Responses,
  RpcName,
  Schema,
} from '../../terraform-provider/plugin/messages.ts';
import { SEVERITY } from '../../terraform-provider/plugin/messages.ts';
import { decodeMessage, encodeMessage } from '../../terraform-provider/plugin/wire.ts';
import {
  type CtyType,
  decodeDynamic,
  encodeDynamic,
  equalValues,
  isRecord,
  type Value,
  type ValueRecord,
} from '../../terraform-provider/values/value.ts';
import { assertApplied, assertPlanValid, assertReplanned, proposedState, schemaType } from './terraform-rules.ts';

/** How the provider process is to be started. */
export interface LaunchOptions {
  /** The executable and its arguments. */
  command: readonly string[];
  /** Added to the environment of the test; undefined removes a variable. */
  env?: Record<string, string | undefined>;
  /** False starts it without a client certificate, as `TF_DISABLE_PLUGIN_TLS` does. */
  tls?: boolean;
}

/** What the handshake line says. */
export interface Handshake {
  line: string;
  network: string;
  address: string;
  /** The server's certificate, unpadded base64 of DER; empty without TLS. */
  certificate: string;
}

/** How a process ended. */
export interface Exit {
  code: number | null;
  signal: NodeJS.Signals | null;
}

/** A provider process from the outside. */
export interface LaunchedProcess {
  child: ChildProcess;
  /** The first line of standard output; rejects when the process ends without one. */
  firstLine: Promise<string>;
  exit: Promise<Exit>;
  /** Standard error up to now. */
  stderr: () => string;
}

/** A resource as Terraform's state holds it. */
export interface ResourceState {
  value: Value;
  private: Uint8Array;
}

/** A plan for one resource. */
export interface ResourcePlan {
  action: 'create' | 'update' | 'replace' | 'delete' | 'no-op';
  planned: Value;
  private: Uint8Array;
  requiresReplace: AttributePath[];
  warnings: Diagnostic[];
}

/** The provider said no. */
export class DiagnosticsError extends Error {
  override readonly name = 'DiagnosticsError';
  readonly diagnostics: Diagnostic[];
  /** What an apply that failed left behind. */
  readonly partial: ResourceState | undefined;

  constructor(rpc: RpcName, diagnostics: Diagnostic[], partial?: ResourceState) {
    super(`${rpc}: ${diagnostics.map(({ summary, detail }) => `${summary}: ${detail}`).join('; ')}`);
    this.diagnostics = diagnostics;
    this.partial = partial;
  }
}

/** Starts a provider as Terraform does. The client certificate is the one to connect with. */
export function startProvider(options: LaunchOptions, client: EphemeralCertificate | undefined): LaunchedProcess {
  const [command = '', ...args] = options.command;
  const child = spawn(command, args, {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: {
      ...process.env,
      [MAGIC_COOKIE.name]: MAGIC_COOKIE.value,
      PLUGIN_MIN_PORT: '10000',
      PLUGIN_MAX_PORT: '25000',
      PLUGIN_PROTOCOL_VERSIONS: '5,6',
      PLUGIN_CLIENT_CERT: client?.certificate,
      ...options.env,
    },
  });
  let stdout = '';
  let stderr = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr += text;
  });
  const exit = new Promise<Exit>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code, signal) => resolve({ code, signal }));
  });
  const firstLine = new Promise<string>((resolve, reject) => {
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      stdout += text;
      if (stdout.includes('\n')) resolve(stdout.slice(0, stdout.indexOf('\n')));
    });
    exit.then(
      ({ code }) => reject(new Error(`the provider ended (${code}) without a line: ${stdout}${stderr}`)),
      reject,
    );
  });
  // Whoever does not wait for the line must not be hit by its absence.
  firstLine.catch(() => undefined);
  return { child, firstLine, exit, stderr: () => stderr };
}

/** Splits a handshake line; throws when it is none. */
export function parseHandshake(line: string): Handshake {
  const [core, protocol, network = '', address = '', kind, certificate = ''] = line.split('|');
  if (core !== '1' || protocol !== '6' || kind !== 'grpc') throw new Error(`Not a handshake: ${line}`);
  return { line, network, address, certificate };
}

/** A gRPC client for a provider that has said where it listens. Without `client` it shows no certificate. */
export function connect(handshake: Handshake, client: EphemeralCertificate | undefined): Client {
  const target = handshake.network === 'unix' ? `unix:${handshake.address}` : handshake.address;
  const options = {
    'grpc.max_receive_message_length': -1,
    'grpc.max_send_message_length': -1,
    'grpc.ssl_target_name_override': 'localhost',
    'grpc.use_local_subchannel_pool': 1,
  };
  if (handshake.certificate === '') return new Client(target, credentials.createInsecure(), options);
  const padded = handshake.certificate.padEnd(Math.ceil(handshake.certificate.length / 4) * 4, '=');
  const pem = `-----BEGIN CERTIFICATE-----\n${padded.replace(/.{1,64}/g, '$&\n')}-----END CERTIFICATE-----\n`;
  const security = credentials.createSsl(
    Buffer.from(pem),
    client ? Buffer.from(client.key) : null,
    client ? Buffer.from(client.certificate) : null,
  );
  return new Client(target, security, options);
}

/** One unary call by full path and message names. Rejects with grpc-js's ServiceError. */
export function unaryCall(client: Client, path: string, request: [string, object], response: string): Promise<object> {
  return new Promise((resolve, reject) => {
    client.makeUnaryRequest(
      path,
      (message: object) => Buffer.from(encodeMessage(request[0], message)),
      (bytes: Buffer) => decodeMessage(response, bytes),
      request[1],
      { deadline: Date.now() + 30_000 },
      (error, answer) => (error ? reject(error) : resolve(answer as object)),
    );
  });
}

/** A running provider and the connection to it. */
export class TerraformCore {
  readonly process: LaunchedProcess;
  readonly handshake: Handshake;
  readonly client: Client;
  private schemas: GetProviderSchemaResponse | undefined;

  private constructor(launched: LaunchedProcess, handshake: Handshake, client: Client) {
    this.process = launched;
    this.handshake = handshake;
    this.client = client;
  }

  /** Starts the provider and connects. */
  static async launch(options: LaunchOptions): Promise<TerraformCore> {
    const certificate = options.tls === false ? undefined : createCertificate();
    const launched = startProvider(options, certificate);
    const handshake = parseHandshake(await launched.firstLine);
    return new TerraformCore(launched, handshake, connect(handshake, certificate));
  }

  /** One RPC as it is: nothing is checked. */
  async call<R extends RpcName>(rpc: R, request: Requests[R]): Promise<Responses[R]> {
    const path = `/tfplugin6.Provider/${rpc}`;
    return (await unaryCall(this.client, path, [`${rpc}.Request`, request], `${rpc}.Response`)) as Responses[R];
  }

  /** Ends the process as Terraform does, and waits for its end. */
  async shutdown(): Promise<Exit> {
    await unaryCall(this.client, '/plugin.GRPCController/Shutdown', ['Empty', {}], 'Empty');
    this.client.close();
    return this.process.exit;
  }

  /** All schemas, asked for once. */
  async schema(): Promise<GetProviderSchemaResponse> {
    this.schemas ??= succeeded('GetProviderSchema', await this.call('GetProviderSchema', {}));
    return this.schemas;
  }

  /** Configures the provider, after validation. Returns the warnings. */
  async configure(config: ValueRecord): Promise<Diagnostic[]> {
    const { provider } = await this.schema();
    const encoded = encodeDynamic(schemaType(provider!), config);
    succeeded('ValidateProviderConfig', await this.call('ValidateProviderConfig', { config: encoded }));
    const answer = await this.call('ConfigureProvider', {
      terraform_version: '1.11.4',
      config: encoded,
      client_capabilities: CAPABILITIES,
    });
    return succeeded('ConfigureProvider', answer).diagnostics ?? [];
  }

  /** The diagnostics of a resource's configuration. */
  async validateResource(typeName: string, config: ValueRecord): Promise<Diagnostic[]> {
    const { type } = await this.resource(typeName);
    const answer = await this.call('ValidateResourceConfig', {
      type_name: typeName,
      config: encodeDynamic(type, config),
      client_capabilities: CAPABILITIES,
    });
    return answer.diagnostics ?? [];
  }

  /** UpgradeResourceState and ReadResource, as before every plan. The value is null when the resource is gone. */
  async refresh(typeName: string, state: ResourceState): Promise<ResourceState> {
    const { schema, type } = await this.resource(typeName);
    const upgraded = succeeded(
      'UpgradeResourceState',
      await this.call('UpgradeResourceState', {
        type_name: typeName,
        version: schema.version ?? 0,
        raw_state: { json: Buffer.from(JSON.stringify(state.value)), flatmap: {} },
      }),
    );
    const current = decodeDynamic(type, upgraded.upgraded_state);
    if (!equalValues(type, current, state.value))
      throw new Error(`${typeName}: UpgradeResourceState changed the state`);
    const read = succeeded(
      'ReadResource',
      await this.call('ReadResource', {
        type_name: typeName,
        current_state: encodeDynamic(type, current),
        private: state.private,
        client_capabilities: CAPABILITIES,
      }),
    );
    return { value: decodeDynamic(type, read.new_state), private: read.private ?? new Uint8Array() };
  }

  /**
   * Plans a resource towards `config` (null: its deletion), with the second plan that a replacement needs, and checks the answer as
   * Terraform does. `replace` forces a replacement as `-replace` and taint do.
   */
  async plan(
    typeName: string,
    prior: ResourceState | undefined,
    config: ValueRecord | null,
    options: { replace?: boolean } = {},
  ): Promise<ResourcePlan> {
    const priorValue = prior?.value ?? null;
    const first = await this.planOnce(typeName, priorValue, config, prior?.private);
    if (config === null) return { ...first, action: 'delete' };
    if (priorValue === null) return { ...first, action: 'create' };
    const { type } = await this.resource(typeName);
    const replaces =
      options.replace === true || first.requiresReplace.some((path) => differs(path, priorValue, first.planned));
    if (replaces) {
      const second = await this.planOnce(typeName, null, config, prior?.private);
      return { ...second, requiresReplace: first.requiresReplace, action: 'replace' };
    }
    return { ...first, action: equalValues(type, priorValue, first.planned) ? 'no-op' : 'update' };
  }

  /**
   * Applies a plan: plans again as the apply phase does, holds the answer against the plan, applies, and holds the result against it.
   * For a replacement it deletes first. Throws {@link DiagnosticsError} with what a failed apply left behind.
   */
  async apply(
    typeName: string,
    prior: ResourceState | undefined,
    config: ValueRecord | null,
    plan: ResourcePlan,
  ): Promise<ResourceState> {
    if (plan.action === 'no-op') return { value: prior?.value ?? null, private: plan.private };
    if (plan.action === 'delete') return this.applyOnce(typeName, prior?.value ?? null, null, null, plan.private);
    let before = prior?.value ?? null;
    if (plan.action === 'replace') {
      await this.applyOnce(typeName, before, null, null, plan.private);
      before = null;
    }
    const again = await this.planOnce(typeName, before, config, prior?.private);
    const { schema, type } = await this.resource(typeName);
    assertReplanned(schema, type, plan.planned, again.planned);
    return this.applyOnce(typeName, before, config, again.planned, again.private);
  }

  /** Validates, plans and applies; then refreshes and requires an empty plan. Returns the state after the refresh. */
  async converge(typeName: string, prior: ResourceState | undefined, config: ValueRecord): Promise<ResourceState> {
    const problems = await this.validateResource(typeName, config);
    succeeded('ValidateResourceConfig', { diagnostics: problems });
    const plan = await this.plan(typeName, prior, config);
    const state = await this.refresh(typeName, await this.apply(typeName, prior, config, plan));
    const second = await this.plan(typeName, state, config);
    if (second.action !== 'no-op') throw new Error(`${typeName}: a second plan would ${second.action}`);
    return state;
  }

  /** Imports by id and reads, as Terraform does. */
  async importResource(typeName: string, id: string): Promise<ResourceState> {
    const { type } = await this.resource(typeName);
    const answer = succeeded(
      'ImportResourceState',
      await this.call('ImportResourceState', { type_name: typeName, id, client_capabilities: CAPABILITIES }),
    );
    const [imported, ...more] = answer.imported_resources ?? [];
    if (imported === undefined || more.length > 0) throw new Error(`${typeName}: not exactly one imported resource`);
    return this.refresh(typeName, {
      value: decodeDynamic(type, imported.state),
      private: imported.private ?? new Uint8Array(),
    });
  }

  /** Validates and reads a data source. */
  async readData(typeName: string, config: ValueRecord): Promise<Value> {
    const schema = (await this.schema()).data_source_schemas?.[typeName];
    if (schema === undefined) throw new Error(`There is no data source ${typeName}.`);
    const type = schemaType(schema);
    const encoded = encodeDynamic(type, config);
    const request = { type_name: typeName, config: encoded };
    succeeded('ValidateDataResourceConfig', await this.call('ValidateDataResourceConfig', request));
    const answer = succeeded('ReadDataSource', await this.call('ReadDataSource', request));
    const state = decodeDynamic(type, answer.state);
    assertPlanValid(schema, type, null, decodeDynamic(type, encoded), state);
    assertApplied(schema, type, state, state);
    return state;
  }

  private async resource(typeName: string): Promise<{ schema: Schema; type: CtyType }> {
    const schema = (await this.schema()).resource_schemas?.[typeName];
    if (schema === undefined) throw new Error(`There is no resource ${typeName}.`);
    return { schema, type: schemaType(schema) };
  }

  private async planOnce(typeName: string, prior: Value, config: ValueRecord | null, priorPrivate?: Uint8Array) {
    const { schema, type } = await this.resource(typeName);
    const wanted = decodeDynamic(type, encodeDynamic(type, config));
    const answer = succeeded(
      'PlanResourceChange',
      await this.call('PlanResourceChange', {
        type_name: typeName,
        prior_state: encodeDynamic(type, prior),
        proposed_new_state: encodeDynamic(type, proposedState(schema, prior, wanted)),
        config: encodeDynamic(type, wanted),
        // A replacement's second plan is that of a resource which does not exist yet.
        prior_private: prior === null ? new Uint8Array() : (priorPrivate ?? new Uint8Array()),
        client_capabilities: CAPABILITIES,
      }),
    );
    const planned = decodeDynamic(type, answer.planned_state);
    assertPlanValid(schema, type, prior, wanted, planned);
    return {
      planned,
      private: answer.planned_private ?? new Uint8Array(),
      requiresReplace: answer.requires_replace ?? [],
      warnings: answer.diagnostics ?? [],
    };
  }

  private async applyOnce(
    typeName: string,
    prior: Value,
    config: ValueRecord | null,
    planned: Value,
    plannedPrivate: Uint8Array,
  ): Promise<ResourceState> {
    const { schema, type } = await this.resource(typeName);
    const answer = await this.call('ApplyResourceChange', {
      type_name: typeName,
      prior_state: encodeDynamic(type, prior),
      planned_state: encodeDynamic(type, planned),
      config: encodeDynamic(type, config),
      planned_private: plannedPrivate,
    });
    const state = { value: decodeDynamic(type, answer.new_state), private: answer.private ?? new Uint8Array() };
    const errors = errorsOf(answer.diagnostics);
    if (errors.length > 0) throw new DiagnosticsError('ApplyResourceChange', errors, state);
    assertApplied(schema, type, planned, state.value);
    return state;
  }
}

/** What Terraform 1.11 says of itself while planning. */
const CAPABILITIES = { deferral_allowed: false, write_only_attributes_allowed: true };

function errorsOf(diagnostics: Diagnostic[] | undefined): Diagnostic[] {
  return (diagnostics ?? []).filter(({ severity }) => severity !== SEVERITY.warning);
}

/** The answer, unless it has errors: those are thrown as {@link DiagnosticsError}. */
function succeeded<T extends { diagnostics?: Diagnostic[] }>(rpc: RpcName, answer: T): T {
  const errors = errorsOf(answer.diagnostics);
  if (errors.length > 0) throw new DiagnosticsError(rpc, errors);
  return answer;
}

/** Terraform replaces for a path only if the value there really changes. Paths beyond a first attribute count as changed. */
function differs(path: AttributePath, prior: Value, planned: Value): boolean {
  const name = path.steps[0]?.attribute_name;
  if (name === undefined || !isRecord(prior) || !isRecord(planned)) return true;
  return !equalValues('dynamic', prior[name] ?? null, planned[name] ?? null);
}
