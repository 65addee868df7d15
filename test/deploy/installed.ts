/** The sources of the project in a directory of their own, as a release is unpacked, and the program that is made of them there. */
import { execFileSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, realpathSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { projectFiles } from '../architecture/sources.ts';

const ROOT = join(import.meta.dirname, '../..');

/**
 * Copies the sources to `directory`, and what `npm ci` would install: the packages of this clone, as links, since compiling
 * sqlite3 once more takes minutes. npm replaces files and never writes into one, so the clone keeps what it has.
 */
export function unpackRelease(directory: string): void {
  for (const path of projectFiles((one) => one !== 'node_modules')) {
    mkdirSync(dirname(join(directory, path)), { recursive: true });
    cpSync(join(ROOT, path), join(directory, path));
  }
  copyTree(realpathSync(join(ROOT, 'node_modules')), join(directory, 'node_modules'));
}

/** Copies a directory, by links where the file system lets it. */
export function copyTree(from: string, to: string): void {
  if (existsSync(to)) throw new Error(`${to} is there already`);
  mkdirSync(dirname(to), { recursive: true });
  try {
    execFileSync('cp', ['-al', from, to], { stdio: 'ignore' });
  } catch {
    execFileSync('cp', ['-a', from, to]);
  }
}
