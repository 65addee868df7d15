/** The store in PostgreSQL, which several daemons may share. */
import { createHash } from 'node:crypto';
import { DataSource, type EntityManager, type QueryRunner } from 'typeorm';
import { DEFAULT_ORGANIZATION } from '../domain/principal.ts';
import { Unavailable } from '../domain/snapshot.ts';
import { type Database, driverError, type Failure, type StoreLog, type Transaction } from './database.ts';
import { entities } from './entities.ts';
import { MIGRATIONS, migrate } from './migrations.ts';
import { statements } from './statements.ts';
import { REVISIONS } from './tables.ts';

/** Milliseconds. Of a write, each is longer than the one before, so that the side that knows more gives up first. */
export interface Timeouts {
  /** Until there is a connection, whether a new one or the pool's next free one. */
  readonly connect: number;
  /** That the server waits for a lock, and spends on one statement; then it says so. */
  readonly lock: number;
  readonly statement: number;
  /** After which a server that says nothing at all is given up. */
  readonly silence: number;
  /** The same for a read. It waits for no lock, and everybody who asks about a token waits for one. */
  readonly read: number;
}

const TIMEOUTS: Timeouts = { connect: 5_000, lock: 10_000, statement: 30_000, silence: 40_000, read: 10_000 };
const WRITERS = 2;
const READERS = 8;
/** How often a read is sent when connections turn out to be dead. */
const READ_ATTEMPTS = 2;

/** The connection is gone or cannot be trusted any more. */
class Disconnected extends Error {
  override readonly name = 'Disconnected';
}

/**
 * Connects to the database at `url` and brings its schema up to date; daemons that start together wait for each other.
 * Throws `Unavailable` when it cannot be reached, `StoreTooNew` when a newer version wrote it, and an `Error` when it
 * would lose data.
 */
export async function openPostgres(
  url: string,
  log: StoreLog,
  timeouts: Timeouts = TIMEOUTS,
): Promise<PostgresDatabase> {
  const database = new PostgresDatabase(url, log, timeouts);
  try {
    await database.open();
    return database;
  } catch (error) {
    await database.close();
    throw driverError(error);
  }
}

export class PostgresDatabase implements Database {
  readonly statements = statements('postgres');
  readonly shared = true;
  /** Nothing but `begin` writes: what it locks is what keeps the daemons apart. */
  readonly writer: DataSource;
  readonly #reader: DataSource;
  readonly #log: StoreLog;
  readonly #timeouts: Timeouts;

  constructor(url: string, log: StoreLog, timeouts: Timeouts) {
    this.#log = log;
    this.#timeouts = timeouts;
    const common = {
      type: 'postgres',
      url,
      entities: entities('postgres'),
      logging: false,
      installExtensions: false,
      applicationName: 'accredit',
      connectTimeoutMS: timeouts.connect,
      poolErrorHandler: (error: unknown) => log.warn({ err: error }, 'an idle connection to PostgreSQL broke'),
    } as const;
    const extra = (query_timeout: number) => ({ extra: { keepAlive: true, query_timeout } });
    this.writer = new DataSource({
      ...common,
      ...extra(timeouts.silence),
      poolSize: WRITERS,
      migrations: MIGRATIONS,
    });
    this.#reader = new DataSource({ ...common, ...extra(timeouts.read), poolSize: READERS });
  }

  /** Connects, checks the settings and migrates. Throws as `openPostgres` does. */
  async open(): Promise<void> {
    try {
      await this.writer.initialize();
    } catch (error) {
      // The cause stays out: drivers put the whole URL, password included, into some of these errors.
      throw new Unavailable(`cannot connect to PostgreSQL: ${reason(error)}`);
    }
    await this.#checkSettings();
    await this.#migrate();
    await this.#reader.initialize();
  }

