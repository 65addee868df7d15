/** What a baseline is given, and how it says that it is there. */
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import type { RequestListener } from 'node:http';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

/** An answer as the daemon gave it. */
export interface Recorded {
  readonly headers: readonly string[];
  readonly body: string;
}

export interface Input {
  /** A file with the answers, by the SHA-256 of the token. */
  readonly answers: string;
}

/** The answers by hash. */
export function answersOf(): ReadonlyMap<string, Recorded> {
  const { answers } = JSON.parse(process.env.BENCH_INPUT ?? '{}') as Input;
  return new Map(JSON.parse(readFileSync(answers, 'utf8')) as [string, Recorded][]);
}

/** The same hash as the daemon's. */
export function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}

/** Serves on a free port of the loopback interface. */
export function serve(listener: RequestListener): void {
  const server = createServer(listener);
  server.keepAliveTimeout = 75_000;
  server.listen(0, '127.0.0.1', () => {
    console.log(`ready on http://127.0.0.1:${(server.address() as AddressInfo).port}`);
  });
}
