/** The store in one file, for one process. */
import { chmod, mkdir, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import sqlite3 from 'sqlite3';
import { DataSource, type EntityManager, type QueryRunner } from 'typeorm';
import type { Database, Failure, StoreLog, Transaction } from './database.ts';
import { driverError } from './database.ts';
import { entities } from './entities.ts';
import { FileMoved, inPlace } from './in-place.ts';
import { createPrivateFile, lockDirectory } from './lock.ts';
import { MIGRATIONS, migrate } from './migrations.ts';
import { statements } from './statements.ts';
import { unusable } from './unusable.ts';

/** How long a statement waits for another connection of this process, in milliseconds. */
const BUSY_TIMEOUT = 5000;

/** What the writing connection must be set to, and what SQLite then answers when asked. */
const WRITER_PRAGMAS: readonly Pragma[] = [
  { name: 'busy_timeout', set: `${BUSY_TIMEOUT}`, read: BUSY_TIMEOUT },
  { name: 'journal_mode', set: 'WAL', read: 'wal' },
  // In WAL mode NORMAL does not sync on commit: a power failure would undo what was acknowledged.
  { name: 'synchronous', set: 'FULL', read: 2 },
  { name: 'foreign_keys', set: 'ON', read: 1 },
  { name: 'secure_delete', set: 'ON', read: 1 },
];

const READER_PRAGMAS: readonly Pragma[] = [
  { name: 'busy_timeout', set: `${BUSY_TIMEOUT}`, read: BUSY_TIMEOUT },
  { name: 'query_only', set: 'ON', read: 1 },
];

interface Pragma {
  readonly name: string;
  readonly set: string;
  readonly read: string | number;
}

/**
 * Opens `accredit.db` in `directory`, making both if need be, and brings its schema up to date.
 * Throws `StoreLocked` when another process has it, `StoreTooNew` when a newer version wrote it, `StoreUnusable` when
 * directory or file cannot be used, and an `Error` when SQLite does not take one of the settings on which durability rests.
 */
export async function openSqlite(directory: string, log: StoreLog): Promise<SqliteDatabase> {
  const path = join(directory, 'accredit.db');
  try {
    return await open(path, log);
  } catch (error) {
    throw unusable(error, path);
  }
}

async function open(path: string, log: StoreLog): Promise<SqliteDatabase> {
  const directory = dirname(path);
  const created = await mkdir(directory, { recursive: true, mode: 0o700 });
  if (created !== undefined) await chmod(directory, 0o700);
  const unlock = await lockDirectory(directory);
  try {
    await createPrivateFile(path);
    // SQLite gives the files beside it the mode of the database.
    for (const file of [path, `${path}-wal`, `${path}-shm`]) await makePrivate(file);
    const database = new SqliteDatabase(path, unlock, log);
    try {
      await database.open();
      return database;
    } catch (error) {
      await database.closeSources();
      throw error;
    }
  } catch (error) {
    await unlock();
    throw error;
  }
}

async function makePrivate(path: string): Promise<void> {
  try {
    if (((await stat(path)).mode & 0o077) !== 0) await chmod(path, 0o600);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
  }
}

/**
 * TypeORM asks for the driver's long stack traces, for which each statement would take one and a text of its parameters that
 * nobody reads: every source must have this, since one without it changes the driver for all.
 */
const QUIET_DRIVER = { ...sqlite3, verbose: () => sqlite3 };

export class SqliteDatabase implements Database {
  readonly statements = statements('sqlite');
  readonly shared = false;
  /** The one connection that writes. Nothing but `begin` may use it: all its callers would share one transaction. */
  readonly writer: DataSource;
  readonly #reader: DataSource;
  /** Opened when it is needed first: most daemons never read anything that takes long. */
  readonly #aside: DataSource;
  #openingAside: Promise<void> | undefined;
  readonly #unlock: () => Promise<void>;
  readonly #log: StoreLog;
  readonly #path: string;
  #requireFiles: () => void = () => undefined;
  #broken = false;

  constructor(path: string, unlock: () => Promise<void>, log: StoreLog) {
    this.#unlock = unlock;
    this.#log = log;
    this.#path = path;
    const source = { type: 'sqlite', database: path, logging: false, driver: QUIET_DRIVER } as const;
    const known = { ...source, entities: entities('sqlite') };
    this.writer = new DataSource({ ...known, migrations: MIGRATIONS });
    this.#reader = new DataSource({ ...known, flags: sqlite3.OPEN_READONLY });
    this.#aside = new DataSource({ ...source, flags: sqlite3.OPEN_READONLY });
  }

  /** Opens both connections. Throws as `openSqlite` does. */
  async open(): Promise<void> {
    await this.#openWriter();
    await migrate(this.writer);
    // TypeORM switches foreign keys off and on around migrations.
    await apply(this.writer, WRITER_PRAGMAS);
    await this.#reader.initialize();
    await apply(this.#reader, READER_PRAGMAS);
    this.#requireFiles = inPlace([this.#path, `${this.#path}-wal`]);
  }

  /** The locks are not needed: no other process writes. */
  async begin(): Promise<Transaction> {
    if (this.#broken) await this.#replaceWriter();
    const runner = this.writer.createQueryRunner();
    try {
      await runner.query('BEGIN IMMEDIATE');
    } catch (error) {
      // A transaction may be left open by a failed rollback that went unnoticed.
      this.#broken = true;
      throw error;
    }
    return new SqliteTransaction(runner, {
      // As late as it can be: SQLite would go on writing to a file that nobody finds any more.
      ready: () => this.#requireFiles(),
      broken: (error) => {
        this.#broken = true;
        this.#log.warn({ err: driverError(error) }, 'a transaction could not be rolled back; replacing the connection');
      },
    });
  }

  async version(): Promise<number> {
    const [row] = (await this.#reader.query('PRAGMA data_version')) as [{ data_version: number }];
    return row.data_version;
  }

  read<T>(work: (manager: EntityManager) => Promise<T>): Promise<T> {
    return work(this.#reader.manager);
  }

  /** SQLite takes one statement of a connection after the other, so this has a connection of its own. */
  async readAside<T>(work: (manager: EntityManager) => Promise<T>): Promise<T> {
    this.#openingAside ??= this.#openAside().catch((error: unknown) => {
      this.#openingAside = undefined;
      throw error;
    });
    await this.#openingAside;
    return work(this.#aside.manager);
  }

  failure(error: unknown): Failure {
    if (error instanceof FileMoved) return 'blocked';
    const { code, message } = driverError(error) as { code?: string; message?: string };
    if (code === 'SQLITE_CONSTRAINT') {
      return message?.includes('UNIQUE constraint failed: secrets.hash') ? 'duplicate-secret' : 'refused';
    }
    return code === 'SQLITE_BUSY' || code === 'SQLITE_LOCKED' ? 'blocked' : 'refused';
  }

  async close(): Promise<void> {
    try {
      await this.closeSources();
    } finally {
      await this.#unlock();
    }
  }

  /** Closes the connections and keeps the lock. The writer goes last: it empties and removes the WAL. */
  async closeSources(): Promise<void> {
    await this.#openingAside?.catch(() => undefined);
    for (const source of [this.#aside, this.#reader]) if (source.isInitialized) await source.destroy();
    if (this.writer.isInitialized) await this.writer.destroy();
  }

  async #openWriter(): Promise<void> {
    await this.writer.initialize();
    await apply(this.writer, WRITER_PRAGMAS);
  }

  async #openAside(): Promise<void> {
    if (!this.#aside.isInitialized) await this.#aside.initialize();
    await apply(this.#aside, READER_PRAGMAS);
  }

  async #replaceWriter(): Promise<void> {
    if (this.writer.isInitialized) await this.writer.destroy();
    await this.#openWriter();
    this.#broken = false;
  }
}

interface Events {
  /** Throws where nothing may be committed. */
  ready(): void;
  /** The connection must be replaced. */
  broken(error: unknown): void;
}

class SqliteTransaction implements Transaction {
  readonly #runner: QueryRunner;
  readonly #events: Events;

  constructor(runner: QueryRunner, events: Events) {
    this.#runner = runner;
    this.#events = events;
  }

  async query(sql: string, parameters: unknown[] = []): Promise<unknown[]> {
    return (await this.#runner.query(sql, parameters)) ?? [];
  }

  async change(sql: string, parameters: unknown[] = []): Promise<number> {
    return (await this.#runner.query(sql, parameters, true)).affected ?? 0;
  }

  async commit(): Promise<void> {
    this.#events.ready();
    await this.#runner.query('COMMIT');
  }

  async rollback(): Promise<void> {
    try {
      await this.#runner.query('ROLLBACK');
    } catch (error) {
      // SQLite rolls back by itself after some failures, such as a full disk.
      if (String(error).includes('no transaction is active')) return;
      this.#events.broken(error);
    }
  }
}

/** Sets the pragmas and reads them back. Throws an `Error` that names the first that did not take. */
async function apply(source: DataSource, pragmas: readonly Pragma[]): Promise<void> {
  for (const { name, set, read } of pragmas) {
    await source.query(`PRAGMA ${name} = ${set}`);
    const [row] = (await source.query(`PRAGMA ${name}`)) as Record<string, unknown>[];
    const value = row === undefined ? undefined : Object.values(row)[0];
    if (value !== read) throw new Error(`SQLite keeps ${name} at ${value} where ${read} is needed; refusing to start`);
  }
}
