/** Trouble with files, in words. */
import { readFileSync } from 'node:fs';

/** What a call of the system does to a file, as far as it may be forbidden. */
const DOES: Readonly<Record<string, string>> = {
  scandir: 'look into',
  mkdir: 'make',
  open: 'open',
  unlink: 'remove',
  rm: 'remove',
  rename: 'replace',
};

/** What is wrong with a file: which one it is, and without the words of the system wherever there are better ones. */
export function fileTrouble(error: unknown): string {
  const { code, path, syscall = '', message } = error as NodeJS.ErrnoException;
  switch (code) {
    case 'ENOENT':
      return `there is no ${path}`;
    case 'EISDIR':
      return `${path} is a directory, and a file is needed`;
    case 'ENOTDIR':
    case 'EEXIST':
      return `${path} cannot be there: it, or something on the way to it, is a file and no directory`;
    case 'EACCES':
    case 'EPERM':
      return `this user${user()} may not ${DOES[syscall] ?? 'use'} ${path}`;
    case 'ENOSPC':
    case 'EDQUOT':
      return path === undefined ? 'there is no room left' : `there is no room left for ${path}`;
    case 'EROFS':
      return `${path} lies where nothing can be written`;
    case 'ELOOP':
      return `the symbolic links of ${path} lead in a circle`;
    default:
      return message;
  }
}

/** The text of a file; 0 is standard input. Throws the error of the system, which always names the file. */
export function readText(file: string | 0): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    const path = file === 0 ? 'standard input' : file;
    throw Object.assign(error as NodeJS.ErrnoException, { path });
  }
}

function user(): string {
  const uid = process.geteuid?.();
  return uid === undefined ? '' : ` (uid ${uid})`;
}
