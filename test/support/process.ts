/** The command `accredit` as a process of its own. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

const COMMAND = join(import.meta.dirname, '../../bin/accredit');

export interface Running {
  readonly child: ChildProcess;
  /** The lines on standard output so far. */
  readonly lines: readonly string[];
  /** Everything on standard error so far. */
  stderr(): string;
  /** The URL of the ready line. Rejects when the process ends before it is ready. */
  readonly ready: Promise<string>;
  /** Its exit status, or the signal that ended it. */
  readonly exit: Promise<number | string>;
}

export interface Settings {
  readonly env?: Readonly<Record<string, string>>;
  /** A file that takes the standard output, which is then not read. */
  readonly stdout?: number;
  /** A command that runs it, with its own words. */
  readonly through?: readonly string[];
}

/** Starts `accredit` with these words. It sees no variable of this process that is its own. */
export function accredit(words: readonly string[], { env = {}, through = [], stdout }: Settings = {}): Running {
  const inherited = Object.entries(process.env).filter(([name]) => !name.startsWith('ACCREDIT_'));
  const [command = '', ...parameters] = [...through, process.execPath, COMMAND, ...words];
  const child = spawn(command, parameters, {
    env: { ...Object.fromEntries(inherited), ...env },
    stdio: ['ignore', stdout ?? 'pipe', 'pipe'],
  });
  const lines: string[] = [];
  let errors = '';
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    errors += text;
  });
  const exit = once(child, 'close').then(([status, signal]) => (status ?? signal) as number | string);
  const ready = new Promise<string>((resolve, reject) => {
    if (child.stdout !== null)
      createInterface({ input: child.stdout }).on('line', (line) => {
        lines.push(line);
        const url = /^accredit ready on (https?:\/\/\S+)$/.exec(line)?.[1];
        if (url !== undefined) resolve(url);
      });
    exit.then((status) => reject(new Error(`accredit ended with ${status} before it was ready:\n${errors}`)), reject);
  });
  // Who does not wait for it to be ready sees how it ended by `exit`.
  ready.catch(() => undefined);
  return { child, lines, stderr: () => errors, ready, exit };
}

/** Starts a daemon on `directory`, listening on a free port of 127.0.0.1. */
export function serve(directory: string, { env = {}, ...how }: Settings = {}, words: readonly string[] = []): Running {
  const settings = { ACCREDIT_LISTEN: '127.0.0.1:0', ACCREDIT_DATA_DIR: directory, ...env };
  return accredit(['serve', ...words], { env: settings, ...how });
}

/** Sends SIGTERM and waits for the end. */
export function stop(running: Running): Promise<number | string> {
  running.child.kill('SIGTERM');
  return running.exit;
}
