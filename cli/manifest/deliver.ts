/** Takes secrets to their sinks. Each of them can be repeated: it leads to the same. */
import { spawn } from 'node:child_process';
import { accessSync, constants, existsSync, statSync } from 'node:fs';
import { delimiter, dirname, join, resolve } from 'node:path';
import { createInterface } from 'node:readline';
import { fileTrouble, readText } from '../file-trouble.ts';
import { handOver } from '../hand-over.ts';
import { masked } from '../masking.ts';
import type { Environment } from '../profiles.ts';
import { setEntry } from './dotenv.ts';
import { appendLineDurably, targetOf, writeDurably } from './durable.ts';
import type { Sink } from './sinks.ts';

export interface Surroundings {
  readonly environment: Environment;
  readonly stdout: NodeJS.WritableStream;
  readonly stderr: NodeJS.WritableStream;
  readonly signal?: AbortSignal;
}

/**
 * Resolves when the secret of the token at `address` is where the sink leads to, and on the disk where that is a file.
 * Rejects with an `Error` that says why it is not, and with the reason of the signal, which ends a command; never with the secret
 * in it.
 */
export async function deliver(
  sink: Sink,
  { address, secret }: { readonly address: string; readonly secret: string },
  { environment, stdout, stderr, signal }: Surroundings,
): Promise<void> {
  switch (sink.type) {
    case 'file':
      writeDurably(sink.path, `${secret}\n`);
      return;
    case 'dotenv':
      writeDurably(sink.path, setEntry(readIfThere(sink.path), sink.key, secret));
      return;
    case 'command':
      await run(sink.command, secret, { directory: sink.directory, environment, stderr, signal });
      return;
    case 'github-output':
      // Before it is anywhere else: what the step prints from now on hides it. The runner reads both streams, and shows this line
      // to nobody; everywhere else it would be shown.
      if (environment.GITHUB_ACTIONS === 'true') await handOver(stderr, `::add-mask::${secret}\n`);
      appendLineDurably(environment.GITHUB_OUTPUT ?? '', `${sink.key}=${secret}`);
      return;
    case 'stdout-json':
      await handOver(stdout, `${JSON.stringify({ address, secret })}\n`);
  }
}

/** Why a secret could not be taken there now; `undefined` when nothing speaks against it. */
export function obstacle(sink: Sink, environment: Environment): string | undefined {
  switch (sink.type) {
    case 'file':
    case 'dotenv':
      return obstacleAt(sink.path);
    case 'command':
      return findProgram(sink.command[0], sink.directory, environment)
        ? undefined
        : `there is no program ${sink.command[0]}`;
    case 'github-output':
      if (!environment.GITHUB_OUTPUT) return 'GITHUB_OUTPUT is not set: this is no step of GitHub Actions';
      return obstacleToAppend(environment.GITHUB_OUTPUT);
    default:
      return undefined;
  }
}

/** Why nothing could be put in the place of what a path leads to. */
function obstacleAt(path: string): string | undefined {
  try {
    const target = targetOf(path);
    if (existsSync(target) && statSync(target).isDirectory()) return `${target} is a directory`;
    return obstacleIn(dirname(target));
  } catch (error) {
    return fileTrouble(error);
  }
}

/** Why nothing could be appended to what a path leads to. */
function obstacleToAppend(path: string): string | undefined {
  if (!existsSync(path) || statSync(path).isDirectory()) return obstacleAt(path);
  return isAccessible(path, constants.R_OK | constants.W_OK) ? undefined : `${path} cannot be read and written`;
}

function obstacleIn(wanted: string): string | undefined {
  let directory = wanted;
  while (!existsSync(directory) && dirname(directory) !== directory) directory = dirname(directory);
  if (!statSync(directory).isDirectory()) return `${directory} is no directory`;
  return isAccessible(directory, constants.W_OK | constants.X_OK)
    ? undefined
    : `nothing can be written in ${directory}`;
}

function isAccessible(path: string, mode: number): boolean {
  try {
    accessSync(path, mode);
    return true;
  } catch {
    return false;
  }
}

function findProgram(name: string, directory: string, environment: Environment): boolean {
  const places = name.includes('/')
    ? [resolve(directory, name)]
    : (environment.PATH ?? '').split(delimiter).map((place) => join(place, name));
  return places.some((path) => isAccessible(path, constants.X_OK));
}

/**
 * Without a shell. What it prints goes to standard error, since standard output is for what was asked for, and without the
 * secret, which many a program repeats.
 */
function run(
  [program, ...parameters]: readonly [string, ...string[]],
  input: string,
  given: {
    directory: string;
    environment: Environment;
    stderr: NodeJS.WritableStream;
    signal: AbortSignal | undefined;
  },
): Promise<void> {
  const { directory, stderr, signal } = given;
  // What takes the secret of one token has no use for another, which may do more.
  const { ACCREDIT_TOKEN: _own, ...environment } = given.environment;
  return new Promise((settle, reject) => {
    const child = spawn(program, parameters, {
      cwd: directory,
      env: environment as NodeJS.ProcessEnv,
      stdio: 'pipe',
      ...(signal && { signal }),
    });
    for (const output of [child.stdout, child.stderr]) {
      createInterface({ input: output }).on('line', (line) => void stderr.write(`${masked(line)}\n`));
    }
    child.on('error', (error) => {
      if (signal?.aborted !== true) reject(new Error(`${program} cannot be run: ${error.message}`));
      else if (child.pid === undefined) reject(signal.reason);
    });
    child.once('exit', () => {
      if (signal?.aborted !== true) return;
      // What it has started may hold its output open for long.
      child.stdout.destroy();
      child.stderr.destroy();
      reject(signal.reason);
    });
    child.once('close', (status, name) => {
      if (status === 0) settle();
      else reject(new Error(`${program} ended with ${name ?? `status ${status}`}`));
    });
    // A program that does not read to the end says by its status whether that is a failure.
    child.stdin.once('error', () => undefined).end(input);
  });
}

function readIfThere(path: string): string {
  return existsSync(path) ? readText(path) : '';
}
