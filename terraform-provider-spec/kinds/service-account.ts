import type { Kind } from '../kind.ts';
import { forceDestroy, GRANTS, identifier, teams } from './holder-attributes.ts';

export const serviceAccount: Kind = {
  kind: 'service_account',
  title: 'service account',
  collection: 'accounts',
  parameter: 'account',
  parent: 'organization',
  noun: 'accounts',
  subcategory: 'Accounts',
  description:
    'The identity of a machine. It holds grants and acts through its tokens; it survives whoever created it.',
  attributes: {
    scope: {
      type: 'string',
      format: 'home',
      access: 'optional',
      default: 'organization',
      immutable: true,
      description:
        'Where the account lives: `organization`, or one project or team, beyond which none of its grants reaches.',
    },
    teams: teams('The teams that the account belongs to: they give visibility of apps, no administration.'),
    grants: GRANTS,
    disabled: {
      type: 'boolean',
      access: 'optional',
      default: false,
      description: 'While true, none of its tokens works.',
    },
    identifier: identifier('{account}@{organization}.{domain}'),
  },
  terraformOptions: forceDestroy('account'),
  examples: {
    prerequisites: [
      { kind: 'project', name: 'logistics', body: {} },
      { kind: 'team', name: 'warehouse', body: {} },
    ],
    full: {
      display_name: 'Deployer',
      description: 'Deploys the shop',
      labels: { env: 'production' },
      scope: 'organization',
      teams: ['warehouse'],
      grants: [
        { role: 'viewer', scope: 'organization' },
        { role: 'developer', scope: 'projects/logistics' },
      ],
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
      { body: { grants: [{ role: 'no-such-role' }] }, pointer: '/grants/0/role', byDaemon: true },
      { body: { grants: [{ role: 'viewer', scope: 'projects/none' }] }, pointer: '/grants/0/scope', byDaemon: true },
      { body: { grants: [{ role: 'viewer', scope: 'everywhere' }] }, pointer: '/grants/0/scope' },
      { body: { grants: [{ scope: 'organization' }] }, pointer: '/grants/0/role' },
      { body: { disabled: 'yes' }, pointer: '/disabled' },
      { body: { scope: 'teams/none' }, pointer: '/scope', byDaemon: true },
      { body: { scope: 'apps/none' }, pointer: '/scope' },
      {
        body: { scope: 'projects/logistics', grants: [{ role: 'viewer' }] },
        pointer: '/grants/0/scope',
        byDaemon: true,
      },
      { body: { teams: ['no-such-team'] }, pointer: '/teams/0', byDaemon: true },
    ],
    immutable: { scope: 'teams/other' },
  },
};
