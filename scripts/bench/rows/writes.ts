/** Durable creations of tokens, and what they cost those who ask meanwhile. */
import { ACCOUNT, type Daemon, makeTokens, startDaemon } from '../daemon.ts';
import { load, median, type Request } from '../load.ts';
import { startBaseline } from '../processes.ts';
import { alone } from './alone.ts';
import { type Effort, type Figure, interleave, middle, milliseconds, type Row, rate } from './row.ts';
import { authorizing } from './verification.ts';

const CONNECTIONS = 64;

/** The creation of a token, another one each time. */
export function creating(adminToken: string): Request {
  return {
    method: 'PUT',
    path: `${ACCOUNT}/tokens/t{n}`,
    headers: { Authorization: `Bearer ${adminToken}`, 'Content-Type': 'application/json' },
    body: JSON.stringify({ display_name: 'Bench', expires_in: '90d', permissions: ['builds.write'] }),
  };
}

export const creations: Row = {
  name: 'create',
  async run(effort: Effort): Promise<Figure[]> {
    const daemon = await startDaemon();
    await makeTokens(daemon, 0);
    const answer = await daemon.call('PUT', `${ACCOUNT}/tokens/first`, JSON.parse(creating('').body as string));
    const parse = await startBaseline('express-parse', { answer });
    const requests = [creating(daemon.adminToken)];
    const at = (url: string) => ({ url, requests, connections: CONNECTIONS });
    const commit = (seconds: number) => alone('commit', seconds);
    const found = await interleave({ daemon: at(daemon.url), parse: at(parse.url), commit }, effort);
    await Promise.all([daemon, parse].map((one) => one.stop()));
    const subject = rate(found.daemon);
    return [
      {
        row: 'tokens created / Express that only parses',
        subject,
        baseline: rate(found.parse),
        ratio: middle(found.daemon) / middle(found.parse),
        bar: { least: 0.6 },
      },
      {
        row: 'tokens created / raw sqlite3 commits, one by one',
        subject,
        baseline: rate(found.commit),
        ratio: middle(found.daemon) / middle(found.commit),
      },
    ];
  },
};

export const whileWriting: Row = {
  name: 'while-writing',
  async run(effort: Effort): Promise<Figure[]> {
    const daemon = await startDaemon();
    const tokens = await makeTokens(daemon, 100);
    // Nothing but the machine is shared with this one.
    const other = await startDaemon();
    await makeTokens(other, 0);
    const asking = { url: daemon.url, requests: tokens.map(authorizing), connections: CONNECTIONS };
    const { perSecond } = await load({ ...asking, seconds: 1 }, effort.generator);
    // Far below what it can do: what is measured is how long an answer takes, and not how many there are.
    const wanted = Math.max(500, Math.round(perSecond / 8));
    const quiet: number[] = [];
    const busy: number[] = [];
    const beside: number[] = [];
    let written = 0;
    const among = async ({ url, adminToken }: Daemon, round: number) => {
      const writing = { url, requests: [creating(adminToken)], connections: CONNECTIONS };
      const [asked, writes] = await Promise.all([
        load({ ...asking, seconds: effort.seconds, rate: wanted }),
        load({ ...writing, seconds: effort.seconds, from: round * 10_000_000 }),
      ]);
      if (asked.failed + writes.failed > 0) throw new Error('requests failed');
      return { p99: asked.p99, perSecond: writes.perSecond };
    };
    for (let round = 0; round <= effort.rounds; round += 1) {
      const alone = await load({ ...asking, seconds: effort.seconds, rate: wanted });
      if (alone.failed > 0) throw new Error('requests failed');
      const busyHere = await among(daemon, round);
      const busyElsewhere = await among(other, round);
      if (round === 0) continue;
      quiet.push(alone.p99);
      busy.push(busyHere.p99);
      beside.push(busyElsewhere.p99);
      written = busyHere.perSecond;
    }
    await other.stop();
    await daemon.stop();
    return [
      {
        row: 'authorize p99 while 64 connections write / without',
        subject: milliseconds(median(busy)),
        baseline: milliseconds(median(quiet)),
        ratio: median(busy) / median(quiet),
        bar: { most: 2 },
        note: `at ${wanted.toLocaleString('en')}/s, beside ${Math.round(written).toLocaleString('en')} writes/s`,
      },
      {
        row: 'authorize p99 while 64 connections write / while they write to another daemon',
        subject: milliseconds(median(busy)),
        baseline: milliseconds(median(beside)),
        ratio: median(busy) / median(beside),
      },
    ];
  },
};
