/** A data directory for each test, and processes that do not outlive it. */
import { mkdtemp, readFile, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import supertest from 'supertest';
import { accredit, type Running, type Settings, serve } from '../support/process.ts';

export interface Directory {
  readonly path: string;
  file(name: string): string;
  read(name: string): Promise<string>;
  exists(name: string): Promise<boolean>;
  mode(name: string): Promise<number>;
  /** Starts a daemon here. It is killed after the test if it still runs. */
  serve(settings?: Settings, words?: readonly string[]): Running;
  /** Runs a command here. */
  run(words: readonly string[], settings?: Settings): Running;
  /** The first admin's token. */
  token(): Promise<string>;
}

/** Declares that each test of the suite gets a fresh one. */
export function freshDirectory(): () => Directory {
  let directory: Directory | undefined;
  const running: Running[] = [];
  beforeEach(async function () {
    // A test may start several processes, each of which takes seconds on a busy machine.
    this.currentTest?.timeout(60_000);
    const path = await mkdtemp(join(tmpdir(), 'accredit-daemon-'));
    const started = (process: Running) => {
      running.push(process);
      return process;
    };
    const file = (name: string) => join(path, name);
    const read = (name: string) => readFile(file(name), 'utf8');
    directory = {
      path,
      file,
      read,
      exists: async (name) => (await stat(file(name)).catch(() => undefined)) !== undefined,
      mode: async (name) => (await stat(file(name))).mode & 0o777,
      serve: (settings, words) => started(serve(path, settings, words)),
      run: (words, { env = {} } = {}) => started(accredit(words, { env: { ACCREDIT_DATA_DIR: path, ...env } })),
      token: async () => (await read('admin-token')).trim(),
    };
  });
  afterEach(async () => {
    for (const process of running.splice(0)) {
      process.child.kill('SIGKILL');
      await process.exit;
    }
    await rm((directory as Directory).path, { recursive: true });
  });
  return () => directory as Directory;
}

/** The status of a request that this token makes. */
export async function statusOf(url: string, token: string, path = '/v1/self'): Promise<number> {
  return (await supertest(url).get(path).set('Authorization', `Bearer ${token}`)).status;
}
