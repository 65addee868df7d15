import type { Kind } from '../kind.ts';
import { forceDestroy, GRANTS, identifier, teams } from './holder-attributes.ts';

export const user: Kind = {
  kind: 'user',
  title: 'user',
  collection: 'users',
  parameter: 'user',
  parent: 'organization',
  noun: 'users',
  subcategory: 'Accounts',
  description:
    'A person. Personal access tokens are made by the person itself and carry its rights, for as long as it is active.',
  attributes: {
    email: {
      type: 'string',
      format: 'email',
      maxLength: 254,
      access: 'optional',
      description: 'Where people reach the user. Accredit sends no mail.',
    },
    active: {
      type: 'boolean',
      access: 'optional',
      default: true,
      description: 'While false, none of the tokens works.',
    },
    teams: teams('The teams that the user belongs to: they give visibility of apps, no administration.'),
    grants: GRANTS,
    identifier: identifier('users/{user}@{organization}.{domain}'),
  },
  terraformOptions: forceDestroy('user'),
  examples: {
    prerequisites: [{ kind: 'team', name: 'support', body: {} }],
    full: {
      display_name: 'Alice Doe',
      description: 'Joined in 2026',
      labels: { office: 'berlin' },
      email: 'alice@example.com',
      active: true,
      teams: ['support'],
      grants: [
        { role: 'viewer', scope: 'organization' },
        { role: 'developer', scope: 'teams/support' },
      ],
    },
    changed: { display_name: 'Alice Smith', email: 'alice.smith@example.com', grants: [{ role: 'viewer' }] },
    invalid: [
      { body: { email: 'alice' }, pointer: '/email' },
      { body: { active: 'no' }, pointer: '/active' },
      { body: { password: 'secret' }, pointer: '/password' },
      { body: { teams: ['no-such-team'] }, pointer: '/teams/0', byDaemon: true },
      { body: { grants: [{ role: 'no-such-role' }] }, pointer: '/grants/0/role', byDaemon: true },
      { body: { grants: [{ role: 'viewer', scope: 'apps/none' }] }, pointer: '/grants/0/scope', byDaemon: true },
    ],
  },
};
