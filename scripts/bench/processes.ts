/** Processes that are measured: each a Node of its own, ready when it says so, and what it costs the machine. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { text } from 'node:stream/consumers';

const ROOT = join(import.meta.dirname, '../..');

export interface Measured {
  readonly url: string;
  /** From the start of the process to its ready line, in milliseconds. */
  readonly startMs: number;
  /** Processor time that it has used so far, in seconds. */
  cpu(): number;
  /** Resident memory, in bytes. */
  rss(): number;
  /** The most that it ever was. */
  peak(): number;
  stop(): Promise<void>;
}

export interface Started {
  readonly words: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  /** Where standard error goes; nowhere if left out. */
  readonly log?: string;
}

const running = new Set<ChildProcess>();
process.once('exit', () => {
  for (const child of running) child.kill('SIGKILL');
});

/** Ends the process with this one, however this one ends, so that a failed run leaves nothing behind. */
export function ended<Child extends ChildProcess>(child: Child): Child {
  running.add(child);
  child.once('exit', () => running.delete(child));
  return child;
}

/**
 * Starts `node` with these words; ready when it prints a line that ends in `ready on URL`. Throws when it ends before, or
 * says nothing for a minute.
 */
export async function start({ words, env = {}, log = '/dev/null' }: Started): Promise<Measured> {
  const inherited = Object.entries(process.env).filter(([name]) => !name.startsWith('ACCREDIT_'));
  const errors = openSync(log, 'a');
  const began = performance.now();
  const child = ended(
    spawn(process.execPath, words, {
      cwd: ROOT,
      env: { ...Object.fromEntries(inherited), ...env },
      stdio: ['ignore', 'pipe', errors],
    }),
  );
  closeSync(errors);
  const url = await ready(child, words);
  const startMs = performance.now() - began;
  // Whatever is measured of it from now on is wrong, and a refused connection does not say why.
  const lost = (code: number | null, signal: string | null) =>
    console.error(`node ${words.join(' ')} ended with ${code ?? signal} while it was measured`);
  child.once('exit', lost);
  return {
    url,
    startMs,
    cpu: () => cpuOf(child.pid as number),
    rss: () => memoryOf(child.pid as number, 'VmRSS'),
    peak: () => memoryOf(child.pid as number, 'VmHWM'),
    async stop() {
      if (child.exitCode !== null || child.signalCode !== null) return;
      child.off('exit', lost);
      const exit = once(child, 'exit');
      child.kill('SIGTERM');
      await exit;
    },
  };
}

export interface Ended {
  /** From its start to its end, in milliseconds. */
  readonly ms: number;
  /** The most memory that was ever resident, in bytes. */
  readonly peak: number;
}

/** Loaded into the process, says as the last thing on a channel of its own what `getrusage` knows, in kibibytes. */
const TELL_PEAK = `data:text/javascript,${encodeURIComponent(
  "import { writeSync } from 'node:fs'; process.on('exit', () => writeSync(3, String(process.resourceUsage().maxRSS)));",
)}`;

/** Runs `node` with these words to its end. What it prints goes nowhere. Throws when it fails. */
export async function runToEnd({ words, env = {} }: Omit<Started, 'log'>): Promise<Ended> {
  const inherited = Object.entries(process.env).filter(([name]) => !name.startsWith('ACCREDIT_'));
  const began = performance.now();
  const child = ended(
    spawn(process.execPath, ['--import', TELL_PEAK, ...words], {
      cwd: ROOT,
      env: { ...Object.fromEntries(inherited), ...env },
      stdio: ['ignore', 'ignore', 'pipe', 'pipe'],
    }),
  );
  const [said, complaint, [code, signal]] = await Promise.all([
    text(child.stdio[3] as NodeJS.ReadableStream),
    text(child.stderr as NodeJS.ReadableStream),
    once(child, 'close'),
  ]);
  if (code !== 0) throw new Error(`node ${words.join(' ')} ended with ${code ?? signal}: ${complaint.slice(-1000)}`);
  return { ms: performance.now() - began, peak: Number(said) * 1024 };
}

function ready(child: ChildProcess, words: readonly string[]): Promise<string> {
  return new Promise((resolve, reject) => {
    createInterface({ input: child.stdout as NodeJS.ReadableStream }).on('line', (line) => {
      const url = /ready on (\S+)$/.exec(line)?.[1];
      if (url !== undefined) resolve(url);
    });
    const late = setTimeout(() => reject(new Error(`node ${words.join(' ')} is not ready after a minute`)), 60_000);
    late.unref();
    child.once('exit', (code, signal) => reject(new Error(`node ${words.join(' ')} ended with ${code ?? signal}`)));
  });
}

/** The 14th and 15th field of `/proc/PID/stat` are user and system time in hundredths of a second. */
function cpuOf(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]?.split(' ') ?? [];
  return (Number(fields[11]) + Number(fields[12])) / 100;
}

function memoryOf(pid: number, field: 'VmRSS' | 'VmHWM'): number {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8');
  return Number(new RegExp(`^${field}:\\s+(\\d+) kB`, 'm').exec(status)?.[1]) * 1024;
}

/** Starts one of `baselines/`, which reads `input` as JSON from its environment. */
export function startBaseline(name: string, input: unknown = {}): Promise<Measured> {
  const file = join(ROOT, 'scripts/bench/baselines', `${name}.ts`);
  return start({ words: ['--import', 'tsx', file], env: { BENCH_INPUT: JSON.stringify(input) } });
}
