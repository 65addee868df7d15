/**
 * Everything that must hold, in one command: format and lint, types, the provider's build, then all
 * tests (or those under the paths given as arguments, without the checks). The last line printed is
 * `N passed, N failed, N skipped`; the exit code is 0 only when nothing failed and, where CI=true, nothing was skipped.
 */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const node = process.execPath;

const CHECKS = [
  ['format and lint', [node, 'node_modules/@biomejs/biome/bin/biome', 'check', '--error-on-warnings', '.']],
  ['types', [node, 'node_modules/typescript/bin/tsc', '--noEmit']],
];
const PROVIDER = ['the provider builds', [node, 'scripts/install.mjs', '--provider']];

/**
 * What takes 10 s or more of a processor, or waits for as long, comes first, so that the last worker is not left alone with it;
 * behind that come the folders whose files start processes. What is not named takes a few seconds.
 */
const ORDER = [
  'test/terraform/',
  'test/provider/rpc-examples.test.ts',
  'test/daemon/first-run.test.ts',
  'test/registry/documented.test.ts',
  'test/registry/npm-start.test.ts',
  'test/provider/core/core-terraform.test.ts',
  'test/bench/',
  'test/contract/',
  'test/verify/',
  'test/store/',
  'test/manifest/',
  'test/provider/rpc-random.test.ts',
  'test/domain/handing-on.test.ts',
  'test/deploy/',
  'test/daemon/',
  'test/registry/',
  'test/cli/',
  'test/proxies/',
  'test/provider/',
];

const paths = process.argv.slice(2);
const files = (paths.length > 0 ? paths : ['test']).flatMap(testFiles).sort(bySpeed);
const counts = { passed: 0, failed: 0, skipped: 0 };

for (const [name, command] of paths.length > 0 ? [PROVIDER] : [...CHECKS, PROVIDER]) check(name, command);
runTests();
report();

function check(name, [command, ...args]) {
  const { status, stdout, stderr } = spawnSync(command, args, { cwd: root, encoding: 'utf8', maxBuffer: 2 ** 26 });
  if (status === 0) {
    counts.passed += 1;
    console.log(`✔ ${name}`);
  } else {
    counts.failed += 1;
    console.log(`✖ ${name}\n${stdout}${stderr}`);
  }
}

/** Runs mocha, whose reporter leaves the counts in a file: a run that ends without one has failed. */
function runTests() {
  if (files.length === 0) {
    console.log(`no test files under ${paths.join(', ')}`);
    counts.failed += 1;
    return;
  }
  const directory = mkdtempSync(join(tmpdir(), 'accredit-test-'));
  const counted = join(directory, 'counts.json');
  try {
    const parallel = files.length > 1 ? ['--parallel', '--jobs', String(Math.max(2, availableParallelism()))] : [];
    const strict = process.env.CI === 'true' ? ['--forbid-only'] : [];
    const { status } = spawnSync(
      node,
      ['node_modules/mocha/bin/mocha.js', ...parallel, ...strict, '--reporter', 'scripts/test-reporter.mjs', ...files],
      { cwd: root, stdio: 'inherit', env: { ...process.env, ACCREDIT_TEST_COUNTS: counted } },
    );
    const tests = readCounts(counted);
    counts.passed += tests.passed;
    counts.failed += tests.failed;
    counts.skipped += tests.skipped;
    if (status !== 0 && tests.failed === 0) counts.failed += 1;
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

function readCounts(file) {
  try {
    return JSON.parse(readFileSync(file, 'utf8'));
  } catch (error) {
    console.log(`the tests ended without a result: ${error.message}`);
    return { passed: 0, failed: 1, skipped: 0 };
  }
}

function report() {
  const { passed, failed, skipped } = counts;
  const strict = process.env.CI === 'true';
  if (strict && skipped > 0) console.log('CI=true: a skipped test counts as a failure of the run');
  process.exitCode = failed > 0 || (strict && skipped > 0) ? 1 : 0;
  console.log(`${passed} passed, ${failed} failed, ${skipped} skipped`);
}

/** The test files at or below `path`, relative to the clone. */
function testFiles(path) {
  if (!statSync(join(root, path)).isDirectory()) return [relative(root, join(root, path))];
  return readdirSync(join(root, path), { recursive: true })
    .filter((name) => name.endsWith('.test.ts'))
    .map((name) => relative(root, join(root, path, name)));
}

function bySpeed(left, right) {
  const rank = (file) => (ORDER.findIndex((prefix) => file.startsWith(prefix)) + ORDER.length + 1) % (ORDER.length + 1);
  return rank(left) - rank(right) || left.localeCompare(right);
}
