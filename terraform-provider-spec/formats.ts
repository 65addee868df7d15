/** The named rules for strings: how each is checked, said to people and written in JSON Schema. */
import { AddressError, NAME_PATTERN, parseAddress } from './address.ts';
import type { Format, JsonObject } from './kind.ts';
import { formatNetwork, isMappedIpv4, readNetwork, withoutHostBits } from './network.ts';
import { PERMISSION_PATTERN } from './permission.ts';

export interface FormatRule {
  /** What the value must be, to be read after "must be": `a duration such as "90d"`. */
  readonly text: string;
  /**
   * What JSON Schema can say of it, besides `type`. Never stricter than `check`, sometimes more lenient: a pattern
   * does not know how many days February has.
   */
  readonly schema: JsonObject;
  /** What is wrong with the value, for people; `undefined` for a good one. Never repeats the value. */
  readonly check: (value: string) => string | undefined;
}

const SECOND = 1_000;
const DAY = 24 * 60 * 60 * SECOND;
const UNITS: Readonly<Record<string, number>> = {
  d: DAY,
  h: 60 * 60 * SECOND,
  m: 60 * SECOND,
  s: SECOND,
};

/** Every duration is shorter than this: 100 years of 365 days, in milliseconds. */
export const DURATION_LIMIT = 100 * 365 * DAY;

