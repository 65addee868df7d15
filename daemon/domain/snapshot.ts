/**
 * The ports between the decisions and the store. A decision is a pure function of a snapshot: it reads rows, changes
 * them and answers, all in memory. The store loads what it asks for, and writes what it changed, many decisions at once.
 */
import type { AuditEvent, Replay, Resource, Revocation, Secret, SigningKey, StoredAuditEvent } from './model.ts';

/** What a decision reads. As `Operation.needs` it is a hint that saves a round; `NotLoaded` asks for the rest. */
export interface Needs {
  readonly resources?: readonly string[];
  /** Addresses whose direct children are wanted, all of them. */
  readonly children?: readonly string[];
  /** Addresses of which it matters only whether something lies directly below: at most `REFERRER_LIMIT` rows each. */
  readonly referrers?: readonly string[];
  /** Organizations whose resources with the `owner` flag are wanted. */
  readonly owners?: readonly string[];
  /** Keys of which all resources that have them are wanted. */
  readonly keys?: readonly string[];
  /** Resources that are wanted by their `uid`, each as `uidKey` spells it: `<organization address>#<uid>`. */
  readonly uids?: readonly string[];
  readonly secrets?: readonly string[];
  readonly revocations?: readonly string[];
  readonly replays?: readonly string[];
  /** `ALL` of them, or none. */
  readonly signingKeys?: readonly string[];
}

/** The one key of a part that is loaded as a whole. */
export const ALL = 'all';

export const REFERRER_LIMIT = 20;

/** How `Needs.uids` spells the uid of a resource in that organization. */
export function uidKey(organization: string, uid: string): string {
  return `${organization}#${uid}`;
}

/** Thrown by a snapshot when a decision reads what was not loaded; the caller loads it and decides again. */
export class NotLoaded extends Error {
  override readonly name = 'NotLoaded';
  readonly needs: Needs;
  constructor(needs: Needs) {
    // Nobody ever sees where it was thrown, and finding that out costs more than all the rest of it.
    const { stackTraceLimit } = Error;
    Error.stackTraceLimit = 0;
    super('a decision asked for rows that are not loaded yet');
    Error.stackTraceLimit = stackTraceLimit;
    this.needs = needs;
  }
}

/**
 * The rows as they stand when the decision is made: committed ones, plus the changes of decisions made before in the
 * same batch. Every reader throws `NotLoaded` for what was not loaded, so absent is never confused with unknown.
 */
export interface Snapshot {
  resource(address: string): Resource | undefined;
  /** By address, ascending. */
  children(address: string): readonly Resource[];
  /** By address, ascending, at most `REFERRER_LIMIT`. */
  referrers(address: string): readonly Resource[];
  owners(organization: string): readonly Resource[];
  /** By address, ascending. */
  withKey(key: string): readonly Resource[];
  withUid(organization: string, uid: string): Resource | undefined;
  secret(hash: string): Secret | undefined;
  revocation(address: string): Revocation | undefined;
  replay(key: string): Replay | undefined;
  /** All of them; those that are to sign first come first. */
  signingKeys(): readonly SigningKey[];

  put(resource: Resource): void;
  remove(address: string): void;
  /** Adds a hash; the store refuses the whole decision if it exists after all. */
  addSecret(secret: Secret): void;
  /** Sets `last_used_*` of an existing hash, never backwards. */
  touchSecret(hash: string, at: number, ip: string | null): void;
  putRevocation(revocation: Revocation): void;
  removeRevocation(address: string): void;
  putReplay(replay: Replay): void;
  putSigningKey(key: SigningKey): void;
  removeSigningKey(kid: string): void;
  record(event: AuditEvent): void;
}

/**
 * Something to decide. `decide` may run more than once (rows missing, a conflict in the database): it must have no
 * effect but on the snapshot. If it throws, all its changes are dropped and `submit` rejects with what it threw.
 */
export interface Operation<T> {
  readonly needs: Needs;
  /** Addresses of the organizations that it touches or depends on: PostgreSQL locks them. */
  readonly organizations: readonly string[];
  decide(snapshot: Snapshot): T;
  /**
   * The same decision for one that takes long: where it yields, whatever else waits for the process may run, but nothing
   * that changes the snapshot. It is asked instead of `decide`, and like it may be asked more than once.
   */
  pieces?(snapshot: Snapshot): Generator<void, T>;
}

