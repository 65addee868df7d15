/**
 * The provider and a Node executable in one file, by Node's single executable applications: it needs no `node` on the PATH. The
 * executable may be that of another platform, as long as it is of the version that runs this.
 */
import { spawnSync } from 'node:child_process';
import { chmodSync, copyFileSync, mkdtempSync, readFileSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Platform, platformName } from '../../terraform-provider-spec/packages.ts';

/** The Node executable cannot be used. The message says why. */
export class NodeExecutableError extends Error {
  override readonly name = 'NodeExecutableError';
}

/** Node looks for this, and what is behind it tells whether a program is inside. */
const FUSE = 'NODE_SEA_FUSE_fce680ab2cc467b6e072b8b5df1996b2';
const POSTJECT = createRequire(import.meta.url).resolve('postject/dist/cli.js');
const EMPTY_FUSE = `${FUSE}:0`;

/**
 * The executable that runs `program`, CommonJS that requires only what is built into Node, with the Node in the file `node`. Throws
 * `NodeExecutableError` where that is no Node for `platform` of the version that runs this, or cannot carry a program.
 */
export function selfContained(program: string, node: string, platform: Platform): Uint8Array {
  requireNode(node, platform);
  const directory = mkdtempSync(join(tmpdir(), 'accredit-package-'));
  try {
    const [main, blob, target] = ['main.cjs', 'program.blob', 'executable'].map((name) => join(directory, name)) as [
      string,
      string,
      string,
    ];
    writeFileSync(main, program);
    // No code cache: it would save a few milliseconds, hold for this processor alone, and be different each time.
    const options = { main, output: blob, disableExperimentalSEAWarning: true, useCodeCache: false };
    const config = join(directory, 'config.json');
    writeFileSync(config, JSON.stringify(options));
    run(['--experimental-sea-config', config], 'this Node prepares no single executable application');
    copyFileSync(node, target);
    chmodSync(target, 0o700);
    run([POSTJECT, target, 'NODE_SEA_BLOB', blob, '--sentinel-fuse', FUSE], `the program does not go into ${node}`);
    return readFileSync(target);
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

/** Runs Node; what it prints is of interest only when it fails. */
function run(args: readonly string[], complaint: string): void {
  const { status, stderr, error } = spawnSync(process.execPath, args, { encoding: 'utf8' });
  if (status !== 0) throw new NodeExecutableError(`${complaint}: ${error?.message ?? stderr}`);
}

/** Throws `NodeExecutableError` unless `file` is a Node executable that can carry a program on `platform`. */
function requireNode(file: string, platform: Platform): void {
  const fault = faultOf(file, platform);
  if (fault !== undefined) throw new NodeExecutableError(`${file}, given for ${platformName(platform)}, ${fault}`);
}

function faultOf(file: string, platform: Platform): string | undefined {
  if (platform.os === 'darwin') {
    return 'cannot be used: macOS runs no executable that is changed and not signed again, which only a Mac can do';
  }
  let content: Buffer;
  try {
    content = readFileSync(file);
  } catch (error) {
    return `cannot be read: ${(error as Error).message}`;
  }
  if (formatOf(content) !== platformName(platform)) return 'is no executable for that platform';
  if (!content.includes(EMPTY_FUSE)) {
    return 'is no Node executable, carries a program already, or has its Node in a library, as that of some distributions';
  }
  // One that somebody else built need not say its version, and the one that runs this has told it.
  const version = realpathSync(file) === realpathSync(process.execPath) ? process.versions.node : versionOf(content);
  if (version === process.versions.node) return undefined;
  return `is of ${version === undefined ? 'an unknown version' : `version ${version}`}; the Node that prepares the program, and runs this, is ${process.versions.node}`;
}

/** The version of a Node executable, by the address of its source that it carries. */
function versionOf(content: Buffer): string | undefined {
  const beginning = '/node-v';
  for (let at = content.indexOf(beginning); at >= 0; at = content.indexOf(beginning, at + 1)) {
    const [, version] = /^\/node-v([0-9.]+)\.tar\.gz/.exec(content.toString('latin1', at, at + 40)) ?? [];
    if (version !== undefined) return version;
  }
  return undefined;
}

const ELF_MACHINES = new Map([
  [0x3e, 'amd64'],
  [0xb7, 'arm64'],
]);
const PE_MACHINES = new Map([
  [0x8664, 'amd64'],
  [0xaa64, 'arm64'],
]);

/** The platform that an executable is for, by its header; `undefined` for one that is not known here. */
function formatOf(content: Buffer): string | undefined {
  if (content.length < 0x1000) return undefined;
  if (content.readUInt32BE(0) === 0x7f454c46) return `linux_${ELF_MACHINES.get(content.readUInt16LE(18))}`;
  if (content.toString('latin1', 0, 2) !== 'MZ') return undefined;
  const header = content.readUInt32LE(0x3c);
  if (header > content.length - 6 || content.toString('latin1', header, header + 2) !== 'PE') return undefined;
  return `windows_${PE_MACHINES.get(content.readUInt16LE(header + 4))}`;
}
