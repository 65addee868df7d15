/** What accounts, apps and users have in common: they hold tokens, and can be stopped together with them. */
import type { Json, JsonObject } from '../../terraform-provider-spec/kind.ts';
import type { Resource } from './model.ts';

/** A user's pending enrolment: the hash of the one secret that opens the creation of the user's own tokens. */
export interface Enrolment {
  readonly hash: string;
  /** Milliseconds since 1970 UTC. */
  readonly valid_until: number;
}

/** Whether a holder with these attributes can act: not when it is disabled or inactive. */
export function canAct({ disabled, active }: JsonObject): boolean {
  return disabled !== true && active !== false;
}

/** The enrolment that waits for the user, if any; it may have expired. */
export function enrolmentOf(user: Resource): Enrolment | undefined {
  const { enrolment } = user.state as { enrolment?: Enrolment | null };
  return enrolment ?? undefined;
}

/** The user's row with that enrolment, or with none. */
export function withEnrolment(user: Resource, enrolment: Enrolment | null): Resource {
  const { enrolment: _before, ...state } = user.state;
  return { ...user, state: enrolment === null ? state : { ...state, enrolment: enrolment as unknown as Json } };
}
