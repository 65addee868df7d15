/** The five minutes of examples/forward-auth/README.md, pasted. */
import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect } from 'chai';
import { readText } from '../architecture/sources.ts';
import { Fixture, isTested } from './fixture.ts';
import { PROXIES } from './proxies.ts';

for (const proxy of PROXIES) {
  (isTested(proxy) ? describe : describe.skip)(`the five minutes of examples/forward-auth with ${proxy.name}`, () => {
    let fixture: Fixture;
    let directory: string;

    before(async () => {
      fixture = await Fixture.start(proxy, 'GET HEAD');
      directory = await mkdtemp(join(tmpdir(), 'accredit-minutes-'));
      await mkdir(join(directory, 'data'));
      await writeFile(join(directory, 'data', 'admin-token'), `${fixture.adminToken}\n`);
      await writeFile(join(directory, 'ca.pem'), fixture.certificate);
    });
    after(async () => {
      await fixture?.close();
      await rm(directory, { recursive: true, force: true });
    });

    it('end with a service that is closed without a token, open to read, and closed to write', async () => {
      const blocks = [...readText('examples/forward-auth/README.md').matchAll(/^ +```sh\n([\s\S]*?)^ +```$/gm)];
      expect(blocks).to.have.length(3);
      const daemon = proxy.asksAuthorize
        ? `http://${fixture.listen}`
        : `https://${fixture.listen.replace('127.0.0.1', 'localhost')}`;
      const script = blocks
        .map(([, block]) => block)
        .join('')
        .replaceAll('http://127.0.0.1:7345', daemon)
        .replaceAll('127.0.0.1:8000', fixture.front)
        .replaceAll('curl -i ', 'curl -s -o answer -w "\\n%{http_code}" ');
      const { stdout } = await promisify(execFile)('bash', ['-euo', 'pipefail', '-c', script], {
        cwd: directory,
        env: { ...process.env, CURL_CA_BUNDLE: join(directory, 'ca.pem') },
      });
      expect(stdout).to.match(/"secret":"acr_sa_/);
      expect(stdout.split('\n').slice(-3)).to.deep.equal(['401', '200', '403']);
      expect(fixture.received.map(({ method, url }) => `${method} ${url}`)).to.deep.equal(['GET /orders']);
    });
  });
}
