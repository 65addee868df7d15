/** An engine on the real database that tells which statements it sends. */
import type { Database } from '../../daemon/store/database.ts';
import { StoreEngine } from '../../daemon/store/engine.ts';
import type { StoreOptions } from '../../daemon/store/index.ts';
import { openPostgres } from '../../daemon/store/postgres.ts';
import { openSqlite } from '../../daemon/store/sqlite.ts';

const QUIET = { warn: () => undefined };

export interface RecordedEngine {
  readonly engine: StoreEngine;
  /** The statements inside transactions, by their name in `Statements`. */
  readonly sent: string[];
  close(): Promise<void>;
}

/** Opens one where no store is open. Close it after the test. */
export async function recordedEngine(options: StoreOptions): Promise<RecordedEngine> {
  const database: Database =
    'url' in options ? await openPostgres(options.url, QUIET) : await openSqlite(options.dataDirectory, QUIET);
  const sent: string[] = [];
  const record = (sql: string) => {
    const { revisions, ...others } = database.statements;
    const named = Object.entries(others).find(([, statement]) => statement === sql);
    // How daemons tell each other of changes is no part of what they change.
    if (sql !== revisions?.insert) sent.push(named?.[0] ?? 'load');
  };
  const recording: Database = {
    statements: database.statements,
    shared: database.shared,
    version: () => database.version(),
    read: (work) => database.read(work),
    readAside: (work) => database.readAside(work),
    failure: (error) => database.failure(error),
    close: () => database.close(),
    async begin(organizations) {
      const transaction = await database.begin(organizations);
      return {
        query(sql, parameters) {
          record(sql);
          return transaction.query(sql, parameters);
        },
        change(sql, parameters) {
          record(sql);
          return transaction.change(sql, parameters);
        },
        commit: () => transaction.commit(),
        rollback: () => transaction.rollback(),
      };
    },
  };
  const engine = new StoreEngine(recording, QUIET);
  return {
    engine,
    sent,
    async close() {
      await engine.close();
      await database.close();
    },
  };
}
