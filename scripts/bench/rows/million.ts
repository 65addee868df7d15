/** A million tokens, against a thousand. */
import { join } from 'node:path';
import sqlite3 from 'sqlite3';
import { encodeCursor } from '../../../daemon/domain/cursor.ts';
import { ACCOUNT, type Daemon, freshDirectory, makeTokens, startDaemon } from '../daemon.ts';
import { load, median } from '../load.ts';
import { type Effort, type Figure, milliseconds, type Row } from './row.ts';
import { authorizing } from './verification.ts';

const MANY = 1_000_000;
/** For a look: filling takes most of the time. */
const SOME = 100_000;
const WORKING = 1000;
const MEGABYTE = 1e6;
/** Questions a second: far below what it can do, so that the time of an answer is measured. */
const RATE = 2000;
/** The same where each answer takes reads of the database; every token once. */
const FIRST_RATE = 500;

export const million: Row = {
  name: 'million',
  async run(effort: Effort): Promise<Figure[]> {
    const count = effort.isQuick ? SOME : MANY;
    const all = count.toLocaleString('en');
    const small = await filled(0);
    const large = await filled(count);
    const few = await startDaemon(small.directory);
    const many = await startDaemon(large.directory);
    const started = many.startMs;
    const first = await firstTimes([
      [few, small.tokens],
      [many, large.tokens],
    ]);
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
        const pages = await pageTimes(daemon, name === 'few' ? 'working' : 'other');
        if (round === 0) continue;
        p99[name].push(found.p99);
        page[name].push(...pages);
      }
    }
    const rss = many.rss() / MEGABYTE;
    await Promise.all([few, many].map((one) => one.stop()));
    return [
      {
        row: `authorize p99 among ${all} tokens / among 1,000`,
        subject: milliseconds(median(p99.many)),
        baseline: milliseconds(median(p99.few)),
        ratio: median(p99.many) / median(p99.few),
        bar: { most: 1.5 },
        note: `1,000 tokens in use, ${RATE}/s`,
      },
      {
        row: 'authorize p99 of tokens asked about for the first time, the same',
        subject: milliseconds(first[1] as number),
        baseline: milliseconds(first[0] as number),
        ratio: (first[1] as number) / (first[0] as number),
        note: `${FIRST_RATE}/s, one round`,
      },
      {
        row: `a page of 100 tokens in the middle of ${all} / of 1,000`,
        subject: milliseconds(median(page.many)),
        baseline: milliseconds(median(page.few)),
        ratio: median(page.many) / median(page.few),
        bar: { most: 1.5 },
      },
      {
        row: `start to ready with ${all} tokens / 2 s`,
        subject: milliseconds(started),
        baseline: '2 s',
        ratio: started / 2000,
        bar: { most: 1 },
      },
      {
        row: `memory with ${all} tokens / 400 MB`,
        subject: `${rss.toFixed(0)} MB`,
        baseline: '400 MB',
        ratio: rss / 400,
        bar: { most: 1 },
      },
    ];
  },
};

/** The p99 of daemons that have just started and remember no answer, each of these tokens asked about once. */
async function firstTimes(daemons: readonly (readonly [Daemon, readonly string[]])[]): Promise<number[]> {
  const times: number[] = [];
  for (const [{ url }, tokens] of daemons) {
    const requests = tokens.map(authorizing);
    const seconds = tokens.length / FIRST_RATE;
    const found = await load({ url, requests, connections: 64, seconds, rate: FIRST_RATE });
    if (found.failed > 0) throw new Error(`${found.failed} requests failed`);
    times.push(found.p99);
  }
  return times;
}

/** A data directory with working tokens, and so many others beside them. */
async function filled(others: number): Promise<{ directory: string; tokens: string[] }> {
  const directory = freshDirectory();
  const daemon = await startDaemon(directory);
  const tokens = await makeTokens(daemon, WORKING);
  await daemon.stop();
  if (others > 0) await multiply(join(directory, 'data/accredit.db'), others);
  return { directory, tokens };
}

/** Copies a working token, all its rows, under names and hashes of its own: random ones, as real hashes lie. */
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
      `json_set(state, '$.current.hash', lower(hex(randomblob(32)))), keys, owner, valid_until, ${columns} ` +
      'FROM resources, numbers WHERE address = ?',
    [first],
  );
  await run(
    "INSERT INTO secrets (hash, address, uid, created_at) SELECT json_extract(state, '$.current.hash') AS hash, " +
      "address, uid, created_at FROM resources WHERE uid LIKE 'uid-%' ORDER BY hash",
  );
  await run(
    `${numbers} INSERT INTO resource_keys (key, address) ` +
      `SELECT key, substr(address, 1, length(address) - length('working-0')) || 'other-' || n ` +
      'FROM resource_keys, numbers WHERE address = ?',
    [first],
  );
  await run('COMMIT');
  await run('PRAGMA wal_checkpoint(TRUNCATE)');
  await new Promise<void>((resolve) => database.close(() => resolve()));
}

/** How long a page in the middle of the list takes, some times over. Most of its tokens have names that begin so. */
async function pageTimes(daemon: Daemon, prefix: string): Promise<number[]> {
  const path = `${ACCOUNT}/tokens?limit=100`;
  const { next_cursor: given } = await daemon.call('GET', path);
  const [list] = JSON.parse(Buffer.from(String(given), 'base64url').toString('utf8')) as [string];
  // Names are sorted as text, so that half of the numbers come before 5.
  const cursor = encodeCursor(list, `${ACCOUNT.slice('/v1/'.length)}/tokens/${prefix}-5`);
  const times: number[] = [];
  for (let time = 0; time < 15; time += 1) {
    const began = performance.now();
    const page = await daemon.call('GET', `${path}&cursor=${cursor}`);
    times.push(performance.now() - began);
    if ((page.items as unknown[]).length !== 100) throw new Error('the page is not a full one');
  }
  return times;
}
