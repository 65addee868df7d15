/** How many tokens there are, for whoever asks often and must not wait long. */
import type { Reader, Total } from '../domain/snapshot.ts';
import { totalsQuery } from './families.ts';

/** For how long a count is as good as a new one, in milliseconds. */
const KEPT = 60_000;
/** How long an answer waits for a count, in milliseconds: less than it takes for the whole answer to be given up. */
const PATIENCE = 2_000;

export interface TotalsOptions {
  readonly reader: Pick<Reader, 'totals'>;
  /** Milliseconds since 1970 UTC. */
  readonly clock: () => number;
  /** Milliseconds. */
  readonly patience?: number;
}

/**
 * Counts the tokens at most once a minute, and answers the last count until then. Resolves to undefined while there is
 * none, because the database does not answer or takes longer than an answer can wait: then the next one has it.
 */
export class TokenTotals {
  readonly #reader: Pick<Reader, 'totals'>;
  readonly #clock: () => number;
  readonly #patience: number;
  #last: { readonly at: number; readonly totals: readonly Total[] } | undefined;
  #counting: Promise<void> | undefined;

  constructor({ reader, clock, patience = PATIENCE }: TotalsOptions) {
    this.#reader = reader;
    this.#clock = clock;
    this.#patience = patience;
  }

  async read(): Promise<readonly Total[] | undefined> {
    if (!this.#isFresh()) {
      this.#counting ??= this.#count().finally(() => {
        this.#counting = undefined;
      });
      await within(this.#counting, this.#patience);
    }
    return this.#isFresh() ? this.#last?.totals : undefined;
  }

  #isFresh(): boolean {
    const age = this.#last === undefined ? Number.NaN : this.#clock() - this.#last.at;
    return age >= 0 && age < KEPT;
  }

  async #count(): Promise<void> {
    const at = this.#clock();
    try {
      this.#last = { at, totals: await this.#reader.totals(totalsQuery(at)) };
    } catch {
      // The database's errors are counted where they come up; here there is nobody to tell.
    }
  }
}

/** Waits for `task`, but not for longer than so many milliseconds. */
async function within(task: Promise<void>, milliseconds: number): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const over = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, milliseconds);
  });
  await Promise.race([task, over]);
  clearTimeout(timer);
}
