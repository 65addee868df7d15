/** What is particular to organizations: only an empty one goes, and the first never. */
import { referrersLeft } from '../in-use.ts';
import { DEFAULT_ORGANIZATION } from '../principal.ts';
import { Problem } from '../problem.ts';
import type { Behaviour } from './behaviour.ts';

export const organization: Behaviour = {
  dependants({ draft }, stored) {
    if (stored.address === DEFAULT_ORGANIZATION) {
      throw new Problem(
        'default-organization',
        'The installation is administered from "default"; it cannot be deleted.',
      );
    }
    const referrers = draft.referrers(stored.address);
    if (referrers.length === 0) return [];
    throw referrersLeft('in-use', `${stored.address} is not empty: delete what it holds first`, referrers);
  },
};
