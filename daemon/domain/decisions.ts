/**
 * Decisions about credentials, kept as long as they are true. Each is kept with the rows that it was made on and is
 * dropped when one of them changes, before whoever changed it is answered: a kept decision and one that is made anew
 * never differ. What time changes is kept until then.
 */
import { LRUCache } from 'lru-cache';
import { tokenHash } from '../../terraform-provider-spec/token.ts';
import type { Credential } from './caller.ts';
import { everythingIn, organizationOfKey, resourceKey, revocationKey, SIGNING_KEYS } from './change-feed.ts';
import type { Read } from './read.ts';
import { approximateSize } from './size.ts';
import type { ChangeFeed, Operation, Snapshot } from './snapshot.ts';

/** What a credential was found to be, asked one question. */
export interface Judged<T> {
  readonly answer: T;
  /** Whether the answer is a use of the secret, and not only a refusal. */
  readonly isUse: boolean;
  /** How long the answer holds if no row changes; left out when the next one may be another anyway. */
  readonly holds?: Holds | undefined;
}

export interface Holds {
  /** The stored hash of the secret that was presented. */
  readonly hash: string;
  /** The first moment at which time alone may change the answer, in milliseconds since 1970; null for never. */
  readonly until: number | null;
  /** Whether it depends on the address from which the credential was presented. */
  readonly byAddress: boolean;
}

/** A kept decision. */
export interface Kept<T> {
  readonly answer: T;
  readonly isUse: boolean;
  readonly hash: string;
}

/** A credential as it was presented, its token already hashed. */
export interface Presented {
  readonly fingerprint: string;
  readonly ip: string | null;
}

export interface DecisionStatistics {
  readonly hits: number;
  readonly misses: number;
  /** Kept decisions that were dropped because a row changed. */
  readonly invalidations: number;
  readonly entries: number;
  readonly limit: number;
  /** How many rows the kept decisions rest on. */
  readonly rows: number;
}

interface Entry {
  readonly key: string;
  readonly judged: Judged<unknown> & { readonly holds: Holds };
  readonly rows: readonly string[];
  readonly organizations: readonly string[];
  /** When it was made. Before that, by a clock that was set back, it proves nothing. */
  readonly from: number;
  /** About how many bytes it takes. */
  readonly size: number;
}

/** How many bytes the kept decisions may take for each of their limit. Most take less. */
const BYTES_EACH = 8 * 1024;
/** Which part of all that a single one may take. */
const LARGEST_PART = 1 / 8;
/** Bytes that are noted about a row of a decision, besides its key. */
const PER_ROW = 100;

/** One look in so many is noted. No number of questions that are asked in turn divides it. */
const NOTED_LOOKS = 17;
/** Of how many changed rows it is remembered that they changed while a decision was being made. */
const MOST_RECENT = 10_000;

export interface DecisionsOptions {
  readonly changes: ChangeFeed;
  readonly read: Read;
  /** Milliseconds since 1970 UTC. */
  readonly clock: () => number;
  /** How many decisions are kept. */
  readonly limit: number;
}

export class Decisions {
  readonly #changes: ChangeFeed;
  readonly #read: Read;
  readonly #clock: () => number;
  readonly #limit: number;
  readonly #kept: LRUCache<string, Entry>;
  /** The kept decisions that rest on a row, by its key. */
  readonly #byRow = new Map<string, Set<Entry>>();
  /** Counts the changes that were told. */
  #told = 0;
  /** While decisions are being made, which rows changed, and as which of the changes that were told. */
  readonly #recent = new Map<string, number>();
  /** Decisions that began before this change are not kept: it is not known any more what changed since. */
  #forgotten = 0;
  #running = 0;
  #looks = 0;
  #hits = 0;
  #misses = 0;
  #invalidations = 0;

