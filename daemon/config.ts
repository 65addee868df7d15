/**
 * How the daemon is told what to do: flags > environment > file. One table describes every setting; the help text and
 * all three sources derive from it.
 */
import { readFileSync } from 'node:fs';
import { closest } from '../terraform-provider-spec/derive/closest.ts';
import { durationMs, FORMATS } from '../terraform-provider-spec/formats.ts';
import { parseMasterKey } from './crypto/master-key.ts';
import { LONGEST_LIFE } from './domain/oauth/signing-keys.ts';
import { parseRate, type Rate } from './domain/rate-limit.ts';
import { clientAddress } from './http/client-address.ts';
import { METRICS_ACCESS, type MetricsAccess } from './metrics/handler.ts';

/** A mistake of whoever started the daemon. The message says what to do. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError';
}

export interface Config {
  readonly listen: { readonly host: string; readonly port: number };
  readonly dataDirectory: string;
  readonly databaseUrl: string | undefined;
  /** 32 bytes. */
  readonly masterKey: Buffer | undefined;
  /** A path, or the PEM text itself. */
  readonly tlsCertificate: string | undefined;
  readonly tlsKey: string | undefined;
  readonly allowPlaintext: boolean;
  readonly trustedProxies: readonly string[];
  /** Whether `PUT /automate/recycle_key.json` is served. */
  readonly recycleKeyApi: boolean;
  /** The public URL, without a slash at the end; undefined for the one that is listened on. */
  readonly issuer: string | undefined;
  /** Milliseconds. */
  readonly accessTokenLifetime: number;
  /** Milliseconds. */
  readonly signingKeyLifetime: number;
  readonly cacheSize: number;
  /** Milliseconds. */
  readonly usageInterval: number;
  /** Of failures to authenticate, by client address. */
  readonly rateLimitFailures: Rate | 'off';
  /** Of uses, by token. */
  readonly rateLimitUse: Rate | 'off';
  readonly metricsAccess: MetricsAccess;
  readonly logLevel: string;
  /** Lower-case hexadecimal. */
  readonly bootstrapTokenSha256: string | undefined;
}

interface Setting<Name extends keyof Config> {
  /** In the file; in capitals behind `ACCREDIT_` the variable, with dashes the flag. */
  readonly key: string;
  /** What stands for the value in the help text; none for one that is true or false. */
  readonly value?: string;
  readonly text: string;
  readonly default?: string;
  /** A secret has no flag: everybody on the machine can read a command line. */
  readonly secret?: true;
  /** Throws `RangeError` with what is wrong, to be read behind the name of the setting. */
  parse(text: string): NonNullable<Config[Name]>;
}

const MINUTE = 60_000;
const DAY = 24 * 60 * MINUTE;

const LOG_LEVELS = ['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'];

const SETTINGS: { readonly [Name in keyof Config]: Setting<Name> } = {
  listen: {
    key: 'listen',
    value: 'HOST:PORT',
    text: 'where to listen; port 0 picks a free one',
    default: '127.0.0.1:7345',
    parse: parseListen,
  },
  dataDirectory: {
    key: 'data_dir',
    value: 'DIRECTORY',
    text: 'the database, the master key file and the first admin token',
    default: './data',
    parse: (text) => text,
  },
  databaseUrl: {
    key: 'database_url',
    value: 'URL',
    text: 'PostgreSQL instead of the embedded database: postgres://…',
    secret: true,
    parse: (text) =>
      /^postgres(ql)?:\/\//.test(text) ? text : refuse('must be a URL that begins with postgres:// or postgresql://'),
  },
  masterKey: {
    key: 'master_key',
    value: 'BASE64',
    text: '32 random bytes; without it the file master-key in the data directory (not with PostgreSQL)',
    secret: true,
    parse: (text) => parseMasterKey(text) ?? refuse('must be 32 bytes in base64; "openssl rand -base64 32" makes one'),
  },
  tlsCertificate: { key: 'tls_certificate', value: 'FILE', text: 'the certificate chain, PEM', parse: (text) => text },
  tlsKey: { key: 'tls_key', value: 'FILE', text: 'its private key, PEM', parse: (text) => text },
  allowPlaintext: {
    key: 'allow_plaintext',
    text: 'listen beyond loopback without TLS, behind a proxy that adds it',
    default: 'false',
    parse: parseFlag,
  },
  trustedProxies: {
    key: 'trusted_proxies',
    value: 'CIDR,…',
    text: 'networks whose X-Forwarded-For is believed',
    default: '',
    parse: parseNetworks,
  },
  recycleKeyApi: {
    key: 'recycle_key_api',
    text: 'serve PUT /automate/recycle_key.json, by which a token replaces itself',
    default: 'false',
    parse: parseFlag,
  },
  issuer: {
    key: 'issuer',
    value: 'URL',
    text: 'the public URL, which access tokens and their metadata name; by default the one that is listened on',
    parse: parseIssuer,
  },
  accessTokenLifetime: {
    key: 'access_token_lifetime',
    value: 'DURATION',
    text: 'how long an access token works, from 1m to 60m',
    default: '5m',
    parse: (text) => parseDuration(text, MINUTE, LONGEST_LIFE, '1m to 60m'),
  },
  signingKeyLifetime: {
    key: 'signing_key_lifetime',
    value: 'DURATION',
    text: 'how long a key signs access tokens before the next one does, from 1d to 365d',
    default: '30d',
    parse: (text) => parseDuration(text, DAY, 365 * DAY, '1d to 365d'),
  },
  cacheSize: {
    key: 'cache_size',
    value: 'NUMBER',
    text: 'how many decisions about tokens are kept in memory, about 2 KiB each',
    default: '20000',
    parse: (text) => parseNumber(text, 100, 10_000_000),
  },
  usageInterval: {
    key: 'usage_interval',
    value: 'DURATION',
    text: 'how far the recorded last use of a token may be behind, from 1s to 60m',
    default: '10s',
    parse: (text) => parseDuration(text, 1000, 60 * MINUTE, '1s to 60m'),
  },
  rateLimitFailures: {
    key: 'rate_limit_failures',
    value: 'RATE',
    text: 'how many bad credentials a client address may present before it is answered 429: 60/1m, or off',
    default: '60/1m',
    parse: parseLimit,
  },
  rateLimitUse: {
    key: 'rate_limit_use',
    value: 'RATE',
    text: 'how often one token may be used before it is answered 429: 100/1s, or off',
    default: 'off',
    parse: parseLimit,
  },
  metricsAccess: {
    key: 'metrics_access',
    value: 'WHO',
    text: 'who sees /metrics: loopback (others with a token), token, or anyone',
    default: 'loopback',
    parse: parseAccess,
  },
  logLevel: {
    key: 'log_level',
    value: 'LEVEL',
    text: `one of ${LOG_LEVELS.join(', ')}`,
    default: 'info',
    parse: (text) => (LOG_LEVELS.includes(text) ? text : refuse(`must be one of ${LOG_LEVELS.join(', ')}`)),
  },
  bootstrapTokenSha256: {
    key: 'bootstrap_token_sha256',
    value: 'HEX',
    text: "the SHA-256 of the first admin's token, if you made it; ignored once an organization exists",
    parse: (text) =>
      /^[0-9a-f]{64}$/i.test(text) ? text.toLowerCase() : refuse('must be 64 hexadecimal digits, a SHA-256'),
  },
};

