/** Files that hold a secret: readable by their owner alone, whole or not there, and on the disk once written. */
import { constants } from 'node:fs';
import { open, rename, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import { CliError } from './exit.ts';

/**
 * Writes `text` to `path`, mode 0600, replacing what was there at once. Resolves once file and name are synced. Rejects with `CliError`
 * when that cannot be done; then what was there is still there.
 */
export async function writePrivateFile(path: string, text: string): Promise<void> {
  const fresh = `${path}.${process.pid}.new`;
  try {
    const file = await open(fresh, constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL, 0o600);
    try {
      await file.writeFile(text);
      await file.sync();
    } finally {
      await file.close();
    }
    await moveFile(fresh, path);
  } catch (error) {
    await rm(fresh, { force: true });
    throw new CliError(`${path} cannot be written: ${(error as Error).message}`, { code: 'system' });
  }
}

/** Gives a file another name in the same directory, in place of what had it; resolves once that is on the disk. */
export async function moveFile(from: string, to: string): Promise<void> {
  await rename(from, to);
  const directory = await open(dirname(to), 'r');
  try {
    await directory.sync();
  } finally {
    await directory.close();
  }
}
