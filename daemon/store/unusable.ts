/** What the system and SQLite say of a data directory that they cannot work with, for whoever has to put it right. */
import { dirname } from 'node:path';
import { fileTrouble, ownerNeeded } from '../crypto/private-file.ts';
import { driverError } from './database.ts';

/** The database or its directory cannot be used as it is. The message names which, and the reason. */
export class StoreUnusable extends Error {
  override readonly name = 'StoreUnusable';
}

/** Of what SQLite refuses these are for want of rights. */
const DENIED: ReadonlySet<string> = new Set(['SQLITE_CANTOPEN', 'SQLITE_READONLY', 'SQLITE_PERM', 'SQLITE_AUTH']);

/** The `StoreUnusable` that `error` comes to while `path` is opened; `error` itself if files are not to blame. */
export function unusable(error: unknown, path: string): unknown {
  const { code = '', syscall, message } = driverError(error) as NodeJS.ErrnoException;
  if (code.startsWith('SQLITE_')) {
    const owner = DENIED.has(code) ? ownerNeeded() : '';
    return new StoreUnusable(`the database ${path} cannot be used: ${message}${owner}`, { cause: error });
  }
  if (syscall === undefined) return error;
  const what = `the data directory ${dirname(path)}`;
  if (code === 'EEXIST' && syscall === 'mkdir') return new StoreUnusable(`${what} is no directory`, { cause: error });
  return new StoreUnusable(`${what} cannot be used: ${fileTrouble(error)}`, { cause: error });
}
