import type { Kind } from '../kind.ts';
import { forceDestroy, identifier, teams } from './holder-attributes.ts';

export const app: Kind = {
  kind: 'app',
  title: 'app',
  collection: 'apps',
  parameter: 'app',
  parent: 'organization',
  noun: 'apps',
  subcategory: 'Organization',
  description: 'An application that other services manage. Tokens of its own open it and nothing else.',
  attributes: {
    project: {
      type: 'string',
      format: 'name',
      references: 'project',
      access: 'optional',
      description: 'The project that it lies in; null for none.',
    },
    teams: teams('The teams that work on it: with `team_isolation` it is visible only to those.'),
    identifier: identifier('apps/{app}@{organization}.{domain}'),
  },
  terraformOptions: forceDestroy('app'),
  examples: {
    prerequisites: [
      { kind: 'project', name: 'shop', body: {} },
      { kind: 'team', name: 'android', body: {} },
      { kind: 'team', name: 'ios', body: {} },
    ],
    full: {
      display_name: 'Till',
      description: 'The till of the shop',
      labels: { platform: 'mobile' },
      project: 'shop',
      teams: ['android', 'ios'],
    },
    changed: { display_name: 'Till', description: 'The till of the shop', labels: {}, teams: ['ios'] },
    invalid: [
      { body: { project: 'no-such-project' }, pointer: '/project', byDaemon: true },
      { body: { teams: ['no-such-team'] }, pointer: '/teams/0', byDaemon: true },
      { body: { teams: ['ios', 'ios'] }, pointer: '/teams/1' },
      { body: { teams: 'ios' }, pointer: '/teams' },
      { body: { project: 7 }, pointer: '/project' },
    ],
  },
};
