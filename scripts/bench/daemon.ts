/** The daemon as it is run: a process on a data directory of its own, logging as it does by default. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Measured, start } from './processes.ts';

export const ACCOUNT = '/v1/organizations/default/accounts/bench';

export interface Daemon extends Measured {
  readonly directory: string;
  readonly adminToken: string;
  /** Sends a request as the first owner. Throws for an answer that is no success. */
  call(method: string, path: string, body?: object): Promise<Record<string, unknown>>;
}

/** An empty directory for a daemon, gone when the process ends. */
export function freshDirectory(): string {
  const directory = mkdtempSync(join(tmpdir(), 'accredit-bench-'));
  process.once('exit', () => rmSync(directory, { recursive: true, force: true }));
  return directory;
}

/** Starts one. Its log goes to a file in the directory, as a service manager would have it. */
export async function startDaemon(directory = freshDirectory()): Promise<Daemon> {
  const measured = await start({
    words: ['bin/accredit', 'serve'],
    env: { ACCREDIT_LISTEN: '127.0.0.1:0', ACCREDIT_DATA_DIR: join(directory, 'data') },
    log: join(directory, 'log'),
  });
  const adminToken = readFileSync(join(directory, 'data/admin-token'), 'utf8').trim();
  return {
    ...measured,
    directory,
    adminToken,
    async call(method, path, body) {
      const answer = await fetch(`${measured.url}${path}`, {
        method,
        headers: { Authorization: `Bearer ${adminToken}`, 'Content-Type': 'application/json' },
        ...(body !== undefined && { body: JSON.stringify(body) }),
      });
      const text = await answer.text();
      if (!answer.ok) throw new Error(`${method} ${path}: ${answer.status} ${text}`);
      return text === '' ? {} : JSON.parse(text);
    },
  };
}

/** An account that may write builds, with so many tokens. Answers their secrets. */
export async function makeTokens(daemon: Daemon, count: number): Promise<string[]> {
  await daemon.call('PUT', '/v1/organizations/default/roles/builder', { permissions: ['builds.write'] });
  await daemon.call('PUT', ACCOUNT, { grants: [{ role: 'builder' }] });
  const secrets: string[] = [];
  for (let made = 0; made < count; made += 50) {
    const batch = Array.from({ length: Math.min(50, count - made) }, (_, index) =>
      daemon.call('PUT', `${ACCOUNT}/tokens/working-${made + index}`, {}),
    );
    for (const { secret } of await Promise.all(batch)) secrets.push(secret as string);
  }
  return secrets;
}
