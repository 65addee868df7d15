/** A daemon in this process, on a real store and a port of its own. */
import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import supertest from 'supertest';
import { loadConfig, parseArguments } from '../../daemon/config.ts';
import { adminTokenFile } from '../../daemon/installation.ts';
import { createLog } from '../../daemon/log.ts';
import { startDaemon } from '../../daemon/main.ts';

export interface FakeClock {
  now(): number;
  /** Moves the time forward by milliseconds. */
  advance(milliseconds: number): void;
}

/** A clock that stands still until it is told to move. */
export function fakeClock(start = Date.UTC(2030, 0, 1)): FakeClock {
  let now = start;
  return {
    now: () => now,
    advance(milliseconds) {
      now += milliseconds;
    },
  };
}

export interface TestDaemonOptions {
  /** `sqlite`, or the URL of a PostgreSQL database. */
  readonly database?: string;
  /** The machine's own if left out. */
  readonly clock?: FakeClock | undefined;
  /** An existing one, which stays when the daemon is closed. */
  readonly dataDirectory?: string;
  /** Settings as the environment gives them: `{ ACCREDIT_TRUSTED_PROXIES: '127.0.0.1' }`. */
  readonly env?: Readonly<Record<string, string>>;
}

export interface TestDaemon {
  readonly url: string;
  /** The first owner's token; `''` if another daemon made it, or it was made before. */
  readonly adminToken: string;
  readonly dataDirectory: string;
  /** What it logged, at debug level, one JSON text an element. */
  readonly log: readonly string[];
  /** Speaks to it as the first owner. */
  readonly request: ReturnType<typeof supertest.agent>;
  /** Speaks to it with another token, or with none. */
  as(token?: string): ReturnType<typeof supertest.agent>;
  /** Does what the timer does. */
  maintain(): Promise<void>;
  /** Ends it, and removes the data directory if it was made for it. */
  close(): Promise<void>;
}

/** Starts one. */
export async function startTestDaemon(options: TestDaemonOptions = {}): Promise<TestDaemon> {
  const { database = 'sqlite', clock = { now: Date.now }, env = {} } = options;
  const dataDirectory = options.dataDirectory ?? (await mkdtemp(join(tmpdir(), 'accredit-test-')));
  const remove = async () => {
    if (options.dataDirectory === undefined) await rm(dataDirectory, { recursive: true, force: true });
  };
  const postgres =
    database === 'sqlite'
      ? {}
      : { ACCREDIT_DATABASE_URL: database, ACCREDIT_MASTER_KEY: randomBytes(32).toString('base64') };
  const { config } = loadConfig(parseArguments([]), {
    ACCREDIT_LISTEN: '127.0.0.1:0',
    ACCREDIT_DATA_DIR: dataDirectory,
    ACCREDIT_LOG_LEVEL: 'debug',
    ...postgres,
    ...env,
  });
  const log: string[] = [];
  const logger = createLog(config.logLevel, { write: (line: string) => void log.push(line) });
  try {
    const daemon = await startDaemon(config, { clock: clock.now, log: logger });
    const { url, maintain } = daemon;
    const as = (token?: string) => {
      const agent = supertest.agent(url);
      return token === undefined ? agent : agent.set('Authorization', `Bearer ${token}`);
    };
    const file = adminTokenFile(config);
    const adminToken = existsSync(file) ? (await readFile(file, 'utf8')).trim() : '';
    const close = async () => {
      await daemon.close();
      await remove();
    };
    return { url, adminToken, dataDirectory, log, request: as(adminToken), as, maintain, close };
  } catch (error) {
    await remove();
    throw error;
  }
}
