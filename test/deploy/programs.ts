/** Programs that run while a test does. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createConnection } from 'node:net';
import { delimiter } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';

export interface Starting {
  readonly environment?: Readonly<Record<string, string>>;
  /** What it prints when it is ready; or where it can then be reached. */
  readonly ready?: RegExp;
  readonly address?: string;
}

/** Starts a program and resolves when it is ready. Rejects with what it said when it ends before. */
export async function startProgram(
  program: string,
  words: readonly string[],
  { environment = {}, ready, address }: Starting,
): Promise<{ stop(): Promise<void> }> {
  const PATH = [process.env.PATH, '/usr/sbin'].join(delimiter);
  const child = spawn(program, words, { env: { PATH, ...environment }, stdio: ['ignore', 'pipe', 'pipe'] });
  let said = '';
  const ended = once(child, 'close');
  await new Promise<void>((resolve, reject) => {
    for (const output of [child.stdout, child.stderr]) {
      output.setEncoding('utf8').on('data', (text: string) => {
        said += text;
        if (ready?.test(said)) resolve();
      });
    }
    ended.then(([status]) => reject(new Error(`${program} ended with ${status}:\n${said}`)), reject);
    if (address !== undefined)
      reachable(address, () => child.exitCode === null).then((isThere) => isThere && resolve(), reject);
  });
  return {
    async stop() {
      if (child.exitCode === null && child.signalCode === null) child.kill('SIGTERM');
      await ended;
    },
  };
}

/** Resolves with `true` once something takes connections there, with `false` once that is not to be expected any more. */
async function reachable(address: string, isWorthIt: () => boolean): Promise<boolean> {
  const [host, port] = address.split(':');
  while (isWorthIt()) {
    const isThere = await new Promise<boolean>((resolve) => {
      const socket = createConnection({ host, port: Number(port) });
      socket.once('connect', () => resolve(true)).once('error', () => resolve(false));
      socket.once('connect', () => socket.end());
    });
    if (isThere) return true;
    // Not at once: what is starting has better use for the processor.
    await delay(5);
  }
  return false;
}
