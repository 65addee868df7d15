/** By what Terraform 1.12 and later knows a resource besides its `id`: the names along its address. */
import { KINDS } from '../kinds/index.ts';
import { nameAttributes, type TerraformAttribute, type TerraformType, terraformType } from './terraform.ts';

export interface IdentitySchema {
  readonly version: number;
  /** One for each name: an import needs those that are required. */
  readonly attributes: readonly TerraformAttribute[];
  readonly type: TerraformType;
}

/** The identities by Terraform type. */
export const IDENTITY_SCHEMAS: ReadonlyMap<string, IdentitySchema> = new Map(
  KINDS.map((kind) => {
    const attributes = nameAttributes(kind);
    const type: TerraformType = ['object', Object.fromEntries(attributes.map(({ name }) => [name, 'string']))];
    return [terraformType(kind), { version: 0, attributes, type }];
  }),
);