  async begin(organizations: readonly string[]): Promise<Transaction> {
    const connection = await Connection.open(this.writer, this.#log);
    const transaction = new PostgresTransaction(connection);
    const { lock, statement, silence } = this.#timeouts;
    try {
      await transaction.query(
        `BEGIN; SET LOCAL lock_timeout = ${lock}; SET LOCAL statement_timeout = ${statement}; ` +
          `SET LOCAL idle_in_transaction_session_timeout = ${silence}`,
      );
      if (organizations.length > 0) {
        // In one order everywhere, so that two daemons never wait for each other in a circle.
        // Who writes may be an owner of the installation, who must not be revoked meanwhile: that one is shared.
        const shared = organizations.includes(DEFAULT_ORGANIZATION) ? [] : [lockKey(DEFAULT_ORGANIZATION)];
        const keys = [...organizations.map(lockKey), ...shared].sort(byValue).map(String);
        await transaction.query(
          'SELECT CASE WHEN key = $2 THEN pg_advisory_xact_lock_shared(key::bigint) ' +
            'ELSE pg_advisory_xact_lock(key::bigint) END FROM jsonb_array_elements_text($1::jsonb) AS list(key)',
          [JSON.stringify(keys), shared.map(String).join()],
        );
      }
      return transaction;
    } catch (error) {
      await transaction.rollback();
      throw error;
    }
  }

  /** Statements go over several connections. */
  async version(): Promise<undefined> {
    return undefined;
  }

  async read<T>(work: (manager: EntityManager) => Promise<T>): Promise<T> {
    for (let attempt = 1; ; attempt += 1) {
      try {
        const connection = await Connection.open(this.#reader, this.#log);
        return await connection.use(work);
      } catch (error) {
        if (!(error instanceof Disconnected) || attempt >= READ_ATTEMPTS) throw error;
      }
    }
  }

  failure(error: unknown): Failure {
    if (error instanceof Disconnected) return 'disconnected';
    const state = sqlState(error);
    if (state === '40001' || state === '40P01') return 'conflict';
    // A lock or statement that took too long, no more connections, a standby that takes no writes.
    if (state === '55P03' || state === '57014' || state === '53300' || state === '25006') return 'blocked';
    if (state === '23505') {
      const { table } = driverError(error) as { table?: string };
      if (table === 'secrets') return 'duplicate-secret';
      // Two transactions counted on from the same revision.
      if (table === REVISIONS.name) return 'conflict';
    }
    return 'refused';
  }

  readAside<T>(work: (manager: EntityManager) => Promise<T>): Promise<T> {
    return this.read(work);
  }

  async close(): Promise<void> {
    if (this.#reader.isInitialized) await this.#reader.destroy();
    if (this.writer.isInitialized) await this.writer.destroy();
  }

  async #checkSettings(): Promise<void> {
    const [settings] = (await this.writer.query(
      "SELECT current_setting('synchronous_commit') AS commit, current_setting('server_encoding') AS encoding",
    )) as { commit: string; encoding: string }[];
    if (settings?.commit === 'off') {
      throw new Error(
        'PostgreSQL has synchronous_commit = off, under which a crash undoes what was acknowledged; set it to on for ' +
          'the role or the database that accredit uses',
      );
    }
    if (settings?.encoding !== 'UTF8') {
      throw new Error(`the PostgreSQL database has the encoding ${settings?.encoding}; accredit needs UTF8`);
    }
  }

  async #migrate(): Promise<void> {
    const runner = this.writer.createQueryRunner();
    const key = String(lockKey('schema'));
    try {
      await runner.query('SELECT pg_advisory_lock($1)', [key]);
      try {
        await migrate(this.writer);
      } finally {
        await runner.query('SELECT pg_advisory_unlock($1)', [key]);
      }
    } finally {
      await runner.release();
    }
  }
}

/** One connection of a pool while it is borrowed. */
class Connection {
  readonly #runner: QueryRunner;
  readonly #client: { end(): Promise<void> };
  readonly #log: StoreLog;

  private constructor(runner: QueryRunner, client: { end(): Promise<void> }, log: StoreLog) {
    this.#runner = runner;
    this.#client = client;
    this.#log = log;
  }

  /** Borrows one. Throws `Disconnected`. */
  static async open(source: DataSource, log: StoreLog): Promise<Connection> {
    const runner = source.createQueryRunner();
    try {
      return new Connection(runner, await runner.connect(), log);
    } catch (error) {
      throw trouble(error);
    }
  }