/** The write path. One engine serves every write of the process, in the order of submission. */
export interface Engine {
  /** Resolves once what was decided is durable. Rejects with `Unavailable` on trouble with the database. */
  submit<T>(operation: Operation<T>): Promise<T>;
  /** Operations submitted and not yet answered. */
  readonly depth: number;
  /** Waits for what was submitted; later submissions reject. */
  close(): Promise<void>;
}

/** The database cannot answer now. Becomes 503, never 401 or 404. */
export class Unavailable extends Error {
  override readonly name = 'Unavailable';
}

export interface ListQuery {
  readonly kinds: readonly string[];
  /** Direct parent; `''` for organizations. Exactly one of `parent` and `organization` is given. */
  readonly parent?: string;
  /** Everything of those kinds in an organization. */
  readonly organization?: string;
  /** Only addresses after this one. */
  readonly after?: string;
  readonly limit: number;
}

export interface AuditQuery {
  readonly organization: string;
  /** Only events with a smaller id: the newest come first. */
  readonly before?: number;
  /** Only events about this address or below. */
  readonly address?: string;
  readonly limit: number;
}

export interface ExpiredQuery {
  readonly organization: string;
  /** Resources that nobody manages and whose `valid_until` is before this. */
  readonly before: number;
  readonly limit: number;
}

export interface TotalsQuery {
  readonly kinds: readonly string[];
  /** Only resources that have not ended by then, in milliseconds. */
  readonly now: number;
  /** Times of which it is told how many end until then. */
  readonly until: readonly number[];
}

/** How many resources there are of a kind. */
export interface Total {
  readonly kind: string;
  readonly count: number;
  /** For each of the times that were asked about, how many of them end until then. */
  readonly ending: readonly number[];
}

/** The read path: everything committed before the call began is visible. */
export interface Reader {
  /** Decides on a snapshot that cannot be changed: its writers throw. */
  read<T>(operation: Pick<Operation<T>, 'needs' | 'decide' | 'pieces'>): Promise<T>;
  /** By address, ascending. */
  list(query: ListQuery): Promise<readonly Resource[]>;
  audit(query: AuditQuery): Promise<readonly StoredAuditEvent[]>;
  expired(query: ExpiredQuery): Promise<readonly Resource[]>;
  /** Of all organizations, a total for each kind. It may take long where there are many; no other read waits for it. */
  totals(query: TotalsQuery): Promise<readonly Total[]>;
}

/** Tells what was committed, so that what was decided on former rows is decided anew. */
export interface ChangeFeed {
  /**
   * `listener` is told the keys of changed rows, as `change-feed.ts` spells them: of the writes of this process before
   * they are answered, of others' during `catchUp`.
   */
  subscribe(listener: (keys: Iterable<string>) => void): void;
  /** Whether other processes write the database too. */
  readonly isShared: boolean;
  /** Whether the listener will be told of everything that changes in the organization from now on. */
  follows(organization: string): boolean;
  /**
   * Resolves once the listener has been told of everything that was committed in these organizations before the call,
   * and follows them from then on. Rejects with `Unavailable`.
   */
  catchUp(organizations: Iterable<string>): Promise<void>;
}

/** The store as `main.ts` opens and everything else uses it. */
export interface Store {
  readonly engine: Engine;
  readonly reader: Reader;
  readonly changes: ChangeFeed;
  /** A small value that belongs to the installation (the fingerprint of its key, say), or `undefined`. */
  meta(name: string): Promise<string | undefined>;
  /** Writes such a value once; rejects if another one is there. */
  setMeta(name: string, value: string): Promise<void>;
  /** Whether no organization exists: an installation that was never initialised. */
  empty(): Promise<boolean>;
  /** Rejects with `Unavailable` unless the database takes writes. */
  check(): Promise<void>;
  /** Removes replay records that ended before `now`; answers how many, at most `limit`. */
  removeExpiredReplays(now: number, limit: number): Promise<number>;
  /** Removes what no process that is alive still has to be told of; answers how many records, at most `limit`. */
  removeOldRevisions(limit: number): Promise<number>;
  close(): Promise<void>;
}
