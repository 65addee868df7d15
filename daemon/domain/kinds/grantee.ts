/** What is particular to service accounts and users: their grants are power handed on, and their tokens go with them. */
import type { Behaviour } from './behaviour.ts';
import { tokensOf } from './dependants.ts';
import { grantProblems, isOwnerHolder, requireGrants } from './grants.ts';

export const grantee: Behaviour = {
  holder: (snapshot, address) => snapshot.resource(address),
  problems: (context, convergence) => grantProblems(context.draft, convergence),
  check(context, convergence) {
    requireGrants(context, convergence);
    return { owner: isOwnerHolder(convergence.desired) };
  },
  dependants: tokensOf,
};
