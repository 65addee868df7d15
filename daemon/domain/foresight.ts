/**
 * What a decision will ask for, from what the ones before it asked for: each question that it comes up with by itself is
 * another round to the database, and another run of the decision.
 */
import { LRUCache } from 'lru-cache';
import { parentOf } from '../../terraform-provider-spec/address.ts';
import { NotLoaded, type Operation } from './snapshot.ts';

/** Of how many callers and places it is remembered what was asked for. */
const PLACES = 2000;
/** How many rows are remembered of each; who asks for more is served in more rounds. */
const ROWS = 64;

interface Rows {
  readonly resources: Set<string>;
  readonly revocations: Set<string>;
}

export class Foresight {
  readonly #asked = new LRUCache<string, Rows>({ max: PLACES });

  /**
   * The operation with more to load beforehand: what others by that caller (the hash of the secret) below the same parent
   * asked for, except for what concerns `address` alone. It decides the same: rows that it does not need are only read.
   */
  of<T>(operation: Operation<T>, { caller, address }: { caller: string | undefined; address: string }): Operation<T> {
    if (caller === undefined) return operation;
    const key = `${caller} ${parentOf(address)}`;
    const known = this.#asked.get(key);
    const { needs } = operation;
    return {
      ...operation,
      needs:
        known === undefined
          ? needs
          : {
              ...needs,
              resources: [...(needs.resources ?? []), ...known.resources],
              revocations: [...(needs.revocations ?? []), ...known.revocations],
            },
      decide: (snapshot) => {
        try {
          return operation.decide(snapshot);
        } catch (error) {
          if (error instanceof NotLoaded) this.#learn(key, address, error);
          throw error;
        }
      },
    };
  }

  #learn(key: string, address: string, { needs }: NotLoaded): void {
    const rows = this.#asked.get(key) ?? { resources: new Set(), revocations: new Set() };
    for (const part of ['resources', 'revocations'] as const) {
      for (const row of needs[part] ?? []) {
        const isOwn = row === address || row.startsWith(`${address}/`);
        if (!isOwn && rows[part].size < ROWS) rows[part].add(row);
      }
    }
    this.#asked.set(key, rows);
  }
}
