/**
 * Makes a clone ready to run: checks the Node version, installs what package-lock.json names, compiles the sources.
 * `npm start`, `npm test` and `npm run demo` call it first. It does only what is not done yet, and says what it does on
 * standard error. With `--provider` it builds the Terraform provider too, with `--packages` the packages that the daemon serves.
 *
 * Plain JavaScript without dependencies: it runs before there are any.
 */
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { packagesDirectory } from './packages/directory.mjs';
import { fingerprint } from './sources.mjs';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const manifest = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));

/** A reason to stop that its message explains. */
class Refusal extends Error {}

try {
  checkNode();
  installDependencies();
  build();
  if (process.argv.includes('--provider')) buildProvider();
  if (process.argv.includes('--packages')) packageProvider();
} catch (error) {
  if (!(error instanceof Refusal)) throw error;
  say(error.message);
  process.exitCode = 1;
}

/** Refuses unless this Node is at least the one that package.json asks for. */
function checkNode() {
  const wanted = manifest.engines.node.replace('>=', '');
  const [major, minor] = process.versions.node.split('.').map(Number);
  const [wantedMajor, wantedMinor] = wanted.split('.').map(Number);
  if (major > wantedMajor || (major === wantedMajor && minor >= wantedMinor)) return;
  throw new Refusal(`Accredit needs Node ${wanted} or later; this is ${process.versions.node} (${process.execPath}).`);
}

/** Installs with `npm ci` unless node_modules already holds what the lock file names. */
function installDependencies() {
  const stamp = join(root, 'node_modules', '.accredit-install');
  const wanted = `${sha256(readFileSync(join(root, 'package-lock.json')))} ${process.platform}-${process.arch}\n`;
  if (read(stamp) === wanted) return;
  if (!matchesLockFile()) {
    say('installing dependencies; compiling sqlite3 takes about two minutes the first time');
    // npm_execpath is set when npm started us: the same npm then, which need not be the one on the PATH.
    const outer = process.env.npm_execpath ?? '';
    const npm = outer.endsWith('npm-cli.js') ? [process.execPath, outer] : ['npm'];
    run([...npm, 'ci', '--include=dev', '--no-audit', '--no-fund', '--loglevel=error'], 'the installation failed');
  }
  writeFileSync(stamp, wanted);
}

/**
 * Whether node_modules, installed by hand perhaps, holds exactly the packages of the lock file. npm keeps the list of
 * what it installed; packages for other platforms are rightly missing from it.
 */
function matchesLockFile() {
  const installed = read(join(root, 'node_modules', '.package-lock.json'));
  if (installed === undefined) return false;
  if (!existsSync(join(root, 'node_modules', 'sqlite3', 'build', 'Release', 'node_sqlite3.node'))) return false;
  const present = JSON.parse(installed).packages;
  const locked = JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8')).packages;
  const integrity = (entry) => entry.integrity ?? entry.version;
  for (const [path, entry] of Object.entries(locked)) {
    if (path === '') continue;
    if (present[path] === undefined ? !entry.optional : integrity(present[path]) !== integrity(entry)) return false;
  }
  return Object.keys(present).every((path) => locked[path] !== undefined);
}

/** Compiles the sources into dist/build when one of them is not the one that was compiled last. */
function build() {
  const target = join(root, 'dist', 'build');
  const stamp = join(target, '.sources');
  const current = fingerprint(root);
  if (read(stamp) === current) return;
  say('compiling');
  // Beside the old build and then in its place: whoever starts a daemon meanwhile finds one or the other, whole.
  const fresh = join(root, 'dist', `build-${process.pid}`);
  try {
    run(
      [process.execPath, tool('typescript', 'bin/tsc'), '-p', 'tsconfig.build.json', '--outDir', fresh],
      'the sources do not compile',
    );
    writeFileSync(join(fresh, '.sources'), current);
    replace(target, fresh);
  } finally {
    rmSync(fresh, { recursive: true, force: true });
  }
}

/** Builds the provider into dist/mirror when its sources are not the ones that were built last. */
function buildProvider() {
  const stamp = join(root, 'dist', 'provider.sources');
  const current = fingerprint(root);
  if (read(stamp) === current && existsSync(join(root, 'dist', 'mirror'))) return;
  say('building the Terraform provider');
  rmSync(stamp, { force: true });
  run([process.execPath, '--import', 'tsx', 'scripts/build-provider.ts'], 'the provider could not be built', {
    quiet: true,
  });
  writeFileSync(stamp, current);
}

/**
 * Packs the provider where the daemon looks when there are no packages of this version, or those that this made are of other sources.
 * What somebody signed stays, and what holds a Node, which has no stamp: a start has neither the key nor the Node to make it anew.
 */
function packageProvider() {
  const packages = packagesDirectory(process.env, join(root, 'dist', 'packages'));
  const target = join(packages, manifest.version);
  const current = fingerprint(root);
  if (existsSync(target) && (read(join(target, '.sources')) ?? current) === current) return;
  say('packing the Terraform provider');
  const command = ['--import', 'tsx', 'scripts/package-provider.ts', '--directory', packages, '--keep-signed'];
  run([process.execPath, ...command], 'the provider could not be packed', { quiet: true, env: withoutSigningKey() });
}

/** A key is for whoever signs. What starts a daemon is not to use one that happens to be there. */
function withoutSigningKey() {
  const entries = Object.entries(process.env);
  return Object.fromEntries(entries.filter(([name]) => !name.startsWith('ACCREDIT_PROVIDER_SIGNING_KEY')));
}

function replace(target, fresh) {
  const old = `${fresh}-old`;
  mkdirSync(dirname(target), { recursive: true });
  if (existsSync(target)) renameSync(target, old);
  renameSync(fresh, target);
  rmSync(old, { recursive: true, force: true });
}

function tool(name, path) {
  return join(root, 'node_modules', name, path);
}

/** Runs a command in the clone with its output on standard error unless `quiet`, and refuses to go on when it fails. */
function run([command, ...args], complaint, { quiet = false, env = process.env } = {}) {
  const stdio = ['ignore', quiet ? 'ignore' : 2, 2];
  const { status, signal, error } = spawnSync(command, args, { cwd: root, env, stdio });
  if (error) throw new Refusal(`${complaint}: ${error.message}`);
  if (status !== 0) throw new Refusal(`${complaint} (${signal ?? `exit code ${status}`}): see above`);
}

function read(path) {
  return existsSync(path) ? readFileSync(path, 'utf8') : undefined;
}

function sha256(data) {
  return createHash('sha256').update(data).digest('hex');
}

function say(text) {
  process.stderr.write(`accredit: ${text}\n`);
}
