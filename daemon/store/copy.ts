/** Copies of the embedded database: made while a daemon writes, examined, and put in place. */
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { chmod, copyFile, mkdir, open, rename, rm, stat } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import sqlite3 from 'sqlite3';
import { lockDirectory } from './lock.ts';
import { MIGRATIONS, StoreTooNew } from './migrations.ts';
import { StoreUnusable, unusable } from './unusable.ts';

/** Where the embedded database of a data directory lies. */
export function databaseFile(dataDirectory: string): string {
  return join(dataDirectory, 'accredit.db');
}

/** What a database file says of itself. */
export interface Contents {
  /** Of the master key that its secrets were hashed under; `undefined` before the first start. */
  readonly keyFingerprint: string | undefined;
  /** The migrations that it has and this version does not know. */
  readonly unknownMigrations: readonly string[];
}

export interface Copy {
  readonly bytes: number;
  /** SHA-256 of the file, hexadecimal. */
  readonly sha256: string;
}

/**
 * Writes all that is committed in the database of `dataDirectory` at one moment to `target`, mode 0600, while a daemon may go on reading and
 * writing. What was deleted is not in it. Resolves once the file and its name are synced. Throws `StoreUnusable` if there is no
 * database, if it is damaged or if `target` exists or cannot be written.
 */
export async function copyDatabase(dataDirectory: string, target: string): Promise<Copy> {
  const source = databaseFile(dataDirectory);
  await requireFile(source);
  if (await exists(target)) throw new StoreUnusable(`${target} exists; a backup replaces nothing`);
  const partial = `${target}.partial`;
  try {
    await rm(partial, { force: true });
    await (await open(partial, 'wx', 0o600)).close();
    await withDatabase(source, sqlite3.OPEN_READONLY, (database) => run(database, 'VACUUM INTO ?', [partial]));
    await sync(partial);
    const copy = await measure(partial);
    await rename(partial, target);
    await sync(dirname(resolve(target)));
    return copy;
  } catch (error) {
    await rm(partial, { force: true });
    throw trouble(error, target, 'cannot be written');
  }
}

/** Reads what a database says of itself; writes nothing, though a daemon may have it open. Throws `StoreUnusable`. */
export async function contentsOf(file: string): Promise<Contents> {
  await requireFile(file);
  try {
    return await withDatabase(file, sqlite3.OPEN_READONLY, readContents);
  } catch (error) {
    throw unusable(error, file);
  }
}

/**
 * Reads a whole copy that nobody has open and checks what can be checked of it. Throws `StoreUnusable` for one that is damaged or no
 * database of ours, and `StoreTooNew` for one that a newer version wrote.
 */
export async function examineCopy(file: string): Promise<Contents & Copy> {
  await requireFile(file);
  try {
    // Immutable: SQLite makes no files beside it, and it may lie where nothing can be written.
    const uri = `${pathToFileURL(resolve(file)).href}?immutable=1`;
    const contents = await withDatabase(uri, sqlite3.OPEN_READONLY | sqlite3.OPEN_URI, async (database) => {
      const found = await all(database, 'PRAGMA integrity_check(1)');
      const verdict = String(Object.values(found[0] ?? {})[0]);
      if (verdict !== 'ok') throw new StoreUnusable(`${file} is damaged: ${verdict}`);
      return readContents(database);
    });
    if (contents.unknownMigrations.length > 0) {
      throw new StoreTooNew(
        `${file} was written by a newer version of accredit, with ${contents.unknownMigrations.join(', ')}, which this ` +
          'version does not know',
      );
    }
    return { ...contents, ...(await measure(file)) };
  } catch (error) {
    if (error instanceof StoreTooNew) throw error;
    throw trouble(error, file, 'is no backup of accredit that can be read');
  }
}

/**
 * Makes the copy the database of `dataDirectory`, which must have none and be in nobody's use. `approve` is shown the copy that was made, before
 * it is put in place: if it rejects, nothing is. Throws what `approve` throws, `StoreLocked` and `StoreUnusable`.
 */
export async function placeCopy(
  file: string,
  dataDirectory: string,
  approve: (copied: string) => Promise<void>,
): Promise<void> {
  const target = databaseFile(dataDirectory);
  const partial = `${target}.restoring`;
  await requireFile(file);
  if ((await mkdir(dataDirectory, { recursive: true, mode: 0o700 })) !== undefined) await chmod(dataDirectory, 0o700);
  const unlock = await lockDirectory(dataDirectory);
  try {
    for (const taken of [target, `${target}-wal`]) {
      if (!(await exists(taken))) continue;
      throw new StoreUnusable(`${taken} exists; a backup is restored into a data directory that has no database`);
    }
    await rm(partial, { force: true });
    await copyFile(file, partial);
    await chmod(partial, 0o600);
    await sync(partial);
    await approve(partial);
    await rename(partial, target);
    await sync(dataDirectory);
  } catch (error) {
    await rm(partial, { force: true });
    throw trouble(error, target, 'cannot be written');
  } finally {
    await unlock();
  }
}

async function readContents(database: sqlite3.Database): Promise<Contents> {
  const applied = await all(database, 'SELECT name FROM migrations');
  const known = new Set<string>(MIGRATIONS.map((migration) => new migration().name));
  const [fingerprint] = await all(database, "SELECT value FROM meta WHERE name = 'key-fingerprint'");
  return {
    keyFingerprint: fingerprint === undefined ? undefined : String(fingerprint.value),
    unknownMigrations: applied.map(({ name }) => String(name)).filter((name) => !known.has(name)),
  };
}

/** What is for people stays; what the system or SQLite says becomes that. */
function trouble(error: unknown, file: string, what: string): unknown {
  const { code, syscall, message } = error as NodeJS.ErrnoException;
  if (syscall === undefined && !code?.startsWith('SQLITE_')) return error;
  return new StoreUnusable(`${file} ${what}: ${message}`, { cause: error });
}

async function requireFile(file: string): Promise<void> {
  if (!(await exists(file))) throw new StoreUnusable(`there is no ${file}`);
}

async function exists(path: string): Promise<boolean> {
  try {
    await stat(path);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return false;
    throw error;
  }
}

async function measure(file: string): Promise<Copy> {
  const hash = createHash('sha256');
  let bytes = 0;
  for await (const chunk of createReadStream(file)) {
    hash.update(chunk as Buffer);
    bytes += (chunk as Buffer).length;
  }
  return { bytes, sha256: hash.digest('hex') };
}

async function sync(path: string): Promise<void> {
  const file = await open(path, 'r');
  try {
    await file.sync();
  } finally {
    await file.close();
  }
}

async function withDatabase<T>(
  file: string,
  mode: number,
  use: (database: sqlite3.Database) => Promise<T>,
): Promise<T> {
  const database = await new Promise<sqlite3.Database>((done, fail) => {
    const opened: sqlite3.Database = new sqlite3.Database(file, mode, (error) => (error ? fail(error) : done(opened)));
  });
  try {
    return await use(database);
  } finally {
    await new Promise<void>((done, fail) => database.close((error) => (error ? fail(error) : done())));
  }
}

function run(database: sqlite3.Database, sql: string, parameters: unknown[]): Promise<void> {
  return new Promise((done, fail) =>
    database.run(sql, parameters, (error: Error | null) => (error ? fail(error) : done())),
  );
}

function all(database: sqlite3.Database, sql: string): Promise<Record<string, unknown>[]> {
  return new Promise((done, fail) =>
    database.all(sql, (error: Error | null, rows: Record<string, unknown>[]) => (error ? fail(error) : done(rows))),
  );
}
