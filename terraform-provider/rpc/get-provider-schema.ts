import {
  DATA_SOURCE_SCHEMAS,
  PROVIDER_SETTINGS,
  RESOURCE_SCHEMAS,
  type TerraformAttribute,
  type TerraformSchema,
} from '../../terraform-provider-spec/derive/terraform.ts';
import {
  type GetProviderSchemaResponse,
  NESTING,
  type Schema,
  type SchemaAttribute,
  STRING_KIND,
} from '../plugin/messages.ts';

/** The schemas of provider, resources and data sources, and what Terraform may rely on. */
export async function getProviderSchema(): Promise<GetProviderSchemaResponse> {
  return {
    provider: PROVIDER_SCHEMA,
    resource_schemas: schemas(RESOURCE_SCHEMAS),
    data_source_schemas: schemas(DATA_SOURCE_SCHEMAS),
    server_capabilities: { plan_destroy: true, get_provider_schema_optional: true, move_resource_state: false },
  };
}

const PROVIDER_SCHEMA: Schema = {
  version: 0,
  block: {
    attributes: PROVIDER_SETTINGS.map(({ name, type, description, sensitive, variable }) => ({
      name,
      type: typeBytes(type),
      description: `${description} Variable: \`${variable}\`.`,
      description_kind: STRING_KIND.markdown,
      optional: true,
      sensitive,
    })),
  },
};

function schemas(all: ReadonlyMap<string, TerraformSchema>): Record<string, Schema> {
  return Object.fromEntries([...all].map(([type, schema]) => [type, toSchema(schema)]));
}

function toSchema({ version, description, attributes }: TerraformSchema): Schema {
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

function typeBytes(type: unknown): Uint8Array {
  return Buffer.from(JSON.stringify(type), 'utf8');
}
