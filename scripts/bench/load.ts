/** Load from a process of its own, so that what makes it costs what is measured nothing. */
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ended } from './processes.ts';

export interface Request {
  readonly method?: string;
  /** With `{n}` a number that is another one for each request. */
  readonly path: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
}

export interface Load {
  readonly url: string;
  readonly connections: number;
  readonly seconds: number;
  /** Sent in turn. */
  readonly requests: readonly Request[];
  /** Requests a second in all, whatever the answers take; as many as can be if left out. */
  readonly rate?: number;
  /** The first number for `{n}`. */
  readonly from?: number;
}

export interface Result {
  readonly perSecond: number;
  readonly requests: number;
  /** Milliseconds. */
  readonly p50: number;
  readonly p99: number;
  /** Answers that were no success, and requests without an answer. */
  readonly failed: number;
}

/** What makes the load: wrk, which costs the machine least, where it is installed. */
export type Generator = 'wrk' | 'autocannon';

const GENERATORS: readonly Generator[] = ['wrk', 'autocannon'];

export const INSTALLED: Generator = isInstalled('wrk') ? 'wrk' : 'autocannon';

/** The generator of that name. Throws `RangeError` for another name, and for one that is not installed. */
export function generatorOf(name: string): Generator {
  const found = GENERATORS.find((generator) => generator === name);
  if (found === undefined) throw new RangeError(`the load is made by ${GENERATORS.join(' or ')}, not by ${name}`);
  if (found === 'wrk' && INSTALLED !== 'wrk') throw new RangeError('wrk is not on the PATH');
  return found;
}

/**
 * Runs the load in another process and resolves with what came of it. Numbers in paths take autocannon whatever
 * `generator` says, and a rate takes `steady.ts`: autocannon knows whole milliseconds only.
 */
export async function load(options: Load, generator: Generator = INSTALLED): Promise<Result> {
  const isPlain = options.rate === undefined && options.requests.every(({ path }) => !path.includes('{n}'));
  return generator === 'wrk' && isPlain ? wrk(options) : cannon(options);
}

async function cannon(options: Load): Promise<Result> {
  const file = join(import.meta.dirname, 'loader.ts');
  const child = ended(spawn(process.execPath, ['--import', 'tsx', file], { stdio: ['pipe', 'pipe', 'inherit'] }));
  let output = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    output += text;
  });
  child.stdin.end(JSON.stringify(options));
  const [code] = await once(child, 'close');
  if (code !== 0) throw new Error(`the load generator ended with ${code}`);
  return JSON.parse(output) as Result;
}

async function wrk({ url, connections, seconds, requests }: Load): Promise<Result> {
  const directory = mkdtempSync(join(tmpdir(), 'accredit-wrk-'));
  try {
    const script = join(directory, 'requests.lua');
    writeFileSync(script, luaOf(requests));
    const words = ['-t1', `-c${connections}`, `-d${seconds}s`, '--latency', '-s', script, url];
    const child = ended(spawn('wrk', words, { stdio: ['ignore', 'pipe', 'inherit'] }));
    let output = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      output += text;
    });
    const [code] = await once(child, 'close');
    if (code !== 0) throw new Error(`wrk ended with ${code}`);
    return resultOf(output);
  } finally {
    rmSync(directory, { recursive: true });
  }
}

/** The requests, formatted once; wrk sends them in turn. */
function luaOf(requests: readonly Request[]): string {
  const quoted = (text: string) => `"${text.replace(/[\\"]/g, '\\$&').replaceAll('\n', '\\n')}"`;
  const lines = requests.map(({ method = 'GET', path, headers = {}, body }) => {
    const pairs = Object.entries(headers).map(([name, value]) => `[${quoted(name)}]=${quoted(value)}`);
    return `add(${quoted(method)}, ${quoted(path)}, {${pairs.join(',')}}, ${body === undefined ? 'nil' : quoted(body)})`;
  });
  return `local list, at, asked = {}, 0, {}
local function add(...) asked[#asked + 1] = { ... } end
${lines.join('\n')}
init = function()
  for index, one in ipairs(asked) do list[index] = wrk.format(one[1], one[2], one[3], one[4]) end
end
request = function()
  at = at % #list + 1
  return list[at]
end
done = function(summary, latency)
  local errors = summary.errors
  io.write(string.format("RESULT %d %d %d %d %d\\n", summary.requests, summary.duration,
    latency:percentile(50), latency:percentile(99), errors.status + errors.connect + errors.read + errors.write + errors.timeout))
end
`;
}

/** wrk counts in microseconds. */
function resultOf(output: string): Result {
  const found = /^RESULT (\d+) (\d+) (\d+) (\d+) (\d+)$/m.exec(output);
  if (found === null) throw new Error(`wrk printed no result:\n${output}`);
  const [requests, duration, p50, p99, failed] = found.slice(1).map(Number) as [number, number, number, number, number];
  return { requests, perSecond: requests / (duration / 1e6), p50: p50 / 1000, p99: p99 / 1000, failed };
}

function isInstalled(program: string): boolean {
  return spawnSync(program, ['--version'], { stdio: 'ignore' }).error === undefined;
}

/** The middle of an odd number of figures. */
export function median(figures: readonly number[]): number {
  return [...figures].sort((left, right) => left - right)[Math.floor(figures.length / 2)] as number;
}

/** How far the figures lie apart, as a part of their median. */
export function spread(figures: readonly number[]): number {
  return (Math.max(...figures) - Math.min(...figures)) / median(figures);
}