// Ten digits are enough for every number of seconds below the limit.
const DURATION = /^([1-9][0-9]{0,9})([dhms])$/;
const TIMESTAMP = /^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]{1,3})?Z$/;
const DOMAIN_LABEL = '[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?';
const DOMAIN = new RegExp(`^(${DOMAIN_LABEL}\\.)*${DOMAIN_LABEL}$`);
const SECRET_HASH = /^sha256:[0-9a-f]{64}$/;
const NAME = NAME_PATTERN.source.slice(1, -1);
const SCOPE = new RegExp(`^(organization|(projects|teams|apps)/${NAME})$`);
const HOME = new RegExp(`^(organization|(projects|teams)/${NAME})$`);
const ADDRESS = new RegExp(`^[a-z-]+/${NAME}(/[a-z-]+/${NAME})*$`);
// RFC 5321, section 4.1.2, without quoted local parts and address literals, which nobody's identity provider sends.
const EMAIL = /^[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@[A-Za-z0-9]([A-Za-z0-9.-]{0,252}[A-Za-z0-9])?$/;
const PRINTABLE = /^\P{Cc}*$/u;

const DURATION_TEXT =
  'a duration: a positive whole number and one unit of d, h, m or s, such as "90d", below 100 years';

/**
 * Milliseconds in a duration such as `90d` or `0s`. Throws a `RangeError` for anything that the format
 * `duration-or-zero` refuses: input is checked before.
 */
export function durationMs(text: string): number {
  const milliseconds = readDuration(text);
  if (milliseconds === undefined) throw new RangeError('not a duration');
  return milliseconds;
}

/**
 * Milliseconds since 1970 of an RFC 3339 time in UTC. Throws a `RangeError` for anything that the format `timestamp`
 * refuses: input is checked before.
 */
export function timestampMs(text: string): number {
  const milliseconds = readTimestamp(text);
  if (milliseconds === undefined) throw new RangeError('not a timestamp');
  return milliseconds;
}

/** The RFC 3339 time, in UTC, of milliseconds since 1970: `2026-01-02T03:04:05Z`, with `.123` only when not whole. */
export function formatTimestamp(milliseconds: number): string {
  return new Date(milliseconds).toISOString().replace('.000Z', 'Z');
}

/** What is wrong with a free text (control characters, broken Unicode), for people; `undefined` for a good one. */
export function checkText(value: string): string | undefined {
  if (/\p{Cs}/u.test(value)) return 'must be well-formed Unicode: it holds half of a surrogate pair';
  if (/[^\P{Cc}\n\t]/u.test(value)) return 'must not hold control characters other than line feed and tab';
  return undefined;
}

/** The rule of each format. */
export const FORMATS: Readonly<Record<Format, FormatRule>> = {
  name: byPattern(
    NAME_PATTERN,
    'a name: 1 to 63 characters of a-z, 0-9, ".", "_" and "-", with a letter or digit at both ends',
  ),
  address: {
    text: 'the address of a resource, such as "organizations/default"',
    schema: { pattern: ADDRESS.source },
    check: (value) => checkAddress(value),
  },
  duration: {
    text: DURATION_TEXT,
    schema: { pattern: DURATION.source },
    check: (value) => refuse(value === '0s' || readDuration(value) === undefined, DURATION_TEXT),
  },
  'duration-or-zero': {
    text: `${DURATION_TEXT}, or "0s"`,
    schema: { pattern: `^(0s|${DURATION.source.slice(1, -1)})$` },
    check: (value) => refuse(readDuration(value) === undefined, `${DURATION_TEXT}, or "0s"`),
  },
  timestamp: {
    text: 'a time in UTC as of RFC 3339, such as "2027-01-31T00:00:00Z", with at most 3 digits behind the second',
    schema: { format: 'date-time', pattern: TIMESTAMP.source },
    check: (value) => checkTimestamp(value),
  },
  domain: {
    text: 'a DNS name in lower case, such as "iam.example.com"',
    schema: { pattern: DOMAIN.source, maxLength: 253 },
    check: (value) =>
      refuse(
        value.length > 253 || !DOMAIN.test(value) || /(^|\.)[0-9]+$/.test(value),
        'a DNS name in lower case, such as "iam.example.com"',
      ),
  },
  scope: byPattern(SCOPE, 'a scope: "organization", "projects/x", "teams/x" or "apps/x"'),
  home: byPattern(HOME, 'where an account lives: "organization", "projects/x" or "teams/x"'),
  permission: byPattern(PERMISSION_PATTERN, 'a permission: "noun.verb", or a pattern "noun.*", "*.verb", "~.*" or "*"'),
  cidr: {
    text: 'an IPv4 or IPv6 network in CIDR notation, such as "10.0.0.0/8" or "2001:db8::/32"',
    schema: { pattern: '^[0-9a-fA-F:.]{2,45}/(0|[1-9][0-9]{0,2})$' },
    check: (value) => checkNetwork(value),
  },
  'secret-hash': byPattern(SECRET_HASH, '"sha256:" and the SHA-256 of a token as 64 lower-case hexadecimal digits'),
  'label-value': {
    text: 'text without control characters',
    schema: { pattern: PRINTABLE.source },
    check: (value) => checkText(value) ?? refuse(!PRINTABLE.test(value), 'text without control characters'),
  },
  email: byPattern(EMAIL, 'an e-mail address, such as "alice@example.com"'),
};

function byPattern(pattern: RegExp, text: string): FormatRule {
  return { text, schema: { pattern: pattern.source }, check: (value) => refuse(!pattern.test(value), text) };
}

function refuse(bad: boolean, text: string): string | undefined {
  return bad ? `must be ${text}` : undefined;
}

function readDuration(text: string): number | undefined {
  if (text === '0s') return 0;
  const match = DURATION.exec(text);
  if (match === null) return undefined;
  const milliseconds = Number(match[1]) * (UNITS[match[2] as string] as number);
  return milliseconds < DURATION_LIMIT ? milliseconds : undefined;
}

function readTimestamp(text: string): number | undefined {
  if (!TIMESTAMP.test(text)) return undefined;
  const milliseconds = Date.parse(text);
  // The engine takes 24:00:00 and, in some releases, a 31st of February: only what reads back the same is a real time.
  const real = !Number.isNaN(milliseconds) && new Date(milliseconds).toISOString().slice(0, 19) === text.slice(0, 19);
  return real ? milliseconds : undefined;
}

function checkTimestamp(value: string): string | undefined {
  if (!TIMESTAMP.test(value)) return `must be ${FORMATS.timestamp.text}`;
  return readTimestamp(value) === undefined
    ? 'must be a time that exists: the calendar or the clock has no such'
    : undefined;
}

function checkAddress(value: string): string | undefined {
  try {
    parseAddress(value);
    return undefined;
  } catch (error) {
    if (error instanceof AddressError) return `must be ${FORMATS.address.text}`;
    throw error;
  }
}

function checkNetwork(value: string): string | undefined {
  const network = readNetwork(value);
  if (network === undefined) return `must be ${FORMATS.cidr.text}`;
  if (isMappedIpv4(network)) return 'must be written as an IPv4 network: it is one mapped into IPv6';
  const meant = withoutHostBits(network);
  if (meant.bits === network.bits) return undefined;
  return `has bits set behind its prefix; the network is "${formatNetwork(meant)}"`;
}
