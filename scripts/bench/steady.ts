/**
 * Load at a constant rate, whatever the answers take. An answer's time counts from when its request was due, waiting for
 * a free connection included: a server that stalls is charged for all requests that it kept from being sent. In
 * fractions of a millisecond, since that is what answers from memory take.
 */
import { Agent, request as send } from 'node:http';
import type { Load, Request, Result } from './load.ts';

/** How long after the last request its answer may take, in milliseconds. */
const PATIENCE = 10_000;

/** Sends `rate` requests a second for `seconds`, and resolves once all are answered. */
export async function steady({ url, connections, seconds, requests, rate = 1 }: Load): Promise<Result> {
  const agent = new Agent({ keepAlive: true, maxSockets: connections, maxFreeSockets: connections });
  const took: number[] = [];
  const open: Promise<void>[] = [];
  let failed = 0;
  const ask = async (one: Request, due: number) => {
    const isSuccess = await answered(url, one, agent);
    if (isSuccess) took.push(performance.now() - due);
    else failed += 1;
  };
  const total = Math.round(rate * seconds);
  const began = performance.now();
  while (open.length < total) {
    await new Promise((resolve) => setTimeout(resolve, 1));
    // A timer that this process itself is late for is no fault of the server: due is when the requests are handed over.
    const now = performance.now();
    const due = Math.min(total, Math.floor(((now - began) * rate) / 1000));
    while (open.length < due) open.push(ask(requests[open.length % requests.length] as Request, now));
  }
  await Promise.all(open);
  const elapsed = (performance.now() - began) / 1000;
  agent.destroy();
  took.sort((left, right) => left - right);
  const percentile = (part: number) => took[Math.max(0, Math.ceil(took.length * part) - 1)] ?? Number.NaN;
  return { requests: total, perSecond: took.length / elapsed, p50: percentile(0.5), p99: percentile(0.99), failed };
}

function answered(url: string, { method = 'GET', path, headers = {}, body }: Request, agent: Agent): Promise<boolean> {
  return new Promise((resolve) => {
    const sent = send(`${url}${path}`, { method, headers: { ...headers }, agent, timeout: PATIENCE }, (answer) => {
      answer.resume();
      answer.once('end', () => resolve((answer.statusCode ?? 0) >= 200 && (answer.statusCode ?? 0) < 300));
      answer.once('error', () => resolve(false));
    });
    sent.once('timeout', () => sent.destroy());
    sent.once('error', () => resolve(false));
    sent.end(body);
  });
}
