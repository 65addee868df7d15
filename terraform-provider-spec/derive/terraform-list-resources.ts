/** The list resources, by which `terraform query` (1.14 and later) finds what could be imported. */
import { KINDS } from '../kinds/index.ts';
import { dataSourceSchema, type TerraformSchema, terraformType } from './terraform.ts';
import { filterAttributes, placeAttributes } from './terraform-lists.ts';

/**
 * The configurations of the list resources by the Terraform type of what they find. They take what the data source of the
 * list takes; nothing is computed, for what is found goes its own way.
 */
export const LIST_RESOURCE_SCHEMAS: ReadonlyMap<string, TerraformSchema> = new Map(
  KINDS.map((kind) => {
    const type = terraformType(kind);
    const attributes = [...placeAttributes(kind, dataSourceSchema(kind).attributes), ...filterAttributes(kind)];
    const schema: TerraformSchema = {
      type,
      kind,
      version: 0,
      description: `Finds the ${kind.title}s that the provider's token may see, or those that the filters keep. What is built in is left out.`,
      attributes: attributes.map((attribute) => ({ ...attribute, computed: false })),
      lists: true,
    };
    return [type, schema];
  }),
);
