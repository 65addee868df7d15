import {
  DATA_SOURCE_SCHEMAS,
  RESOURCE_SCHEMAS,
  type TerraformSchema,
} from '../../terraform-provider-spec/derive/terraform.ts';

/** The resource of that type. Throws a `RangeError` for an unknown one: Terraform asks only for what the schema names. */
export function resourceOf(type: string): TerraformSchema {
  return find(RESOURCE_SCHEMAS, type, 'resource');
}

/** The data source of that type. Throws a `RangeError` for an unknown one. */
export function dataSourceOf(type: string): TerraformSchema {
  return find(DATA_SOURCE_SCHEMAS, type, 'data source');
}

function find(schemas: ReadonlyMap<string, TerraformSchema>, type: string, what: string): TerraformSchema {
  const schema = schemas.get(type);
  if (schema === undefined) throw new RangeError(`there is no ${what} ${type}`);
  return schema;
}
