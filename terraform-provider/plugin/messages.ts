/**
 * The messages of Terraform's plugin protocol 6 (package `tfplugin6`) as TypeScript sees them: protocol 6.8 with the resource
 * identity of 6.9, and the list resources and actions of 6.10. Field names are those of the wire; `wire.ts` holds the numbers.
 *
 * What the decoder fills in: strings, numbers, booleans, bytes, lists and maps without presence are always there (empty, 0 or
 * false when absent); a message and an `optional` field that did not arrive are `undefined`. The encoder takes any field left out.
 */

/** A value encoded for the wire; both fields empty stand for null. */
export interface DynamicValue {
  msgpack?: Uint8Array;
  json?: Uint8Array;
}

/** Values of `Diagnostic.severity`. */
export const SEVERITY = { invalid: 0, error: 1, warning: 2 } as const;
/** Values of every `description_kind`. */
export const STRING_KIND = { plain: 0, markdown: 1 } as const;
/** Values of `SchemaNestedBlock.nesting` (`group` is not one of `SchemaObject.nesting`). */
export const NESTING = { invalid: 0, single: 1, list: 2, set: 3, map: 4, group: 5 } as const;
/** Values of `Deferred.reason`. */
export const DEFERRED_REASON = {
  unknown: 0,
  resource_config_unknown: 1,
  provider_config_unknown: 2,
  absent_prerequisite: 3,
} as const;

export interface Diagnostic {
  severity: number;
  summary: string;
  detail?: string;
  attribute?: AttributePath;
}

export interface FunctionError {
  text: string;
  function_argument?: number;
}

/** Exactly one of the three is set. */
export interface AttributePathStep {
  attribute_name?: string;
  element_key_string?: string;
  element_key_int?: number;
}

export interface AttributePath {
  steps: AttributePathStep[];
}

export interface RawState {
  json: Uint8Array;
  flatmap: Record<string, string>;
}

export interface Schema {
  version?: number;
  block: SchemaBlock;
}

export interface SchemaBlock {
  version?: number;
  attributes?: SchemaAttribute[];
  block_types?: SchemaNestedBlock[];
  description?: string;
  description_kind?: number;
  deprecated?: boolean;
}

export interface SchemaAttribute {
  name: string;
  /** The JSON form of the type; left out when `nested_type` is given. */
  type?: Uint8Array;
  nested_type?: SchemaObject;
  description?: string;
  required?: boolean;
  optional?: boolean;
  computed?: boolean;
  sensitive?: boolean;
  description_kind?: number;
  deprecated?: boolean;
  write_only?: boolean;
}

export interface SchemaNestedBlock {
  type_name: string;
  block: SchemaBlock;
  nesting: number;
  min_items?: number;
  max_items?: number;
}

export interface SchemaObject {
  attributes: SchemaAttribute[];
  nesting: number;
}

export interface ResourceIdentitySchema {
  version?: number;
  identity_attributes: IdentityAttribute[];
}

export interface IdentityAttribute {
  name: string;
  type: Uint8Array;
  required_for_import?: boolean;
  optional_for_import?: boolean;
  description?: string;
}

export interface ResourceIdentityData {
  identity_data?: DynamicValue;
}

export interface FunctionParameter {
  name: string;
  type: Uint8Array;
  allow_null_value?: boolean;
  allow_unknown_values?: boolean;
  description?: string;
  description_kind?: number;
}

export interface FunctionReturn {
  type: Uint8Array;
}

export interface FunctionDefinition {
  parameters?: FunctionParameter[];
  variadic_parameter?: FunctionParameter;
  return: FunctionReturn;
  summary?: string;
  description?: string;
  description_kind?: number;
  deprecation_message?: string;
}

export interface ActionSchema {
  schema: Schema;
}

export interface ServerCapabilities {
  plan_destroy?: boolean;
  get_provider_schema_optional?: boolean;
  move_resource_state?: boolean;
}

export interface ClientCapabilities {
  deferral_allowed: boolean;
  write_only_attributes_allowed: boolean;
}

export interface Deferred {
  reason: number;
}

/** A point in time as `google.protobuf.Timestamp` carries it: whole seconds since 1970 and nanoseconds. */
export interface Timestamp {
  seconds: number;
  nanos: number;
}

/** A request without fields. */
export type EmptyRequest = Record<never, never>;

