/** What the kinds that hold tokens have in common. */
import type { Attribute, TerraformOption, ValueType } from '../kind.ts';

const TEAM_NAME: ValueType = { type: 'string', format: 'name', references: 'team' };

/** The set of teams that something or somebody belongs to. */
export function teams(description: string): Attribute {
  return { type: 'set', maxItems: 256, access: 'optional', default: [], description, items: TEAM_NAME };
}

/** The roles that an account or user holds. */
export const GRANTS: Attribute = {
  type: 'set',
  maxItems: 256,
  access: 'optional',
  default: [],
  description: 'The roles that it holds, each at a scope.',
  items: {
    type: 'object',
    attributes: {
      role: {
        type: 'string',
        format: 'name',
        references: 'role',
        access: 'required',
        description: 'The name of a role.',
      },
      scope: {
        type: 'string',
        format: 'scope',
        access: 'optional',
        default: 'organization',
        description:
          'Where the role applies: `organization`, `projects/x` with all projects below, `teams/x` or `apps/x`.',
      },
    },
  },
};

/** The name under which actions appear in the audit log and in answers about tokens. */
export function identifier(shape: string): Attribute {
  return {
    type: 'string',
    access: 'read-only',
    changesWith: [],
    description: `The name under which its actions appear: \`${shape}\`.`,
  };
}

/** The setting of a Terraform resource that lets it be deleted with live tokens that nobody destroys before. */
export function forceDestroy(title: string): Readonly<Record<string, TerraformOption>> {
  return {
    force_destroy: {
      type: 'boolean',
      default: false,
      description: `Delete the ${title} together with live tokens that this configuration does not destroy first.`,
    },
  };
}
