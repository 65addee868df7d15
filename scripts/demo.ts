/**
 * `npm run demo`: the life of a token in one go, against a daemon that is started for it on a free port and with a real
 * Terraform; without `terraform` on the PATH the same steps go through the API. Every step is checked, and the first
 * that is not as it should be ends the demonstration with exit code 1.
 */
import assert from 'node:assert/strict';
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { rmSync } from 'node:fs';
import { mkdtemp, readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { hasTerraform, Workspace } from '../test/support/terraform.ts';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const ACCOUNT = 'organizations/default/accounts/deployer';
const TOKEN = `${ACCOUNT}/tokens/deploy`;
const READY_TIMEOUT = 30_000;

const CONFIGURATION = `
resource "accredit_service_account" "deployer" {
  name   = "deployer"
  grants = [{ role = "viewer" }]
}

resource "accredit_service_account_token" "deploy" {
  account    = accredit_service_account.deployer.name
  name       = "deploy"
  expires_in = "90d"
}
`;

/** The story's verbs, told by Terraform or by the API. */
interface Teller {
  /** Creates the account and the token; answers the token's secret. */
  create(): Promise<string>;
  assertConverged(): Promise<void>;
  /** Replaces the token; answers the new secret. */
  replace(): Promise<string>;
  destroy(): Promise<void>;
}

interface Daemon {
  readonly url: string;
  readonly adminToken: string;
  stop(): Promise<void>;
}

let steps = 0;

async function main(): Promise<void> {
  const directory = await mkdtemp(join(tmpdir(), 'accredit-demo-'));
  atExit(() => rmSync(directory, { recursive: true, force: true, maxRetries: 5 }));
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(signal, () => process.exit(1));
  const daemon = await step('Start a daemon on an empty data directory and a free port', () => startDaemon(directory));
  try {
    if (hasTerraform()) await withTerraform(daemon, directory);
    else {
      tell('There is no terraform on the PATH: the same story follows through the API instead.');
      await story(daemon, apiTeller(daemon));
    }
  } finally {
    await daemon.stop();
  }
  tell(`All ${steps} steps went as they should.`);
}

async function withTerraform(daemon: Daemon, directory: string): Promise<void> {
  const built = spawnSync(process.execPath, ['scripts/install.mjs', '--provider'], { cwd: ROOT, stdio: 'inherit' });
  assert.equal(built.status, 0, 'the provider could not be built');
  const workspace = await step('terraform init, with the provider from dist/mirror', () =>
    Workspace.create(CONFIGURATION, { endpoint: daemon.url, token: daemon.adminToken, within: directory }),
  );
  await story(daemon, terraformTeller(workspace));
}

async function story(daemon: Daemon, teller: Teller): Promise<void> {
  const first = await step('Create an account with the role viewer, and a token', () => teller.create());
  await step('The token opens what a viewer may do, and nothing more', async () => {
    assert.equal(await authorize(daemon, first, 'accounts.read'), 200);
    assert.equal(await authorize(daemon, first, 'accounts.write'), 403);
  });
  await step('Nothing is left to do: asking again changes nothing', () => teller.assertConverged());
  const second = await step('Replace the token', () => teller.replace());
  await step('The old secret answers 401, the new one 200', async () => {
    assert.notEqual(second, first);
    assert.equal(await authorize(daemon, first, 'accounts.read'), 401);
    assert.equal(await authorize(daemon, second, 'accounts.read'), 200);
  });
  await step('Nothing is left to do again', () => teller.assertConverged());
  await step('Destroy both: the secret is dead and the addresses are free', async () => {
    await teller.destroy();
    assert.equal(await authorize(daemon, second, 'accounts.read'), 401);
    for (const address of [TOKEN, ACCOUNT]) assert.equal((await call(daemon, 'GET', address)).status, 404);
  });
}

function terraformTeller(workspace: Workspace): Teller {
  const resource = 'accredit_service_account_token.deploy';
  const apply = async (): Promise<string> => {
    await show('terraform apply', workspace.apply());
    return String((await workspace.values(resource)).secret);
  };
  return {
    create: apply,
    async assertConverged() {
      const plan = await workspace.hasChanges();
      tell(lastLine(plan.output), 'terraform plan -detailed-exitcode');
      assert.equal(plan.changes, false, plan.output);
    },
    async replace() {
      await show(`terraform taint ${resource}`, workspace.taint(resource));
      return apply();
    },
    async destroy() {
      await show('terraform destroy', workspace.destroy());
    },
  };
}

/** What Terraform does, said by hand: the claim makes the second PUT a replacement. */
function apiTeller(daemon: Daemon): Teller {
  const account = { grants: [{ role: 'viewer' }] };
  const token = { expires_in: '90d' };
  let claim = 'demo-1';
  const put = async (address: string, body: object, outcome: string): Promise<Record<string, unknown>> => {
    const answer = await call(daemon, 'PUT', address, body, { 'Accredit-Claim': claim });
    tell(`${answer.status} ${answer.headers.get('accredit-outcome')}`, `PUT /v1/${address}`);
    assert.equal(answer.headers.get('accredit-outcome'), outcome);
    return (await answer.json()) as Record<string, unknown>;
  };
  return {
    async create() {
      await put(ACCOUNT, account, 'created');
      return String((await put(TOKEN, token, 'created')).secret);
    },
    async assertConverged() {
      await put(TOKEN, token, 'unchanged');
    },
    async replace() {
      claim = 'demo-2';
      return String((await put(TOKEN, token, 'rotated')).secret);
    },
    async destroy() {
      for (const address of [TOKEN, ACCOUNT]) {
        const answer = await call(daemon, 'DELETE', address);
        tell(`${answer.status} ${answer.headers.get('accredit-outcome')}`, `DELETE /v1/${address}`);
        assert.equal(answer.headers.get('accredit-outcome'), 'deleted');
      }
    },
  };
}

async function startDaemon(directory: string): Promise<Daemon> {
  const child = spawn(process.execPath, ['bin/accredit', 'serve'], {
    cwd: ROOT,
    env: { ...withoutSettings(process.env), ACCREDIT_LISTEN: '127.0.0.1:0', ACCREDIT_DATA_DIR: directory },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  atExit(() => child.kill('SIGKILL'));
  let log = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    log += text;
  });
  const url = await readyAddress(child).catch((error: Error) => {
    child.kill('SIGKILL');
    throw new Error(`${error.message}\n${log}`);
  });
  const adminToken = (await readFile(join(directory, 'admin-token'), 'utf8')).trim();
  tell(`it is ready on ${url}`);
  return { url, adminToken, stop: () => stop(child) };
}

/** However this process ends, what it started and wrote ends with it: the latest first. */
function atExit(work: () => void): void {
  process.prependOnceListener('exit', work);
}

/** Resolves with the address that the daemon's ready line names. */
function readyAddress(child: ChildProcess): Promise<string> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error('the daemon did not become ready')), READY_TIMEOUT);
    child.once('exit', (code) => {
      clearTimeout(timer);
      reject(new Error(`the daemon ended with exit code ${code}`));
    });
    createInterface({ input: child.stdout as NodeJS.ReadableStream }).on('line', (line) => {
      const ready = /^accredit ready on (\S+)/.exec(line);
      if (ready?.[1] === undefined) return;
      clearTimeout(timer);
      resolve(ready[1]);
    });
  });
}

