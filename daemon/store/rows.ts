/** What has been loaded of the database, and what is known to be absent. */
import type { Replay, Resource, Revocation, Secret, SigningKey } from '../domain/model.ts';
import { ALL, type Needs, REFERRER_LIMIT, uidKey } from '../domain/snapshot.ts';
import { storable, storedKey } from './keys.ts';
import { PART_TABLES, PARTS, type Part } from './statements.ts';
import { decodeRow, type Table } from './tables.ts';

/** Keys wanted of each part. */
export type Wanted = ReadonlyMap<Part, ReadonlySet<string>>;

/** The union of what several decisions need. */
export function union(needs: Iterable<Needs>): Wanted {
  const wanted = new Map<Part, Set<string>>();
  for (const need of needs) {
    for (const part of PARTS) {
      for (const key of need[part] ?? []) {
        const keys = wanted.get(part);
        if (keys === undefined) wanted.set(part, new Set([key]));
        else keys.add(key);
      }
    }
  }
  return wanted;
}

/** The keys of `wanted` in slices of at most so many. */
export function* slices(
  wanted: ReadonlyMap<Part, Iterable<string>>,
  most: number,
): Generator<ReadonlyMap<Part, readonly string[]>, void> {
  let slice = new Map<Part, readonly string[]>();
  let room = most;
  for (const [part, all] of wanted) {
    const keys = [...all];
    for (let at = 0; at < keys.length; ) {
      const some = keys.slice(at, at + room);
      slice.set(part, some);
      at += some.length;
      room -= some.length;
      if (room > 0) continue;
      yield slice;
      slice = new Map();
      room = most;
    }
  }
  if (slice.size > 0) yield slice;
}

/** What the load statement takes to load `wanted`. What no database can hold is not asked for: it is in none. */
export function loadParameter(wanted: ReadonlyMap<Part, Iterable<string>>): string {
  const lists = [...wanted].map(([part, keys]) => [
    part,
    part === 'keys' ? [...keys].map(storedKey) : [...keys].filter(storable),
  ]);
  return JSON.stringify(Object.fromEntries(lists));
}

/** A row as the load statement answers it: SQLite gives the JSON array as text, PostgreSQL's driver parses it. */
export interface LoadedRow {
  readonly part: Part;
  readonly row: string | readonly unknown[];
}

/** The parts of which each key gives a list, and not one row or none. */
const LISTS = ['children', 'referrers', 'owners', 'keys'] as const;

/** Rows of one state of the database. `undefined` from `get` of a map means not loaded, `null` known to be absent. */
export class Rows {
  readonly resources = new Map<string, Resource | null>();
  readonly children = new Map<string, Resource[]>();
  readonly referrers = new Map<string, Resource[]>();
  readonly owners = new Map<string, Resource[]>();
  readonly keys = new Map<string, Resource[]>();
  readonly uids = new Map<string, Resource | null>();
  readonly secrets = new Map<string, Secret | null>();
  readonly revocations = new Map<string, Revocation | null>();
  readonly replays = new Map<string, Replay | null>();
  readonly signingKeys = new Map<string, SigningKey[]>();

  /** The keys of `wanted` that are not loaded yet. */
  missing(wanted: Wanted): Map<Part, string[]> {
    const missing = new Map<Part, string[]>();
    for (const [part, keys] of wanted) {
      const unknown = [...keys].filter((key) => !this[part].has(key));
      if (unknown.length > 0) missing.set(part, unknown);
    }
    return missing;
  }

  /**
   * Takes in what the load statement answered for `wanted`; what it did not answer is absent from now on. There may be
   * many, so it pauses, and `loaded` is empty afterwards: the answer and what it stands for would take twice the memory.
   */
  *adding(wanted: ReadonlyMap<Part, Iterable<string>>, loaded: LoadedRow[]): Generator<void, void> {
    for (const [part, keys] of wanted) {
      for (const key of keys) {
        if (isList(part) || part === 'signingKeys') this[part].set(key, []);
        else if (!this[part].has(key)) this[part].set(key, null);
      }
    }
    const wantedKeys = new Set(wanted.get('keys'));
    // From its end, where taking one away moves no other. The lists are sorted, and nothing else has an order.
    for (let next = loaded.pop(); next !== undefined; next = loaded.pop()) {
      const { part, row } = next;
      this.#addRow(part, typeof row === 'string' ? JSON.parse(row) : row, wantedKeys);
      yield;
    }
    for (const part of LISTS) {
      for (const key of wanted.get(part) ?? []) this[part].get(key)?.sort(byAddress);
    }
  }

  /** Whether there may be more below `address` than the referrers that were loaded. */
  referrersCutOff(address: string): boolean {
    return (this.referrers.get(address)?.length ?? 0) >= REFERRER_LIMIT;
  }

  #addRow(part: Part, values: readonly unknown[], wantedKeys: ReadonlySet<string>): void {
    const row = decodeRow(PART_TABLES[part] as Table<unknown>, values);
    switch (part) {
      case 'secrets':
        this.secrets.set((row as Secret).hash, row as Secret);
        return;
      case 'revocations':
        this.revocations.set((row as Revocation).address, row as Revocation);
        return;
      case 'replays':
        this.replays.set((row as Replay).key, row as Replay);
        return;
      case 'signingKeys':
        this.signingKeys.get(ALL)?.push(row as SigningKey);
        return;
      default: {
        const resource = row as Resource;
        this.resources.set(resource.address, resource);
        if (part === 'children' || part === 'referrers') this[part].get(resource.parent)?.push(resource);
        if (part === 'owners') this.owners.get(resource.organization)?.push(resource);
        if (part === 'uids') this.uids.set(uidKey(resource.organization, resource.uid), resource);
        if (part === 'keys') {
          // Lists of other keys may have it from an earlier load.
          for (const key of resource.keys) if (wantedKeys.has(key)) this.keys.get(key)?.push(resource);
        }
      }
    }
  }
}

function isList(part: Part): part is (typeof LISTS)[number] {
  return (LISTS as readonly Part[]).includes(part);
}

/** Orders resources as the databases do. Addresses are ASCII, where code units and bytes agree. */
export function byAddress(left: Resource, right: Resource): number {
  if (left.address === right.address) return 0;
  return left.address < right.address ? -1 : 1;
}
