/** A PostgreSQL server for a suite, with an empty database for each test, and the stores that are opened on it. */
import pg from 'pg';
import type { Store } from '../../daemon/domain/snapshot.ts';
import { openStore } from '../../daemon/store/index.ts';
import { openPostgres, type PostgresDatabase } from '../../daemon/store/postgres.ts';
import { type Postgres, startPostgres } from '../support/postgres.ts';

export const QUIET = { warn: () => undefined };
/** How long a database that `database` opens waits for what, in milliseconds. */
export const SHORT = { connect: 5_000, lock: 300, statement: 600, silence: 900, read: 900 };

export class PostgresBench {
  /** Of the database of this test. */
  url = '';
  #postgres: Postgres | undefined;
  readonly #open: { close(): Promise<void> }[] = [];

  /** Starts the server. */
  async start(): Promise<void> {
    this.#postgres = await startPostgres();
  }

  /** Before each test: an empty database. */
  async reset(): Promise<void> {
    this.url = await this.#server.url();
  }

  /** After each test: closes what it has opened. */
  async closeAll(): Promise<void> {
    for (const one of this.#open.splice(0)) await one.close();
  }

  async stop(): Promise<void> {
    await this.#postgres?.stop();
  }

  /** Ends the server as a crash would. */
  kill(): Promise<void> {
    return this.#server.kill();
  }

  restart(): Promise<void> {
    return this.#server.restart();
  }

  /** Closes after the test what the test has opened itself. */
  closeAfterwards(one: { close(): Promise<void> }): void {
    this.#open.push(one);
  }

  /** A store as a daemon opens it. */
  async opened(): Promise<Store> {
    const store = await openStore({ url: this.url });
    this.closeAfterwards(store);
    return store;
  }

  /** The database below a store, with little patience. */
  async database(): Promise<PostgresDatabase> {
    const one = await openPostgres(this.url, QUIET, SHORT);
    this.closeAfterwards(one);
    return one;
  }

  /** Runs statements beside the store. Answers the rows of the last. */
  async sql(...statements: string[]): Promise<Record<string, unknown>[]> {
    const client = new pg.Client(this.url);
    await client.connect();
    try {
      let rows: Record<string, unknown>[] = [];
      for (const statement of statements) rows = (await client.query(statement)).rows;
      return rows;
    } finally {
      await client.end();
    }
  }

  /** Makes every transaction that adds a resource run this while it commits. */
  onCommit(body: string): Promise<unknown> {
    return this.sql(
      'CREATE SEQUENCE tries',
      `CREATE FUNCTION on_commit() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN ${body} RETURN NULL; END $$`,
      'CREATE CONSTRAINT TRIGGER on_commit AFTER INSERT ON resources DEFERRABLE INITIALLY DEFERRED ' +
        'FOR EACH ROW EXECUTE FUNCTION on_commit()',
    );
  }

  get #server(): Postgres {
    if (this.#postgres === undefined) throw new Error('the server is started only when the tests run');
    return this.#postgres;
  }
}

/** Gives the suite around it a server, which is there once its tests run. */
export function usePostgres(): PostgresBench {
  const bench = new PostgresBench();
  before(() => bench.start());
  beforeEach(() => bench.reset());
  afterEach(() => bench.closeAll());
  after(() => bench.stop());
  return bench;
}
