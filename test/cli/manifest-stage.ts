/** The command in this process, on manifests in a directory of their own, with a real daemon where one is wanted. */
import { mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { createServer, request as httpRequest } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { PassThrough } from 'node:stream';
import { run } from '../../cli/main.ts';
import type { Host } from '../../cli/session.ts';
import { type FakeClock, fakeClock, startTestDaemon, type TestDaemon } from '../support/daemon.ts';

export interface Ran {
  readonly status: number;
  readonly stdout: string;
  readonly stderr: string;
}

export interface Workshop {
  readonly path: string;
  file(name: string): string;
  write(name: string, text: string): string;
  read(name: string): string;
  mode(name: string): number;
  /** Runs the command here, without a terminal. Paths of the directory are shown as `DIR`. */
  accredit(words: readonly string[], env?: Readonly<Record<string, string>>): Promise<Ran>;
}

/** The verbs that are tried here need nothing of it. */
const HOST = { daemonVerbs: {}, daemonFlags: async () => [], checkInstallation: async () => [] } as Host;

/** Declares that each test of the suite gets an empty directory. */
export function freshWorkshop(environment: () => Readonly<Record<string, string>> = () => ({})): () => Workshop {
  let workshop: Workshop | undefined;
  beforeEach(() => {
    const path = mkdtempSync(join(tmpdir(), 'accredit-manifest-'));
    const file = (name: string) => join(path, name);
    workshop = {
      path,
      file,
      write(name, text) {
        mkdirSync(dirname(file(name)), { recursive: true });
        writeFileSync(file(name), text);
        return file(name);
      },
      read: (name) => readFileSync(file(name), 'utf8'),
      mode: (name) => statSync(file(name)).mode & 0o777,
      async accredit(words, env = {}) {
        const streams = { stdin: new PassThrough(), stdout: new PassThrough(), stderr: new PassThrough() };
        const base = { PATH: process.env.PATH, HOME: path, ACCREDIT_STATE_DIR: join(path, 'state') };
        const status = await run(words, { ...base, ...environment(), ...env }, HOST, streams);
        const shown = (stream: PassThrough) => String(stream.read() ?? '').replaceAll(path, 'DIR');
        return { status, stdout: shown(streams.stdout), stderr: shown(streams.stderr) };
      },
    };
  });
  afterEach(() => rmSync((workshop as Workshop).path, { recursive: true, force: true }));
  return () => workshop as Workshop;
}

export interface Stage {
  readonly daemon: TestDaemon;
  readonly clock: FakeClock;
}

/** Declares that each test has a daemon of its own, whose clock it moves, and a directory whose commands speak to it. */
export function freshStage(): { readonly stage: () => Stage; readonly workshop: () => Workshop } {
  let stage: Stage | undefined;
  beforeEach(async () => {
    const clock = fakeClock();
    stage = { daemon: await startTestDaemon({ clock }), clock };
  });
  afterEach(() => stage?.daemon.close());
  const workshop = freshWorkshop(() => {
    const { url, adminToken } = (stage as Stage).daemon;
    return { ACCREDIT_ENDPOINT: url, ACCREDIT_TOKEN: adminToken };
  });
  return { stage: () => stage as Stage, workshop };
}

/** Passes everything on to a daemon, and lets `meddle` happen after the answer to a dry run and before it is passed on. */
export async function startMeddler(url: string, meddle: () => Promise<void>): Promise<{ url: string; close(): void }> {
  const server = createServer((request, response) => {
    const forward = httpRequest(new URL(request.url ?? '', url), { method: request.method, headers: request.headers });
    forward.on('response', async (answer) => {
      if (request.url?.includes('dry_run=true')) await meddle();
      response.writeHead(answer.statusCode ?? 500, answer.headers);
      answer.pipe(response);
    });
    request.pipe(forward);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return { url: `http://127.0.0.1:${port}`, close: () => server.close().closeAllConnections() };
}
