import type { DeleteRequest } from '../api.ts';
import type { Convergence } from '../convergence.ts';
import type { Resource } from '../model.ts';
import type { ProblemDetail } from '../problem.ts';
import type { Needs, Snapshot } from '../snapshot.ts';
import type { Context, Effect } from '../write.ts';

/** What a kind does in a way of its own. Whatever it leaves out is done as for every kind. */
export interface Behaviour {
  /** The account, app or user whose power a write to `address` concerns: only an owner acts on an owner's. */
  holder?(snapshot: Snapshot, address: string): Resource | undefined;
  /** What its decisions read besides the resource and its ancestors; a hint. */
  needs?(address: string): Needs;
  /** What is wrong with a PUT that changes something, beyond what the description of the kind says. */
  problems?(context: Context, convergence: Convergence): readonly ProblemDetail[];
  /** Refuses a valid PUT that may not be, and answers what the row has besides its attributes. */
  check?(context: Context, convergence: Convergence): Partial<Pick<Resource, 'owner' | 'state'>>;
  /** Decides a PUT altogether. */
  converge?(context: Context, convergence: Convergence): Effect;
  /** What goes with the resource when it is deleted. Throws when it may not go. */
  dependants?(context: Context, stored: Resource, request: DeleteRequest): readonly Resource[];
  /** The late destroy of a creation that another one has replaced; nothing is left to do if it is left out. */
  endReplaced?(context: Context, stored: Resource, claim: string | null): Effect | undefined;
}
