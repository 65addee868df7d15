/** Pipelines of GitHub Actions and GitLab CI, as far as carrying out their shell steps needs it. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { parse } from 'yaml';
import { readText } from '../architecture/sources.ts';

const ROOT = join(import.meta.dirname, '../..');

export interface Step {
  readonly name?: string;
  readonly id?: string;
  readonly uses?: string;
  readonly with?: Readonly<Record<string, unknown>>;
  readonly run?: string;
  readonly if?: string;
  readonly env?: Readonly<Record<string, string>>;
}

/** Answers the YAML of an example; throws for what is no YAML 1.2, a key that stands twice included. */
export function readPipeline(path: string) {
  return parse(readText(path), { strict: true, uniqueKeys: true });
}

/** A text with the expressions of GitHub in it resolved. Throws for one whose value nobody has given. */
export function resolved(text: string, values: Readonly<Record<string, string>>): string {
  return text.replace(/\$\{\{ (.*?) \}\}/g, (_, expression: string) => {
    const value = values[expression];
    if (value === undefined) throw new Error(`what is ${expression}?`);
    return value;
  });
}

export interface Ran {
  readonly status: number;
  readonly output: string;
}

/** A checkout of one of the examples, with `accredit` on the PATH. */
export class Checkout {
  readonly directory: string;
  readonly #programs: string;

  constructor(example: string) {
    this.directory = mkdtempSync(join(tmpdir(), 'accredit-pipeline-'));
    this.#programs = join(this.directory, '.programs');
    cpSync(join(ROOT, example), this.directory, { recursive: true });
    mkdirSync(this.#programs);
    this.program('accredit', `exec ${process.execPath} ${join(ROOT, 'bin/accredit')} "$@"`);
  }

  /** Puts a shell script on the PATH of the steps. */
  program(name: string, script: string): void {
    writeFileSync(join(this.#programs, name), `#!/bin/sh\n${script}\n`);
    chmodSync(join(this.#programs, name), 0o755);
  }

  file(name: string): string {
    return join(this.directory, name);
  }

  read(name: string): string {
    return existsSync(this.file(name)) ? readFileSync(this.file(name), 'utf8') : '';
  }

  /** Runs a script as the runner's shell does: it ends at the first command that fails. */
  async run(script: string, environment: Readonly<Record<string, string>>): Promise<Ran> {
    const child = spawn('bash', ['--noprofile', '--norc', '-eo', 'pipefail', '-c', script], {
      cwd: this.directory,
      env: { PATH: [this.#programs, process.env.PATH].join(delimiter), HOME: this.directory, ...environment },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let output = '';
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding('utf8').on('data', (text: string) => {
        output += text;
      });
    }
    await once(child, 'close');
    return { status: child.exitCode ?? -1, output };
  }

  remove(): void {
    rmSync(this.directory, { recursive: true, force: true });
  }
}

/** The outputs that a step of GitHub Actions has written. */
export function outputsIn(text: string): Record<string, string> {
  return Object.fromEntries(
    text
      .split('\n')
      .filter((line) => line.includes('='))
      .map((line) => [line.slice(0, line.indexOf('=')), line.slice(line.indexOf('=') + 1)]),
  );
}
