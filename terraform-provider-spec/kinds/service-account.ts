import type { Kind } from '../kind.ts';

export const serviceAccount: Kind = {
  kind: 'service_account',
  title: 'service account',
  collection: 'accounts',
  parameter: 'account',
  parent: 'organization',
  noun: 'accounts',
  description:
    'The identity of a machine. It holds grants and acts through its tokens; it survives whoever created it.',
  attributes: {
    scope: {
      type: 'string',
      format: 'scope',
      access: 'optional',
      default: 'organization',
      immutable: true,
      description:
        'Where the account lives: `organization`, or one project or team, outside which it can hold no grant.',
    },
    grants: {
      type: 'set',
      maxItems: 256,
      access: 'optional',
      default: [],
      description: 'The roles that the account holds, each at a scope.',
      items: {
        type: 'object',
        attributes: {
          role: { type: 'string', format: 'name', access: 'required', description: 'The name of a role.' },
          scope: {
            type: 'string',
            format: 'scope',
            access: 'optional',
            default: 'organization',
            description: 'Where the role applies: `organization`, `projects/x`, `teams/x` or `apps/x`.',
          },
        },
      },
    },
    disabled: {
      type: 'boolean',
      access: 'optional',
      default: false,
      description: 'While true, none of its tokens works.',
    },
    identifier: {
      type: 'string',
      access: 'read-only',
      changesWith: 'any',
      description: 'The name under which its actions appear: `{account}@{organization}.{domain}`.',
    },
  },
  terraformOptions: {
    force_destroy: {
      type: 'boolean',
      default: false,
      description: 'Delete the account together with live tokens that this configuration does not destroy first.',
    },
  },
  examples: {
    full: {
      display_name: 'Deployer',
      description: 'Deploys the shop',
      labels: { env: 'production' },
      scope: 'organization',
      grants: [{ role: 'viewer', scope: 'organization' }],
      disabled: false,
    },
    changed: {
      display_name: 'Deployer',
      description: 'Deploys the shop and the depot',
      labels: { env: 'production' },
      grants: [],
      disabled: true,
    },
    invalid: [
      { body: { grants: [{ role: 'no-such-role' }] }, pointer: '/grants/0/role' },
      { body: { grants: [{ role: 'viewer', scope: 'projects/none' }] }, pointer: '/grants/0/scope' },
      { body: { grants: [{ role: 'viewer', scope: 'everywhere' }] }, pointer: '/grants/0/scope' },
      { body: { grants: [{ scope: 'organization' }] }, pointer: '/grants/0/role' },
      { body: { disabled: 'yes' }, pointer: '/disabled' },
      { body: { scope: 'teams/none' }, pointer: '/scope' },
    ],
    immutable: { scope: 'teams/other' },
  },
};
