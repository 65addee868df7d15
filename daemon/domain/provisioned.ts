/** Users and teams as an identity provider sees them. */
import type { JsonObject } from '../../terraform-provider-spec/kind.ts';
import type { Caller } from './caller.ts';
import type { ProvisionedName } from './keys.ts';

export type ProvisionedKind = 'user' | 'team';

/** A user or team as it is kept. */
export interface Kept {
  readonly address: string;
  readonly name: string;
  readonly uid: string;
  readonly revision: number;
  /** Milliseconds since 1970 UTC. */
  readonly created_at: number;
  readonly updated_at: number;
  /** The writable attributes of the kind. */
  readonly attributes: JsonObject;
  /** What only the identity provider knows; null for what was not made by one. */
  readonly provisioned: JsonObject | null;
}

/** The same with what belongs to it: the teams of a user, or the users in a team, by address. */
export interface Provisioned extends Kept {
  readonly related: readonly Kept[];
}

/** What an identity provider wants a user or team to be. */
export interface Desired {
  /** The body of a PUT: the whole desired state, `teams` of a user included. */
  readonly attributes: JsonObject;
  readonly provisioned: JsonObject;
  /** Of a team, the uids of its users; those that it has if left out. */
  readonly members?: readonly string[];
}

/** Who asks, in which organization. */
export interface ProvisioningScope {
  readonly caller: Caller;
  /** Address of the organization. */
  readonly organization: string;
  readonly kind: ProvisionedKind;
}

/** Which one is meant. */
export interface ProvisioningTarget {
  readonly uid: string;
  /** Throws when what is there is not what the caller has in mind: a precondition, looked at in the transaction. */
  readonly check?: (current: Provisioned) => void;
}

/** By what users and teams can be looked up without reading all of them. */
export interface Lookup {
  readonly by: ProvisionedName | 'uid';
  readonly value: string;
}
