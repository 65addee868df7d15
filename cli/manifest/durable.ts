/** Files that hold secrets: readable by their owner alone, whole or not there, and on the disk before anybody is told. */
import { randomUUID } from 'node:crypto';
import {
  chownSync,
  closeSync,
  existsSync,
  fstatSync,
  fsyncSync,
  lstatSync,
  mkdirSync,
  openSync,
  readlinkSync,
  readSync,
  realpathSync,
  renameSync,
  rmSync,
  statSync,
  writeSync,
} from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';

const PRIVATE = 0o600;
const PRIVATE_DIRECTORY = 0o700;
/** As many as Linux follows. */
const MOST_LINKS = 40;

/**
 * Replaces the content of the file at `path` in one step, with mode 0600, and makes the directories that lack (0700).
 * A crash leaves the old content or the new one. A symbolic link stays, and what it leads to is made or replaced. Throws the
 * error of the system.
 */
export function writeDurably(path: string, content: string): void {
  const target = targetOf(path);
  const directory = dirname(target);
  makeDirectory(directory);
  // One name for each target: what a crash leaves there is taken away by the next attempt.
  const temporary = join(directory, `.${basename(target)}.accredit-new`);
  rmSync(temporary, { force: true });
  writeSynced(temporary, content);
  keepOwner(target, temporary);
  renameSync(temporary, target);
  syncDirectory(directory);
}

/** What `writeDurably` writes for a path: behind all symbolic links, whether or not anything is there. Throws for links in a circle. */
export function targetOf(path: string): string {
  let target = path;
  for (let links = 0; isLink(target); links += 1) {
    if (links === MOST_LINKS) throw new Error(`${path} leads in a circle`);
    target = resolve(realpathSync(dirname(target)), readlinkSync(target));
  }
  return target;
}

/**
 * Writes a new private file in `directory`, which is made if it is not there, and answers its path. Names sort by time. A
 * crash can leave a part of it.
 */
export function writeNewDurably(directory: string, content: string, suffix: string): string {
  makeDirectory(directory);
  const path = join(directory, `${Date.now()}-${randomUUID()}${suffix}`);
  writeSynced(path, content);
  syncDirectory(directory);
  return path;
}

/**
 * Appends a line to the file at `path`, which need not exist; where its last line does not end, as after a full disk, that one is
 * ended first. Throws the error of the system.
 */
export function appendLineDurably(path: string, line: string): void {
  const isNew = !existsSync(path);
  const file = openSync(path, 'a+', PRIVATE);
  try {
    appendDurablyTo(file, `${isWhole(file) ? '' : '\n'}${line}\n`);
  } finally {
    closeSync(file);
  }
  if (isNew) syncDirectory(dirname(targetOf(path)));
}

/** Writes to an open file, where it stands. Throws the error of the system. */
export function appendDurablyTo(file: number, content: string): void {
  writeAll(file, content);
  fsyncSync(file);
}

/** Removes the file at `path`, if it is there, for good. */
export function removeDurably(path: string): void {
  rmSync(path, { force: true });
  syncDirectory(dirname(path));
}

function writeSynced(path: string, content: string): void {
  const file = openSync(path, 'wx', PRIVATE);
  try {
    appendDurablyTo(file, content);
  } finally {
    closeSync(file);
  }
}

function writeAll(file: number, content: string): void {
  const bytes = Buffer.from(content, 'utf8');
  for (let written = 0; written < bytes.length; ) written += writeSync(file, bytes, written);
}

/** Whether an open file is empty or ends with a line feed. What is no file has no end to look at. */
function isWhole(file: number): boolean {
  const { size } = fstatSync(file);
  if (size === 0) return true;
  const last = Buffer.alloc(1);
  readSync(file, last, 0, 1, size - 1);
  return last.toString('latin1') === '\n';
}

function isLink(path: string): boolean {
  try {
    return lstatSync(path, { throwIfNoEntry: false })?.isSymbolicLink() === true;
  } catch (error) {
    // Below what is no directory there is nothing, and so no link.
    if ((error as NodeJS.ErrnoException).code === 'ENOTDIR') return false;
    throw error;
  }
}

/** A service that reads the file as its owner goes on reading it when root replaces it. */
function keepOwner(target: string, replacement: string): void {
  const before = statSync(target, { throwIfNoEntry: false });
  if (before === undefined || process.getuid?.() !== 0) return;
  chownSync(replacement, before.uid, before.gid);
}

/** Makes the directory and those above it that lack. Each of them is there after a crash only once the one above it is synced. */
function makeDirectory(directory: string): void {
  const first = mkdirSync(directory, { recursive: true, mode: PRIVATE_DIRECTORY });
  if (first === undefined) return;
  const highest = dirname(resolve(first));
  let above = resolve(directory);
  do {
    above = dirname(above);
    syncDirectory(above);
  } while (above !== highest && above !== dirname(above));
}

function syncDirectory(directory: string): void {
  const handle = openSync(directory, 'r');
  try {
    fsyncSync(handle);
  } finally {
    closeSync(handle);
  }
}
