/** The command in front of a real daemon: in this process for breadth, as the real binary, and in a terminal. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { PassThrough } from 'node:stream';
import { run } from '../../cli/main.ts';
import type { Host } from '../../cli/session.ts';
import { flagsOf } from '../../daemon/command.ts';
import { checkInstallation } from '../../daemon/doctor.ts';
import { DAEMON_VERBS, type DaemonVerb } from '../../daemon/verbs.ts';
import { type FakeClock, fakeClock, startTestDaemon, type TestDaemon } from '../support/daemon.ts';

export const COMMAND = join(import.meta.dirname, '../../bin/accredit');

export type Env = Readonly<Record<string, string>>;

export interface Ran {
  /** The exit status, or the signal that ended it. */
  readonly status: number | string;
  readonly stdout: string;
  readonly stderr: string;
}

/** What `bin/accredit` gives the command. */
export const HOST: Host = {
  daemonVerbs: DAEMON_VERBS,
  daemonFlags: async (verb) => flagsOf(verb as DaemonVerb),
  checkInstallation,
};

export interface Place {
  readonly path: string;
  file(name: string): string;
  write(name: string, text: string, mode?: number): string;
  read(name: string): string;
  mode(name: string): number;
  /** Runs the command in this process, without a terminal. */
  cli(words: readonly string[], env?: Env, input?: string): Promise<Ran>;
  /** Starts the real one. Killed after the test if it still runs. */
  start(words: readonly string[], env?: Env): Started;
  /** Starts the real one in a terminal. */
  terminal(words: readonly string[], env?: Env): Terminal;
}

export interface Started {
  readonly child: ChildProcess;
  readonly ended: Promise<Ran>;
}

export interface Terminal extends Started {
  /** Resolves once the terminal shows that. */
  shows(text: string): Promise<void>;
  type(keys: string): void;
  /** Sends the command a signal, once the terminal shows anything. */
  kill(name: NodeJS.Signals): Promise<void>;
  /** Makes it so many columns wide. */
  resize(columns: number): Promise<void>;
}

/** Declares that each test of the suite gets an empty directory, which is also its home. */
export function freshPlace(environment: () => Env = () => ({})): () => Place {
  let place: Place | undefined;
  const started: ChildProcess[] = [];
  beforeEach(function () {
    // A test may start several processes, each of which takes seconds on a busy machine.
    this.currentTest?.timeout(60_000);
    const path = mkdtempSync(join(tmpdir(), 'accredit-cli-'));
    const file = (name: string) => join(path, name);
    const base = () => ({ HOME: path, ACCREDIT_DATA_DIR: join(path, 'no-data'), ...environment() });
    const keep = <T extends Started>(process: T): T => {
      started.push(process.child);
      return process;
    };
    place = {
      path,
      file,
      write(name, text, mode = 0o600) {
        mkdirSync(dirname(file(name)), { recursive: true });
        writeFileSync(file(name), text);
        chmodSync(file(name), mode);
        return file(name);
      },
      read: (name) => readFileSync(file(name), 'utf8'),
      mode: (name) => statSync(file(name)).mode & 0o777,
      async cli(words, env = {}, input = '') {
        const streams = { stdin: new PassThrough(), stdout: new PassThrough(), stderr: new PassThrough() };
        streams.stdin.end(input);
        const status = await run(words, { ...base(), ...env }, HOST, streams);
        const text = (stream: PassThrough) => String(stream.read() ?? '');
        return { status, stdout: text(streams.stdout), stderr: text(streams.stderr) };
      },
      start: (words, env = {}) => keep(startBinary(words, { ...base(), ...env }, path)),
      terminal: (words, env = {}) => keep(startInTerminal(words, { ...base(), ...env }, path)),
    };
  });
  afterEach(async () => {
    for (const child of started.splice(0)) {
      if (child.exitCode !== null || child.signalCode !== null) continue;
      child.kill('SIGKILL');
      await once(child, 'close');
    }
    rmSync((place as Place).path, { recursive: true, force: true });
  });
  return () => place as Place;
}

export interface Stage {
  readonly daemon: TestDaemon;
  readonly clock: FakeClock;
}

/** Declares a daemon for each test, whose clock stands still, and a directory whose commands speak to it as its first owner. */
export function freshStage(): { readonly stage: () => Stage; readonly place: () => Place } {
  let stage: Stage | undefined;
  beforeEach(async () => {
    const clock = fakeClock();
    stage = { daemon: await startTestDaemon({ clock }), clock };
  });
  afterEach(() => stage?.daemon.close());
  const place = freshPlace(() => {
    const { url, adminToken } = (stage as Stage).daemon;
    return { ACCREDIT_ENDPOINT: url, ACCREDIT_TOKEN: adminToken };
  });
  return { stage: () => stage as Stage, place };
}

function environmentOf(env: Env): Record<string, string | undefined> {
  const inherited = Object.entries(process.env).filter(([name]) => !/^(ACCREDIT_|NO_COLOR$|FORCE_COLOR$)/.test(name));
  return { ...Object.fromEntries(inherited), ...env };
}

function startBinary(words: readonly string[], env: Env, cwd: string): Started {
  const child = spawn(process.execPath, [COMMAND, ...words], {
    cwd,
    env: environmentOf(env),
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  return { child, ended: collect(child) };
}

/** As of a reader that has ended before anything came. */
export function closed(started: Started, ...streams: ('stdout' | 'stderr')[]): Started {
  for (const name of streams) started.child[name]?.destroy();
  return started;
}

/** By `script` (util-linux), which opens a pseudo-terminal; what it shows is on its standard output. */
function startInTerminal(words: readonly string[], env: Env, cwd: string): Terminal {
  const quoted = [process.execPath, COMMAND, ...words].map((word) => `'${word}'`).join(' ');
  const child = spawn('script', ['-qfec', `tty; echo "process $$"; exec ${quoted}`, '/dev/null'], {
    cwd,
    env: environmentOf({ TERM: 'xterm', ...env }),
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  let shown = '';
  let ended = false;
  const looking = new Set<() => void>();
  const look = () => {
    for (const each of looking) each();
  };
  child.stdout?.on('data', (text: Buffer) => {
    shown += text.toString('utf8');
    look();
  });
  child.on('close', () => {
    ended = true;
    look();
  });
  const shows = (text: string) =>
    new Promise<void>((resolve, reject) => {
      const settle = () => {
        if (shown.includes(text)) resolve();
        else if (ended) reject(new Error(`it ended without showing "${text}":\n${shown}`));
        else return;
        looking.delete(settle);
      };
      looking.add(settle);
      settle();
    });
  return {
    child,
    ended: collect(child),
    shows,
    type: (keys) => void child.stdin?.write(keys),
    async kill(name) {
      await shows('process ');
      const [, id] = /process (\d+)/.exec(shown) ?? [];
      process.kill(Number(id), name);
    },
    async resize(columns) {
      await shows('\n');
      const [device = ''] = /\/dev\/\S+/.exec(shown) ?? [];
      const stty = spawn('stty', ['-F', device, 'cols', String(columns)], { stdio: 'ignore' });
      const [status] = await once(stty, 'close');
      if (status !== 0) throw new Error(`the terminal ${device} could not be resized`);
    },
  };
}

async function collect(child: ChildProcess): Promise<Ran> {
  const text = { stdout: '', stderr: '' };
  for (const name of ['stdout', 'stderr'] as const) {
    child[name]?.setEncoding('utf8').on('data', (chunk: string) => {
      text[name] += chunk;
    });
  }
  const [status, signal] = await once(child, 'close');
  return { ...text, status: status ?? signal };
}
