/** The provider as Terraform runs it, and what its processes cost. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { createCertificate } from '../../terraform-provider/plugin/certificate.ts';
import { MAGIC_COOKIE } from '../../terraform-provider/plugin/handshake.ts';
import { ended } from './processes.ts';

/** How often a running provider is looked at, in milliseconds. */
const INTERVAL = 50;

/** What something has cost. */
export interface Timed {
  /** Milliseconds from start to end. */
  readonly elapsed: number;
  /** Seconds of processor time of all processes that it started, and that have ended. */
  readonly cpu: number;
}

/** Times a command. Its processor time is counted in hundredths of a second. Linux only. */
export async function timed(command: () => Promise<unknown>): Promise<Timed> {
  const cpu = childrenCpu();
  const began = performance.now();
  await command();
  return { elapsed: performance.now() - began, cpu: childrenCpu() - cpu };
}

/** Runs `node -e 0` in the environment that the provider gets. */
export async function emptyNode(): Promise<void> {
  const env = { PATH: process.env.PATH };
  const [code] = await once(ended(spawn('node', ['-e', '0'], { stdio: 'ignore', env })), 'exit');
  if (code !== 0) throw new Error(`node -e 0 ended with ${code}`);
}

/**
 * Starts the executable as Terraform does, for a user with that home, and times it up to the line that says where to connect. What
 * it does while Terraform would connect is not counted.
 */
export async function handshake(executable: string, home: string): Promise<Timed> {
  const env = {
    PATH: process.env.PATH,
    HOME: home,
    [MAGIC_COOKIE.name]: MAGIC_COOKIE.value,
    PLUGIN_PROTOCOL_VERSIONS: '5,6',
    PLUGIN_CLIENT_CERT: CLIENT.certificate,
  };
  const began = performance.now();
  const child = ended(spawn(executable, [], { stdio: ['ignore', 'pipe', 'inherit'], env }));
  const [line] = (await once(createInterface({ input: child.stdout }), 'line')) as [string];
  const elapsed = performance.now() - began;
  const cpu = cpuOfThreads(child.pid as number);
  child.kill('SIGTERM');
  await once(child, 'exit');
  if (!line.startsWith('1|6|')) throw new Error(line);
  return { elapsed, cpu };
}

const CLIENT = createCertificate();

/** What the processes of one command have cost. */
export interface Cost extends Timed {
  /** Of the processor time, what the providers have used. */
  readonly providerCpu: number;
  /** The most that one provider process had resident, in bytes. */
  readonly providerPeak: number;
}

/** Runs a command of Terraform, started by this process, and watches the providers which that starts. Linux only. */
export async function costOf(command: () => Promise<unknown>): Promise<Cost> {
  const providers = new Map<number, { cpu: number; peak: number }>();
  const watch = setInterval(() => {
    for (const pid of descendants(process.pid)) look(pid, providers);
  }, INTERVAL);
  try {
    const all = await timed(command);
    const seen = [...providers.values()];
    return {
      ...all,
      providerCpu: seen.reduce((sum, one) => sum + one.cpu, 0),
      providerPeak: Math.max(0, ...seen.map(({ peak }) => peak)),
    };
  } finally {
    clearInterval(watch);
  }
}

/** A process that ends between two looks keeps what the last one has seen. */
function look(pid: number, providers: Map<number, { cpu: number; peak: number }>): void {
  try {
    if (!readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes('terraform-provider-accredit')) return;
    const peak = Number(/^VmHWM:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]) * 1024;
    const [user, system] = timesOf(pid);
    providers.set(pid, { cpu: (user as number) + (system as number), peak });
  } catch {}
}

function descendants(pid: number): number[] {
  try {
    const children = readdirSync(`/proc/${pid}/task`).flatMap((task) =>
      readFileSync(`/proc/${pid}/task/${task}/children`, 'utf8').split(' ').filter(Boolean).map(Number),
    );
    return children.flatMap((child) => [child, ...descendants(child)]);
  } catch {
    return [];
  }
}

/** Processor time of the children of this process that have ended, with theirs, in seconds. */
function childrenCpu(): number {
  const [, , user, system] = timesOf(process.pid);
  return (user as number) + (system as number);
}

/** Seconds of processor time of the threads that a process has now, to the nanosecond. */
function cpuOfThreads(pid: number): number {
  const times = readdirSync(`/proc/${pid}/task`).map((task) =>
    Number(readFileSync(`/proc/${pid}/task/${task}/schedstat`, 'utf8').split(' ')[0]),
  );
  return times.reduce((sum, each) => sum + each, 0) / 1e9;
}

/** User and system time of a process, then those of its ended children, in seconds (`proc_pid_stat(5)`, fields 14 to 17). */
function timesOf(pid: number): number[] {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]?.split(' ') ?? [];
  return fields.slice(11, 15).map((ticks) => Number(ticks) / 100);
}
