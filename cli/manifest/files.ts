/** The files that a manifest is made of. */
import {
  closeSync,
  type Dirent,
  fchmodSync,
  fchownSync,
  fsyncSync,
  openSync,
  readdirSync,
  readFileSync,
  realpathSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { basename, dirname, extname, join, resolve } from 'node:path';
import type { Finding } from './finding.ts';

export interface ManifestFile {
  /** As it is shown to people. */
  readonly file: string;
  readonly text: string;
  /** That it is no text, and where; `undefined` for one that is. */
  readonly unreadable: Finding | undefined;
}

export interface FilesRead {
  readonly files: readonly ManifestFile[];
  /** Subdirectories with files that look like parts of a manifest and that nobody has named. */
  readonly passedOver: readonly string[];
}

const EXTENSIONS = new Set(['.yaml', '.yml', '.json']);

/**
 * The files that `paths` name, each once: of a directory, those that lie directly in it and end in `.yaml`, `.yml` or
 * `.json`, sorted, without hidden ones. `-` stands for standard input. Throws the error of the system for what cannot be read.
 */
export function readManifestFiles(paths: readonly string[]): FilesRead {
  const directories = paths.filter((path) => path !== '-' && statSync(path).isDirectory());
  const files = paths.flatMap((path) => (directories.includes(path) ? filesIn(path) : [path]));
  const named = new Set([...directories, ...files.map(dirname)].map((path) => resolve(path)));
  const passedOver = directories
    .flatMap(subdirectoriesOf)
    .filter((path) => !named.has(resolve(path)) && mayBelong(path));
  return {
    files: [...new Set(files)].map((file) =>
      file === '-' ? textOf('<stdin>', readFileSync(0)) : textOf(file, readFileSync(file)),
    ),
    passedOver,
  };
}

function filesIn(directory: string): string[] {
  return entriesOf(directory)
    .filter((entry) => !entry.isDirectory() && EXTENSIONS.has(extname(entry.name)))
    .map(({ name }) => join(directory, name))
    .sort();
}

function subdirectoriesOf(directory: string): string[] {
  return entriesOf(directory).flatMap((entry) => (entry.isDirectory() ? [join(directory, entry.name)] : []));
}

/** One that may not be looked into is nobody's manifest, and no reason to fail. */
function mayBelong(directory: string): boolean {
  try {
    return filesIn(directory).length > 0;
  } catch {
    return false;
  }
}

function entriesOf(directory: string): Dirent[] {
  return readdirSync(directory, { withFileTypes: true }).filter(({ name }) => !name.startsWith('.'));
}

/** Reading it all the same would put other characters in the place of what cannot be read, and `fmt` would write them. */
function textOf(file: string, bytes: Buffer): ManifestFile {
  const text = bytes.toString('utf8');
  const again = Buffer.from(text, 'utf8');
  if (again.equals(bytes)) return { file, text, unreadable: undefined };
  const at = again.findIndex((byte, index) => byte !== bytes[index]);
  const before = bytes.subarray(0, at).toString('utf8').split('\n');
  const place = {
    ...{ file, line: before.length, column: (before.at(-1) as string).length + 1, length: 1 },
    text: text.split('\n')[before.length - 1] as string,
  };
  return { file, text, unreadable: { severity: 'error', message: 'this is not UTF-8', place } };
}

/**
 * Replaces the content of the file at `path`, which is there, in one step: a crash leaves the old content or the new one. Mode and
 * owner stay; of a symbolic link it is what it leads to. Throws the error of the system.
 */
export function replaceFile(path: string, content: string): void {
  const target = realpathSync(path);
  const { mode, uid, gid } = statSync(target);
  const temporary = join(dirname(target), `.${basename(target)}.accredit-new`);
  rmSync(temporary, { force: true });
  const handle = openSync(temporary, 'wx', mode & 0o7777);
  try {
    writeFileSync(handle, content);
    fchmodSync(handle, mode & 0o7777);
    if (process.getuid?.() === 0) fchownSync(handle, uid, gid);
    fsyncSync(handle);
  } finally {
    closeSync(handle);
  }
  renameSync(temporary, target);
}