  /** Throws `Disconnected`, or what the server said of the statement. */
  async query(sql: string, parameters: unknown[] = []): Promise<{ records: unknown[]; affected: number }> {
    try {
      const { records, affected } = await this.#runner.query(sql, parameters, true);
      return { records: records ?? [], affected: affected ?? 0 };
    } catch (error) {
      throw trouble(error);
    }
  }

  /** Gives `work` the connection and then gives it back. Throws as `query` does. */
  async use<T>(work: (manager: EntityManager) => Promise<T>): Promise<T> {
    try {
      const result = await work(this.#runner.manager);
      await this.release();
      return result;
    } catch (error) {
      const failure = trouble(error);
      if (failure instanceof Disconnected) await this.discard(failure);
      else await this.release();
      throw failure;
    }
  }

  /** Back into the pool. */
  async release(): Promise<void> {
    await this.#runner.release();
  }

  /** Out of the pool: a client that is ending is not given out again. */
  async discard(failure: unknown): Promise<void> {
    this.#log.warn({ err: driverError(failure) }, 'closing a connection to PostgreSQL that cannot be used again');
    // Not awaited: a server that says nothing would not confirm this either.
    this.#client.end().catch((error: unknown) => {
      this.#log.warn({ err: error }, 'a connection to PostgreSQL did not close');
    });
    await this.#runner.release();
  }
}

class PostgresTransaction implements Transaction {
  readonly #connection: Connection;
  #disconnected = false;

  constructor(connection: Connection) {
    this.#connection = connection;
  }

  async query(sql: string, parameters: unknown[] = []): Promise<unknown[]> {
    return (await this.#send(sql, parameters)).records;
  }

  async change(sql: string, parameters: unknown[] = []): Promise<number> {
    return (await this.#send(sql, parameters)).affected;
  }

  async commit(): Promise<void> {
    await this.#send('COMMIT', []);
    await this.#connection.release();
  }

  async rollback(): Promise<void> {
    if (this.#disconnected) {
      await this.#connection.discard(new Disconnected('it broke during a transaction'));
      return;
    }
    try {
      await this.#connection.query('ROLLBACK');
      await this.#connection.release();
    } catch (error) {
      await this.#connection.discard(error);
    }
  }

  async #send(sql: string, parameters: unknown[]): Promise<{ records: unknown[]; affected: number }> {
    try {
      return await this.#connection.query(sql, parameters);
    } catch (error) {
      this.#disconnected ||= error instanceof Disconnected;
      throw error;
    }
  }
}

/** Why there is no connection, in one line. A name with several addresses gives one error for each. */
function reason(error: unknown): string {
  if (error instanceof AggregateError) return error.errors.map(reason).join(', ');
  return error instanceof Error ? error.message : String(error);
}

/** The five characters with which the server classifies its errors; `undefined` for an error that is not its own. */
function sqlState(error: unknown): string | undefined {
  const { code, severity } = driverError(error) as { code?: unknown; severity?: unknown };
  return typeof code === 'string' && typeof severity === 'string' ? code : undefined;
}

/** `Disconnected` for a failure of the connection rather than of a statement; any other error as it is. */
function trouble(error: unknown): unknown {
  if (error instanceof Disconnected) return error;
  const state = sqlState(error);
  // Class 08: connection exception; 57P01 to 57P05: the server shuts down, has crashed or does not take clients yet.
  const gone = state === undefined ? isDriverFailure(error) : /^(08|57P)/.test(state);
  return gone ? new Disconnected('no connection to PostgreSQL', { cause: driverError(error) }) : error;
}

/** Whether the error came from talking to the server, and not from a mistake of the caller. */
function isDriverFailure(error: unknown): boolean {
  return !(error instanceof TypeError || error instanceof RangeError || error instanceof SyntaxError);
}

/** The number under which PostgreSQL holds the lock of that name: 64 bits of its SHA-256. */
function lockKey(name: string): bigint {
  return createHash('sha256').update(`accredit/${name}`).digest().readBigInt64BE(0);
}

function byValue(left: bigint, right: bigint): number {
  if (left === right) return 0;
  return left < right ? -1 : 1;
}
