/** The five minutes of examples/forward-auth/README.md, pasted. */
import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect } from 'chai';
import { readText } from '../architecture/sources.ts';
import { Fixture, isTested } from './fixture.ts';
import { PROXIES, type ProxyServer } from './proxies.ts';

const nginx = PROXIES.find(({ name }) => name === 'nginx') as ProxyServer;

(isTested(nginx) ? describe : describe.skip)('the five minutes of examples/forward-auth', () => {
  let fixture: Fixture;
  let directory: string;

  before(async () => {
    fixture = await Fixture.start(nginx);
    directory = await mkdtemp(join(tmpdir(), 'accredit-minutes-'));
    await mkdir(join(directory, 'data'));
    await writeFile(join(directory, 'data', 'admin-token'), `${fixture.adminToken}\n`);
  });
  after(async () => {
    await fixture?.close();
    await rm(directory, { recursive: true, force: true });
  });

  it('end with a service that is closed without a token, open to read, and closed to write', async () => {
    const blocks = [...readText('examples/forward-auth/README.md').matchAll(/^ +```sh\n([\s\S]*?)^ +```$/gm)];
    expect(blocks).to.have.length(2);
    const script = blocks
      .map(([, block]) => block)
      .join('')
      .replaceAll('127.0.0.1:7345', fixture.listen)
      .replaceAll('127.0.0.1:8000', fixture.front)
      .replaceAll('curl -i ', 'curl -s -o answer -w "\\n%{http_code}" ');
    const { stdout } = await promisify(execFile)('bash', ['-euo', 'pipefail', '-c', script], { cwd: directory });
    expect(stdout.split('\n').slice(-3)).to.deep.equal(['401', '200', '403']);
    expect(fixture.received.map(({ method, url }) => `${method} ${url}`)).to.deep.equal(['GET /orders']);
  });
});