  constructor({ changes, read, clock, limit }: DecisionsOptions) {
    this.#changes = changes;
    this.#read = read;
    this.#clock = clock;
    this.#limit = limit;
    this.#kept = new LRUCache<string, Entry>({
      max: limit,
      maxSize: limit * BYTES_EACH,
      sizeCalculation: ({ size }) => size,
      dispose: (entry) => this.#forget(entry),
    });
    changes.subscribe((keys) => this.#invalidate(keys));
  }

  get statistics(): DecisionStatistics {
    return {
      hits: this.#hits,
      misses: this.#misses,
      invalidations: this.#invalidations,
      entries: this.#kept.size,
      limit: this.#limit,
      rows: this.#byRow.size,
    };
  }

  /** The credential, ready for several questions. */
  present(credential: Credential, ip: string | null): Presented {
    const { scheme, token, username } = credential;
    const hash = tokenHash(token);
    if (scheme !== 'basic' && username === undefined) return { fingerprint: hash, ip };
    const how = scheme === 'basic' ? 'basic' : 'bearer';
    return { fingerprint: `${hash} ${how} ${JSON.stringify(username ?? null)}`, ip };
  }

  /**
   * The decision if it is kept and sure to be current at this moment; undefined where `decide` must be asked: always
   * with a store that others write too, which has to be looked at.
   */
  known<T>(presented: Presented, question: string): Kept<T> | undefined {
    if (this.#changes.isShared) return undefined;
    const entry = this.#find(presented, question);
    if (entry === undefined) return undefined;
    this.#hits += 1;
    return kept(entry);
  }

  /**
   * The decision, kept or made by `operation`: of a state of the database not older than this call. `question` names
   * everything that the answer depends on besides the credential, the rows that are read, the time and, where it says
   * so, the address. Rejects with what `operation` throws, and keeps nothing then.
   */
  async decide<T>(
    presented: Presented,
    question: string,
    operation: Pick<Operation<Judged<T>>, 'needs' | 'decide'>,
  ): Promise<Judged<T> | Kept<T>> {
    const found = this.#find(presented, question);
    if (found !== undefined && (await this.#isCurrent(found))) {
      this.#hits += 1;
      return kept(found);
    }
    this.#misses += 1;
    return this.#make(presented, question, operation);
  }

  async #isCurrent(entry: Entry): Promise<boolean> {
    if (!this.#changes.isShared) return true;
    await this.#changes.catchUp(entry.organizations);
    return this.#kept.peek(entry.key) === entry;
  }

  async #make<T>(
    presented: Presented,
    question: string,
    operation: Pick<Operation<Judged<T>>, 'needs' | 'decide'>,
  ): Promise<Judged<T>> {
    const began = this.#told;
    this.#running += 1;
    try {
      let basis = new Basis();
      let from = 0;
      const judged = await this.#read({
        needs: operation.needs,
        decide: (snapshot) => {
          basis = new Basis();
          from = this.#clock();
          return operation.decide(basis.of(snapshot));
        },
      });
      if (judged.holds !== undefined && basis.isKnown) {
        await this.#keep(presented, question, { judged: judged as Entry['judged'], rows: basis.rows, from, began });
      }
      return judged;
    } finally {
      this.#running -= 1;
      if (this.#running === 0) this.#recent.clear();
    }
  }

  async #keep(
    { fingerprint, ip }: Presented,
    question: string,
    { judged, rows, from, began }: Pick<Entry, 'judged' | 'from'> & { rows: ReadonlySet<string>; began: number },
  ): Promise<void> {
    const organizations = [...new Set([...rows].map(organizationOfKey))];
    const all = [...rows, ...organizations.map(everythingIn)];
    // From the next one on, decisions in an organization that was not followed so far are kept.
    if (!organizations.every((organization) => this.#changes.follows(organization))) {
      await this.#changes.catchUp(organizations);
    }
    const changed = (row: string) => (this.#recent.get(row) ?? 0) > began;
    if (began < this.#forgotten || all.some(changed)) return;
    const key = `${fingerprint}\n${question}`;
    const size = approximateSize([key, judged, all]) + PER_ROW * all.length;
    if (size > this.#limit * BYTES_EACH * LARGEST_PART) return;
    const entry = { judged, rows: all, organizations, from, size };
    if (!judged.holds.byAddress) this.#add({ ...entry, key });
    else {
      this.#add({ ...entry, key, judged: { ...judged, answer: BY_ADDRESS } });
      this.#add({ ...entry, key: keyFrom(ip, fingerprint, question) });
    }
  }

  #find({ fingerprint, ip }: Presented, question: string): Entry | undefined {
    let entry = this.#look(`${fingerprint}\n${question}`);
    if (entry?.judged.answer === BY_ADDRESS) entry = this.#look(keyFrom(ip, fingerprint, question));
    if (entry === undefined) return undefined;
    const now = this.#clock();
    const { until } = entry.judged.holds;
    return entry.from <= now && (until === null || now < until) ? entry : undefined;
  }

  /** Which are used least is noted for some of the looks only: what is used much is among them. */
  #look(key: string): Entry | undefined {
    this.#looks = (this.#looks + 1) % NOTED_LOOKS;
    return this.#looks === 0 ? this.#kept.get(key) : this.#kept.peek(key);
  }

  #add(entry: Entry): void {
    this.#kept.set(entry.key, entry);
    for (const row of entry.rows) {
      const entries = this.#byRow.get(row);
      if (entries === undefined) this.#byRow.set(row, new Set([entry]));
      else entries.add(entry);
    }
  }

  #forget(entry: Entry): void {
    for (const row of entry.rows) {
      const entries = this.#byRow.get(row);
      entries?.delete(entry);
      if (entries?.size === 0) this.#byRow.delete(row);
    }
  }

  #invalidate(rows: Iterable<string>): void {
    this.#told += 1;
    for (const row of rows) {
      if (this.#running > 0) this.#remember(row);
      for (const entry of this.#byRow.get(row) ?? []) {
        this.#invalidations += 1;
        this.#kept.delete(entry.key);
      }
    }
  }

  #remember(row: string): void {
    if (this.#recent.size >= MOST_RECENT) {
      this.#recent.clear();
      this.#forgotten = this.#told;
    }
    this.#recent.set(row, this.#told);
  }
}

