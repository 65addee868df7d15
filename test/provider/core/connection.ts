/** One provider process and what core asks of it before anything else: its schemas, and to take over its configuration. */
import type { Client } from '@grpc/grpc-js';
import { createCertificate } from '../../../terraform-provider/plugin/certificate.ts';
import type {
  Diagnostic,
  Events,
  GetProviderSchemaResponse,
  Requests,
  Responses,
  RpcName,
  Schema,
  StreamName,
  StreamRequests,
} from '../../../terraform-provider/plugin/messages.ts';
import { encodeDynamic, type ValueRecord } from '../../../terraform-provider/values/value.ts';
import { succeeded } from './answers.ts';
import {
  connect,
  type Exit,
  type Handshake,
  type LaunchedProcess,
  type LaunchOptions,
  parseHandshake,
  startProvider,
  streamCall,
  unaryCall,
} from './process.ts';
import { refuse, schemaProblems, schemaType } from './schema.ts';

/** What Terraform 1.11 says of itself while it plans. */
export const PLANNING = { deferral_allowed: false, write_only_attributes_allowed: true };
/** What it says while it applies. */
export const APPLYING = { deferral_allowed: true, write_only_attributes_allowed: true };

/** The schemas of one process, by what they are of. */
export type SchemaSet = 'resource_schemas' | 'data_source_schemas' | 'ephemeral_resource_schemas';

/** A running provider and the connection to it. */
export class Connection {
  readonly process: LaunchedProcess;
  readonly handshake: Handshake;
  readonly client: Client;
  #schemas: GetProviderSchemaResponse | undefined;

  constructor(launched: LaunchedProcess, handshake: Handshake, client: Client) {
    this.process = launched;
    this.handshake = handshake;
    this.client = client;
  }

  /** Starts the provider and connects. */
  static async launch<T extends Connection>(
    this: { new (launched: LaunchedProcess, handshake: Handshake, client: Client): T },
    options: LaunchOptions,
  ): Promise<T> {
    const certificate = options.tls === false ? undefined : createCertificate();
    const launched = startProvider(options, certificate);
    const handshake = parseHandshake(await launched.firstLine);
    return new this(launched, handshake, connect(handshake, certificate));
  }

  /** All events of an RPC that answers with a stream. */
  async events<R extends StreamName>(rpc: R, request: StreamRequests[R]): Promise<Events[R][]> {
    const messages: [string, string] = [`${rpc}.Request`, `${rpc}.Event`];
    return (await streamCall(this.client, `/tfplugin6.Provider/${rpc}`, request, messages)) as Events[R][];
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

  /** What Ctrl-C makes Terraform ask: to give up what is running. */
  async stop(): Promise<void> {
    const { Error: error } = await this.call('StopProvider', {});
    if (error !== '') throw new Error(`StopProvider: ${error}`);
  }

  /** All schemas, asked for once, and held to core's own checks. */
  async schema(): Promise<GetProviderSchemaResponse> {
    if (this.#schemas !== undefined) return this.#schemas;
    const schemas = succeeded('GetProviderSchema', await this.call('GetProviderSchema', {}));
    const { provider, resource_schemas, data_source_schemas, ephemeral_resource_schemas } = schemas;
    refuse('Provider has an invalid schema', [
      ...(provider === undefined ? [] : schemaProblems(provider, 'other')),
      ...problemsOf(resource_schemas, 'resource'),
      ...problemsOf(data_source_schemas, 'other'),
      ...problemsOf(ephemeral_resource_schemas, 'other'),
    ]);
    this.#schemas = schemas;
    return schemas;
  }

  /** The schema of one type. Throws when there is none. */
  async schemaOf(set: SchemaSet, typeName: string): Promise<Schema> {
    const schema = (await this.schema())[set]?.[typeName];
    if (schema === undefined) throw new Error(`There is no ${typeName} among the ${set}.`);
    return schema;
  }

  /** Configures the provider, after validation. Returns the warnings. */
  async configure(config: ValueRecord): Promise<Diagnostic[]> {
    const { provider } = await this.schema();
    const encoded = encodeDynamic(schemaType(provider!), config);
    const validated = await this.call('ValidateProviderConfig', { config: encoded });
    succeeded('ValidateProviderConfig', validated, provider);
    const answer = await this.call('ConfigureProvider', {
      terraform_version: '1.11.4',
      config: encoded,
      client_capabilities: PLANNING,
    });
    return succeeded('ConfigureProvider', answer, provider).diagnostics ?? [];
  }
}

function problemsOf(schemas: Record<string, Schema> | undefined, kind: 'resource' | 'other'): string[] {
  return Object.entries(schemas ?? {}).flatMap(([type, schema]) =>
    schemaProblems(schema, kind).map((problem) => `${type}.${problem}`),
  );
}
