/** What one thing costs when a process does nothing else. Takes a name and seconds; prints operations a second. */
import { generateKeyPairSync, sign } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import sqlite3 from 'sqlite3';

const [name = '', seconds = '2'] = process.argv.slice(2);

/** ES256 signatures, of as many bytes as an access token has to sign. */
function signatures(until: number): number {
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const text = Buffer.alloc(800, 'x');
  let done = 0;
  while (performance.now() < until) {
    sign('sha256', text, { key: privateKey, dsaEncoding: 'ieee-p1363' });
    done += 1;
  }
  return done;
}

/** Transactions of one row each, one after the other, as durable as the daemon's. */
async function commits(until: () => number): Promise<number> {
  const directory = mkdtempSync(join(tmpdir(), 'accredit-bench-'));
  const database = new sqlite3.Database(join(directory, 'raw.db'));
  const run = (sql: string, ...parameters: unknown[]) =>
    new Promise<void>((resolve, reject) => {
      database.run(sql, parameters, (error: Error | null) => (error === null ? resolve() : reject(error)));
    });
  for (const setting of ['journal_mode = WAL', 'synchronous = FULL']) await run(`PRAGMA ${setting}`);
  await run('CREATE TABLE rows (key TEXT PRIMARY KEY, value TEXT NOT NULL)');
  const end = until();
  let done = 0;
  while (performance.now() < end) {
    done += 1;
    await run('INSERT INTO rows VALUES (?, ?)', `key-${done}`, 'x'.repeat(500));
  }
  await new Promise<void>((resolve) => database.close(() => resolve()));
  rmSync(directory, { recursive: true });
  return done;
}

const length = Number(seconds) * 1000;
const began = performance.now();
const done = name === 'sign' ? signatures(began + length) : await commits(() => performance.now() + length);
console.log(done / Number(seconds));