async function stop(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null) return;
  const ended = once(child, 'exit');
  child.kill('SIGTERM');
  const [code] = await ended;
  assert.equal(code, 0, 'the daemon did not stop cleanly');
}

/** The environment without settings that are meant for another daemon. */
function withoutSettings(environment: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  return Object.fromEntries(Object.entries(environment).filter(([name]) => !name.startsWith('ACCREDIT_')));
}

/** The status with which the daemon answers whoever presents `secret` and asks for `permission`. */
async function authorize(daemon: Daemon, secret: string, permission: string): Promise<number> {
  const path = `/v1/authorize?organization=default&permission=${permission}`;
  const { status } = await fetch(`${daemon.url}${path}`, { headers: { Authorization: `Bearer ${secret}` } });
  tell(String(status), `GET ${path} with ${secret.slice(0, 7)}…`);
  return status;
}

function call(
  daemon: Daemon,
  method: string,
  address: string,
  body?: object,
  headers: Record<string, string> = {},
): Promise<Response> {
  return fetch(`${daemon.url}/v1/${address}`, {
    method,
    headers: { Authorization: `Bearer ${daemon.adminToken}`, 'Content-Type': 'application/json', ...headers },
    body: body === undefined ? undefined : JSON.stringify(body),
  });
}

async function step<T>(title: string, work: () => Promise<T>): Promise<T> {
  steps += 1;
  console.log(`\n${steps}. ${title}`);
  return work();
}

async function show(command: string, running: Promise<{ output: string }>): Promise<void> {
  const { output } = await running;
  tell(lastLine(output), command);
}

function tell(text: string, command?: string): void {
  console.log(command === undefined ? `   ${text}` : `   $ ${command}\n     ${text}`);
}

/** The line with which Terraform sums up. */
function lastLine(output: string): string {
  const lines = output.split('\n').filter((line) => line.trim() !== '');
  return (lines.find((line) => /complete!|No changes|tainted\./.test(line)) ?? lines.at(-1) ?? '').trim();
}

main().catch((error: Error) => {
  console.error(`\nThe demonstration failed: ${error.message}`);
  process.exitCode = 1;
});
