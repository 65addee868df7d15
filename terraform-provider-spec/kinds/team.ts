import type { Kind } from '../kind.ts';

export const team: Kind = {
  kind: 'team',
  title: 'team',
  collection: 'teams',
  parameter: 'team',
  parent: 'organization',
  noun: 'teams',
  subcategory: 'Organization',
  description:
    'A group of people, service accounts and apps. What is granted at a team holds for its apps and for the accounts that ' +
    'live in it.',
  attributes: {},
  examples: {
    full: { display_name: 'Mobile', description: 'Builds the apps', labels: { floor: '3' } },
    changed: { display_name: 'Mobile team', description: 'Builds the apps', labels: {} },
    invalid: [
      { body: { labels: { 'Not A Name': 'x' } }, pointer: '/labels/Not A Name' },
      { body: { members: ['alice'] }, pointer: '/members' },
      { body: { display_name: 7 }, pointer: '/display_name' },
    ],
  },
};
