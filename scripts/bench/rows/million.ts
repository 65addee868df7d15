/** A million tokens, against a thousand. */
import { join } from 'node:path';
import sqlite3 from 'sqlite3';
import { ACCOUNT, type Daemon, freshDirectory, makeTokens, startDaemon } from '../daemon.ts';
import { load, median } from '../load.ts';
import { type Effort, type Figure, milliseconds, type Row } from './row.ts';
import { authorizing } from './verification.ts';

const MANY = 1_000_000;
const WORKING = 1000;
const MEBIBYTE = 1024 * 1024;
/** Questions a second: far below what it can do, so that the time of an answer is measured. */
const RATE = 2000;

export const million: Row = {
  name: 'million',
  async run(effort: Effort): Promise<Figure[]> {
    const small = await filled(0);
    const large = await filled(MANY);
    const few = await startDaemon(small.directory);
    const many = await startDaemon(large.directory);
    const started = many.startMs;
    const p99 = { few: [] as number[], many: [] as number[] };
    const page = { few: [] as number[], many: [] as number[] };
    for (let round = 0; round <= effort.rounds; round += 1) {
      for (const [name, daemon, tokens] of [
        ['few', few, small.tokens],
        ['many', many, large.tokens],
      ] as const) {
        const requests = tokens.map(authorizing);
        const found = await load({ url: daemon.url, requests, connections: 64, seconds: effort.seconds, rate: RATE });
        if (found.failed > 0) throw new Error(`${found.failed} requests failed`);
        const pages = await pageTimes(daemon);
        if (round === 0) continue;
        p99[name].push(found.p99);
        page[name].push(...pages);
      }
    }
    const rss = many.rss() / MEBIBYTE;
    await Promise.all([few, many].map((one) => one.stop()));
    return [
      {
        row: 'authorize p99 among 1,000,000 tokens / among 1,000',
        subject: milliseconds(median(p99.many)),
        baseline: milliseconds(median(p99.few)),
        ratio: median(p99.many) / median(p99.few),
        bar: { most: 1.5 },
        note: `1,000 tokens in use, ${RATE}/s`,
      },
      {
        row: 'a page of 100 tokens among 1,000,000 / among 1,000',
        subject: milliseconds(median(page.many)),
        baseline: milliseconds(median(page.few)),
        ratio: median(page.many) / median(page.few),
        bar: { most: 1.5 },
      },
      {
        row: 'start to ready with 1,000,000 tokens / 2 s',
        subject: milliseconds(started),
        baseline: '2 s',
        ratio: started / 2000,
        bar: { most: 1 },
      },
      {
        row: 'memory with 1,000,000 tokens / 400 MiB',
        subject: `${rss.toFixed(0)} MiB`,
        baseline: '400 MiB',
        ratio: rss / 400,
        bar: { most: 1 },
      },
    ];
  },
};

/** A data directory with working tokens, and so many others in other accounts. */
async function filled(others: number): Promise<{ directory: string; tokens: string[] }> {
  const directory = freshDirectory();
  const daemon = await startDaemon(directory);
  const tokens = await makeTokens(daemon, WORKING);
  await daemon.stop();
  if (others > 0) await multiply(join(directory, 'data/accredit.db'), others);
  return { directory, tokens };
}

/** Copies a working token, row and hash, under names and hashes of its own. */
async function multiply(file: string, count: number): Promise<void> {
  const database = new sqlite3.Database(file);
  const run = (sql: string, parameters: unknown[] = []) =>
    new Promise<void>((resolve, reject) => {
      database.run(sql, parameters, (error: Error | null) => (error === null ? resolve() : reject(error)));
    });
  const first = `${ACCOUNT.slice('/v1/'.length)}/tokens/working-0`;
  const numbers = `WITH RECURSIVE numbers(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < ${count})`;
  const columns = 'kind, organization, parent, revision, created_at, created_by, updated_at, managed_by, claim';
  await run('PRAGMA synchronous = OFF');
  await run('BEGIN');
  await run(
    `${numbers} INSERT INTO resources (address, name, uid, attributes, state, keys, owner, valid_until, ${columns}) ` +
      `SELECT parent || '/tokens/other-' || n, 'other-' || n, 'uid-' || n, attributes, ` +
      `json_set(state, '$.current.hash', printf('%064d', n)), keys, owner, valid_until, ${columns} ` +
      'FROM resources, numbers WHERE address = ?',
    [first],
  );
  await run(
    `${numbers} INSERT INTO secrets (hash, address, uid, created_at) SELECT printf('%064d', n), ` +
      `parent || '/tokens/other-' || n, 'uid-' || n, created_at FROM resources, numbers WHERE address = ?`,
    [first],
  );
  await run('COMMIT');
  await run('PRAGMA wal_checkpoint(TRUNCATE)');
  await new Promise<void>((resolve) => database.close(() => resolve()));
}

/** How long a page in the middle of the list takes, some times over. */
async function pageTimes(daemon: Daemon): Promise<number[]> {
  const path = `${ACCOUNT}/tokens?limit=100`;
  const { next_cursor: cursor } = await daemon.call('GET', path);
  const times: number[] = [];
  for (let time = 0; time < 15; time += 1) {
    const began = performance.now();
    await daemon.call('GET', `${path}&cursor=${encodeURIComponent(String(cursor))}`);
    times.push(performance.now() - began);
  }
  return times;
}
