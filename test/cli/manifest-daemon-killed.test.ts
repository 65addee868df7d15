/** A daemon that is killed at any moment of an apply and started again: the apply goes on, or its answer is found again. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, request as httpRequest, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { expect } from 'chai';
import { run } from '../../cli/main.ts';
import { type Running, serve } from '../support/process.ts';
import { HOST } from './stage.ts';

/** What becomes of request number `at`: the daemon is killed before it arrives, or when it is answered. */
interface Moment {
  readonly at: number;
  readonly when: 'asked' | 'answered';
}

describe('an apply whose daemon is killed and started again', function () {
  this.timeout(240_000);
  let root: string;
  let daemon: Running;
  let server: Server;
  let endpoint: string;
  let requests = 0;
  let moment: Moment | undefined;
  const data = () => join(root, 'data');

  async function restart(): Promise<void> {
    daemon.child.kill('SIGKILL');
    await daemon.exit;
    daemon = serve(data());
    await daemon.ready;
  }

  before(async () => {
    root = mkdtempSync(join(tmpdir(), 'accredit-daemon-killed-'));
    daemon = serve(data());
    await daemon.ready;
    server = createServer(async (incoming, response) => {
      requests += 1;
      const isMoment = requests === moment?.at;
      const drop = async () => {
        incoming.socket.destroy();
        await restart();
      };
      if (isMoment && moment?.when === 'asked') return drop();
      const { method, headers, url = '' } = incoming;
      const forward = httpRequest(new URL(url, await daemon.ready), { method, headers });
      // While it starts again it is not there: the connection breaks here as it would there.
      forward.on('error', () => incoming.socket.destroy());
      forward.on('response', (answer) => {
        if (isMoment) void drop();
        else answer.pipe(response.writeHead(answer.statusCode ?? 500, answer.headers));
      });
      incoming.pipe(forward);
      return undefined;
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  });

  after(async () => {
    server.close().closeAllConnections();
    daemon.child.kill('SIGKILL');
    await daemon.exit;
    rmSync(root, { recursive: true, force: true });
  });

  async function accredit(words: readonly string[]): Promise<{ status: number; stderr: string; stdout: string }> {
    const streams = { stdin: new PassThrough(), stdout: new PassThrough(), stderr: new PassThrough() };
    const environment = {
      PATH: process.env.PATH,
      HOME: root,
      ACCREDIT_STATE_DIR: join(root, 'state'),
      ACCREDIT_ENDPOINT: endpoint,
      ACCREDIT_TOKEN_FILE: join(data(), 'admin-token'),
    };
    const status = await run(words, environment, HOST, streams);
    return { status, stderr: String(streams.stderr.read() ?? ''), stdout: String(streams.stdout.read() ?? '') };
  }

  const secretOf = (name: string) => readFileSync(join(root, name), 'utf8').trim();

  async function opens(secret: string): Promise<boolean> {
    const headers = { authorization: `Bearer ${secret}` };
    return (await fetch(`${await daemon.ready}/v1/self`, { headers })).status === 200;
  }

  async function tokenOf(name: string) {
    return JSON.parse((await accredit(['get', `accounts/${name}/tokens/deploy`, '--json'])).stdout);
  }

  async function rotationsOf(name: string): Promise<number> {
    const { stdout } = await accredit(['audit', '--json', '--address', `accounts/${name}/tokens/deploy`]);
    return stdout.match(/"outcome":"rotated"/g)?.length ?? 0;
  }

  /** Applies a manifest until it was killed at each of its requests, each time in both ways, and looks at what came of it. */
  async function atEveryMoment(
    what: string,
    prepare: (name: string) => Promise<void>,
    check: (name: string) => Promise<void>,
  ): Promise<void> {
    let tried = 0;
    for (let at = 1, isDone = false; !isDone; at += 1) {
      for (const when of ['asked', 'answered'] as const) {
        const name = `${what}-${when}-${at}`;
        const file = join(root, `${name}.yaml`);
        await prepare(name);
        [requests, moment] = [0, { at, when }];
        const { status, stderr } = await accredit(['apply', '--yes', file]);
        // There were fewer requests: it was never killed.
        isDone = requests < at;
        moment = undefined;
        expect(status, `${name}: ${stderr}`).to.equal(0);
        await check(name);
        const planned = await accredit(['plan', '--detailed-exitcode', file]);
        expect(planned.status, `${name}: ${planned.stdout}`).to.equal(0);
        if (!isDone) tried += 1;
      }
    }
    console.log(`      killed at ${tried} moments`);
    expect(tried).to.be.above(5);
  }

  const write = (name: string, rotation: string) =>
    writeFileSync(join(root, `${name}.yaml`), manifestOf(name, rotation));

  it('at every request of a creation, before it arrives and after it is answered, ends as if nothing had been', async () => {
    await atEveryMoment(
      'creation',
      async (name) => write(name, 'first'),
      async (name) => {
        expect(await opens(secretOf(name)), name).to.equal(true);
        expect((await tokenOf(name)).previous, `${name}: made once`).to.equal(null);
      },
    );
  });

  it('at every request of a rotation, before it arrives and after it is answered, ends with one new secret', async () => {
    const former = new Map<string, { secret: string; rotatedAt: string }>();
    await atEveryMoment(
      'rotation',
      async (name) => {
        write(name, 'first');
        expect((await accredit(['apply', '--yes', join(root, `${name}.yaml`)])).status, name).to.equal(0);
        former.set(name, { secret: secretOf(name), rotatedAt: (await tokenOf(name)).rotated_at });
        write(name, 'second');
      },
      async (name) => {
        const { secret, rotatedAt } = former.get(name) as { secret: string; rotatedAt: string };
        expect(secretOf(name), name).to.not.equal(secret);
        expect(await opens(secretOf(name)), name).to.equal(true);
        expect(await opens(secret), `${name}: within the overlap`).to.equal(true);
        expect(await rotationsOf(name), `${name}: rotated once`).to.equal(1);
        const token = await tokenOf(name);
        expect(token.rotated_at, name).to.not.equal(rotatedAt);
        expect(token.previous, name).to.not.equal(null);
      },
    );
  });
});

function manifestOf(name: string, rotation: string): string {
  const token = `{ rotation: "${rotation}", overlap: 1d, deliver: [{ file: ./${name} }] }`;
  return `manifest: ${name}\naccounts:\n  ${name}:\n    tokens:\n      deploy: ${token}\n`;
}
