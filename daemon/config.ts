/** How the daemon is told what to do: flags > environment > file. */
import { readFileSync } from 'node:fs';
import { CLIENT_VARIABLES } from '../terraform-provider-spec/client-variables.ts';
import { closest } from '../terraform-provider-spec/derive/closest.ts';
import { fileTrouble } from './crypto/private-file.ts';
import { type Config, SETTINGS, type Setting } from './settings.ts';

export type { Config };

/** A mistake of whoever started the daemon. The message says what to do. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError';
}

/** What signs the provider's packages reads these. A daemon with that key would make its signatures worth nothing. */
const SIGNING_KEY = 'ACCREDIT_PROVIDER_SIGNING_KEY';

const NAMES = Object.keys(SETTINGS) as (keyof Config)[];
const KEYS = NAMES.map((name) => SETTINGS[name].key);

/** What a command line says besides its verb. */
export interface Arguments {
  /** By key. */
  readonly settings: ReadonlyMap<string, string>;
  /** `--config FILE`. */
  readonly file: string | undefined;
  /** The flags of one verb, without value. */
  readonly switches: ReadonlySet<string>;
}

/**
 * Reads `--name value`, `--name=value` and, for settings that are true or false, `--name`. `switches` are the names of
 * the verb's own flags. Throws `ConfigError` for anything else.
 */
export function parseArguments(words: readonly string[], switches: readonly string[] = []): Arguments {
  const settings = new Map<string, string>();
  const given = new Set<string>();
  const flags = new Map(
    NAMES.filter((name) => !SETTINGS[name].secret).map((name) => [flagOf(SETTINGS[name].key), SETTINGS[name]]),
  );
  const known = ['--config', ...flags.keys(), ...switches.map((name) => `--${name}`)];
  for (let index = 0; index < words.length; index += 1) {
    const [flag = '', ...rest] = (words[index] as string).split('=');
    const setting = flags.get(flag);
    if (!known.includes(flag)) throw unknownFlag(flag, known);
    const name = flag.slice(2);
    if (switches.includes(name) && rest.length === 0) {
      given.add(name);
      continue;
    }
    let value: string | undefined = rest.length > 0 ? rest.join('=') : undefined;
    if (value === undefined && setting !== undefined && setting.value === undefined) value = 'true';
    if (value === undefined) {
      index += 1;
      value = words[index];
    }
    if (value === undefined || switches.includes(name)) {
      throw new ConfigError(switches.includes(name) ? `${flag} takes no value` : `${flag} needs a value`);
    }
    const key = setting?.key ?? 'config';
    if (settings.has(key)) throw new ConfigError(`${flag} is given twice`);
    settings.set(key, value);
  }
  const file = settings.get('config');
  settings.delete('config');
  return { settings, file, switches: given };
}

/**
 * The configuration, and what is worth a warning. Throws `ConfigError` for a value that is malformed, a file that
 * cannot be read and an unknown key in the file.
 */
export function loadConfig(
  given: Arguments,
  environment: Readonly<Record<string, string | undefined>>,
): { config: Config; warnings: string[] } {
  const fileName = given.file ?? variable(environment, 'config');
  const file = fileName === undefined ? new Map<string, string>() : readConfigFile(fileName);
  const values = NAMES.map((name) => {
    const setting: Setting<typeof name> = SETTINGS[name];
    const { key } = setting;
    const sources: [string, string | undefined][] = [
      [flagOf(key), given.settings.get(key)],
      [variableOf(key), variable(environment, key)],
      [`${key} in ${fileName}`, file.get(key)],
      [key, setting.default],
    ];
    const [source, text] = sources.find(([, value]) => value !== undefined) ?? [key, undefined];
    return [name, text === undefined ? undefined : parse(setting, source, text)];
  });
  return { config: Object.fromEntries(values) as Config, warnings: unknownVariables(environment) };
}

/** The settings for the help text, one a line. */
export function describeSettings(): string {
  const rows = NAMES.map((name) => {
    const { key, value, text, default: fallback, secret }: Setting<typeof name> = SETTINGS[name];
    const flag = secret ? '' : `${flagOf(key)}${value === undefined ? '' : ` ${value}`}`;
    const ends = fallback ? ` (default ${fallback})` : '';
    return [flag, variableOf(key), `${text}${ends}`] as const;
  });
  const widths = [0, 1].map((column) => Math.max(...rows.map((row) => (row[column] as string).length)));
  return rows
    .map(([flag, name, text]) => `  ${flag.padEnd(widths[0] as number)}  ${name.padEnd(widths[1] as number)}  ${text}`)
    .join('\n');
}

