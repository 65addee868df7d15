import type { Kind } from '../kind.ts';

export const project: Kind = {
  kind: 'project',
  title: 'project',
  collection: 'projects',
  parameter: 'project',
  parent: 'organization',
  noun: 'projects',
  subcategory: 'Organization',
  description:
    'A node in a tree of projects. What is granted at a project holds for everything below it, never above or beside it.',
  attributes: {
    parent: {
      type: 'string',
      format: 'name',
      references: 'project',
      access: 'optional',
      description: 'The project that it lies in; null for one at the top. The tree is at most 8 projects deep.',
    },
  },
  examples: {
    prerequisites: [
      { kind: 'project', name: 'hardware', body: {} },
      { kind: 'project', name: 'software', body: {} },
    ],
    full: {
      display_name: 'Shop',
      description: 'Everything that sells',
      labels: { cost: 'a-17' },
      parent: 'hardware',
    },
    changed: {
      display_name: 'Shop',
      description: 'Everything that sells online',
      labels: { cost: 'a-17' },
      parent: 'software',
    },
    invalid: [
      { body: { parent: 'no-such-project' }, pointer: '/parent', byDaemon: true },
      { body: { parent: 'Not A Name' }, pointer: '/parent' },
      { body: { parent: ['hardware'] }, pointer: '/parent' },
      { body: { children: ['shop'] }, pointer: '/children' },
    ],
  },
};
