/** The Terraform schemas of the actions. */
import { PROVIDER_ACTIONS } from '../actions/index.ts';
import type { ProviderAction } from '../provider-action.ts';
import { plainAttribute, type TerraformAttribute, TYPE_PREFIX } from './terraform.ts';

export interface ActionSchema {
  /** `accredit_rotate`. */
  readonly type: string;
  readonly action: ProviderAction;
  readonly description: string;
  readonly attributes: readonly TerraformAttribute[];
}

/** The actions by Terraform type. */
export const ACTION_SCHEMAS: ReadonlyMap<string, ActionSchema> = new Map(
  PROVIDER_ACTIONS.map((action) => {
    const { name, description } = action;
    const type = TYPE_PREFIX + name;
    const attributes = Object.entries(action.attributes).map(([each, attribute]) => plainAttribute(each, attribute));
    return [type, { type, action, description, attributes }];
  }),
);
