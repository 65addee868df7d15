/** `terraform`, or a script around it, as a terminal starts it; ended when it takes too long. */
import { spawn } from 'node:child_process';

/** How long a command may take if nothing else is said, in milliseconds. */
export const COMMAND_TIMEOUT = 120_000;
/** Characters of the output of a command that takes too long: the end says where it is. */
const MOST_SHOWN = 10_000;

export interface Run {
  readonly exitCode: number;
  /** Standard output and standard error, in the order in which they came. */
  readonly output: string;
  readonly stdout: string;
}

/** A `terraform` that may still run. */
export interface Running {
  /** Sends a signal to Terraform, or with `group` to all that a terminal would send it to. */
  signal(signal: NodeJS.Signals, to: 'terraform' | 'group'): void;
  /** Its end; -1 stands for the exit code of one that was killed. Rejects when it takes too long. */
  readonly ended: Promise<Run>;
}

/** Runs a command to its end, and answers whatever its exit code is. Takes what `launch` takes. */
export function execute(...command: Parameters<typeof launch>): Promise<Run> {
  return launch(...command).ended;
}

/** Starts a command in `cwd`, with no variables but those of `env`. It has `timeout` milliseconds. */
export function launch(
  command: string,
  args: readonly string[],
  cwd: string,
  env: Record<string, string>,
  timeout = COMMAND_TIMEOUT,
): Running {
  // In a process group of its own, as a shell starts it in a terminal.
  const child = spawn(command, args, { cwd, env, stdio: ['ignore', 'pipe', 'pipe'], detached: true });
  const ended = new Promise<Run>((resolve, reject) => {
    let output = '';
    let stdout = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      output += text;
      stdout += text;
    });
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      output += text;
    });
    // Nobody waits for it once this process is gone.
    const kill = (): void => void child.kill('SIGKILL');
    process.prependOnceListener('exit', kill);
    const timer = setTimeout(() => {
      kill();
      const shown = output.slice(-MOST_SHOWN);
      reject(new Error(`${command} ${args.join(' ')} took longer than ${timeout / 1000} s:\n${shown}`));
    }, timeout);
    const settle = (): void => {
      clearTimeout(timer);
      process.removeListener('exit', kill);
    };
    child.once('error', (error) => {
      settle();
      reject(error);
    });
    child.once('close', (code) => {
      settle();
      resolve({ exitCode: code ?? -1, output, stdout });
    });
  });
  return {
    ended,
    signal(signal, to) {
      if (child.pid !== undefined) process.kill(to === 'group' ? -child.pid : child.pid, signal);
    },
  };
}
