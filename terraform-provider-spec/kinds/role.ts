import type { Kind } from '../kind.ts';

export const role: Kind = {
  kind: 'role',
  title: 'role',
  collection: 'roles',
  parameter: 'role',
  parent: 'organization',
  noun: 'roles',
  builtIn: true,
  description:
    'A named set of permissions. The built-in roles are the same in every organization and cannot be written.',
  attributes: {
    permissions: {
      type: 'set',
      items: { type: 'string', format: 'permission' },
      access: 'read-only',
      description: 'What the role allows: `noun.verb`, `noun.*` or `*`.',
    },
  },
  examples: { full: {}, changed: {}, invalid: [] },
};
