/** Access tokens: issued against signing alone, introspected against tokens that are looked up. */
import { ACCOUNT, type Daemon, makeTokens, startDaemon } from '../daemon.ts';
import type { Request } from '../load.ts';
import { alone } from './alone.ts';
import { type Effort, type Figure, interleave, middle, type Row, rate } from './row.ts';
import { introspecting } from './verification.ts';

const CLIENTS = 50;
const FORM = 'application/x-www-form-urlencoded';

function issuing(token: string): Request {
  const credentials = Buffer.from(`bench:${token}`).toString('base64');
  return {
    method: 'POST',
    path: '/v1/oauth/token',
    headers: { Authorization: `Basic ${credentials}`, 'Content-Type': FORM },
    body: 'grant_type=client_credentials&scope=builds.write',
  };
}

async function issue(daemon: Daemon, token: string): Promise<string> {
  const { path, headers, body } = issuing(token);
  const answer = await fetch(`${daemon.url}${path}`, { method: 'POST', headers, body });
  if (!answer.ok) throw new Error(`${path}: ${answer.status}`);
  return ((await answer.json()) as { access_token: string }).access_token;
}

export const accessTokens: Row = {
  name: 'jwt',
  async run(effort: Effort): Promise<Figure[]> {
    const daemon = await startDaemon();
    await daemon.call('PUT', ACCOUNT, {});
    const tokens = await makeTokens(daemon, CLIENTS);
    const jwts = await Promise.all(tokens.map((token) => issue(daemon, token)));
    const at = (requests: Request[]) => ({ url: daemon.url, requests, connections: 64 });
    const found = await interleave(
      {
        signing: (seconds: number) => alone('sign', seconds),
        mint: at(tokens.map(issuing)),
        jwt: at(jwts.map((token) => introspecting(daemon, token))),
        opaque: at(tokens.map((token) => introspecting(daemon, token))),
      },
      effort,
    );
    await daemon.stop();
    return [
      {
        row: 'access token issued / ES256 alone',
        subject: rate(found.mint),
        baseline: rate(found.signing),
        ratio: middle(found.mint) / middle(found.signing),
        bar: { least: 0.5 },
      },
      {
        row: 'access token introspected / opaque',
        subject: rate(found.jwt),
        baseline: rate(found.opaque),
        ratio: middle(found.jwt) / middle(found.opaque),
        bar: { least: 0.75 },
      },
    ];
  },
};
