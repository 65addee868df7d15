/** Answers of the daemon, for baselines to repeat byte by byte. */
import { createHash } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { get, type RequestOptions, request } from 'node:http';
import { join } from 'node:path';
import type { Recorded } from './baselines/input.ts';
import { type Daemon, freshDirectory } from './daemon.ts';
import type { Request } from './load.ts';

/** Headers that every server of Node adds by itself. */
const ADDED = new Set(['date', 'connection', 'keep-alive']);

/** Asks as each token in turn, twice so that the answer is one from memory, and keeps what came. A file with all. */
export async function record(daemon: Daemon, asked: ReadonlyMap<string, Request>): Promise<string> {
  const answers: [string, Recorded][] = [];
  for (const [token, one] of asked) {
    await send(daemon.url, one);
    answers.push([createHash('sha256').update(token).digest('hex'), await send(daemon.url, one)]);
  }
  const file = join(freshDirectory(), 'answers.json');
  writeFileSync(file, JSON.stringify(answers), { mode: 0o600 });
  return file;
}

function send(url: string, { method = 'GET', path, headers = {}, body }: Request): Promise<Recorded> {
  return new Promise((resolve, reject) => {
    const options: RequestOptions = { method, headers: { ...headers } };
    const sent = (method === 'GET' ? get : request)(`${url}${path}`, options, (answer) => {
      const chunks: Buffer[] = [];
      answer.on('data', (chunk: Buffer) => chunks.push(chunk));
      answer.on('end', () => {
        const { statusCode, rawHeaders } = answer;
        if (statusCode !== 200) return reject(new Error(`${method} ${path}: ${statusCode}`));
        const kept = rawHeaders.filter(
          (_, index) => !ADDED.has((rawHeaders[index - (index % 2)] as string).toLowerCase()),
        );
        resolve({ headers: kept, body: Buffer.concat(chunks).toString('utf8') });
      });
    });
    sent.on('error', reject);
    sent.end(body);
  });
}
