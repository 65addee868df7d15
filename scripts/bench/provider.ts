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

/** Milliseconds from the start of `node -e 0` to its end, in the environment that the provider gets. */
export async function emptyNode(): Promise<number> {
  const began = performance.now();
  const env = { PATH: process.env.PATH };
  const [code] = await once(ended(spawn('node', ['-e', '0'], { stdio: 'ignore', env })), 'exit');
  if (code !== 0) throw new Error(`node -e 0 ended with ${code}`);
  return performance.now() - began;
}

/**
 * Starts the executable as Terraform does, for a user with that home. Answers milliseconds from its start to the line that says where
 * to connect.
 */
export async function handshake(executable: string, home: string): Promise<number> {
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
  child.kill('SIGTERM');
  await once(child, 'exit');
  if (!line.startsWith('1|6|')) throw new Error(line);
  return elapsed;
}

const CLIENT = createCertificate();

/** What the processes of one command have cost. */
export interface Cost {
  /** Milliseconds from start to end. */
  readonly elapsed: number;
  /** Seconds of processor time of Terraform and its providers together, and of the providers alone. */
  readonly cpu: number;
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
  const cpu = childrenCpu();
  const began = performance.now();
  try {
    await command();
  } finally {
    clearInterval(watch);
  }
  const seen = [...providers.values()];
  return {
    elapsed: performance.now() - began,
    cpu: childrenCpu() - cpu,
    providerCpu: seen.reduce((sum, one) => sum + one.cpu, 0),
    providerPeak: Math.max(0, ...seen.map(({ peak }) => peak)),
  };
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

/** User and system time of a process, then those of its ended children, in seconds (`proc_pid_stat(5)`, fields 14 to 17). */
function timesOf(pid: number): number[] {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]?.split(' ') ?? [];
  return fields.slice(11, 15).map((ticks) => Number(ticks) / 100);
}
