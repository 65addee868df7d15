/** authorize and introspect, from memory, against the least that such an answer can cost. */
import { type Daemon, makeTokens, startDaemon } from '../daemon.ts';
import type { Request } from '../load.ts';
import { startBaseline } from '../processes.ts';
import { record } from '../recorded.ts';
import { type Effort, type Figure, interleave, middle, type Row, rate } from './row.ts';

const TOKENS = 1000;
const CONNECTIONS = 64;
const FORM = 'application/x-www-form-urlencoded';

/** A question to authorize as that token. */
export function authorizing(token: string): Request {
  return { path: '/v1/authorize?permission=builds.write', headers: { Authorization: `Bearer ${token}` } };
}

/** A question to introspect about that token, asked by the first owner. */
export function introspecting(daemon: Daemon, token: string): Request {
  return {
    method: 'POST',
    path: '/v1/introspect',
    headers: { Authorization: `Bearer ${daemon.adminToken}`, 'Content-Type': FORM },
    body: `token=${token}&client_ip=192.0.2.1`,
  };
}

export const authorize: Row = {
  name: 'authorize',
  async run(effort: Effort): Promise<Figure[]> {
    const daemon = await startDaemon();
    const asked = new Map((await makeTokens(daemon, TOKENS)).map((token) => [token, authorizing(token)]));
    const answers = await record(daemon, asked);
    const bare = await startBaseline('bare-authorize', { answers });
    const express = await startBaseline('express-authorize', { answers });
    const requests = [...asked.values()];
    const at = (url: string) => ({ url, requests, connections: CONNECTIONS });
    const found = await interleave({ daemon: at(daemon.url), bare: at(bare.url), express: at(express.url) }, effort);
    await Promise.all([daemon, bare, express].map((one) => one.stop()));
    const subject = rate(found.daemon);
    const ratio = (baseline: 'bare' | 'express') => middle(found.daemon) / middle(found[baseline]);
    return [
      {
        row: 'authorize / bare node:http',
        subject,
        baseline: rate(found.bare),
        ratio: ratio('bare'),
        bar: { least: 0.85 },
      },
      {
        row: 'authorize / Express + helmet',
        subject,
        baseline: rate(found.express),
        ratio: ratio('express'),
        bar: { least: 4 },
      },
    ];
  },
};

export const introspect: Row = {
  name: 'introspect',
  async run(effort: Effort): Promise<Figure[]> {
    const daemon = await startDaemon();
    const tokens = await makeTokens(daemon, TOKENS);
    const asked = new Map(tokens.map((token) => [token, introspecting(daemon, token)]));
    asked.set(daemon.adminToken, introspecting(daemon, daemon.adminToken));
    const bare = await startBaseline('bare-introspect', { answers: await record(daemon, asked) });
    const requests = tokens.map((token) => introspecting(daemon, token));
    const at = (url: string) => ({ url, requests, connections: CONNECTIONS });
    const found = await interleave({ daemon: at(daemon.url), bare: at(bare.url) }, effort);
    await Promise.all([daemon, bare].map((one) => one.stop()));
    return [
      {
        row: 'introspect / bare node:http POST',
        subject: rate(found.daemon),
        baseline: rate(found.bare),
        ratio: middle(found.daemon) / middle(found.bare),
        bar: { least: 0.75 },
      },
    ];
  },
};