/** A response that says nothing but what is wrong. */
export interface DiagnosticsResponse {
  diagnostics?: Diagnostic[];
}

export interface TypeMetadata {
  type_name: string;
}

export interface FunctionMetadata {
  name: string;
}

export type GetMetadataRequest = EmptyRequest;
export interface GetMetadataResponse {
  server_capabilities?: ServerCapabilities;
  diagnostics?: Diagnostic[];
  data_sources?: TypeMetadata[];
  resources?: TypeMetadata[];
  functions?: FunctionMetadata[];
  ephemeral_resources?: TypeMetadata[];
  list_resources?: TypeMetadata[];
  actions?: TypeMetadata[];
}

export type GetProviderSchemaRequest = EmptyRequest;
export interface GetProviderSchemaResponse {
  provider?: Schema;
  resource_schemas?: Record<string, Schema>;
  data_source_schemas?: Record<string, Schema>;
  diagnostics?: Diagnostic[];
  provider_meta?: Schema;
  server_capabilities?: ServerCapabilities;
  functions?: Record<string, FunctionDefinition>;
  ephemeral_resource_schemas?: Record<string, Schema>;
  list_resource_schemas?: Record<string, Schema>;
  action_schemas?: Record<string, ActionSchema>;
}

export type GetResourceIdentitySchemasRequest = EmptyRequest;
export interface GetResourceIdentitySchemasResponse {
  identity_schemas?: Record<string, ResourceIdentitySchema>;
  diagnostics?: Diagnostic[];
}

export interface ValidateProviderConfigRequest {
  config?: DynamicValue;
}
export type ValidateProviderConfigResponse = DiagnosticsResponse;

export interface ValidateResourceConfigRequest {
  type_name: string;
  config?: DynamicValue;
  client_capabilities?: ClientCapabilities;
}
export type ValidateResourceConfigResponse = DiagnosticsResponse;

export interface ValidateDataResourceConfigRequest {
  type_name: string;
  config?: DynamicValue;
}
export type ValidateDataResourceConfigResponse = DiagnosticsResponse;

export interface UpgradeResourceStateRequest {
  type_name: string;
  version: number;
  raw_state?: RawState;
}
export interface UpgradeResourceStateResponse {
  upgraded_state?: DynamicValue;
  diagnostics?: Diagnostic[];
}

export interface UpgradeResourceIdentityRequest {
  type_name: string;
  version: number;
  raw_identity?: RawState;
}
export interface UpgradeResourceIdentityResponse {
  upgraded_identity?: ResourceIdentityData;
  diagnostics?: Diagnostic[];
}

export interface ConfigureProviderRequest {
  terraform_version: string;
  config?: DynamicValue;
  client_capabilities?: ClientCapabilities;
}
export type ConfigureProviderResponse = DiagnosticsResponse;

export interface ReadResourceRequest {
  type_name: string;
  current_state?: DynamicValue;
  private: Uint8Array;
  provider_meta?: DynamicValue;
  client_capabilities?: ClientCapabilities;
  current_identity?: ResourceIdentityData;
}
export interface ReadResourceResponse {
  new_state?: DynamicValue;
  diagnostics?: Diagnostic[];
  private?: Uint8Array;
  deferred?: Deferred;
  new_identity?: ResourceIdentityData;
}

export interface PlanResourceChangeRequest {
  type_name: string;
  prior_state?: DynamicValue;
  proposed_new_state?: DynamicValue;
  config?: DynamicValue;
  prior_private: Uint8Array;
  provider_meta?: DynamicValue;
  client_capabilities?: ClientCapabilities;
  prior_identity?: ResourceIdentityData;
}
export interface PlanResourceChangeResponse {
  planned_state?: DynamicValue;
  requires_replace?: AttributePath[];
  planned_private?: Uint8Array;
  diagnostics?: Diagnostic[];
  deferred?: Deferred;
  planned_identity?: ResourceIdentityData;
}

export interface ApplyResourceChangeRequest {
  type_name: string;
  prior_state?: DynamicValue;
  planned_state?: DynamicValue;
  config?: DynamicValue;
  planned_private: Uint8Array;
  provider_meta?: DynamicValue;
  planned_identity?: ResourceIdentityData;
}
export interface ApplyResourceChangeResponse {
  new_state?: DynamicValue;
  private?: Uint8Array;
  diagnostics?: Diagnostic[];
  new_identity?: ResourceIdentityData;
}

