/** A database that tells how long its work takes and what fails. */
import type { EntityManager } from 'typeorm';
import type { Database, Failure, Transaction } from './database.ts';

/** A read with all of its statements, a transaction from its begin to its end, or the commit in it alone. */
export type DatabaseWork = 'read' | 'transaction' | 'commit';

export interface DatabaseObserver {
  /** Some work took so many seconds, whether or not it came to a good end. */
  took(work: DatabaseWork, seconds: number): void;
  failed(failure: Failure): void;
}

/** `database`, observed. It does the same in every other respect. */
export function observed(database: Database, observer: DatabaseObserver): Database {
  return new ObservedDatabase(database, observer);
}

class ObservedDatabase implements Database {
  readonly statements: Database['statements'];
  readonly shared: boolean;
  readonly #database: Database;
  readonly #observer: DatabaseObserver;

  constructor(database: Database, observer: DatabaseObserver) {
    this.statements = database.statements;
    this.shared = database.shared;
    this.#database = database;
    this.#observer = observer;
  }

  version(): Promise<number | undefined> {
    return this.#database.version();
  }

  read<T>(work: (manager: EntityManager) => Promise<T>): Promise<T> {
    return this.#measure('read', () => this.#database.read(work));
  }

  readAside<T>(work: (manager: EntityManager) => Promise<T>): Promise<T> {
    return this.#measure('read', () => this.#database.readAside(work));
  }

  async begin(organizations: readonly string[]): Promise<Transaction> {
    const ended = this.#start('transaction');
    let transaction: Transaction;
    try {
      transaction = await this.#watch(this.#database.begin(organizations));
    } catch (error) {
      ended();
      throw error;
    }
    return {
      query: (sql, parameters) => this.#watch(transaction.query(sql, parameters)),
      change: (sql, parameters) => this.#watch(transaction.change(sql, parameters)),
      commit: async () => {
        await this.#measure('commit', () => transaction.commit());
        ended();
      },
      rollback: async () => {
        await transaction.rollback();
        ended();
      },
    };
  }

  failure(error: unknown): Failure {
    return this.#database.failure(error);
  }

  close(): Promise<void> {
    return this.#database.close();
  }

  /** The function to call when the work has ended. */
  #start(work: DatabaseWork): () => void {
    const started = performance.now();
    return () => this.#observer.took(work, (performance.now() - started) / 1000);
  }

  async #measure<T>(work: DatabaseWork, run: () => Promise<T>): Promise<T> {
    const ended = this.#start(work);
    try {
      return await this.#watch(run());
    } finally {
      ended();
    }
  }

  async #watch<T>(result: Promise<T>): Promise<T> {
    try {
      return await result;
    } catch (error) {
      this.#observer.failed(this.#database.failure(error));
      throw error;
    }
  }
}
