/** What the benchmark compares is the same work, load is what it says it is, and nothing is left behind. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { expect } from 'chai';
import { makeTokens, startDaemon } from '../../scripts/bench/daemon.ts';
import { generatorOf } from '../../scripts/bench/load.ts';
import { startBaseline } from '../../scripts/bench/processes.ts';
import { record } from '../../scripts/bench/recorded.ts';
import { authorizing } from '../../scripts/bench/rows/verification.ts';
import { steady } from '../../scripts/bench/steady.ts';

const PROCESSES = join(import.meta.dirname, '../../scripts/bench/processes.ts');

describe('what the benchmark compares', function () {
  this.timeout(60_000);

  it('the bare server answers as many bytes as the daemon, for every token and no other', async () => {
    const daemon = await startDaemon();
    try {
      const asked = new Map((await makeTokens(daemon, 3)).map((token) => [token, authorizing(token)]));
      const bare = await startBaseline('bare-authorize', { answers: await record(daemon, asked) });
      try {
        for (const { path, headers } of asked.values()) {
          const [subject, baseline] = await Promise.all(
            [daemon, bare].map(async ({ url }) => {
              const answer = await fetch(`${url}${path}`, { headers });
              const kept = [...answer.headers]
                .filter(([name]) => name !== 'date')
                .map(([name, value]) => [name, name === 'x-request-id' ? value.length : value]);
              return { status: answer.status, headers: kept, body: await answer.text() };
            }),
          );
          expect(baseline).to.deep.equal(subject);
        }
        const other = await fetch(`${bare.url}/v1/authorize`, { headers: { Authorization: 'Bearer other' } });
        expect(other.status).to.equal(401);
      } finally {
        await bare.stop();
      }
    } finally {
      await daemon.stop();
    }
  });

  it('processes that are measured end with the run, also when it fails', async () => {
    const script = `import { startBaseline } from ${JSON.stringify(PROCESSES)};
      const { url } = await startBaseline('express-parse', { answer: {} });
      console.log(url);
      process.stdin.once('data', () => { throw new Error('a row that fails'); });`;
    const words = ['--import', 'tsx', '--input-type=module', '-e', script];
    const run = spawn(process.execPath, words, { stdio: ['pipe', 'pipe', 'ignore'] });
    const [url] = (await once(createInterface({ input: run.stdout }), 'line')) as [string];
    expect((await fetch(url)).status).to.equal(404);
    const exit = once(run, 'exit');
    run.stdin.write('now');
    expect((await exit)[0]).to.equal(1);
    expect(await gone(url)).to.equal(true);
  });

  it('load is made by a generator that is there, and by no other', () => {
    expect(generatorOf('autocannon')).to.equal('autocannon');
    expect(() => generatorOf('ab')).to.throw(RangeError, 'wrk or autocannon');
  });
});

/** Whether nothing listens there any more, within five seconds. */
async function gone(url: string): Promise<boolean> {
  for (const end = performance.now() + 5000; performance.now() < end; ) {
    try {
      await fetch(url);
    } catch {
      return true;
    }
  }
  return false;
}

describe('load at a constant rate', function () {
  this.timeout(30_000);

  it('charges a server that stalls for the requests that had to wait meanwhile', async () => {
    let seen = 0;
    // Two answers take half a second and hold both connections meanwhile; all others take no time.
    const server = createServer((_, response) => {
      seen += 1;
      setTimeout(() => response.end(), seen === 50 || seen === 51 ? 500 : 0);
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    try {
      const options = { url, seconds: 1, rate: 300, requests: [{ path: '/' }] };
      const { p99, requests, failed } = await steady({ ...options, connections: 2 });
      expect({ requests, failed }).to.deep.equal({ requests: 300, failed: 0 });
      // Some 150 requests were due meanwhile. Measured from when each was sent, two were slow, less than one in a hundred.
      expect(p99).to.be.greaterThan(300);
      expect(seen).to.equal(300);
    } finally {
      server.close();
      server.closeAllConnections();
    }
  });

  it('counts answers that are no success as failures', async () => {
    const server = createServer((_, response) => response.writeHead(401).end());
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    try {
      const found = await steady({ url, seconds: 0.2, rate: 100, connections: 4, requests: [{ path: '/' }] });
      expect(found.failed).to.equal(20);
    } finally {
      server.close();
    }
  });
});