/** In place of an answer: there is one for each address. */
const BY_ADDRESS = Symbol('by address');

/** In front of the question, in which whoever asks could write an address: a fingerprint has no line break in it. */
function keyFrom(ip: string | null, fingerprint: string, question: string): string {
  return `${fingerprint} from ${ip ?? ''}\n${question}`;
}

function kept<T>({ judged }: Entry): Kept<T> {
  return { answer: judged.answer as T, isUse: judged.isUse, hash: judged.holds.hash };
}

/** What a decision read of a snapshot. */
class Basis {
  readonly rows = new Set<string>();
  /** Whether `rows` is all of it: there are no keys for what lists hold. */
  isKnown = true;

  /** The snapshot, noting what is read. */
  of(snapshot: Snapshot): Snapshot {
    return new Proxy(snapshot, {
      get: (target, name: keyof Snapshot) => {
        if (name === 'resource') return (address: string) => this.#note(resourceKey(address), target.resource(address));
        if (name === 'revocation') {
          return (address: string) => this.#note(revocationKey(address), target.revocation(address));
        }
        if (name === 'signingKeys') return () => this.#note(SIGNING_KEYS, target.signingKeys());
        // Whose secret a hash is never changes; that it is nobody's is kept by nobody.
        if (name !== 'secret') this.isKnown = false;
        const member = target[name];
        return typeof member === 'function' ? member.bind(target) : member;
      },
    });
  }

  #note<Row>(key: string, row: Row): Row {
    this.rows.add(key);
    return row;
  }
}
