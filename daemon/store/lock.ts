/** One daemon per data directory: an SQLite database on which a process holds the exclusive lock while it lives. */
import { open } from 'node:fs/promises';
import { join } from 'node:path';
import sqlite3 from 'sqlite3';
import { unusable } from './unusable.ts';

/** Another process works on the data directory. */
export class StoreLocked extends Error {
  override readonly name = 'StoreLocked';
  readonly directory: string;

  constructor(directory: string, options?: ErrorOptions) {
    super(`the data directory ${directory} is in use by another accredit daemon`, options);
    this.directory = directory;
  }
}

/**
 * Takes the lock of `directory`, which the operating system releases with the process, however that ends. Answers what
 * gives it back. Throws `StoreLocked` if it is taken, and `StoreUnusable` if the file cannot be used.
 */
export async function lockDirectory(directory: string): Promise<() => Promise<void>> {
  const path = join(directory, 'lock');
  await createPrivateFile(path);
  const database = await new Promise<sqlite3.Database>((resolve, reject) => {
    const opened: sqlite3.Database = new sqlite3.Database(path, (error) =>
      error ? reject(unusable(error, path)) : resolve(opened),
    );
  });
  const close = () =>
    new Promise<void>((resolve, reject) => database.close((error) => (error ? reject(error) : resolve())));
  try {
    await new Promise<void>((resolve, reject) =>
      database.exec('PRAGMA busy_timeout = 0; PRAGMA journal_mode = MEMORY; BEGIN EXCLUSIVE', (error) =>
        error ? reject(error) : resolve(),
      ),
    );
  } catch (error) {
    await close();
    if ((error as { code?: string }).code !== 'SQLITE_BUSY') throw unusable(error, path);
    throw new StoreLocked(directory, { cause: error });
  }
  return close;
}

/**
 * Makes an empty file that only its owner can read, unless there is one. An existing file is not even opened: closing
 * any descriptor of a file drops every lock that the process holds on it.
 */
export async function createPrivateFile(path: string): Promise<void> {
  try {
    await (await open(path, 'wx', 0o600)).close();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  }
}
