/** The configuration file of the command: endpoints by the name of a profile. */
import { existsSync, statSync } from 'node:fs';
import { homedir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { CLIENT_VARIABLES } from '../terraform-provider-spec/client-variables.ts';
import { closest } from '../terraform-provider-spec/derive/closest.ts';
import { UsageError } from './exit.ts';
import { fileTrouble, readText } from './file-trouble.ts';
import { holdsToken } from './masking.ts';

export type Environment = Readonly<Record<string, string | undefined>>;

/** What is known of an endpoint; each can also be given as `{name}_file`, the file that holds it. */
export const SETTINGS = ['endpoint', 'token', 'organization', 'ca_certificate'] as const;
export type Setting = (typeof SETTINGS)[number];

/** Values by setting, each with what it came from, for people. */
export type Values = Readonly<Partial<Record<Setting, { readonly value: string; readonly from: string }>>>;

const PROFILE_KEYS = SETTINGS.flatMap((name) => [name, `${name}_file`]);
const FILE_KEYS = ['default_profile', 'profiles'];

/**
 * The value of the variable `name`, or what the file holds that `name`_FILE names; `undefined` for one that is empty or not
 * set. Throws `UsageError` if both are set, and for a file that cannot be read or is empty.
 */
export function readVariable(environment: Environment, name: string): string | undefined {
  const direct = environment[name] || undefined;
  const file = environment[`${name}_FILE`] || undefined;
  if (file === undefined) return direct;
  if (direct !== undefined) {
    throw new UsageError(`both ${name} and ${name}_FILE are set: which one is meant cannot be known`);
  }
  return readSettingFile(file, `${name}_FILE`);
}

/**
 * Where the file lies: `ACCREDIT_CLI_CONFIG`, else `accredit/config.json` below the XDG configuration directory. Throws
 * `UsageError` like `readVariable`.
 */
export function configFile(environment: Environment): string {
  const given = readVariable(environment, 'ACCREDIT_CLI_CONFIG');
  if (given) return given;
  return join(environment.XDG_CONFIG_HOME || join(environment.HOME || homedir(), '.config'), 'accredit', 'config.json');
}

/**
 * The values of the profile `name`, or of the default one, which need not exist. Throws `UsageError` for a file that is
 * malformed or holds a token that others can read, and for a name that is not in it.
 */
export function readProfile(environment: Environment, name: string | undefined): Values {
  const file = configFile(environment);
  const content = readConfig(file, name !== undefined || Boolean(readVariable(environment, 'ACCREDIT_CLI_CONFIG')));
  if (content === undefined) return {};
  const profiles = content.profiles ?? {};
  if (!isObject(profiles)) throw new UsageError(`profiles in ${file} must be an object of profiles by name`);
  const fallback = content.default_profile;
  if (fallback !== undefined && typeof fallback !== 'string') {
    throw new UsageError(`default_profile in ${file} must be the name of a profile`);
  }
  const wanted = name ?? fallback;
  if (wanted === undefined) return {};
  const profile = profiles[wanted];
  if (!isObject(profile)) throw unknown('profile', wanted, Object.keys(profiles), ` in ${file}`);
  for (const key of Object.keys(profile)) {
    if (!PROFILE_KEYS.includes(key)) throw unknown('key', key, PROFILE_KEYS, ` of the profile ${wanted} in ${file}`);
  }
  if (profile.token !== undefined) requirePrivate(file);
  const values = SETTINGS.flatMap((setting) => {
    const value = valueIn(profile, setting, { file, profile: wanted });
    return value === undefined ? [] : [[setting, { value, from: `profile ${wanted} in ${file}` }] as const];
  });
  return Object.fromEntries(values);
}

function valueIn(
  profile: Readonly<Record<string, unknown>>,
  setting: Setting,
  { file, profile: name }: { file: string; profile: string },
): string | undefined {
  const [direct, path] = [profile[setting], profile[`${setting}_file`]];
  for (const value of [direct, path]) {
    if (value !== undefined && typeof value !== 'string') {
      throw new UsageError(`${setting} of the profile ${name} in ${file} must be a string`);
    }
  }
  if (typeof path !== 'string') return direct as string | undefined;
  if (direct !== undefined) {
    throw new UsageError(`the profile ${name} in ${file} has ${setting} and ${setting}_file: give one of them`);
  }
  return readSettingFile(besideConfig(file, path), `${setting}_file of the profile ${name}`, 'its key is token');
}

/** A path of the configuration file: it starts where that lies, or at home. */
function besideConfig(file: string, path: string): string {
  return path.startsWith('~/') ? join(homedir(), path.slice(2)) : resolve(dirname(file), path);
}

/** The files that profiles name for their tokens. None for a file that is malformed, which `readProfile` says. */
export function tokenFilesOf(environment: Environment): string[] {
  const file = configFile(environment);
  try {
    const { profiles } = readConfig(file, false) ?? {};
    return Object.values(isObject(profiles) ? profiles : {}).flatMap((profile) =>
      isObject(profile) && typeof profile.token_file === 'string' ? [besideConfig(file, profile.token_file)] : [],
    );
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    return [];
  }
}

/**
 * The content of a file that a setting names, without the white space around it. Throws `UsageError`; for a token in the place of
 * the file `instead` says where one belongs.
 */
export function readSettingFile(path: string, what: string, instead = 'use ACCREDIT_TOKEN'): string {
  if (holdsToken(path) && !existsSync(path)) {
    throw new UsageError(`${what}: that is a token, not a file: ${instead}`);
  }
  let text: string;
  try {
    text = readText(path === '-' ? 0 : path).trim();
  } catch (error) {
    throw new UsageError(`${what}: ${fileTrouble(error)}`);
  }
  // Whoever names a file means what is in it: nothing is no setting.
  if (text === '') throw new UsageError(`${what}: ${path === '-' ? 'standard input' : `the file ${path}`} is empty`);
  return text;
}

function readConfig(file: string, isNeeded: boolean): Record<string, unknown> | undefined {
  let text: string;
  try {
    text = readText(file);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT' && !isNeeded) return undefined;
    throw new UsageError(`the configuration file: ${fileTrouble(error)}`);
  }
  let content: unknown;
  try {
    content = JSON.parse(text);
  } catch {
    // The parser's message quotes the text, which may hold a token.
    throw new UsageError(`the configuration file ${file} is not JSON`);
  }
  if (!isObject(content)) throw new UsageError(`the configuration file ${file} must hold one JSON object`);
  for (const key of Object.keys(content)) {
    if (!FILE_KEYS.includes(key)) throw unknown('key', key, FILE_KEYS, ` in ${file}`);
  }
  return content;
}

function requirePrivate(file: string): void {
  const mode = statSync(file).mode & 0o777;
  if ((mode & 0o077) === 0) return;
  throw new UsageError(
    `${file} holds a token and others may read it (mode ${mode.toString(8).padStart(4, '0')}): run "chmod 600" on it, ` +
      'or name a file with token_file instead',
  );
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** What is to be said of variables that are nearly one of the clients'. Others may be the daemon's, or of somebody else's own. */
export function misspeltVariables(environment: Environment): string[] {
  const known = CLIENT_VARIABLES.flatMap((name) => [name, `${name}_FILE`]);
  return Object.keys(environment).flatMap((name) => {
    if (!name.startsWith('ACCREDIT_') || known.includes(name)) return [];
    const meant = closest(name, known);
    return meant === undefined ? [] : [`unknown variable ${name}; did you mean ${meant}?`];
  });
}

/** The error of a name that is not known, with the one that may have been meant. */
export function unknown(what: string, name: string, known: readonly string[], where = ''): UsageError {
  const meant = closest(name, known);
  const instead = known.length > 0 && known.length <= 12 ? `; there are ${known.join(', ')}` : '';
  return new UsageError(`unknown ${what} ${name}${where}${meant === undefined ? instead : `; did you mean ${meant}?`}`);
}
