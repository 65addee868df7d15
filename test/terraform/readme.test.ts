/** What README.md tells people to paste works when it is pasted. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { readText } from '../architecture/sources.ts';
import { useTerraform } from './bench.ts';

describe('README.md', () => {
  const bench = useTerraform();

  it('shows a Terraform configuration that applies, and then plans to nothing', async () => {
    const { workspace, authorize } = bench();
    const terraform = await workspace(blockOf('hcl', 'required_providers'));
    await terraform.apply();
    await terraform.assertConverged();
    const [token] = (await terraform.resources()).filter(({ values }) => typeof values.secret === 'string');
    expect(await authorize(token?.values.secret)).to.equal(200);
    await terraform.destroy();
  });

  it('shows Terraform where the provider is in the words that Terraform takes', async () => {
    const { workspace } = bench();
    const mirror = new URL('../../dist/mirror', import.meta.url).pathname;
    const text = blockOf('hcl', 'filesystem_mirror');
    const terraform = await workspace(blockOf('hcl', 'required_providers'));
    const file = join(terraform.directory, 'pasted.rc');
    await writeFile(file, text.replace(/path +=.*/, `path = "${mirror}"`));
    terraform.setEnvironment({ TF_CLI_CONFIG_FILE: file });
    await terraform.run(['init', '-upgrade']);
  });

  it('shows a way through the API by hand that goes through', async () => {
    const { daemon } = bench();
    const directory = await mkdtemp(join(tmpdir(), 'accredit-readme-'));
    try {
      await mkdir(join(directory, 'data'));
      await writeFile(join(directory, 'data', 'admin-token'), `${daemon.adminToken}\n`);
      const script = blockOf('sh', 'api=').replace('http://127.0.0.1:7345', daemon.url);
      const { code, output } = await bash(script.replaceAll('curl ', 'curl -fw "\\n" '), directory);
      expect(code, output).to.equal(0);
      const answers = output
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line));
      expect(
        answers.map(({ outcome, secret, items, name }) => outcome ?? (secret ? 'secret' : items ? 'list' : name)),
      ).to.deep.equal(['ci', 'secret', 'secret', 'deleted', 'list']);
    } finally {
      await rm(directory, { recursive: true, force: true });
    }
  });

  it('shows how to get an access token, and where services find what they verify it with', async () => {
    const { daemon } = bench();
    const account = '/v1/organizations/default/accounts/ci';
    await daemon.request.put(account).send({ grants: [{ role: 'viewer' }] });
    const { body } = await daemon.request.put(`${account}/tokens/access`).send({}).expect(201);
    const script = blockOf('sh', '/v1/oauth/token').replaceAll('http://127.0.0.1:7345', daemon.url);
    const pasted = `TOKEN=${body.secret}\n${script.replaceAll('curl ', 'curl -fw "\\n" ')}`;
    const { code, output } = await bash(pasted, tmpdir());
    expect(code, output).to.equal(0);
    const [issued, metadata] = output
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line));
    expect(issued).to.include({ token_type: 'Bearer', expires_in: 300, scope: 'accounts.read' });
    expect(metadata).to.include({ issuer: daemon.url, jwks_uri: `${daemon.url}/.well-known/jwks.json` });
    const answer = await fetch(`${daemon.url}/v1/authorize?permission=accounts.read`, {
      headers: { Authorization: `Bearer ${issued.access_token}` },
    });
    expect(answer.status).to.equal(200);
  });
});

/** The code block of that language that holds `text`. */
function blockOf(language: string, text: string): string {
  const blocks = [...readText('README.md').matchAll(/^```(\w+)\n([\s\S]*?)^```$/gm)];
  const found = blocks.find(([, name, body]) => name === language && body?.includes(text));
  if (found?.[2] === undefined) throw new Error(`README.md has no ${language} block with "${text}"`);
  return found[2];
}

async function bash(script: string, cwd: string): Promise<{ code: number | null; output: string }> {
  const child = spawn('bash', ['-euo', 'pipefail'], { cwd, stdio: ['pipe', 'pipe', 'inherit'] });
  let output = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    output += text;
  });
  child.stdin.end(script);
  await once(child, 'close');
  return { code: child.exitCode, output };
}
