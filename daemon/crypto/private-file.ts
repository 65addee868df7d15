/** Small files that hold a secret: readable by their owner alone, whole or not there, and on the disk once written. */
import { constants, type FileHandle, mkdir, open, rename, rm } from 'node:fs/promises';
import { dirname } from 'node:path';

/** A file that cannot be trusted with, or for, a secret. The message says what to do. */
export class PrivateFileError extends Error {
  override readonly name = 'PrivateFileError';
}

/** What the system says of a file that it keeps from us, and where the owner is at fault, who it would have to be. */
export function fileTrouble(error: unknown): string {
  const { code, message } = error as NodeJS.ErrnoException;
  return `${message}${code === 'EACCES' || code === 'EPERM' ? ownerNeeded() : ''}`;
}

/** To be said behind a refusal for want of rights. */
export function ownerNeeded(): string {
  const uid = process.getuid?.();
  return `; it has to belong to the user who runs accredit${uid === undefined ? '' : ` (uid ${uid})`}`;
}

/**
 * The content of `path` without the white space around it, or `undefined` if there is none. Throws `PrivateFileError` for
 * a looser mode than 0600 and for a file that cannot be read.
 */
export async function readPrivateFile(path: string): Promise<string | undefined> {
  try {
    return await readTrusted(path);
  } catch (error) {
    if (error instanceof PrivateFileError) throw error;
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw new PrivateFileError(`${path} cannot be read: ${fileTrouble(error)}`, { cause: error });
  }
}

async function readTrusted(path: string): Promise<string> {
  const file = await open(path, 'r');
  try {
    const mode = (await file.stat()).mode & 0o777;
    if ((mode & 0o077) !== 0) {
      const octal = mode.toString(8).padStart(4, '0');
      throw new PrivateFileError(
        `${path} holds a secret and others may read or write it (mode ${octal}): run "chmod 600" on it, and consider ` +
          'whether somebody already has',
      );
    }
    return (await file.readFile('utf8')).trim();
  } finally {
    await file.close();
  }
}

/**
 * Writes `text` and a newline to `path`, mode 0600, replacing what was there. Resolves once file and name are synced.
 * Throws `PrivateFileError` when that cannot be done.
 */
export async function writePrivateFile(path: string, text: string): Promise<void> {
  try {
    await replaceFile(path, text);
  } catch (error) {
    throw new PrivateFileError(`${path} cannot be written: ${fileTrouble(error)}`, { cause: error });
  }
}

async function replaceFile(path: string, text: string): Promise<void> {
  const fresh = `${path}.new`;
  await mkdir(dirname(path), { recursive: true, mode: 0o700 });
  await rm(fresh, { force: true });
  const flags = constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL;
  await withFile(await open(fresh, flags, 0o600), async (file) => {
    await file.writeFile(`${text}\n`);
    await file.sync();
  });
  await rename(fresh, path);
  await withFile(await open(dirname(path), 'r'), (directory) => directory.sync());
}

async function withFile(file: FileHandle, use: (file: FileHandle) => Promise<void>): Promise<void> {
  try {
    await use(file);
  } finally {
    await file.close();
  }
}
