/**
 * The one writer of the process. Whatever waits is decided and written together: one transaction, one sync to disk, for
 * as many operations as came while the last one ran.
 */
import { type Engine, type Operation, Unavailable } from '../domain/snapshot.ts';
import { type Decided, decide, write } from './batch.ts';
import type { Changes } from './changes.ts';
import { type Database, driverError, type StoreLog, type Transaction, unavailable } from './database.ts';
import { secretInUse } from './overlay.ts';
import type { MadeRevision } from './revisions.ts';

/** The most operations that share a transaction: their decisions run in one go, while nothing else does. */
const BATCH_LIMIT = 1000;
/** How often a transaction is tried that another one, or a lost connection, got in the way of. */
const ATTEMPTS = 3;

/** Work on the database that is no decision, such as removing what has expired. It has a transaction to itself. */
export type Job<T> = (transaction: Transaction) => Promise<T>;

type Work = { readonly operation: Operation<unknown> } | { readonly job: Job<unknown> };
type Waiting = Work & {
  readonly resolve: (answer: unknown) => void;
  readonly reject: (error: unknown) => void;
};
type WaitingOperation = Extract<Waiting, { operation: unknown }>;

/** What a transaction changed, for whoever keeps decisions that rest on it. */
export interface Committed {
  readonly changes: Changes;
  /** None where it is not sure that it was committed. */
  readonly revisions: readonly MadeRevision[];
}

/** What a transaction leaves: the answer, and what is to be committed, if anything is. */
interface Result<T> {
  readonly answer: T;
  readonly changed: boolean;
  readonly committed?: Committed;
}

/** A COMMIT was sent and not confirmed: what was written may be there or not. */
class OutcomeUnknown extends Unavailable {}

export class StoreEngine implements Engine {
  readonly #database: Database;
  readonly #log: StoreLog;
  readonly #onCommit: (committed: Committed) => void;
  readonly #queue: Waiting[] = [];
  #depth = 0;
  #closed = false;
  /** Settles when the queue has been emptied. */
  #running: Promise<void> | undefined;

  /** `onCommit` is told what was committed, or may have been, before anybody is answered. */
  constructor(database: Database, log: StoreLog, onCommit: (committed: Committed) => void = () => undefined) {
    this.#database = database;
    this.#log = log;
    this.#onCommit = onCommit;
  }

  get depth(): number {
    return this.#depth;
  }

  submit<T>(operation: Operation<T>): Promise<T> {
    return this.#enqueue({ operation });
  }

  /** Runs `job` alone in a transaction, after everything submitted before. Rejects as `submit` does. */
  run<T>(job: Job<T>): Promise<T> {
    return this.#enqueue({ job });
  }

  async close(): Promise<void> {
    this.#closed = true;
    await this.#running;
  }

  #enqueue<T>(work: Work): Promise<T> {
    if (this.#closed) return Promise.reject(new Unavailable('the store is closing'));
    return new Promise<T>((resolve, reject) => {
      this.#depth += 1;
      this.#queue.push({ ...work, resolve: resolve as (answer: unknown) => void, reject });
      this.#running ??= this.#drain();
    });
  }

