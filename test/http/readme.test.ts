/** What README.md tells people to do by hand works when it is pasted, one block after the other into the same shell. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { expect } from 'chai';
import type { JsonObject } from '../../terraform-provider-spec/kind.ts';
import { ownBlocks } from '../support/command-blocks.ts';
import { startTestDaemon, type TestDaemon } from '../support/daemon.ts';

describe('README.md by hand', () => {
  const blocks = ownBlocks('test/http/readme.test.ts');
  let daemon: TestDaemon;
  let directory: string;
  let secret: string;

  before(async () => {
    daemon = await startTestDaemon();
    directory = await mkdtemp(join(tmpdir(), 'accredit-readme-'));
    await mkdir(join(directory, 'data'));
    await writeFile(join(directory, 'data', 'admin-token'), `${daemon.adminToken}\n`);
  });
  after(async () => {
    await rm(directory, { recursive: true, force: true });
    await daemon.close();
  });

  it('makes an account and a token, rotates it, and shows what a deletion would do and what has happened', async () => {
    const answers = await paste(blocks.take('api=http'));
    expect(answers.map(whatItIs)).to.deep.equal(['ci', 'secret', 'secret', 'deleted', 'list']);
    secret = String(answers[2]?.secret);
    expect(await statusOf('/v1/self', secret)).to.equal(200);
  });

  it('makes a role, a project and an account that can publish there, and lists tokens', async () => {
    const answers = await pasteWithVariables(blocks.take('roles/publisher'));
    expect(answers.slice(0, 3).map(whatItIs)).to.deep.equal(['publisher', 'shop', 'publisher']);
    const [never, ending, counts] = answers.slice(3);
    expect(never?.items).to.be.an('array');
    expect(ending?.items).to.be.an('array');
    expect(counts).to.be.an('object').that.is.not.empty;
  });

  it('makes a person, who makes a first token', async () => {
    const [person, token] = await pasteWithVariables(blocks.take('users/alice/enrolment'));
    expect(person?.name).to.equal('alice');
    expect(await statusOf('/v1/self', String(token?.secret))).to.equal(200);
  });

  it('asks in three ways what a token may do', async () => {
    const script = blocks.take('/v1/authorize').replace(/^TOKEN=\S+/m, `TOKEN=${secret}`);
    const { status, output } = await bash(variables() + here(script).replaceAll('curl -', 'curl -fw "\\n" -'));
    expect(status, output).to.equal(0);
    expect(output).to.match(/^HTTP\/1\.1 200 OK/);
    const [self, introspection] = jsonIn(output);
    expect(self?.token).to.equal('organizations/default/accounts/ci/tokens/deploy');
    expect(introspection?.active).to.equal(true);
  });

  it('gets an access token, and says where services find what they verify it with', async () => {
    const script = `TOKEN=${secret}\n${blocks.take('/v1/oauth/token')}`;
    const [issued, metadata] = await paste(script);
    expect(issued).to.include({ token_type: 'Bearer', expires_in: 300, scope: 'accounts.read' });
    expect(metadata).to.include({ issuer: daemon.url, jwks_uri: `${daemon.url}/.well-known/jwks.json` });
    expect(await statusOf('/v1/authorize?permission=accounts.read', String(issued?.access_token))).to.equal(200);
  });

  /** The lines of the first block that only set variables, which the later ones use. */
  function variables(): string {
    return here(blocks.take('api=http').split('\n\n')[0] as string).concat('\n');
  }

  const pasteWithVariables = (script: string) => paste(variables() + script);

  async function paste(script: string): Promise<JsonObject[]> {
    // An answer that is an error ends it, and each answer gets a line of its own.
    const { status, output } = await bash(here(script).replaceAll('curl -', 'curl -fw "\\n" -'));
    expect(status, output).to.equal(0);
    return jsonIn(output);
  }

  const here = (script: string) => script.replaceAll('http://127.0.0.1:7345', daemon.url);

  async function bash(script: string): Promise<{ status: number | null; output: string }> {
    const child = spawn('bash', ['-euo', 'pipefail', '-c', script], {
      cwd: directory,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const [stdout, stderr] = await Promise.all([text(child.stdout), text(child.stderr), once(child, 'close')]);
    return { status: child.exitCode, output: `${stdout}${stderr}` };
  }

  async function statusOf(path: string, token: string): Promise<number> {
    return (await fetch(`${daemon.url}${path}`, { headers: { Authorization: `Bearer ${token}` } })).status;
  }
});

function jsonIn(output: string): JsonObject[] {
  return output.split('\n').flatMap((line) => (line.startsWith('{') ? [JSON.parse(line)] : []));
}

function whatItIs({ outcome, secret, items, name }: JsonObject) {
  return outcome ?? (secret ? 'secret' : items ? 'list' : name);
}