/** Variables that the provider and the command line client read. */
const CLIENT_VARIABLES = [
  'ACCREDIT_ENDPOINT',
  'ACCREDIT_TOKEN',
  'ACCREDIT_ORGANIZATION',
  'ACCREDIT_MANAGER',
  'ACCREDIT_CA_CERTIFICATE',
  'ACCREDIT_FORBID_SECRETS_IN_STATE',
];

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
      if (typeof value === 'string' || typeof value === 'boolean') return [key, String(value)];
      throw new ConfigError(`${key} in ${name} must be a string, true, false or a list of strings`);
    }),
  );
}

function readText(file: string, what: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    throw new ConfigError(`${what}: ${(error as Error).message}`);
  }
}

function unknownVariables(environment: Readonly<Record<string, string | undefined>>): string[] {
  const known = [...[...KEYS, 'config'].map(variableOf), ...CLIENT_VARIABLES].flatMap((name) => [name, `${name}_FILE`]);
  return Object.keys(environment)
    .filter((name) => name.startsWith('ACCREDIT_') && !known.includes(name))
    .map((name) => unknown('variable', name, known).message);
}

function unknown(what: string, name: string, known: readonly string[], where = ''): ConfigError {
  const meant = closest(name, known);
  return new ConfigError(`unknown ${what} ${name}${where}${meant === undefined ? '' : `; did you mean ${meant}?`}`);
}

function unknownFlag(flag: string, known: readonly string[]): ConfigError {
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

function refuse(what: string): never {
  throw new RangeError(what);
}

function parseFlag(text: string): boolean {
  return text === 'true' || text === 'false' ? text === 'true' : refuse('must be true or false');
}

function parseDuration(text: string, least: number, most: number, range: string): number {
  const milliseconds = FORMATS.duration.check(text) === undefined ? durationMs(text) : Number.NaN;
  return milliseconds >= least && milliseconds <= most ? milliseconds : refuse(`must be a duration from ${range}`);
}

function parseNumber(text: string, least: number, most: number): number {
  const number = /^[0-9]{1,9}$/.test(text) ? Number(text) : Number.NaN;
  return number >= least && number <= most ? number : refuse(`must be a number from ${least} to ${most}`);
}

/** RFC 8414, section 2: an issuer has neither query nor fragment. */
function parseIssuer(text: string): string {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  const plain = url !== undefined && /^https?:$/.test(url.protocol) && `${url.origin}` === text;
  return plain ? text : refuse('must be the URL of the daemon without a path, such as https://accredit.example.com');
}

function parseListen(text: string): Config['listen'] {
  const match = /^(?:\[([0-9a-fA-F:.]+)\]|([^:[\]]*)):([0-9]{1,5})$/.exec(text);
  const port = Number(match?.[3]);
  if (match === null || port > 65_535) return refuse('must be HOST:PORT, such as 127.0.0.1:7345 or [::1]:7345');
  return { host: match[1] ?? (match[2] || '0.0.0.0'), port };
}

function parseLimit(text: string): Rate | 'off' {
  return text === 'off' ? text : parseRate(text);
}

function parseAccess(text: string): MetricsAccess {
  return METRICS_ACCESS.find((access) => access === text) ?? refuse(`must be one of ${METRICS_ACCESS.join(', ')}`);
}

function parseNetworks(text: string): string[] {
  const networks = text.split(/[\s,]+/).filter((network) => network !== '');
  clientAddress(networks);
  return networks;
}