export interface ImportResourceStateRequest {
  type_name: string;
  id: string;
  client_capabilities?: ClientCapabilities;
  identity?: ResourceIdentityData;
}
export interface ImportedResource {
  type_name: string;
  state?: DynamicValue;
  private?: Uint8Array;
  identity?: ResourceIdentityData;
}
export interface ImportResourceStateResponse {
  imported_resources?: ImportedResource[];
  diagnostics?: Diagnostic[];
  deferred?: Deferred;
}

export interface MoveResourceStateRequest {
  source_provider_address: string;
  source_type_name: string;
  source_schema_version: number;
  source_state?: RawState;
  target_type_name: string;
  source_private: Uint8Array;
  source_identity?: RawState;
  source_identity_schema_version: number;
}
export interface MoveResourceStateResponse {
  target_state?: DynamicValue;
  diagnostics?: Diagnostic[];
  target_private?: Uint8Array;
  target_identity?: ResourceIdentityData;
}

export interface ReadDataSourceRequest {
  type_name: string;
  config?: DynamicValue;
  provider_meta?: DynamicValue;
  client_capabilities?: ClientCapabilities;
}
export interface ReadDataSourceResponse {
  state?: DynamicValue;
  diagnostics?: Diagnostic[];
  deferred?: Deferred;
}

export interface ValidateEphemeralResourceConfigRequest {
  type_name: string;
  config?: DynamicValue;
}
export type ValidateEphemeralResourceConfigResponse = DiagnosticsResponse;

export interface OpenEphemeralResourceRequest {
  type_name: string;
  config?: DynamicValue;
  client_capabilities?: ClientCapabilities;
}
export interface OpenEphemeralResourceResponse {
  diagnostics?: Diagnostic[];
  renew_at?: Timestamp;
  result?: DynamicValue;
  private?: Uint8Array;
  deferred?: Deferred;
}

export interface RenewEphemeralResourceRequest {
  type_name: string;
  private?: Uint8Array;
}
export interface RenewEphemeralResourceResponse {
  diagnostics?: Diagnostic[];
  renew_at?: Timestamp;
  private?: Uint8Array;
}

export interface CloseEphemeralResourceRequest {
  type_name: string;
  private?: Uint8Array;
}
export type CloseEphemeralResourceResponse = DiagnosticsResponse;

export interface ListResourceRequest {
  type_name: string;
  config?: DynamicValue;
  include_resource_object: boolean;
  /** How many are wanted at most. */
  limit: number;
}
/** One resource that was found, or what went wrong. */
export interface ListResourceEvent {
  identity?: ResourceIdentityData;
  display_name?: string;
  resource_object?: DynamicValue;
  diagnostic?: Diagnostic[];
}

export interface ValidateListResourceConfigRequest {
  type_name: string;
  config?: DynamicValue;
  include_resource_object?: DynamicValue;
  limit?: DynamicValue;
}
export type ValidateListResourceConfigResponse = DiagnosticsResponse;

export interface ValidateActionConfigRequest {
  action_type: string;
  config?: DynamicValue;
}
export type ValidateActionConfigResponse = DiagnosticsResponse;

export interface PlanActionRequest {
  action_type: string;
  config?: DynamicValue;
  client_capabilities?: ClientCapabilities;
}
export interface PlanActionResponse {
  diagnostics?: Diagnostic[];
  deferred?: Deferred;
}

export type InvokeActionRequest = PlanActionRequest;
/** Exactly one of the two is set, and the last event of a stream is the one that completes it. */
export interface InvokeActionEvent {
  progress?: { message: string };
  completed?: DiagnosticsResponse;
}

export type GetFunctionsRequest = EmptyRequest;
export interface GetFunctionsResponse {
  functions?: Record<string, FunctionDefinition>;
  diagnostics?: Diagnostic[];
}

export interface CallFunctionRequest {
  name: string;
  arguments: DynamicValue[];
}
export interface CallFunctionResponse {
  result?: DynamicValue;
  error?: FunctionError;
}

export type StopProviderRequest = EmptyRequest;
export interface StopProviderResponse {
  Error?: string;
}

