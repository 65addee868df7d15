/** Other products that answer the same questions, installed only when they are asked for. */
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { makeTokens, startDaemon } from '../daemon.ts';
import { start } from '../processes.ts';
import { type Effort, type Figure, interleave, middle, type Row, rate } from './row.ts';
import { introspecting } from './verification.ts';
import { creating } from './writes.ts';

const PEERS = join(import.meta.dirname, '../peers');

export const peers: Row = {
  name: 'peers',
  needsPeers: true,
  async run(effort: Effort): Promise<Figure[]> {
    install();
    const daemon = await startDaemon();
    const tokens = await makeTokens(daemon, 100);
    const oidc = await start({ words: [join(PEERS, 'oidc-provider.mjs')] });
    const better = await start({ words: [join(PEERS, 'better-auth.mjs')] });
    const asked = async (url: string) =>
      (await (await fetch(`${url}/bench`)).json()) as { request: object; create: object };
    const [oidcAsked, betterAsked] = await Promise.all([asked(oidc.url), asked(better.url)]);
    const connections = 64;
    const found = await interleave(
      {
        daemon: { url: daemon.url, requests: tokens.map((token) => introspecting(daemon, token)), connections },
        oidc: { url: oidc.url, requests: [oidcAsked.request as never], connections },
        better: { url: better.url, requests: [betterAsked.request as never], connections },
        made: { url: daemon.url, requests: [creating(daemon.adminToken)], connections },
        creating: { url: better.url, requests: [betterAsked.create as never], connections },
      },
      effort,
    );
    await Promise.all([daemon, oidc, better].map((one) => one.stop()));
    const subject = rate(found.daemon);
    return [
      {
        row: 'introspect / oidc-provider, in-memory adapter',
        subject,
        baseline: rate(found.oidc),
        ratio: middle(found.daemon) / middle(found.oidc),
        bar: { least: 5 },
      },
      {
        row: 'introspect / better-auth API key on SQLite',
        subject,
        baseline: rate(found.better),
        ratio: middle(found.daemon) / middle(found.better),
        bar: { least: 25 },
      },
      {
        row: 'tokens created / better-auth API keys at WAL + FULL',
        subject: rate(found.made),
        baseline: rate(found.creating),
        ratio: middle(found.made) / middle(found.creating),
        bar: { least: 4 },
      },
    ];
  },
};

function install(): void {
  if (existsSync(join(PEERS, 'node_modules'))) return;
  console.error('installing what is compared to');
  const { status } = spawnSync('npm', ['ci', '--no-audit', '--no-fund'], { cwd: PEERS, stdio: ['ignore', 2, 2] });
  if (status !== 0) throw new Error('the peers could not be installed');
}
