/**
 * The wire form of the messages in `messages.ts` as data: what a compiled `.proto` file would say, in the notation that `wire.ts`
 * works from. Proto3; a field that is not named here is skipped on receipt.
 */

/** Types that stand for themselves; every other name is that of a message. */
export type ScalarType = 'string' | 'bytes' | 'bool' | 'int64' | 'int32' | 'uint32' | 'enum';

/**
 * `presence` is proto3's `optional` and a member of a `oneof`: on the wire both mean that the default value is sent too.
 * `map` has string keys and values of the type.
 */
export type Label = 'presence' | 'repeated' | 'map';

/** Number, name, type, and the label where there is one. */
export type Field = readonly [number: number, name: string, type: string, label?: Label];

const DIAGNOSTICS_1: Field = [1, 'diagnostics', 'Diagnostic', 'repeated'];
const DIAGNOSTICS_2: Field = [2, 'diagnostics', 'Diagnostic', 'repeated'];
const TYPE_NAME: Field = [1, 'type_name', 'string'];
const ACTION_TYPE: Field = [1, 'action_type', 'string'];
const CONFIG: Field = [2, 'config', 'DynamicValue'];

/** The fields of every message, by the name of the message. */
export const MESSAGES: Readonly<Record<string, readonly Field[]>> = {
  // Shared
  DynamicValue: [
    [1, 'msgpack', 'bytes'],
    [2, 'json', 'bytes'],
  ],
  Diagnostic: [
    [1, 'severity', 'enum'],
    [2, 'summary', 'string'],
    [3, 'detail', 'string'],
    [4, 'attribute', 'AttributePath'],
  ],
  FunctionError: [
    [1, 'text', 'string'],
    [2, 'function_argument', 'int64', 'presence'],
  ],
  AttributePath: [[1, 'steps', 'AttributePath.Step', 'repeated']],
  'AttributePath.Step': [
    [1, 'attribute_name', 'string', 'presence'],
    [2, 'element_key_string', 'string', 'presence'],
    [3, 'element_key_int', 'int64', 'presence'],
  ],
  RawState: [
    [1, 'json', 'bytes'],
    [2, 'flatmap', 'string', 'map'],
  ],
  ServerCapabilities: [
    [1, 'plan_destroy', 'bool'],
    [2, 'get_provider_schema_optional', 'bool'],
    [3, 'move_resource_state', 'bool'],
  ],
  ClientCapabilities: [
    [1, 'deferral_allowed', 'bool'],
    [2, 'write_only_attributes_allowed', 'bool'],
  ],
  Deferred: [[1, 'reason', 'enum']],
  Timestamp: [
    [1, 'seconds', 'int64'],
    [2, 'nanos', 'int32'],
  ],
  ResourceIdentityData: [[1, 'identity_data', 'DynamicValue']],

  // Schemas
  Schema: [
    [1, 'version', 'int64'],
    [2, 'block', 'Schema.Block'],
  ],
  'Schema.Block': [
    [1, 'version', 'int64'],
    [2, 'attributes', 'Schema.Attribute', 'repeated'],
    [3, 'block_types', 'Schema.NestedBlock', 'repeated'],
    [4, 'description', 'string'],
    [5, 'description_kind', 'enum'],
    [6, 'deprecated', 'bool'],
  ],
  'Schema.Attribute': [
    [1, 'name', 'string'],
    [2, 'type', 'bytes'],
    [3, 'description', 'string'],
    [4, 'required', 'bool'],
    [5, 'optional', 'bool'],
    [6, 'computed', 'bool'],
    [7, 'sensitive', 'bool'],
    [8, 'description_kind', 'enum'],
    [9, 'deprecated', 'bool'],
    [10, 'nested_type', 'Schema.Object'],
    [11, 'write_only', 'bool'],
  ],
  'Schema.NestedBlock': [
    [1, 'type_name', 'string'],
    [2, 'block', 'Schema.Block'],
    [3, 'nesting', 'enum'],
    [4, 'min_items', 'int64'],
    [5, 'max_items', 'int64'],
  ],
  'Schema.Object': [
    [1, 'attributes', 'Schema.Attribute', 'repeated'],
    [3, 'nesting', 'enum'],
  ],
  ResourceIdentitySchema: [
    [1, 'version', 'int64'],
    [2, 'identity_attributes', 'ResourceIdentitySchema.IdentityAttribute', 'repeated'],
  ],
  'ResourceIdentitySchema.IdentityAttribute': [
    [1, 'name', 'string'],
    [2, 'type', 'bytes'],
    [3, 'required_for_import', 'bool'],
    [4, 'optional_for_import', 'bool'],
    [5, 'description', 'string'],
  ],
  Function: [
    [1, 'parameters', 'Function.Parameter', 'repeated'],
    [2, 'variadic_parameter', 'Function.Parameter'],
    [3, 'return', 'Function.Return'],
    [4, 'summary', 'string'],
    [5, 'description', 'string'],
    [6, 'description_kind', 'enum'],
    [7, 'deprecation_message', 'string'],
  ],
  'Function.Parameter': [
    [1, 'name', 'string'],
    [2, 'type', 'bytes'],
    [3, 'allow_null_value', 'bool'],
    [4, 'allow_unknown_values', 'bool'],
    [5, 'description', 'string'],
    [6, 'description_kind', 'enum'],
  ],
  'Function.Return': [[1, 'type', 'bytes']],
  ActionSchema: [[1, 'schema', 'Schema']],

  // The provider as a whole
  'GetMetadata.Request': [],
  'GetMetadata.Response': [
    [1, 'server_capabilities', 'ServerCapabilities'],
    DIAGNOSTICS_2,
    [3, 'data_sources', 'GetMetadata.DataSourceMetadata', 'repeated'],
    [4, 'resources', 'GetMetadata.ResourceMetadata', 'repeated'],
    [5, 'functions', 'GetMetadata.FunctionMetadata', 'repeated'],
    [6, 'ephemeral_resources', 'GetMetadata.EphemeralResourceMetadata', 'repeated'],
    [7, 'list_resources', 'GetMetadata.ListResourceMetadata', 'repeated'],
    [9, 'actions', 'GetMetadata.ActionMetadata', 'repeated'],
  ],
  'GetMetadata.DataSourceMetadata': [TYPE_NAME],
  'GetMetadata.ResourceMetadata': [TYPE_NAME],
  'GetMetadata.EphemeralResourceMetadata': [TYPE_NAME],
  'GetMetadata.ListResourceMetadata': [TYPE_NAME],
  'GetMetadata.ActionMetadata': [TYPE_NAME],
  'GetMetadata.FunctionMetadata': [[1, 'name', 'string']],
  'GetProviderSchema.Request': [],
  'GetProviderSchema.Response': [
    [1, 'provider', 'Schema'],
    [2, 'resource_schemas', 'Schema', 'map'],
    [3, 'data_source_schemas', 'Schema', 'map'],
    [4, 'diagnostics', 'Diagnostic', 'repeated'],
    [5, 'provider_meta', 'Schema'],
    [6, 'server_capabilities', 'ServerCapabilities'],
    [7, 'functions', 'Function', 'map'],
    [8, 'ephemeral_resource_schemas', 'Schema', 'map'],
    [9, 'list_resource_schemas', 'Schema', 'map'],
    [11, 'action_schemas', 'ActionSchema', 'map'],
  ],
  'GetResourceIdentitySchemas.Request': [],
  'GetResourceIdentitySchemas.Response': [[1, 'identity_schemas', 'ResourceIdentitySchema', 'map'], DIAGNOSTICS_2],
  'ValidateProviderConfig.Request': [[1, 'config', 'DynamicValue']],
  'ValidateProviderConfig.Response': [DIAGNOSTICS_2],
  'ConfigureProvider.Request': [
    [1, 'terraform_version', 'string'],
    CONFIG,
    [3, 'client_capabilities', 'ClientCapabilities'],
  ],
  'ConfigureProvider.Response': [DIAGNOSTICS_1],
  'StopProvider.Request': [],
  'StopProvider.Response': [[1, 'Error', 'string']],

  // Resources
  'ValidateResourceConfig.Request': [TYPE_NAME, CONFIG, [3, 'client_capabilities', 'ClientCapabilities']],
  'ValidateResourceConfig.Response': [DIAGNOSTICS_1],
  'UpgradeResourceState.Request': [TYPE_NAME, [2, 'version', 'int64'], [3, 'raw_state', 'RawState']],
  'UpgradeResourceState.Response': [[1, 'upgraded_state', 'DynamicValue'], DIAGNOSTICS_2],
  'UpgradeResourceIdentity.Request': [TYPE_NAME, [2, 'version', 'int64'], [3, 'raw_identity', 'RawState']],
  'UpgradeResourceIdentity.Response': [[1, 'upgraded_identity', 'ResourceIdentityData'], DIAGNOSTICS_2],
  'ReadResource.Request': [
    TYPE_NAME,
    [2, 'current_state', 'DynamicValue'],
    [3, 'private', 'bytes'],
    [4, 'provider_meta', 'DynamicValue'],
    [5, 'client_capabilities', 'ClientCapabilities'],
    [6, 'current_identity', 'ResourceIdentityData'],
  ],
  'ReadResource.Response': [
    [1, 'new_state', 'DynamicValue'],
    DIAGNOSTICS_2,
    [3, 'private', 'bytes'],
    [4, 'deferred', 'Deferred'],
    [5, 'new_identity', 'ResourceIdentityData'],
  ],
  'PlanResourceChange.Request': [
    TYPE_NAME,
    [2, 'prior_state', 'DynamicValue'],
    [3, 'proposed_new_state', 'DynamicValue'],
    [4, 'config', 'DynamicValue'],
    [5, 'prior_private', 'bytes'],
    [6, 'provider_meta', 'DynamicValue'],
    [7, 'client_capabilities', 'ClientCapabilities'],
    [8, 'prior_identity', 'ResourceIdentityData'],
  ],
  'PlanResourceChange.Response': [
    [1, 'planned_state', 'DynamicValue'],
    [2, 'requires_replace', 'AttributePath', 'repeated'],
    [3, 'planned_private', 'bytes'],
    [4, 'diagnostics', 'Diagnostic', 'repeated'],
    [6, 'deferred', 'Deferred'],
    [7, 'planned_identity', 'ResourceIdentityData'],
  ],
  'ApplyResourceChange.Request': [
    TYPE_NAME,
    [2, 'prior_state', 'DynamicValue'],
    [3, 'planned_state', 'DynamicValue'],
    [4, 'config', 'DynamicValue'],
    [5, 'planned_private', 'bytes'],
    [6, 'provider_meta', 'DynamicValue'],
    [7, 'planned_identity', 'ResourceIdentityData'],
  ],
  'ApplyResourceChange.Response': [
    [1, 'new_state', 'DynamicValue'],
    [2, 'private', 'bytes'],
    [3, 'diagnostics', 'Diagnostic', 'repeated'],
    [5, 'new_identity', 'ResourceIdentityData'],
  ],
  'ImportResourceState.Request': [
    TYPE_NAME,
    [2, 'id', 'string'],
    [3, 'client_capabilities', 'ClientCapabilities'],
    [4, 'identity', 'ResourceIdentityData'],
  ],
  'ImportResourceState.ImportedResource': [
    TYPE_NAME,
    [2, 'state', 'DynamicValue'],
    [3, 'private', 'bytes'],
    [4, 'identity', 'ResourceIdentityData'],
  ],
  'ImportResourceState.Response': [
    [1, 'imported_resources', 'ImportResourceState.ImportedResource', 'repeated'],
    DIAGNOSTICS_2,
    [3, 'deferred', 'Deferred'],
  ],
  'MoveResourceState.Request': [
    [1, 'source_provider_address', 'string'],
    [2, 'source_type_name', 'string'],
    [3, 'source_schema_version', 'int64'],
    [4, 'source_state', 'RawState'],
    [5, 'target_type_name', 'string'],
    [6, 'source_private', 'bytes'],
    [7, 'source_identity', 'RawState'],
    [8, 'source_identity_schema_version', 'int64'],
  ],
  'MoveResourceState.Response': [
    [1, 'target_state', 'DynamicValue'],
    DIAGNOSTICS_2,
    [3, 'target_private', 'bytes'],
    [4, 'target_identity', 'ResourceIdentityData'],
  ],

  // Data sources
  'ValidateDataResourceConfig.Request': [TYPE_NAME, CONFIG],
  'ValidateDataResourceConfig.Response': [DIAGNOSTICS_1],
  'ReadDataSource.Request': [
    TYPE_NAME,
    CONFIG,
    [3, 'provider_meta', 'DynamicValue'],
    [4, 'client_capabilities', 'ClientCapabilities'],
  ],
  'ReadDataSource.Response': [[1, 'state', 'DynamicValue'], DIAGNOSTICS_2, [3, 'deferred', 'Deferred']],

  // Ephemeral resources
  'ValidateEphemeralResourceConfig.Request': [TYPE_NAME, CONFIG],
  'ValidateEphemeralResourceConfig.Response': [DIAGNOSTICS_1],
  'OpenEphemeralResource.Request': [TYPE_NAME, CONFIG, [3, 'client_capabilities', 'ClientCapabilities']],
  'OpenEphemeralResource.Response': [
    DIAGNOSTICS_1,
    [2, 'renew_at', 'Timestamp'],
    [3, 'result', 'DynamicValue'],
    [4, 'private', 'bytes', 'presence'],
    [5, 'deferred', 'Deferred'],
  ],
  'RenewEphemeralResource.Request': [TYPE_NAME, [2, 'private', 'bytes', 'presence']],
  'RenewEphemeralResource.Response': [DIAGNOSTICS_1, [2, 'renew_at', 'Timestamp'], [3, 'private', 'bytes', 'presence']],
  'CloseEphemeralResource.Request': [TYPE_NAME, [2, 'private', 'bytes', 'presence']],
  'CloseEphemeralResource.Response': [DIAGNOSTICS_1],

  // List resources
  'ListResource.Request': [TYPE_NAME, CONFIG, [3, 'include_resource_object', 'bool'], [4, 'limit', 'int64']],
  'ListResource.Event': [
    [1, 'identity', 'ResourceIdentityData'],
    [2, 'display_name', 'string'],
    [3, 'resource_object', 'DynamicValue'],
    [4, 'diagnostic', 'Diagnostic', 'repeated'],
  ],
  'ValidateListResourceConfig.Request': [
    TYPE_NAME,
    CONFIG,
    [3, 'include_resource_object', 'DynamicValue'],
    [4, 'limit', 'DynamicValue'],
  ],
  'ValidateListResourceConfig.Response': [DIAGNOSTICS_1],

  // Actions
  'ValidateActionConfig.Request': [ACTION_TYPE, CONFIG],
  'ValidateActionConfig.Response': [DIAGNOSTICS_1],
  'PlanAction.Request': [ACTION_TYPE, CONFIG, [3, 'client_capabilities', 'ClientCapabilities']],
  'PlanAction.Response': [DIAGNOSTICS_1, [2, 'deferred', 'Deferred']],
  'InvokeAction.Request': [ACTION_TYPE, CONFIG, [3, 'client_capabilities', 'ClientCapabilities']],
  'InvokeAction.Event': [
    [1, 'progress', 'InvokeAction.Event.Progress'],
    [2, 'completed', 'InvokeAction.Event.Completed'],
  ],
  'InvokeAction.Event.Progress': [[1, 'message', 'string']],
  'InvokeAction.Event.Completed': [DIAGNOSTICS_1],

  // Functions
  'GetFunctions.Request': [],
  'GetFunctions.Response': [[1, 'functions', 'Function', 'map'], DIAGNOSTICS_2],
  'CallFunction.Request': [
    [1, 'name', 'string'],
    [2, 'arguments', 'DynamicValue', 'repeated'],
  ],
  'CallFunction.Response': [
    [1, 'result', 'DynamicValue'],
    [2, 'error', 'FunctionError'],
  ],

  // Side services
  Empty: [],
  StdioData: [
    [1, 'channel', 'enum'],
    [2, 'data', 'bytes'],
  ],
  ConnInfo: [
    [1, 'service_id', 'uint32'],
    [2, 'network', 'string'],
    [3, 'address', 'string'],
  ],
  HealthCheckRequest: [[1, 'service', 'string']],
  HealthCheckResponse: [[1, 'status', 'enum']],
};

/** Every RPC of `tfplugin6.Provider` that the table above covers and that has one answer. */
export const RPC_NAMES = [
  'GetMetadata',
  'GetProviderSchema',
  'GetResourceIdentitySchemas',
  'ValidateProviderConfig',
  'ValidateResourceConfig',
  'ValidateDataResourceConfig',
  'UpgradeResourceState',
  'UpgradeResourceIdentity',
  'ConfigureProvider',
  'ReadResource',
  'PlanResourceChange',
  'ApplyResourceChange',
  'ImportResourceState',
  'MoveResourceState',
  'ReadDataSource',
  'ValidateEphemeralResourceConfig',
  'OpenEphemeralResource',
  'RenewEphemeralResource',
  'CloseEphemeralResource',
  'ValidateListResourceConfig',
  'ValidateActionConfig',
  'PlanAction',
  'GetFunctions',
  'CallFunction',
  'StopProvider',
] as const;

/** Those that answer with a stream of events. */
export const STREAM_NAMES = ['ListResource', 'InvokeAction'] as const;