  async #drain(): Promise<void> {
    // Lets everything that is submitted in this turn of the event loop join the first batch.
    await new Promise<void>((resolve) => setImmediate(resolve));
    while (this.#queue.length > 0) {
      const batch = this.#takeBatch();
      if (batch.length > 0) await this.#decideTogether(batch);
      else await this.#runJob(this.#queue.shift() as Extract<Waiting, { job: unknown }>);
    }
    this.#running = undefined;
  }

  /** The operations at the head of the queue, up to the first job. */
  #takeBatch(): WaitingOperation[] {
    const job = this.#queue.findIndex((waiting) => 'job' in waiting);
    const end = job === -1 ? this.#queue.length : job;
    return this.#queue.splice(0, Math.min(end, BATCH_LIMIT)) as WaitingOperation[];
  }

  async #decideTogether(batch: readonly WaitingOperation[]): Promise<void> {
    const error = await this.#tryBatch(batch);
    if (error === undefined) return;
    const failure = this.#database.failure(error);
    const separable = failure === 'refused' || failure === 'duplicate-secret' || failure === 'conflict';
    if (batch.length === 1 || !separable || error instanceof OutcomeUnknown) {
      for (const waiting of batch) this.#settle(waiting, { thrown: this.#rejection(error) });
      return;
    }
    this.#log.warn(
      { err: driverError(error), operations: batch.length },
      'a batch failed; running its operations alone',
    );
    let disconnected: unknown;
    for (const waiting of batch) {
      const alone = disconnected ?? (await this.#tryBatch([waiting]));
      if (alone === undefined) continue;
      this.#settle(waiting, { thrown: this.#rejection(alone) });
      // Each of the rest would wait for a time-out of its own.
      const gone = this.#database.failure(alone);
      if (gone === 'disconnected' || gone === 'blocked') disconnected = alone;
    }
  }

  /** Decides and writes the batch and answers it; or answers nobody, and resolves to what the database said. */
  async #tryBatch(batch: readonly WaitingOperation[]): Promise<unknown> {
    const organizations = [...new Set(batch.flatMap(({ operation }) => operation.organizations))];
    let decided: readonly Decided[];
    try {
      decided = await this.#transaction(organizations, async (transaction) => {
        const operations = batch.map(({ operation }) => operation);
        const decisions = await decide(operations, transaction, this.#database.statements);
        const changed = !decisions.changes.empty;
        if (!changed) return { answer: decisions.decided, changed };
        const revisions = await write(decisions, transaction, this.#database.statements);
        return { answer: decisions.decided, changed, committed: { changes: decisions.changes, revisions } };
      });
    } catch (error) {
      return error;
    }
    decided.forEach((outcome, index) => {
      this.#settle(batch[index] as WaitingOperation, outcome);
    });
    return undefined;
  }

  async #runJob(waiting: Extract<Waiting, { job: unknown }>): Promise<void> {
    try {
      const answer = await this.#transaction([], async (transaction) => ({
        answer: await waiting.job(transaction),
        changed: true,
      }));
      this.#settle(waiting, { answer });
    } catch (error) {
      this.#settle(waiting, { thrown: error instanceof JobRefused ? error : this.#rejection(error) });
    }
  }

  /**
   * Runs `work` in a transaction, again if another one or a lost connection got in the way, and commits what it
   * changed. Rejects with what the database said, or with `OutcomeUnknown`.
   */
  async #transaction<T>(
    organizations: readonly string[],
    work: (transaction: Transaction) => Promise<Result<T>>,
  ): Promise<T> {
    for (let attempt = 1; ; attempt += 1) {
      try {
        return await this.#once(organizations, work);
      } catch (error) {
        const failure = this.#database.failure(error);
        const again = failure === 'conflict' || failure === 'disconnected';
        if (!again || attempt >= ATTEMPTS) throw error;
        this.#log.warn({ err: driverError(error), attempt }, 'a transaction failed; trying again');
      }
    }
  }

  async #once<T>(organizations: readonly string[], work: (transaction: Transaction) => Promise<Result<T>>): Promise<T> {
    const transaction = await this.#database.begin(organizations);
    let result: Result<T>;
    try {
      result = await work(transaction);
    } catch (error) {
      await transaction.rollback();
      throw error;
    }
    if (!result.changed) {
      await transaction.rollback();
      return result.answer;
    }
    const { committed } = result;
    let isSure = false;
    try {
      await transaction.commit();
      isSure = true;
    } catch (error) {
      await transaction.rollback();
      if (this.#database.failure(error) !== 'disconnected') throw error;
      throw new OutcomeUnknown('the connection to the database broke during a commit: it may have happened or not', {
        cause: driverError(error),
      });
    } finally {
      // Also when the commit failed: a needless notice costs a look at the database, a missing one a wrong decision.
      if (committed !== undefined) this.#onCommit(isSure ? committed : { ...committed, revisions: [] });
    }
    return result.answer;
  }

  #rejection(error: unknown): unknown {
    return this.#database.failure(error) === 'duplicate-secret' ? secretInUse(driverError(error)) : unavailable(error);
  }

  #settle(waiting: Waiting, outcome: Decided): void {
    this.#depth -= 1;
    if ('answer' in outcome) waiting.resolve(outcome.answer);
    else waiting.reject(outcome.thrown);
  }
}

/** Thrown by a job that found what it was to do impossible; the caller gets it as it is. */
export class JobRefused extends Error {
  override readonly name = 'JobRefused';
}
