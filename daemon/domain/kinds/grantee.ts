/** What is particular to service accounts and users: their grants are power handed on, and their tokens go with them. */
import type { JsonObject } from '../../../terraform-provider-spec/kind.ts';
import { enrolmentOf, withEnrolment } from '../holder.ts';
import type { Resource } from '../model.ts';
import type { Behaviour } from './behaviour.ts';
import { tokensOf } from './dependants.ts';
import { grantProblems, isOwnerHolder, requireGrants } from './grants.ts';

export const grantee: Behaviour = {
  holder: (snapshot, address) => snapshot.resource(address),
  problems: (context, convergence) => grantProblems(context.draft, convergence),
  check(context, convergence) {
    requireGrants(context, convergence);
    const { stored, desired } = convergence;
    const owner = isOwnerHolder(desired);
    // Whoever made a pending enrolment held what the user held then, and not what is added now.
    const isOutdated = stored !== undefined && enrolmentOf(stored) !== undefined && addsGrants(stored, desired);
    return isOutdated ? { owner, state: withEnrolment(stored, null).state } : { owner };
  },
  dependants: tokensOf,
};

function addsGrants({ attributes }: Resource, desired: JsonObject): boolean {
  const held = new Set(((attributes.grants ?? []) as JsonObject[]).map(({ role, scope }) => `${role} ${scope}`));
  return (desired.grants as JsonObject[]).some(({ role, scope }) => !held.has(`${role} ${scope}`));
}
