/** examples/gitops/with-terraform: Terraform and a manifest in one organization, each with its own part. */
import { execFile } from 'node:child_process';
import { cpSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect } from 'chai';
import { readText } from '../architecture/sources.ts';
import type { Workspace } from '../support/terraform.ts';
import { useTerraform } from './bench.ts';

const EXAMPLE = 'examples/gitops/with-terraform';
const ROOT = join(import.meta.dirname, '../..');
const ACCOUNT = 'organizations/default/accounts/backup';

describe('Terraform and a manifest in one organization', () => {
  const bench = useTerraform();
  let terraform: Workspace;
  const own = readText(`${EXAMPLE}/main.tf`);
  /** Without the account that is handed over. */
  const less = own.replace(/resource "accredit_service_account" "backup" \{[\s\S]*?\n\}\n/, '');

  before(async () => {
    terraform = await bench().workspace(own);
    for (const name of ['accounts.yaml', 'hand-over']) {
      cpSync(join(ROOT, EXAMPLE, name), join(terraform.directory, name), { recursive: true });
    }
  });

  it('each make their own part, by the commands of the README, and name what is the other’s', async () => {
    const [, block = ''] = /^```sh\n(terraform init\n[\s\S]*?)^```$/m.exec(readText('examples/gitops/README.md')) ?? [];
    const commands = block.trim().split('\n');
    expect(commands).to.have.length(3);
    for (const command of commands) {
      const [program, ...words] = command.split(' ');
      // Nobody is there to answer.
      if (program === 'terraform') await terraform.run(words[0] === 'apply' ? [...words, '-auto-approve'] : words);
      else expect((await accredit(...words, '--yes')).status, command).to.equal(0);
    }
    expect(await managerOf('organizations/default/roles/publisher')).to.equal('terraform');
    expect(await managerOf('organizations/default/accounts/deploy')).to.equal('manifest/shop');
    const secret = readFileSync(join(terraform.directory, 'secrets/deploy'), 'utf8').trim();
    const { body } = await bench().daemon.as(secret).get('/v1/self').expect(200);
    expect(JSON.stringify(body)).to.include('publisher');
  });

  it('then change nothing, one after the other, however often', async () => {
    for (let round = 0; round < 2; round += 1) {
      await terraform.assertConverged();
      await expectNoChanges('accounts.yaml');
    }
  });

  it('do not take from each other by mistake', async () => {
    const { status, output } = await accredit('plan', '-f', 'accounts.yaml', '-f', 'hand-over/backup.yaml');
    expect(status).to.not.equal(0);
    expect(output).to.include('hand-over/backup.yaml').and.to.include('terraform');
    await terraform.configure(`${own}\nresource "accredit_service_account" "deploy" {\n  name = "deploy"\n}\n`);
    const applied = await terraform.run(['apply', '-auto-approve'], 'any');
    expect(applied.exitCode).to.not.equal(0);
    expect(applied.output).to.include('manifest/shop');
    expect(await managerOf('organizations/default/accounts/deploy')).to.equal('manifest/shop');
    await terraform.configure(own);
    await terraform.assertConverged();
  });

  it('hand over from Terraform to the manifest what stays as it is', async () => {
    const before = await bench().api.get(ACCOUNT);
    await terraform.configure(`${less}\n${readText(`${EXAMPLE}/hand-over/removed.tf`)}`);
    await terraform.apply();
    const adopted = await accredit('apply', '--yes', '--adopt', '-f', 'accounts.yaml', '-f', 'hand-over/backup.yaml');
    expect(adopted.status, adopted.output).to.equal(0);
    expect(await managerOf(ACCOUNT)).to.equal('manifest/shop');
    expect((await bench().api.get(ACCOUNT)).body.uid).to.equal(before.body.uid);
    await terraform.configure(less);
    await terraform.assertConverged();
    await expectNoChanges('accounts.yaml', 'hand-over/backup.yaml');
  });

  it('hand over from the manifest to Terraform, and what is no longer declared is not deleted', async () => {
    const before = await bench().api.get(ACCOUNT);
    await terraform.configure(`${own}\n${readText(`${EXAMPLE}/hand-over/import.tf`)}`);
    await terraform.apply();
    expect(await managerOf(ACCOUNT)).to.equal('terraform');
    // The manifest still declares it, and says so rather than fight.
    const { status, output } = await accredit('plan', '-f', 'accounts.yaml', '-f', 'hand-over/backup.yaml');
    expect(status).to.not.equal(0);
    expect(output).to.include('terraform');
    const without = await accredit('apply', '--yes', '-f', 'accounts.yaml');
    expect(without.status, without.output).to.equal(0);
    expect((await bench().api.get(ACCOUNT)).body.uid).to.equal(before.body.uid);
    await terraform.configure(own);
    await terraform.assertConverged();
    await expectNoChanges('accounts.yaml');
  });

  async function managerOf(address: string): Promise<unknown> {
    return (await bench().api.get(address)).body.managed_by;
  }

  async function expectNoChanges(...files: string[]): Promise<void> {
    const { status, output } = await accredit('plan', '--detailed-exitcode', ...files.flatMap((name) => ['-f', name]));
    expect(status, output).to.equal(0);
  }

  /** Runs the command in the directory of the configuration. */
  async function accredit(...words: string[]): Promise<{ status: number; output: string }> {
    const { url, adminToken } = bench().daemon;
    const env = {
      PATH: process.env.PATH,
      HOME: join(terraform.directory, 'home'),
      ACCREDIT_ENDPOINT: url,
      ACCREDIT_TOKEN: adminToken,
    };
    const command = [join(ROOT, 'bin/accredit'), ...words];
    try {
      const ran = await promisify(execFile)(process.execPath, command, { cwd: terraform.directory, env });
      return { status: 0, output: `${ran.stdout}${ran.stderr}` };
    } catch (error) {
      const { code, stdout, stderr } = error as { code: number; stdout: string; stderr: string };
      return { status: code, output: `${stdout}${stderr}` };
    }
  }
});
