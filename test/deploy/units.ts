/** Units of systemd as data, and carried out as far as that needs no systemd: environment, credentials, directories, command. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, copyFileSync, existsSync, mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

/** Values by section and directive, in the order in which they stand; a directive without a value empties the list. */
export type Unit = ReadonlyMap<string, ReadonlyMap<string, readonly string[]>>;

/** Reads unit files, the drop-ins behind the unit. Throws for a line that is neither section, directive nor comment. */
export function parseUnit(...texts: readonly string[]): Unit {
  const unit = new Map<string, Map<string, string[]>>();
  for (const text of texts) {
    let section: Map<string, string[]> | undefined;
    for (const line of text.split('\n')) {
      if (line.trim() === '' || /^[#;]/.test(line)) continue;
      const name = /^\[(\w+)\]$/.exec(line)?.[1];
      if (name !== undefined) {
        section = unit.get(name) ?? new Map();
        unit.set(name, section);
        continue;
      }
      const [, key, value] = /^(\w+)=(.*)$/.exec(line) ?? [];
      if (key === undefined || section === undefined) throw new Error(`not a line of a unit: ${line}`);
      section.set(key, [...(section.get(key) ?? []), value as string]);
    }
  }
  return unit;
}

export function valuesOf(unit: Unit, section: string, directive: string): readonly string[] {
  return unit.get(section)?.get(directive) ?? [];
}

/** Where the paths of a machine lie in a test: `/etc/x` in `directory/etc/x`. */
export class Machine {
  readonly directory: string;
  /** Where /opt/accredit is. */
  readonly program: string;
  readonly #running = new Map<string, ChildProcess>();
  readonly #environment: Readonly<Record<string, string>>;

  constructor(directory: string, program: string, environment: Readonly<Record<string, string>> = {}) {
    this.directory = directory;
    this.program = program;
    this.#environment = environment;
    for (const path of [
      '/etc/systemd/system',
      '/etc/sysusers.d',
      '/etc/accredit',
      '/var/lib',
      '/var/backups',
      '/run',
    ]) {
      mkdirSync(this.at(path), { recursive: true });
    }
  }

  at(path: string): string {
    return join(this.directory, path);
  }

  /** A text with the paths of a machine, for this one. */
  here(text: string): string {
    // In one go: the program may itself lie below one of these.
    return text.replace(/(?<![\w/.])\/(?:(opt\/accredit)(?![\w-])|(etc|var|run|opt)\/)/g, (_, program, top) =>
      program === undefined ? `${this.directory}/${top}/` : this.program,
    );
  }

  unit(name: string): Unit {
    const file = this.at(`/etc/systemd/system/${name}`);
    const dropIns = `${file}.d`;
    const more = existsSync(dropIns) ? readdirSync(dropIns).sort() : [];
    return parseUnit(...[file, ...more.map((one) => join(dropIns, one))].map((path) => readFileSync(path, 'utf8')));
  }

  /**
   * Starts a service as systemd would, apart from user and restrictions. Resolves with its exit status: once it is done where
   * it is `oneshot`, and with 0 once it says that it is ready where it is not.
   */
  async start(name: string): Promise<number> {
    const unit = this.unit(name);
    const service = (directive: string) => valuesOf(unit, 'Service', directive);
    const credentials = this.at(`/run/credentials/${name}`);
    const specified = (text: string) =>
      this.here(text.replaceAll('%d', `/run/credentials/${name}`).replaceAll('%S', '/var/lib'));
    mkdirSync(credentials, { recursive: true, mode: 0o700 });
    for (const credential of service('LoadCredential')) {
      const [id = '', path = ''] = credential.split(':');
      copyFileSync(this.here(path), join(credentials, id));
      chmodSync(join(credentials, id), 0o400);
    }
    for (const state of service('StateDirectory')) {
      mkdirSync(this.at(`/var/lib/${state}`), { recursive: true, mode: 0o700 });
    }
    const files = service('EnvironmentFile').map((path) => {
      const file = this.here(path.replace(/^-/, ''));
      return existsSync(file) ? readFileSync(file, 'utf8') : '';
    });
    const lines = [
      ...service('Environment').flatMap((text) => text.split(' ')),
      ...files.flatMap((text) => text.split('\n').filter((line) => line !== '' && !line.startsWith('#'))),
    ];
    const environment = Object.fromEntries(
      lines.map((line) => {
        const [key = '', ...rest] = line.split('=');
        return [key, specified(rest.join('='))];
      }),
    );
    const [program = '', ...words] = specified(service('ExecStart').at(-1) ?? '').split(' ');
    const child = spawn(program, words, {
      env: { PATH: process.env.PATH, ...environment, ...this.#environment },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let said = '';
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      said += text;
    });
    const ended = once(child, 'close').then(([status]) => (status ?? -1) as number);
    if (service('Type').at(-1) === 'oneshot') {
      child.stdout.resume();
      const status = await ended;
      if (status !== 0) throw new Error(`${name} ended with ${status}:\n${said}`);
      return status;
    }
    this.#running.set(name, child);
    return new Promise((resolve, reject) => {
      createInterface({ input: child.stdout }).on('line', (line) => {
        if (line.startsWith('accredit ready on ')) resolve(0);
      });
      ended.then((status) => reject(new Error(`${name} ended with ${status}:\n${said}`)), reject);
    });
  }

  /** Stops a service by the signal of its unit, and resolves with its exit status. */
  async stop(name: string): Promise<number | null> {
    const child = this.#running.get(name);
    this.#running.delete(name);
    if (child === undefined) return null;
    if (child.exitCode === null) {
      child.kill((valuesOf(this.unit(name), 'Service', 'KillSignal').at(-1) ?? 'SIGTERM') as NodeJS.Signals);
      await once(child, 'close');
    }
    return child.exitCode;
  }

  async stopAll(): Promise<void> {
    for (const name of [...this.#running.keys()]) await this.stop(name);
  }
}
