import {
  DATA_SOURCE_SCHEMAS,
  RESOURCE_SCHEMAS,
  type TerraformSchema,
} from '../../terraform-provider-spec/derive/terraform.ts';
import { EPHEMERAL_SCHEMAS, type EphemeralSchema } from '../../terraform-provider-spec/derive/terraform-ephemeral.ts';
import { LIST_RESOURCE_SCHEMAS } from '../../terraform-provider-spec/derive/terraform-list-resources.ts';

/** The resource of that type. Throws a `RangeError` for an unknown one: Terraform asks only for what the schema names. */
export function resourceOf(type: string): TerraformSchema {
  return find(RESOURCE_SCHEMAS, type, 'resource');
}

/** The data source of that type. Throws a `RangeError` for an unknown one. */
export function dataSourceOf(type: string): TerraformSchema {
  return find(DATA_SOURCE_SCHEMAS, type, 'data source');
}

/** The list resource of that type. Throws a `RangeError` for an unknown one. */
export function listResourceOf(type: string): TerraformSchema {
  return find(LIST_RESOURCE_SCHEMAS, type, 'list resource');
}

/** The ephemeral resource of that type. Throws a `RangeError` for an unknown one. */
export function ephemeralOf(type: string): EphemeralSchema {
  return find(EPHEMERAL_SCHEMAS, type, 'ephemeral resource');
}

function find<T>(schemas: ReadonlyMap<string, T>, type: string, what: string): T {
  const schema = schemas.get(type);
  if (schema === undefined) throw new RangeError(`there is no ${what} ${type}`);
  return schema;
}
