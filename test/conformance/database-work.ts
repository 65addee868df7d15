/** What a request asks of the SQLite database of a daemon in this process: counted, since times depend on the machine. */
import { join } from 'node:path';
import sqlite3 from 'sqlite3';
import type { TestDaemon } from '../support/daemon.ts';

export interface DatabaseWork {
  /** The texts of the statements that were sent, in order. */
  readonly statements: readonly string[];
  /** How many rows they answered. */
  readonly rows: number;
}

type Done = (error: Error | null, rows: unknown[] | undefined) => void;
type All = (this: sqlite3.Database, sql: string, parameters: unknown, done: Done) => sqlite3.Database;

/** Runs `request` and answers the reads that every connection of this process sent meanwhile. */
export async function databaseWork(request: () => Promise<unknown>): Promise<DatabaseWork> {
  const statements: string[] = [];
  let rows = 0;
  const prototype = sqlite3.Database.prototype as unknown as { all: All };
  const { all } = prototype;
  prototype.all = function (sql, parameters, done) {
    statements.push(sql);
    return all.call(this, sql, parameters, function (this: unknown, error, answered) {
      rows += answered?.length ?? 0;
      done.call(this, error, answered);
    });
  };
  try {
    await request();
  } finally {
    prototype.all = all;
  }
  return { statements, rows };
}

/** The tables that the database would go through from end to end for these statements. */
export async function scannedTables(daemon: TestDaemon, statements: readonly string[]): Promise<string[]> {
  const path = join(daemon.dataDirectory, 'accredit.db');
  const database = new sqlite3.Database(path, sqlite3.OPEN_READONLY);
  const ask = <Row>(sql: string) =>
    new Promise<Row[]>((resolve, reject) => {
      database.all<Row>(sql, (error, rows) => (error === null ? resolve(rows) : reject(error)));
    });
  try {
    const tables = await ask<{ name: string }>("SELECT name FROM sqlite_master WHERE type = 'table'");
    const steps: string[] = [];
    for (const sql of new Set(statements)) {
      steps.push(...(await ask<{ detail: string }>(`EXPLAIN QUERY PLAN ${sql}`)).map(({ detail }) => detail));
    }
    const names = new Set(tables.map(({ name }) => name));
    return steps.flatMap((step) => /^SCAN (\w+)/.exec(step)?.[1] ?? []).filter((name) => names.has(name));
  } finally {
    database.close();
  }
}
