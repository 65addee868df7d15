/** What may be wrong between this command and its daemon. */
import { existsSync, statSync } from 'node:fs';
import { Client } from '../../client/client.ts';
import { ApiError, ConnectionError, parseObject } from '../../client/errors.ts';
import { parseEndpoint } from '../../client/transport.ts';
import { VERSION } from '../../client/version.ts';
import { type Connection, isInTheClear } from '../connection.ts';
import { explain } from '../errors.ts';
import { configFile, type Environment, tokenFilesOf } from '../profiles.ts';
import type { Check } from '../session.ts';
import { type Probe, probe } from './probe.ts';

const DAY = 86_400_000;
/** A certificate or token that ends within this should be renewed. */
const SOON = 14 * DAY;
/** Tokens and certificates are judged by the clock: this much of a difference is worth a word. Milliseconds. */
const SKEW = 5_000;

/** All of it, in the order in which one thing rests on another. */
export async function checkConnection(connection: Connection, signal: AbortSignal): Promise<Check[]> {
  const { endpoint, caCertificate } = connection;
  const url = parseEndpoint(endpoint);
  const from = connection.from.endpoint ?? 'the default';
  let health: Probe;
  try {
    health = await probe(url, '/healthz', { caCertificate, signal });
  } catch (error) {
    if (!(error instanceof ConnectionError)) throw error;
    const { message, hint } = explain(error);
    return [{ name: 'endpoint', status: 'failed', detail: `${message} (${from}). ${hint}` }];
  }
  const daemon = parseObject(health.body);
  if (health.status !== 200 || typeof daemon?.version !== 'string') {
    const detail = `what answers at ${endpoint} (${from}) is no daemon of Accredit: HTTP ${health.status}`;
    return [{ name: 'endpoint', status: 'failed', detail }];
  }
  return [
    { name: 'endpoint', status: 'ok', detail: `${endpoint} answers (${from})` },
    checkTls(connection, health),
    await checkReady(url, { caCertificate, signal }),
    checkVersion(daemon.version),
    checkClock(health),
    await checkToken(connection, signal),
  ];
}

/** Whether files that hold a token are closed to others: that of the flag, of the variable, and those of all profiles. */
export function checkFiles(environment: Environment, tokenFile: string | undefined): Check[] {
  const files = [
    tokenFile,
    environment.ACCREDIT_TOKEN_FILE || undefined,
    ...tokenFilesOf(environment),
    configFile(environment),
  ];
  const present = [...new Set(files)].filter(
    (file): file is string => file !== undefined && file !== '-' && existsSync(file),
  );
  return present.map((file) => {
    const mode = statSync(file).mode & 0o777;
    const open = (mode & 0o077) !== 0;
    const detail = `${file} (mode ${mode.toString(8).padStart(4, '0')})`;
    // A configuration file need not hold a token; one that does is refused before.
    if (file === configFile(environment)) return { name: 'configuration', status: 'ok', detail };
    if (!open) return { name: 'token file', status: 'ok', detail };
    return { name: 'token file', status: 'warning', detail: `${detail} can be read by others: run "chmod 600" on it` };
  });
}

function checkTls(connection: Connection, { tls }: Probe): Check {
  const name = 'TLS';
  if (tls === undefined) {
    if (!isInTheClear(connection)) return { name, status: 'ok', detail: 'none, and none needed on this machine' };
    return { name, status: 'warning', detail: 'the token travels in the clear: use an https:// endpoint' };
  }
  const left = tls.validTo.getTime() - Date.now();
  const detail = `${tls.protocol}, trusted, the certificate ends ${tls.validTo.toISOString()}`;
  return { name, status: left < SOON ? 'warning' : 'ok', detail: left < SOON ? `${detail}: renew it` : detail };
}

async function checkReady(
  url: URL,
  options: { caCertificate: string | undefined; signal: AbortSignal },
): Promise<Check> {
  const { status } = await probe(url, '/readyz', options);
  if (status === 200) return { name: 'database', status: 'ok', detail: 'takes writes' };
  return {
    name: 'database',
    status: 'failed',
    detail: `takes no writes now (HTTP ${status}): see the log of the daemon`,
  };
}

function checkVersion(daemon: string): Check {
  if (daemon === VERSION) return { name: 'version', status: 'ok', detail: `${VERSION}, like the daemon` };
  return { name: 'version', status: 'warning', detail: `this is ${VERSION}, the daemon is ${daemon}: use the same` };
}

function checkClock({ clockSkew }: Probe): Check {
  const name = 'clock';
  if (clockSkew === undefined) return { name, status: 'skipped', detail: 'the answer says no time' };
  if (Math.abs(clockSkew) < SKEW) return { name, status: 'ok', detail: 'agrees with that of the daemon' };
  const seconds = Math.round(Math.abs(clockSkew) / 1000);
  const detail = `the daemon is ${seconds} s ${clockSkew > 0 ? 'ahead of' : 'behind'} this machine: set both by NTP`;
  return { name, status: 'warning', detail };
}

async function checkToken({ endpoint, token, caCertificate, from }: Connection, signal: AbortSignal): Promise<Check> {
  const name = 'token';
  if (token === undefined) {
    return {
      name,
      status: 'failed',
      detail: 'there is none: set ACCREDIT_TOKEN_FILE, or name a token_file in a profile',
    };
  }
  const client = new Client({ endpoint, token, caCertificate, product: 'accredit-cli' });
  try {
    const { identifier, validUntil } = await client.self({ signal });
    const detail = `of ${identifier} (${from.token}), ${validUntil === null ? 'without an end' : `until ${validUntil}`}`;
    const ends = validUntil !== null && Date.parse(validUntil) - Date.now() < SOON;
    return { name, status: ends ? 'warning' : 'ok', detail: ends ? `${detail}: "accredit rotate" it` : detail };
  } catch (error) {
    if (!(error instanceof ApiError) && !(error instanceof ConnectionError)) throw error;
    return { name, status: 'failed', detail: `(${from.token}) ${error.message}` };
  } finally {
    client.close();
  }
}