/** The request of each RPC. */
export interface Requests {
  GetMetadata: GetMetadataRequest;
  GetProviderSchema: GetProviderSchemaRequest;
  GetResourceIdentitySchemas: GetResourceIdentitySchemasRequest;
  ValidateProviderConfig: ValidateProviderConfigRequest;
  ValidateResourceConfig: ValidateResourceConfigRequest;
  ValidateDataResourceConfig: ValidateDataResourceConfigRequest;
  UpgradeResourceState: UpgradeResourceStateRequest;
  UpgradeResourceIdentity: UpgradeResourceIdentityRequest;
  ConfigureProvider: ConfigureProviderRequest;
  ReadResource: ReadResourceRequest;
  PlanResourceChange: PlanResourceChangeRequest;
  ApplyResourceChange: ApplyResourceChangeRequest;
  ImportResourceState: ImportResourceStateRequest;
  MoveResourceState: MoveResourceStateRequest;
  ReadDataSource: ReadDataSourceRequest;
  ValidateEphemeralResourceConfig: ValidateEphemeralResourceConfigRequest;
  OpenEphemeralResource: OpenEphemeralResourceRequest;
  RenewEphemeralResource: RenewEphemeralResourceRequest;
  CloseEphemeralResource: CloseEphemeralResourceRequest;
  ValidateListResourceConfig: ValidateListResourceConfigRequest;
  ValidateActionConfig: ValidateActionConfigRequest;
  PlanAction: PlanActionRequest;
  GetFunctions: GetFunctionsRequest;
  CallFunction: CallFunctionRequest;
  StopProvider: StopProviderRequest;
}

/** The response of each RPC. */
export interface Responses {
  GetMetadata: GetMetadataResponse;
  GetProviderSchema: GetProviderSchemaResponse;
  GetResourceIdentitySchemas: GetResourceIdentitySchemasResponse;
  ValidateProviderConfig: ValidateProviderConfigResponse;
  ValidateResourceConfig: ValidateResourceConfigResponse;
  ValidateDataResourceConfig: ValidateDataResourceConfigResponse;
  UpgradeResourceState: UpgradeResourceStateResponse;
  UpgradeResourceIdentity: UpgradeResourceIdentityResponse;
  ConfigureProvider: ConfigureProviderResponse;
  ReadResource: ReadResourceResponse;
  PlanResourceChange: PlanResourceChangeResponse;
  ApplyResourceChange: ApplyResourceChangeResponse;
  ImportResourceState: ImportResourceStateResponse;
  MoveResourceState: MoveResourceStateResponse;
  ReadDataSource: ReadDataSourceResponse;
  ValidateEphemeralResourceConfig: ValidateEphemeralResourceConfigResponse;
  OpenEphemeralResource: OpenEphemeralResourceResponse;
  RenewEphemeralResource: RenewEphemeralResourceResponse;
  CloseEphemeralResource: CloseEphemeralResourceResponse;
  ValidateListResourceConfig: ValidateListResourceConfigResponse;
  ValidateActionConfig: ValidateActionConfigResponse;
  PlanAction: PlanActionResponse;
  GetFunctions: GetFunctionsResponse;
  CallFunction: CallFunctionResponse;
  StopProvider: StopProviderResponse;
}

/** The request of each RPC that answers with a stream. */
export interface StreamRequests {
  ListResource: ListResourceRequest;
  InvokeAction: InvokeActionRequest;
}

/** What each of those streams consists of. */
export interface Events {
  ListResource: ListResourceEvent;
  InvokeAction: InvokeActionEvent;
}

/** The name of an RPC of `tfplugin6.Provider` that has one answer. */
export type RpcName = keyof Requests;

/** The name of one that answers with a stream. */
export type StreamName = keyof StreamRequests;

/** What a handler gets beside its request. */
export interface CallContext {
  /** Aborted when Terraform asks the provider to stop, and when the caller goes away. */
  signal: AbortSignal;
}

/**
 * The provider's logic, one function per RPC. An RPC without a handler answers UNIMPLEMENTED, which Terraform takes as "this
 * provider has no such feature" for everything that came after protocol 6.0.
 */
export type Handlers = {
  [R in RpcName]?: (request: Requests[R], context: CallContext) => Promise<Responses[R]>;
} & {
  [R in StreamName]?: (request: StreamRequests[R], context: CallContext) => AsyncIterable<Events[R]>;
};
