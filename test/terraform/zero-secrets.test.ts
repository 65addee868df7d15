/** The example of a token whose secret nobody stores but whom it is for: it is looked for everywhere else. */
import { randomBytes } from 'node:crypto';
import { cp, mkdir, readdir, readFile, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { inflateRawSync } from 'node:zlib';
import { expect } from 'chai';
import { deriveToken } from '../../terraform-provider-spec/seeded-token.ts';
import { startTestDaemon, type TestDaemon } from '../support/daemon.ts';
import type { Workspace } from '../support/terraform.ts';
import { PATIENCE, useTerraform } from './bench.ts';

const EXAMPLE = fileURLToPath(new URL('../../examples/zero-secrets', import.meta.url));
const ADDRESS = 'organizations/default/accounts/deploy/tokens/main';

describe('examples/zero-secrets', () => {
  const bench = useTerraform();
  const seed = randomBytes(32).toString('hex');
  let standby: TestDaemon;
  let terraform: Workspace;
  /** All that Terraform and the provider printed, traces included. */
  let printed = '';

  before(async function () {
    this.timeout(PATIENCE);
    const { workspace } = bench();
    standby = await startTestDaemon();
    terraform = await workspace('', {
      environment: {
        TF_LOG: 'trace',
        TF_VAR_seed: seed,
        TF_VAR_standby_endpoint: standby.url,
        TF_VAR_standby_token: standby.adminToken,
      },
    });
    await rm(join(terraform.directory, 'main.tf'));
    await cp(EXAMPLE, terraform.directory, { recursive: true });
  });
  after(() => standby?.close());

  async function run(...args: string[]): Promise<number> {
    const { exitCode, output } = await terraform.run(args, 'any');
    printed += output;
    return exitCode;
  }

  const secretOf = (version: string): string => deriveToken(seed, { kind: 'sa', address: ADDRESS, version });
  const stored = (): Promise<string> => readFile(join(terraform.directory, 'deploy-token'), 'utf8');

  /** Whether the secret opens the two installations. */
  async function opens(secret: string): Promise<boolean[]> {
    const statuses = [bench().daemon, standby].map(async (daemon) => (await daemon.as(secret).get('/v1/self')).status);
    return (await Promise.all(statuses)).map((status) => status === 200);
  }

  it('refuses a token whose secret the daemon would make: in validation, or in the plan that first knows it is to', async () => {
    const { workspace } = bench();
    const careless = `
variable "forbidden" {
  type = bool
}

provider "accredit" {
  forbid_secrets_in_state = var.forbidden
}

resource "accredit_service_account_token" "careless" {
  account = "root"
  name    = "careless"
}
`;
    const refusal = 'A secret would be stored in the Terraform state';
    const other = await workspace(careless, { environment: { TF_VAR_forbidden: 'true' } });
    await other.run(['validate']);
    expect(await other.diagnostic(['plan'])).to.include(refusal);
    await other.configure(careless.replace('var.forbidden', 'true'));
    expect(await other.diagnostic(['validate'])).to.include(refusal);
  });

  it('plans, and applies that plan: the secret works in both installations and lies where it was to be put', async () => {
    expect(await run('plan', '-out=saved.plan')).to.equal(0);
    expect(await run('apply', 'saved.plan')).to.equal(0);
    expect(await stored()).to.equal(secretOf('1'));
    expect((await stat(join(terraform.directory, 'deploy-token'))).mode & 0o777).to.equal(0o600);
    expect(await opens(secretOf('1'))).to.deep.equal([true, true]);
    expect(await run('plan', '-detailed-exitcode')).to.equal(0);
  });

  it('changes everywhere with the version, and comes out the same when an apply fails half-way and is repeated', async () => {
    const elsewhere = join(terraform.directory, 'store');
    const version = ['-var', 'secret_version=2', '-var', `secret_file=${join(elsewhere, 'deploy-token')}`];
    expect(await run('apply', '-auto-approve', ...version)).to.equal(1);
    expect(await opens(secretOf('2'))).to.include(true);
    await mkdir(elsewhere);
    expect(await run('apply', '-auto-approve', ...version)).to.equal(0);
    expect(await readFile(join(elsewhere, 'deploy-token'), 'utf8')).to.equal(secretOf('2'));
    expect(await opens(secretOf('2'))).to.deep.equal([true, true]);
    expect(await opens(secretOf('1')), 'while the overlap lasts').to.deep.equal([true, true]);
    expect(await run('plan', '-detailed-exitcode', ...version)).to.equal(0);
  });

  it('left neither secret nor seed in state, plan, trace, database or log', async () => {
    const places: [string, string][] = [
      ['trace', printed],
      ...(await filesBelow(terraform.directory, ['deploy-token', 'terraform.rc'])),
      ...zipEntries(await readFile(join(terraform.directory, 'saved.plan'))),
      ...(await filesBelow(bench().daemon.dataDirectory)),
      ...(await filesBelow(standby.dataDirectory)),
      ['log', [...bench().daemon.log, ...standby.log].join('\n')],
    ];
    const names = places.map(([name]) => name);
    expect(names).to.include.members([
      'trace',
      'terraform.tfstate',
      'saved.plan',
      'tfplan',
      'accredit.db',
      'accredit.db-wal',
      'log',
    ]);
    expect(printed.length, 'of the trace').to.be.above(100_000);
    for (const [name, text] of places) {
      for (const secret of [secretOf('1'), secretOf('2'), seed]) expect(text.includes(secret), name).to.equal(false);
    }
    // The search finds what is there.
    const holds = (part: string, text: string) =>
      places.some(([name, all]) => name.startsWith(part) && all.includes(text));
    for (const part of ['trace', 'tfplan', 'terraform.tfstate', 'accredit.db', 'log']) {
      expect(holds(part, 'deploy'), part).to.equal(true);
    }
  });
});

/** Name and content of each file below a directory but those named; binary content byte by byte. Links are not followed. */
async function filesBelow(directory: string, without: readonly string[] = []): Promise<[string, string][]> {
  const entries = await readdir(directory, { withFileTypes: true, recursive: true });
  const files = entries.filter((entry) => entry.isFile() && !without.includes(entry.name));
  return Promise.all(
    files.map(
      async ({ name, parentPath }): Promise<[string, string]> => [
        name,
        await readFile(join(parentPath, name), 'latin1'),
      ],
    ),
  );
}

/** Name and content of each file in a zip archive, by its central directory. */
function zipEntries(archive: Buffer): [string, string][] {
  const entries: [string, string][] = [];
  const end = archive.lastIndexOf(Buffer.from('PK\x05\x06', 'latin1'));
  let at = archive.readUInt32LE(end + 16);
  for (let left = archive.readUInt16LE(end + 10); left > 0; left -= 1) {
    const [method, size] = [archive.readUInt16LE(at + 10), archive.readUInt32LE(at + 20)];
    const [nameLength, extra, comment] = [28, 30, 32].map((offset) => archive.readUInt16LE(at + offset)) as [
      number,
      number,
      number,
    ];
    const name = archive.toString('utf8', at + 46, at + 46 + nameLength);
    const local = archive.readUInt32LE(at + 42);
    const start = local + 30 + archive.readUInt16LE(local + 26) + archive.readUInt16LE(local + 28);
    const data = archive.subarray(start, start + size);
    entries.push([name, (method === 0 ? data : inflateRawSync(data)).toString('latin1')]);
    at += 46 + nameLength + extra + comment;
  }
  return entries;
}
