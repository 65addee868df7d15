/**
 * The command `accredit`, killed by SIGKILL at a step: before each thing that others can see (a file opened, written, synced,
 * renamed or removed, a request sent, a program started, something printed), and after each answer and print. No hook in the command is needed: a module that is
 * loaded before it stands between it and Node's own.
 */
import { accredit } from '../support/process.ts';

/** Loaded before the command. Counts steps, and dies at the given one. */
function killer(directory: string, step: number): string {
  return `
import fs from 'node:fs';
import http from 'node:http';
import children from 'node:child_process';
import { syncBuiltinESMExports } from 'node:module';
let left = ${step};
const ours = new Set();
const at = () => { left -= 1; if (left === 0) process.kill(process.pid, 'SIGKILL'); };
const within = (path) => typeof path === 'string' && path.startsWith(${JSON.stringify(directory)});
const around = (module, name, isStep, then) => {
  const real = module[name];
  module[name] = (...given) => {
    if (isStep(...given)) at();
    const result = real.apply(module, given);
    then?.(result, ...given);
    return result;
  };
};
around(fs, 'openSync', (path, flags) => within(path) && flags !== 'r', (file, path) => { if (within(path)) ours.add(file); });
around(fs, 'writeSync', (file) => ours.has(file));
around(fs, 'fsyncSync', (file) => ours.has(file));
around(fs, 'closeSync', () => false, (_, file) => ours.delete(file));
around(fs, 'renameSync', within);
around(fs, 'rmSync', (path) => within(path) && fs.existsSync(path));
around(children, 'spawn', () => true, (child) => child.prependListener('close', at));
around(http, 'request', () => true, (request) => request.prependListener('response', at));
around(process.stdout, 'write', () => true, at);
syncBuiltinESMExports();
`;
}

export interface Ended {
  /** 0, or `SIGKILL`. */
  readonly status: number | string;
  /** The lines on standard output. */
  readonly printed: readonly string[];
}

/**
 * Runs the command with these words. It ends by `SIGKILL` if it comes as far as step number `step` (from 1) of those that it takes in
 * `directory` and towards the daemon and whoever reads it. Rejects where it fails.
 */
export async function killedAt(
  step: number,
  directory: string,
  words: readonly string[],
  env: Readonly<Record<string, string>>,
): Promise<Ended> {
  const module = `data:text/javascript,${encodeURIComponent(killer(directory, step))}`;
  const running = accredit(words, { env: { ...env, NODE_OPTIONS: `--import=${module}` } });
  const status = await running.exit;
  if (status !== 'SIGKILL' && status !== 0) throw new Error(`ended with ${status}:\n${running.stderr()}`);
  return { status, printed: running.lines };
}
