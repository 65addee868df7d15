/** Where the secrets of tokens go, as manifest files declare it. */
import { existsSync, realpathSync } from 'node:fs';
import { dirname, relative, resolve } from 'node:path';
import type { Json, JsonObject } from '../../terraform-provider-spec/kind.ts';
import { targetOf } from './durable.ts';

/** One way out for a secret. Paths are absolute. */
export type Sink =
  | { readonly type: 'file'; readonly path: string }
  | { readonly type: 'dotenv'; readonly path: string; readonly key: string }
  | { readonly type: 'command'; readonly command: readonly [string, ...string[]]; readonly directory: string }
  | { readonly type: 'github-output'; readonly key: string }
  | { readonly type: 'stdout-json' };

/** A sink out of its valid declaration in `file`: relative paths start where that file lies. */
export function readSink(declared: Json, file: string): Sink {
  const [[type, value]] = Object.entries(declared as JsonObject) as [[string, Json]];
  const directory = dirname(resolve(file));
  switch (type) {
    case 'file':
      return { type, path: resolve(directory, value as string) };
    case 'dotenv': {
      const { file: path, key } = value as { file: string; key: string };
      return { type, path: resolve(directory, path), key };
    }
    case 'command':
      return { type, command: value as [string, ...string[]], directory };
    case 'github-output':
      return { type, key: (value as { key: string }).key };
    case 'stdout-json':
      return { type };
    default:
      throw new Error(`the description of manifest files has a sink "${type}" that is not known here`);
  }
}

/** What cannot hold a second secret without losing the first. */
export interface Target {
  /** A file, by its real path; or what holds parts of other kinds. */
  readonly place: string;
  /** Which part of it; the others can hold other secrets. Left out for all of it. */
  readonly part?: string;
}

/** Where the sink leaves the secret; `undefined` for what can be shared. */
export function targetOfSink(sink: Sink): Target | undefined {
  switch (sink.type) {
    case 'file':
      return { place: realPath(sink.path) };
    case 'dotenv':
      return { place: realPath(sink.path), part: sink.key };
    case 'github-output':
      return { place: 'GITHUB_OUTPUT', part: sink.key };
    default:
      return undefined;
  }
}

/** Behind links, also where nothing is yet; as it is where that cannot be told. */
function realPath(path: string): string {
  try {
    const target = targetOf(path);
    let there = target;
    while (!existsSync(there) && dirname(there) !== there) there = dirname(there);
    return resolve(realpathSync(there), relative(there, target));
  } catch {
    return path;
  }
}

/** The sink in a few words, for people. */
export function describeSink(sink: Sink): string {
  switch (sink.type) {
    case 'file':
      return `the file ${sink.path}`;
    case 'dotenv':
      return `${sink.key} in ${sink.path}`;
    case 'command':
      return `the command ${sink.command[0]}`;
    case 'github-output':
      return `the output ${sink.key} of the step`;
    case 'stdout-json':
      return 'standard output';
  }
}
