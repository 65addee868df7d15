/**
 * What V8 has compiled of the provider, kept for the next start: Terraform starts the provider three times for a plan. It lies in a
 * directory of the user's, since Terraform refuses a package in whose own directory anything has changed.
 */
import { createHash } from 'node:crypto';
import {
  closeSync,
  constants,
  fstatSync,
  lstatSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  type Stats,
  statSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { Script } from 'node:vm';

/** What is to be compiled. */
export interface Source {
  readonly text: string;
  /** For stack traces. */
  readonly filename: string;
  /** Whatever the text was made from: other bytes are another source. */
  readonly bytes: Uint8Array;
}

/** A compiled script, and the means to keep it. */
export interface Compiled {
  readonly script: Script;
  /** What `keep` was given; 0 when nothing was kept that fits. */
  readonly covers: number;
  /**
   * Keeps what V8 has compiled by now, which is the functions that have run, and says by the bits of `covers` (32 bits) which uses of
   * the script these are. Throws what the file system throws.
   */
  keep(covers: number): void;
}

/** One file for each build and each Node; there are few of either at a time. */
const KEPT_FILES = 8;
const DIGEST_BYTES = 32;
const HEADER_BYTES = DIGEST_BYTES + 4;

/**
 * Where compiled code is kept, by the convention of the system; undefined where there is no such place, where Node is told to keep
 * none (`NODE_DISABLE_COMPILE_CACHE`), and on Windows, where the mode of a file does not say who may write to it.
 */
export function cacheDirectory(env: NodeJS.ProcessEnv, platform = process.platform): string | undefined {
  if (env.NODE_DISABLE_COMPILE_CACHE || platform === 'win32') return undefined;
  const absolute = (path: string | undefined) => (path?.startsWith('/') ? path : undefined);
  const home = absolute(env.HOME);
  const caches = platform === 'darwin' ? 'Library/Caches' : '.cache';
  const base = absolute(env.XDG_CACHE_HOME) ?? (home === undefined ? undefined : join(home, caches));
  return base === undefined ? undefined : join(base, 'accredit-terraform-provider');
}

/**
 * Compiles the source, with the help of what `directory` holds for these very bytes, this Node and this processor. V8 would run
 * whatever bears its version and the length of the source. So a file counts only if its digest is right, and only if nobody but this
 * user (and root) can have written it; any other is as if it were not there.
 */
export function compile({ text, filename, bytes }: Source, directory: string | undefined): Compiled {
  const name = fingerprint(bytes);
  const kept = directory === undefined ? undefined : read(directory, name);
  const script = new Script(text, { filename, cachedData: kept?.data });
  return {
    script,
    covers: kept === undefined || script.cachedDataRejected ? 0 : kept.covers,
    keep(covers) {
      if (directory !== undefined) write(directory, name, covers, script.createCachedData());
    },
  };
}

/** Names what the compiled form depends on. V8 itself looks at its version and flags, not at the machine. */
function fingerprint(bytes: Uint8Array): string {
  const { version, platform, arch } = process;
  return createHash('sha256').update(`${version} ${platform} ${arch}\n`).update(bytes).digest('hex');
}

function read(directory: string, name: string): { covers: number; data: Buffer } | undefined {
  let file: number | undefined;
  try {
    if (!isPrivate(lstatSync(directory))) return undefined;
    file = openSync(join(directory, name), constants.O_RDONLY | constants.O_NOFOLLOW);
    const stats = fstatSync(file);
    if (!stats.isFile() || !isOwn(stats)) return undefined;
    const content = readFileSync(file);
    const rest = content.subarray(DIGEST_BYTES);
    if (!digest(name, rest).equals(content.subarray(0, DIGEST_BYTES))) return undefined;
    return { covers: rest.readUInt32LE(), data: content.subarray(HEADER_BYTES) };
  } catch {
    // It is not there, or not to be read: then the source is compiled, and kept anew.
    return undefined;
  } finally {
    if (file !== undefined) closeSync(file);
  }
}

function write(directory: string, name: string, covers: number, data: Uint8Array): void {
  mkdirSync(directory, { recursive: true, mode: 0o700 });
  if (!isPrivate(lstatSync(directory))) return;
  const content = Buffer.alloc(HEADER_BYTES + data.length);
  content.writeUInt32LE(covers, DIGEST_BYTES);
  content.set(data, HEADER_BYTES);
  content.set(digest(name, content.subarray(DIGEST_BYTES)));
  // Renamed into place, so that nobody reads half of it.
  const unfinished = join(directory, `${name}.${process.pid}`);
  writeFileSync(unfinished, content, { mode: 0o600, flag: 'wx' });
  renameSync(unfinished, join(directory, name));
  removeOldest(directory);
}

function digest(name: string, rest: Uint8Array): Buffer {
  return createHash('sha256').update(name).update(rest).digest();
}

function removeOldest(directory: string): void {
  const files = readdirSync(directory).map((name) => {
    const path = join(directory, name);
    return { path, time: statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? 0 };
  });
  for (const { path } of files.sort((a, b) => b.time - a.time).slice(KEPT_FILES)) rmSync(path, { force: true });
}

/** A directory, and no link to one, that nobody else can enter. */
function isPrivate(stats: Stats): boolean {
  return stats.isDirectory() && isOwn(stats) && (stats.mode & 0o077) === 0;
}

/** Whether nobody but this user and root can have written it. */
function isOwn({ uid, mode }: Stats): boolean {
  return uid === process.geteuid?.() && (mode & 0o022) === 0;
}
