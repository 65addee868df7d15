/** The store: SQLite in a data directory, or PostgreSQL behind a URL. */
import type { ChangeFeed, Engine, Reader, Store } from '../domain/snapshot.ts';
import type { Database, StoreLog } from './database.ts';
import { JobRefused, StoreEngine } from './engine.ts';
import { Follower } from './follower.ts';
import { type DatabaseObserver, observed } from './observed.ts';
import { openPostgres } from './postgres.ts';
import { StoreReader } from './reader.ts';
import { openSqlite } from './sqlite.ts';
import { META, type MetaRow, RESOURCES } from './tables.ts';

export { StoreLocked } from './lock.ts';
export { StoreTooNew } from './migrations.ts';
export { StoreUnusable } from './unusable.ts';
export type { DatabaseObserver, StoreLog };

export type StoreOptions = { readonly dataDirectory: string } | { readonly url: string };

export interface StoreDependencies {
  /** Milliseconds since 1970 UTC. */
  readonly now?: () => number;
  readonly log?: StoreLog;
  /** Is told how long the work of the database takes. */
  readonly observer?: DatabaseObserver;
}

/** For how long a daemon may be out of touch and still be told what changed, rather than that anything may have. */
const REVISIONS_KEPT_MS = 600_000;

/** The value that `check` writes. */
const LAST_CHECK = 'last_check';

/**
 * Opens the store, making it or bringing its schema up to date if need be.
 * Throws `StoreLocked` when another daemon has the data directory, `StoreUnusable` when that cannot be worked with,
 * `StoreTooNew` when a newer version wrote the database, `Unavailable` when the server cannot be reached, and an `Error` when the database lacks a setting on which
 * durability rests.
 */
export async function openStore(options: StoreOptions, dependencies: StoreDependencies = {}): Promise<Store> {
  const log = dependencies.log ?? SILENT;
  const opened = 'url' in options ? await openPostgres(options.url, log) : await openSqlite(options.dataDirectory, log);
  const { observer } = dependencies;
  const database = observer === undefined ? opened : observed(opened, observer);
  return new DatabaseStore(database, log, dependencies.now ?? Date.now);
}

const SILENT: StoreLog = { warn: () => undefined };

class DatabaseStore implements Store {
  readonly engine: Engine;
  readonly reader: Reader;
  readonly changes: ChangeFeed;
  readonly #engine: StoreEngine;
  readonly #reader: StoreReader;
  readonly #database: Database;
  readonly #now: () => number;
  /** The check that has not begun yet, for whoever asks meanwhile. */
  #nextCheck: Promise<void> | undefined;

  constructor(database: Database, log: StoreLog, now: () => number) {
    this.#database = database;
    const follower = new Follower(database);
    this.changes = follower;
    this.#engine = new StoreEngine(database, log, (committed) => follower.committed(committed));
    this.#reader = new StoreReader(database);
    this.engine = this.#engine;
    this.reader = this.#reader;
    this.#now = now;
  }

  async meta(name: string): Promise<string | undefined> {
    const row = await this.#reader.query((manager) => manager.getRepository<MetaRow>(META.name).findOneBy({ name }));
    return row?.value;
  }

  async setMeta(name: string, value: string): Promise<void> {
    await this.#engine.run(async (transaction) => {
      const { insertMeta, selectMeta } = this.#database.statements;
      await transaction.change(insertMeta, [name, value]);
      const [row] = (await transaction.query(selectMeta, [name])) as MetaRow[];
      if (row?.value !== value) throw new JobRefused(`the installation already has another ${name}`);
    });
  }

  async empty(): Promise<boolean> {
    return this.#reader.query(
      async (manager) => !(await manager.getRepository(RESOURCES.name).existsBy({ parent: '' })),
    );
  }

  check(): Promise<void> {
    if (this.#nextCheck !== undefined) return this.#nextCheck;
    const check = this.#engine
      .run(async (transaction) => {
        this.#nextCheck = undefined;
        await transaction.change(this.#database.statements.replaceMeta, [LAST_CHECK, String(this.#now())]);
      })
      .finally(() => {
        if (this.#nextCheck === check) this.#nextCheck = undefined;
      });
    this.#nextCheck = check;
    return check;
  }

  async removeExpiredReplays(now: number, limit: number): Promise<number> {
    return this.#engine.run((transaction) =>
      transaction.change(this.#database.statements.deleteExpiredReplays, [now, limit]),
    );
  }

  async removeOldRevisions(limit: number): Promise<number> {
    const { revisions } = this.#database.statements;
    if (revisions === undefined) return 0;
    return this.#engine.run((transaction) => transaction.change(revisions.deleteOld, [REVISIONS_KEPT_MS, limit]));
  }

  async close(): Promise<void> {
    await this.#engine.close();
    await this.#reader.close();
    await this.#database.close();
  }
}
