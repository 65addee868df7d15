/** The commands of docs/deployment.md, pasted one after the other on a machine that is a directory. */
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, unlinkSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { text } from 'node:stream/consumers';
import { expect } from 'chai';
import { createCertificate } from '../../terraform-provider/plugin/certificate.ts';
import { SOURCE_ADDRESS, TERRAFORM_PATHS } from '../../terraform-provider-spec/packages.ts';
import { readText } from '../architecture/sources.ts';
import { freeAddress } from '../proxies/proxies.ts';
import { ownBlocks } from '../support/command-blocks.ts';
import { type Postgres, postgresAvailable, startPostgres } from '../support/postgres.ts';
import { unpackRelease } from './installed.ts';
import { Machine } from './units.ts';

/** What needs root, or changes the machine that the tests run on: done without the users, or not at all. */
const WITHOUT_USERS: Readonly<Record<string, string>> = {
  chown: '',
  'systemd-sysusers': '',
  runuser: 'shift 3; exec "$@"',
  install: 'for last; do :; done; mkdir -p "$last"; chmod 700 "$last"',
};

const MIRROR = (address: string) => `http://${address}${TERRAFORM_PATHS.mirror}${SOURCE_ADDRESS}`;

describe('docs/deployment.md', function () {
  this.timeout(120_000);
  let directory: string;
  let machine: Machine;
  let manager: Server;
  let listen: string;
  let postgres: Postgres | undefined;
  let database: string;
  let adminToken = '';
  const commands = ownBlocks('test/deploy/documented.test.ts');

  before(async () => {
    directory = mkdtempSync(join(tmpdir(), 'accredit-deployed-'));
    listen = await freeAddress();
    machine = new Machine(directory, join(directory, 'opt/accredit'));
    mkdirSync(machine.at('/usr/local/bin'), { recursive: true });
    unpackRelease(machine.at('/opt/accredit-0.1.0'));
    // What systemctl is asked comes here.
    const socket = join(directory, 'manager');
    manager = createServer({ allowHalfOpen: true }, (connection) => {
      let words = '';
      connection.setEncoding('utf8').on('data', (chunk: string) => {
        words += chunk;
      });
      connection.on('end', async () => connection.end(await manage(words.trim().split(' '))));
    }).listen(socket);
    await once(manager, 'listening');
    program(
      'systemctl',
      `answer=$(printf %s "$*" | ${process.execPath} ${askIn(directory)}); [ "$answer" = ok ] || { echo "$answer" >&2; exit 1; }`,
    );
    for (const [name, script] of Object.entries(WITHOUT_USERS)) program(name, script);
    if (postgresAvailable()) {
      postgres = await startPostgres();
      database = await postgres.url();
    }
  });
  after(async () => {
    manager.close();
    await machine.stopAll();
    await postgres?.stop();
    rmSync(directory, { recursive: true, force: true });
  });

  it('installs a release', async () => {
    await paste('scripts/install.mjs');
    const { output } = await bash('accredit version');
    expect(output).to.match(/^accredit \d/);
  });

  it('starts the service, with a key that is made once', async () => {
    writeFileSync(machine.at('/etc/accredit/accredit.env'), `ACCREDIT_LISTEN=${listen}\n`);
    writeFileSync(machine.at('/etc/accredit/apply.env'), `ACCREDIT_ENDPOINT=http://${listen}\n`);
    await paste('systemd-sysusers');
    expect(await paste('/readyz'))
      .to.include('ready')
      .and.to.include('accounts/root')
      .and.to.match(/^ok +master key/m);
    const key = readFileSync(machine.at('/etc/accredit/master-key'), 'utf8');
    expect((await bash(block('systemd-sysusers'))).status).to.not.equal(0);
    expect(readFileSync(machine.at('/etc/accredit/master-key'), 'utf8')).to.equal(key);
  });

  it('makes the token of the timer, applies a manifest, and rotates by the service', async () => {
    await paste('manifest: machine');
    const output = await paste('manifest: shop');
    expect(output)
      .to.include('+ accounts/shop/tokens/main')
      .and.to.not.match(/acr_sa_/);
    expect(await opens(secret())).to.equal(200);
  });

  it('backs up, verifies, and restores what was there', async () => {
    expect(await paste('accredit backup "')).to.include('the master key of this installation fits');
    const kept = secret();
    const revoked = await bash('accredit revoke accounts/shop/tokens/main --reason compromised', {
      ACCREDIT_TOKEN: admin(),
    });
    expect(revoked.status, revoked.output).to.equal(0);
    expect(await opens(kept)).to.equal(401);
    await paste('accredit.before');
    expect(await opens(kept)).to.equal(200);
  });

  it('upgrades to a release beside the former one, whose provider is still there for the lock files that name it', async () => {
    expect(await providers()).to.deep.equal(['0.1.0']);
    const former = await providerOf('0.1.0');
    unpackRelease(machine.at('/opt/accredit-0.2.0'));
    for (const name of ['package.json', 'client/version.ts']) {
      const file = machine.at(`/opt/accredit-0.2.0/${name}`);
      writeFileSync(file, readFileSync(file, 'utf8').replace('0.1.0', '0.2.0'));
    }
    expect(await paste('/opt/accredit-0.2.0')).to.include('ready');
    expect((await bash('accredit version')).output).to.include('0.2.0');
    expect(await opens(secret())).to.equal(200);
    expect(await providers()).to.deep.equal(['0.1.0', '0.2.0']);
    expect(await providerOf('0.1.0')).to.deep.equal(former);
    expect(await providerOf('0.2.0')).to.not.equal(former);
  });

  it('takes a certificate as a credential', async () => {
    const { certificate, key } = createCertificate();
    mkdirSync(machine.at('/etc/accredit/tls'));
    writeFileSync(machine.at('/etc/accredit/tls/certificate.pem'), certificate);
    writeFileSync(machine.at('/etc/accredit/tls/key.pem'), key);
    const [, file = ''] = /^# (\S+)\n/.exec(block('[Service]', 'ini')) ?? [];
    mkdirSync(machine.at(join(file, '..')), { recursive: true });
    writeFileSync(machine.at(file), block('[Service]', 'ini').replace('0.0.0.0:7345', listen));
    await machine.stop('accredit.service');
    await machine.start('accredit.service');
    writeFileSync(join(directory, 'ca.pem'), certificate);
    const { output } = await bash(
      `curl -fsS --cacert ${directory}/ca.pem https://${listen.replace('127.0.0.1', 'localhost')}/readyz`,
    );
    expect(output).to.include('ready');
    unlinkSync(machine.at(file));
    await machine.stop('accredit.service');
    await machine.start('accredit.service');
  });

  it('moves to PostgreSQL, where every token goes on working', async function () {
    if (postgres === undefined) this.skip();
    const before = await events();
    expect(await paste('move-to-postgresql')).to.include('moved');
    expect(await opens(secret())).to.equal(200);
    expect(await events()).to.deep.equal(before);
    // What is written from now on has a place behind it.
    const due = await bash('accredit rotate accounts/shop/tokens/main', { ACCREDIT_TOKEN: admin() });
    expect(due.status, due.output).to.equal(0);
    expect((await events()).length).to.equal(before.length + 1);
  });

  /** What the service manager of the machine does about the words of systemctl. */
  async function manage([verb = '', ...words]: readonly string[]): Promise<string> {
    const names = words
      .filter((word) => !word.startsWith('-'))
      .map((name) => (name.includes('.') ? name : `${name}.service`));
    const isNow = verb !== 'enable' || words.includes('--now');
    try {
      for (const name of names) {
        machine.unit(name);
        if (name.endsWith('.timer')) continue;
        if (verb === 'stop' || verb === 'restart') await machine.stop(name);
        if (verb === 'start' || verb === 'restart' || (verb === 'enable' && isNow)) await machine.start(name);
      }
      return 'ok';
    } catch (error) {
      return (error as Error).message;
    }
  }

  function block(mark: string, language = 'sh'): string {
    if (language === 'sh') return commands.take(mark);
    const found = new RegExp(`^\`\`\`${language}\\n([\\s\\S]*?)^\`\`\`$`, 'm').exec(readText('docs/deployment.md'));
    if (found?.[1]?.includes(mark) !== true)
      throw new Error(`docs/deployment.md has no ${language} block with ${mark}`);
    return found[1];
  }

  /** Runs the block with these words in it, and answers what it prints. */
  async function paste(mark: string): Promise<string> {
    const { status, output } = await bash(block(mark));
    expect(status, output).to.equal(0);
    return output;
  }

  async function bash(script: string, env: Readonly<Record<string, string>> = {}) {
    const here = machine
      .here(script)
      .replaceAll('/usr/local/bin', machine.at('/usr/local/bin'))
      .replaceAll('127.0.0.1:7345', listen)
      .replace('postgresql://accredit@database.example.com/accredit', database ?? '');
    const PATH = [machine.at('/usr/local/bin'), process.env.PATH].join(delimiter);
    const child = spawn('bash', ['-euo', 'pipefail', '-c', here], {
      cwd: directory,
      env: { PATH, HOME: directory, ACCREDIT_ENDPOINT: `http://${listen}`, ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const [stdout, stderr] = await Promise.all([text(child.stdout), text(child.stderr), once(child, 'close')]);
    return { status: child.exitCode, output: `${stdout}${stderr}` };
  }

  function program(name: string, script: string): void {
    const file = machine.at(`/usr/local/bin/${name}`);
    writeFileSync(file, `#!/bin/sh\n${script}\n`);
    chmodSync(file, 0o755);
  }

  function admin(): string {
    // A restored directory has no such file; the token in it is the same.
    adminToken ||= readFileSync(machine.at('/var/lib/accredit/admin-token'), 'utf8').trim();
    return adminToken;
  }

  function secret(): string {
    return readFileSync(machine.at('/var/lib/accredit-apply/shop-token'), 'utf8').trim();
  }

  async function opens(token: string): Promise<number> {
    return (await fetch(`http://${listen}/v1/self`, { headers: { Authorization: `Bearer ${token}` } })).status;
  }

  /** The versions of the provider that Terraform finds. */
  async function providers(): Promise<string[]> {
    const { versions } = await mirrored<{ versions: object }>('index');
    return Object.keys(versions).sort();
  }

  /** The sum by which a lock file knows the package of that version, which is what is handed out. */
  async function providerOf(version: string): Promise<string> {
    const { archives } = await mirrored<{ archives: Record<string, { url: string; hashes: string[] }> }>(version);
    const { url = '', hashes = [] } = archives.linux_amd64 ?? {};
    const answer = await fetch(new URL(url, `${MIRROR(listen)}/${version}.json`));
    const sum = createHash('sha256')
      .update(Buffer.from(await answer.arrayBuffer()))
      .digest('hex');
    expect(hashes).to.deep.equal([`zh:${sum}`]);
    return sum;
  }

  async function mirrored<T>(name: string): Promise<T> {
    return (await (await fetch(`${MIRROR(listen)}/${name}.json`)).json()) as T;
  }

  async function events(): Promise<unknown[]> {
    const url = `http://${listen}/v1/organizations/default/audit-events?limit=1000`;
    const answer = await fetch(url, { headers: { Authorization: `Bearer ${admin()}` } });
    return ((await answer.json()) as { items: unknown[] }).items;
  }
});

/** A program that hands its standard input to the service manager and prints what that answers. */
function askIn(directory: string): string {
  const file = join(directory, 'ask.mjs');
  writeFileSync(
    file,
    `import { createConnection } from 'node:net';
const manager = createConnection(${JSON.stringify(join(directory, 'manager'))});
process.stdin.pipe(manager).pipe(process.stdout);
`,
  );
  return file;
}
