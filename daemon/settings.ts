/** Every setting of the daemon, described once: the help text and all sources of values derive from this table. */
import { durationMs, FORMATS } from '../terraform-provider-spec/formats.ts';
import { parseMasterKey } from './crypto/master-key.ts';
import { LONGEST_LIFE } from './domain/oauth/signing-keys.ts';
import { parseRate, type Rate } from './domain/rate-limit.ts';
import { clientAddress } from './http/client-address.ts';
import { METRICS_ACCESS, type MetricsAccess } from './metrics/handler.ts';

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
  /** The directory of the provider's packages; undefined for the one that the build writes. */
  readonly providerPackages: string | undefined;
  readonly logLevel: string;
  /** Lower-case hexadecimal. */
  readonly bootstrapTokenSha256: string | undefined;
}

export interface Setting<Name extends keyof Config> {
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

export const SETTINGS: { readonly [Name in keyof Config]: Setting<Name> } = {
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
    text: '32 random bytes in base64; without it the file master-key in the data directory (not with PostgreSQL)',
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
    text: 'how many decisions about tokens are kept in memory, in at most 8 KiB for each',
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
  providerPackages: {
    key: 'provider_packages',
    value: 'DIRECTORY',
    text: 'the packages of the Terraform provider, from which terraform init installs it; by default those of the build',
    parse: (text) => text,
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
    text: "the hash of the first admin's token, which accredit token prints; ignored once an organization exists",
    parse: (text) =>
      /^(sha256:)?([0-9a-f]{64})$/i.exec(text)?.[2]?.toLowerCase() ??
      refuse('must be 64 hexadecimal digits, a SHA-256; "accredit token" makes a token and prints its hash'),
  },
};

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
