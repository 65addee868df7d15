/** What is particular to projects: they form a tree, and moving one hands what is in it to others. */
import { organizationOf } from '../../../terraform-provider-spec/address.ts';
import { mapLoaded } from '../loading.ts';
import { requireMove } from '../movement.ts';
import type { ProblemDetail } from '../problem.ts';
import { PROJECT_DEPTH, withParents } from '../scopes.ts';
import type { Snapshot } from '../snapshot.ts';
import type { Behaviour } from './behaviour.ts';

export const project: Behaviour = {
  problems: ({ draft }, { address, desired }) => treeProblems(draft, address, desired.parent as string | null),
  check(context, { address, stored, desired }) {
    requireMove(context, { address, stored, desired });
    return {};
  },
};

function treeProblems(snapshot: Snapshot, address: string, parent: string | null): ProblemDetail[] {
  if (parent === null) return [];
  const organization = organizationOf(address);
  const own = address.slice(organization.length + 1);
  const above = withParents(snapshot, organization, `projects/${parent}`);
  if (above.includes(own)) {
    return [{ pointer: '/parent', detail: 'lies below this project, which cannot lie below itself' }];
  }
  const depth = above.length + heightOf(snapshot, address);
  if (depth <= PROJECT_DEPTH) return [];
  return [
    { pointer: '/parent', detail: `would make the tree ${depth} projects deep; at most ${PROJECT_DEPTH} are possible` },
  ];
}

/** How many projects the longest branch from this one down has, itself included. */
function heightOf(snapshot: Snapshot, address: string): number {
  const below = snapshot.withKey(address).filter((resource) => resource.kind === 'project');
  return 1 + Math.max(0, ...mapLoaded(below, (child) => heightOf(snapshot, child.address)));
}
