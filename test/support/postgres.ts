/** A throw-away PostgreSQL cluster for the tests: made by `initdb`, run as an unprivileged user, gone with the process. */
import { type ChildProcess, type SpawnOptions, spawn, spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { chownSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { createInterface } from 'node:readline';
import pg from 'pg';

export interface Postgres {
  /** The URL of that database, which is made if it is not there; of a fresh one without a name. */
  url(database?: string): Promise<string>;
  /** Lets go of the cluster: the databases made through this handle are dropped; the cluster ends with the process. */
  stop(): Promise<void>;
  /** Ends the server at once, without a checkpoint, as a crash would. Resolves when it is gone. */
  kill(): Promise<void>;
  /** Starts it again at the same address. Resolves when it takes connections. */
  restart(): Promise<void>;
}

/**
 * Whether PostgreSQL is installed. Where `CI=true` this is always true: a suite that needs it fails rather than being
 * left out.
 */
export function postgresAvailable(): boolean {
  return process.env.CI === 'true' || binaries() !== undefined;
}

/** The directory of its programs. Throws an `Error` when PostgreSQL is not installed. */
export function postgresPath(): string {
  const found = binaries();
  if (found === undefined) throw new Error('PostgreSQL is not installed');
  return found;
}

/** Starts the process's cluster, or joins it. Throws an `Error` when PostgreSQL is not installed or does not start. */
export async function startPostgres(): Promise<Postgres> {
  shared ??= Cluster.create();
  const cluster = await shared;
  const made: string[] = [];
  return {
    async url(database = `test_${randomBytes(8).toString('hex')}`) {
      if (await cluster.createDatabase(database)) made.push(database);
      return cluster.url(database);
    },
    async stop() {
      while (made.length > 0) {
        await Promise.all(made.splice(0, DROPPED_TOGETHER).map((database) => cluster.dropDatabase(database)));
      }
    },
    kill: () => cluster.kill(),
    restart: () => cluster.start(),
  };
}

/** Each drop waits for a checkpoint; those that wait at the same time share it. Well below the connections that the server takes. */
const DROPPED_TOGETHER = 20;

let shared: Promise<Cluster> | undefined;

class Cluster {
  readonly #bin: string;
  readonly #directory: string;
  readonly #port: number;
  readonly #user: SpawnOptions;
  #server: ChildProcess | undefined;

  private constructor(bin: string, directory: string, port: number, user: SpawnOptions) {
    this.#bin = bin;
    this.#directory = directory;
    this.#port = port;
    this.#user = user;
  }

  static async create(): Promise<Cluster> {
    const bin = binaries();
    if (bin === undefined) throw new Error('the tests need PostgreSQL: found no initdb on the PATH or in /usr/lib');
    const directory = mkdtempSync(join(tmpdir(), 'accredit-postgres-'));
    const user = unprivilegedUser();
    if (user.uid !== undefined) chownSync(directory, user.uid, user.gid as number);
    const cluster = new Cluster(bin, directory, await freePort(), {
      ...user,
      cwd: directory,
      env: { PATH: process.env.PATH, LC_ALL: 'C', HOME: directory },
    });
    process.once('exit', () => cluster.#removeNow());
    cluster.#run('initdb', ['-D', cluster.#data, '-U', 'postgres', '--auth=trust', '--encoding=UTF8', '--no-sync']);
    await cluster.start();
    return cluster;
  }

  get #data(): string {
    return join(this.#directory, 'data');
  }

  url(database: string): string {
    return `postgresql://postgres@127.0.0.1:${this.#port}/${database}`;
  }

  async start(): Promise<void> {
    const server = spawn(
      join(this.#bin, 'postgres'),
      [
        '-D',
        this.#data,
        '-k',
        this.#directory,
        '-p',
        String(this.#port),
        '-c',
        'listen_addresses=127.0.0.1',
        '-c',
        'autovacuum=off',
        // A killed server finds its writes in the cache of the operating system; making and dropping databases would
        // otherwise wait for the disk.
        '-c',
        'fsync=off',
      ],
      { ...this.#user, stdio: ['ignore', 'ignore', 'pipe'] },
    );
    this.#server = server;
    const stderr = server.stderr as NonNullable<typeof server.stderr>;
    const lines: string[] = [];
    await new Promise<void>((resolve, reject) => {
      createInterface({ input: stderr }).on('line', (line) => {
        lines.push(line);
        if (line.includes('ready to accept connections')) resolve();
      });
      server.once('exit', () => reject(new Error(`PostgreSQL did not start:\n${lines.join('\n')}`)));
      server.once('error', reject);
    });
    // The cluster keeps no test run alive; it ends when the process exits.
    server.unref();
    (stderr as unknown as { unref(): void }).unref();
  }

  async kill(): Promise<void> {
    const server = this.#server;
    if (server === undefined || server.exitCode !== null || server.signalCode !== null) return;
    server.ref();
    server.kill('SIGQUIT');
    await once(server, 'exit');
  }

  async createDatabase(name: string): Promise<boolean> {
    return this.#administer(async (client) => {
      const { rowCount } = await client.query('SELECT 1 FROM pg_database WHERE datname = $1', [name]);
      if (rowCount !== 0) return false;
      // A database that sorts text as people do, where it can: what relies on byte order has to ask for it.
      const { rows } = await client.query(
        "SELECT 1 FROM pg_collation WHERE collprovider = 'i' AND current_setting('server_version_num')::int >= 150000",
      );
      const locale = rows.length > 0 ? "TEMPLATE template0 LOCALE_PROVIDER icu ICU_LOCALE 'en-US'" : '';
      await client.query(`CREATE DATABASE ${pg.escapeIdentifier(name)} ${locale}`);
      return true;
    });
  }

  async dropDatabase(name: string): Promise<void> {
    await this.#administer((client) => client.query(`DROP DATABASE ${pg.escapeIdentifier(name)} WITH (FORCE)`));
  }

  async #administer<T>(work: (client: pg.Client) => Promise<T>): Promise<T> {
    const client = new pg.Client(this.url('postgres'));
    await client.connect();
    try {
      return await work(client);
    } finally {
      await client.end();
    }
  }

  /** At the exit of the process nothing asynchronous runs any more. */
  #removeNow(): void {
    if (this.#server !== undefined) {
      spawnSync(join(this.#bin, 'pg_ctl'), ['stop', '-D', this.#data, '-m', 'immediate', '-w'], this.#user);
    }
    rmSync(this.#directory, { recursive: true, force: true });
  }

  #run(program: string, parameters: readonly string[]): void {
    const { status, stderr, error } = spawnSync(join(this.#bin, program), parameters, {
      ...this.#user,
      encoding: 'utf8',
    });
    if (status !== 0) throw new Error(`${program} failed: ${error ?? stderr}`);
  }
}

/** The directory with PostgreSQL's programs; the newest version if there are several. */
function binaries(): string | undefined {
  const root = '/usr/lib/postgresql';
  const versions = existsSync(root) ? readdirSync(root).sort((left, right) => Number(right) - Number(left)) : [];
  const candidates = [
    ...(process.env.PATH ?? '').split(delimiter).filter((directory) => directory !== ''),
    ...versions.map((version) => join(root, version, 'bin')),
  ];
  return candidates.find((directory) =>
    ['initdb', 'postgres', 'pg_ctl'].every((program) => existsSync(join(directory, program))),
  );
}

/** PostgreSQL refuses to run as root: then it runs as `nobody`. */
function unprivilegedUser(): { uid?: number; gid?: number } {
  if (process.getuid?.() !== 0) return {};
  const line = readFileSync('/etc/passwd', 'utf8')
    .split('\n')
    .find((entry) => entry.startsWith('nobody:'));
  if (line === undefined) throw new Error('running as root, PostgreSQL needs the user "nobody"');
  const [, , uid, gid] = line.split(':');
  return { uid: Number(uid), gid: Number(gid) };
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as { port: number };
  server.close();
  await once(server, 'close');
  return port;
}
