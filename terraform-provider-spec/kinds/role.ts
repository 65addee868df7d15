import type { Kind } from '../kind.ts';

export const role: Kind = {
  kind: 'role',
  title: 'role',
  collection: 'roles',
  parameter: 'role',
  parent: 'organization',
  noun: 'roles',
  subcategory: 'Access',
  hasBuiltIn: true,
  description:
    'A named set of permissions. The built-in roles are the same in every organization and cannot be written; a change of ' +
    'any other takes effect on live tokens at once.',
  attributes: {
    permissions: {
      type: 'set',
      items: { type: 'string', format: 'permission' },
      maxItems: 256,
      access: 'optional',
      default: [],
      description:
        'What the role allows: `noun.verb`, `noun.*`, `*.verb` or `*`; `~` stands for every noun that is not one of ' +
        "Accredit's own. At most 16 of them are of one verb for many nouns.",
    },
  },
  examples: {
    full: {
      display_name: 'Release manager',
      description: 'Publishes builds',
      labels: { reviewed: '2027-01' },
      permissions: ['builds.read', 'builds.publish', 'apps.read'],
    },
    changed: {
      display_name: 'Release manager',
      description: 'Publishes builds and takes them back',
      labels: { reviewed: '2027-01' },
      permissions: ['builds.*', 'apps.read'],
    },
    invalid: [
      { body: { permissions: ['everything'] }, pointer: '/permissions/0' },
      { body: { permissions: ['builds.read', 'builds.read'] }, pointer: '/permissions/1' },
      { body: { permissions: 'builds.read' }, pointer: '/permissions' },
    ],
  },
};
