/** The Terraform schemas of the ephemeral resources. */

import type { EphemeralResource } from '../ephemeral-resource.ts';
import { EPHEMERAL_RESOURCES } from '../ephemeral-resources/index.ts';
import { nameAttributes, plainAttribute, type TerraformAttribute, TYPE_PREFIX } from './terraform.ts';

export interface EphemeralSchema {
  /** `accredit_access_token`. */
  readonly type: string;
  readonly resource: EphemeralResource;
  readonly description: string;
  readonly attributes: readonly TerraformAttribute[];
}

/** The ephemeral resources by Terraform type. */
export const EPHEMERAL_SCHEMAS: ReadonlyMap<string, EphemeralSchema> = new Map(
  EPHEMERAL_RESOURCES.map((resource) => {
    const { name, description, opens, attributes } = resource;
    const type = TYPE_PREFIX + name;
    // Its own name is nobody's to choose.
    const parents = opens === undefined ? [] : nameAttributes(opens).slice(0, -1);
    const own = Object.entries(attributes).map(([each, attribute]) => plainAttribute(each, attribute));
    return [type, { type, resource, description, attributes: [...parents, ...own] }];
  }),
);
