import { PROVIDER_SETTINGS, settingText } from '../../terraform-provider-spec/derive/provider-settings.ts';
import {
  DATA_SOURCE_SCHEMAS,
  RESOURCE_SCHEMAS,
  type TerraformAttribute,
  type TerraformSchema,
} from '../../terraform-provider-spec/derive/terraform.ts';
import { ACTION_SCHEMAS } from '../../terraform-provider-spec/derive/terraform-actions.ts';
import { EPHEMERAL_SCHEMAS } from '../../terraform-provider-spec/derive/terraform-ephemeral.ts';
import { LIST_RESOURCE_SCHEMAS } from '../../terraform-provider-spec/derive/terraform-list-resources.ts';
import { PROVIDER_FUNCTIONS } from '../../terraform-provider-spec/functions/index.ts';
import type {
  FunctionParameter as DescribedParameter,
  ProviderFunction,
} from '../../terraform-provider-spec/provider-function.ts';
import {
  type FunctionDefinition,
  type FunctionParameter,
  type GetProviderSchemaResponse,
  NESTING,
  type Schema,
  type SchemaAttribute,
  STRING_KIND,
} from '../plugin/messages.ts';

/** The schemas of provider, resources, data sources and ephemeral resources, the functions, and what Terraform may rely on. */
export async function getProviderSchema(): Promise<GetProviderSchemaResponse> {
  return {
    provider: PROVIDER_SCHEMA,
    resource_schemas: schemas(RESOURCE_SCHEMAS),
    data_source_schemas: schemas(DATA_SOURCE_SCHEMAS),
    ephemeral_resource_schemas: schemas(EPHEMERAL_SCHEMAS),
    list_resource_schemas: schemas(LIST_RESOURCE_SCHEMAS),
    action_schemas: Object.fromEntries([...ACTION_SCHEMAS].map(([type, each]) => [type, { schema: toSchema(each) }])),
    functions: Object.fromEntries(PROVIDER_FUNCTIONS.map((each) => [each.name, toFunction(each)])),
    server_capabilities: { plan_destroy: true, get_provider_schema_optional: true, move_resource_state: false },
  };
}

const PROVIDER_SCHEMA: Schema = {
  version: 0,
  block: {
    attributes: PROVIDER_SETTINGS.map((setting) => ({
      name: setting.name,
      type: typeBytes(setting.type),
      description: settingText(setting),
      description_kind: STRING_KIND.markdown,
      optional: true,
      sensitive: setting.sensitive,
    })),
  },
};

/** What has a version is stored, and may have to be upgraded. */
type Described = Pick<TerraformSchema, 'description' | 'attributes'> & Partial<Pick<TerraformSchema, 'version'>>;

function schemas(all: ReadonlyMap<string, Described>): Record<string, Schema> {
  return Object.fromEntries([...all].map(([type, schema]) => [type, toSchema(schema)]));
}

function toSchema({ version = 0, description, attributes }: Described): Schema {
  return {
    version,
    block: { attributes: attributes.map(toAttribute), description, description_kind: STRING_KIND.markdown },
  };
}

function toAttribute(attribute: TerraformAttribute): SchemaAttribute {
  const { name, type, nested, description, required, optional, computed, sensitive, writeOnly } = attribute;
  return {
    name,
    ...(nested === undefined
      ? { type: typeBytes(type) }
      : { nested_type: { nesting: NESTING[nested.nesting], attributes: nested.attributes.map(toAttribute) } }),
    description,
    description_kind: STRING_KIND.markdown,
    required,
    optional,
    computed,
    sensitive,
    write_only: writeOnly,
  };
}

function toFunction({ summary, description, parameters, variadic, returns }: ProviderFunction): FunctionDefinition {
  return {
    parameters: parameters.map(toParameter),
    ...(variadic === undefined ? {} : { variadic_parameter: toParameter(variadic) }),
    return: { type: typeBytes(returns) },
    summary,
    description,
    description_kind: STRING_KIND.markdown,
  };
}

/** Terraform itself answers null with an error and an unknown value with an unknown result. */
function toParameter({ name, type, description }: DescribedParameter): FunctionParameter {
  return { name, type: typeBytes(type), description, description_kind: STRING_KIND.markdown };
}

function typeBytes(type: unknown): Uint8Array {
  return Buffer.from(JSON.stringify(type), 'utf8');
}