function parse<Name extends keyof Config>(setting: Setting<Name>, source: string, text: string): unknown {
  try {
    return setting.parse(text);
  } catch (error) {
    if (error instanceof RangeError) throw new ConfigError(`${source} ${error.message}`);
    throw error;
  }
}

/** `ACCREDIT_X`, or the content of the file that `ACCREDIT_X_FILE` names. An empty variable is like none. */
function variable(environment: Readonly<Record<string, string | undefined>>, key: string): string | undefined {
  const direct = environment[variableOf(key)] || undefined;
  const file = environment[`${variableOf(key)}_FILE`] || undefined;
  if (file === undefined) return direct;
  if (direct !== undefined) throw new ConfigError(`give ${variableOf(key)} or ${variableOf(key)}_FILE, not both`);
  return readText(file, `${variableOf(key)}_FILE`).trim();
}

function readConfigFile(name: string): Map<string, string> {
  const text = readText(name, 'the configuration file');
  let content: unknown;
  try {
    content = JSON.parse(text);
  } catch {
    // The parser's message quotes the text, which may hold the master key.
    throw new ConfigError(`the configuration file ${name} is not JSON`);
  }
  if (typeof content !== 'object' || content === null || Array.isArray(content)) {
    throw new ConfigError(`the configuration file ${name} must hold one JSON object`);
  }
  return new Map(
    Object.entries(content).map(([key, value]) => {
      if (!KEYS.includes(key)) throw unknown('key', key, KEYS, ` in ${name}`);
      const list = Array.isArray(value) && value.every((item) => typeof item === 'string');
      if (list) return [key, value.join(',')];
      if (['string', 'boolean', 'number'].includes(typeof value)) return [key, String(value)];
      throw new ConfigError(`${key} in ${name} must be a string, a number, true, false or a list of strings`);
    }),
  );
}

function readText(file: string, what: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    throw new ConfigError(`${what}: ${fileTrouble(error)}`);
  }
}

function unknownVariables(environment: Readonly<Record<string, string | undefined>>): string[] {
  const known = [...[...KEYS, 'config'].map(variableOf), ...CLIENT_VARIABLES].flatMap((name) => [name, `${name}_FILE`]);
  return Object.keys(environment)
    .filter((name) => name.startsWith('ACCREDIT_') && !known.includes(name))
    .map((name) =>
      name.startsWith(SIGNING_KEY)
        ? `${name} is for "npm run package:provider"; keep that key from the daemon, which needs none`
        : unknown('variable', name, known).message,
    );
}

function unknown(what: string, name: string, known: readonly string[], where = ''): ConfigError {
  const meant = closest(name, known);
  return new ConfigError(`unknown ${what} ${name}${where}${meant === undefined ? '' : `; did you mean ${meant}?`}`);
}

/** The flags of all settings, and `--config`. One that is true or false needs no value. */
export function settingFlags(): { flag: string; takesValue: boolean }[] {
  const settings = NAMES.map((name) => SETTINGS[name]).filter(({ secret }) => !secret);
  const flags = settings.map(({ key, value }) => ({ flag: flagOf(key), takesValue: value !== undefined }));
  return [{ flag: '--config', takesValue: true }, ...flags];
}

function unknownFlag(flag: string, known: readonly string[]): ConfigError {
  if (!flag.startsWith('-')) return new ConfigError(`unknown word ${flag}: flags begin with --`);
  const secret = NAMES.map((name) => SETTINGS[name]).find(({ key, secret }) => secret && flagOf(key) === flag);
  if (secret === undefined) return unknown('flag', flag, known);
  const name = variableOf(secret.key);
  return new ConfigError(`a command line is no place for a secret: set ${name} or ${name}_FILE instead of ${flag}`);
}

function flagOf(key: string): string {
  return `--${key.replaceAll('_', '-')}`;
}

function variableOf(key: string): string {
  return `ACCREDIT_${key.toUpperCase()}`;
}
