/** Puts the daemon together: store, keys, service and server, from the configuration to the last answer. */
import type { RequestListener } from 'node:http';
import { join } from 'node:path';
import type { Logger } from 'pino';
import type { Config } from './config.ts';
import type { Service } from './domain/api.ts';
import { Limits } from './domain/limits.ts';
import { createService } from './domain/service.ts';
import type { Store } from './domain/snapshot.ts';
import { createApp } from './http/app.ts';
import { addressesIn, clientAddress, LOOPBACK } from './http/client-address.ts';
import { exchangeOf } from './http/exchange.ts';
import { hostMissing, lacksHost, refuseBytes } from './http/malformed.ts';
import { messageClasses } from './http/messages.ts';
import { takeOriginForm } from './http/target.ts';
import { type FirstRun, firstRun, type InstallationConfig, openKeyring, requireSharedKey } from './installation.ts';
import { createLog } from './log.ts';
import { Exposer } from './metrics/exposition.ts';
import { families } from './metrics/families.ts';
import { metricsHandler } from './metrics/handler.ts';
import { Recorder } from './metrics/recorder.ts';
import { TokenTotals } from './metrics/totals.ts';
import { registryHandler } from './registry/handler.ts';
import { scimHandler } from './scim/handler.ts';
import { isLoopback, type Listening, listen, requireSafeListen } from './server.ts';
import { type DatabaseObserver, openStore } from './store/index.ts';
import { verifyHandler } from './verify/handler.ts';
import { installation, version } from './version.ts';

export interface DaemonDependencies {
  /** Milliseconds since 1970 UTC. */
  readonly clock?: () => number;
  readonly log?: Logger;
  /** How often what was gathered is written and what is due is removed, in milliseconds; as configured if left out. */
  readonly maintainEvery?: number;
}

export interface Daemon {
  readonly url: string;
  readonly firstRun: FirstRun;
  /** Does at once what the timer does. */
  maintain(): Promise<void>;
  /** Lets running requests finish, writes what was gathered and gives everything back. */
  close(): Promise<void>;
}

/**
 * Starts a daemon; it serves once this resolves. Rejects with an error whose message says what to do: `ConfigError`,
 * `InstallationError`, `PrivateFileError`, or what the store throws.
 */
export async function startDaemon(config: Config, dependencies: DaemonDependencies = {}): Promise<Daemon> {
  const { clock = Date.now, log = createLog(config.logLevel), maintainEvery = config.usageInterval } = dependencies;
  requireSafeListen(config);
  const recorder = new Recorder();
  const store = await openConfiguredStore(config, { clock, log, observer: recorder });
  try {
    const keyring = await openKeyring(config, store);
    const first = await firstRun(config, { store, keyring, clock });
    if (first === 'existed' && config.bootstrapTokenSha256 !== undefined) {
      log.info('ACCREDIT_BOOTSTRAP_TOKEN_SHA256 is ignored: an organization exists');
    }
    warnOfIssuer(config, log);
    let url = '';
    const issuer = () => config.issuer ?? url;
    const accessTokens = { issuer, lifetime: config.accessTokenLifetime, keyLifetime: config.signingKeyLifetime };
    const service = createService({ store, keyring, clock, accessTokens, cacheSize: config.cacheSize });
    const listening = await serve(config, { service, store, log, clock, recorder, issuer });
    url = listening.url;
    log.info({ url: listening.url, version: version() }, 'ready');
    return running({ listening, service, store, log, clock, recorder, maintainEvery, first });
  } catch (error) {
    await store.close();
    throw error;
  }
}

/** Nobody else knows a daemon by the address that it listens on, unless they are on the same machine. */
function warnOfIssuer({ issuer, databaseUrl, listen: { host } }: Config, log: Logger): void {
  if (issuer !== undefined || (databaseUrl === undefined && isLoopback(host))) return;
  log.warn(
    'ACCREDIT_ISSUER is not set: access tokens name the address that is listened on, which clients may not reach and other ' +
      'daemons on this database refuse',
  );
}

/** Opens the store that `config` names. Rejects with `InstallationError` or what the store throws. */
export async function openConfiguredStore(
  config: InstallationConfig,
  { clock, log, observer }: { clock: () => number; log: Logger; observer?: DatabaseObserver },
): Promise<Store> {
  requireSharedKey(config);
  const { databaseUrl, dataDirectory } = config;
  const where = databaseUrl === undefined ? { dataDirectory } : { url: databaseUrl };
  return openStore(where, { now: clock, log, ...(observer !== undefined && { observer }) });
}

interface Parts {
  readonly service: Service;
  readonly store: Store;
  readonly log: Logger;
  readonly clock: () => number;
  readonly recorder: Recorder;
}

interface Served extends Parts {
  readonly issuer: () => string;
}

/** What is asked of tokens is answered before the management API is looked at. */
function serve(config: Config, { service, store, log, clock, recorder, issuer }: Served): Promise<Listening> {
  const { trustedProxies: proxies, metricsAccess: access } = config;
  const exchange = { log, clock, clientAddress: clientAddress(proxies), limits: limitsOf(config), observer: recorder };
  const verify = verifyHandler({ ...exchange, service, issuer });
  const ready = shared(() => store.check());
  const app = createApp({
    ...exchange,
    service,
    version: version(),
    ready,
    served: { recycleKey: config.recycleKeyApi },
  });
  const scim = scimHandler({ ...exchange, service });
  const exposer = exposerOf({ service, store, clock, recorder });
  const metrics = metricsHandler({ ...exchange, service, access, proxies, expose: () => exposer.expose() });
  const packages = config.providerPackages ?? join(installation(), 'dist', 'packages');
  const registry = registryHandler({ ...exchange, packages });
  const answer: RequestListener = (request, response) => {
    takeOriginForm(request);
    if (lacksHost(request)) exchangeOf(request, response, exchange).fail(hostMissing());
    else if (verify(request, response) || scim(request, response) || metrics(request, response)) return;
    else if (registry(request, response)) return;
    else app(request, response);
  };
  return listen(config, {
    answer,
    messages: messageClasses(app),
    refuse: (error, socket, isOnRecord) => refuseBytes(error, socket, exchange, isOnRecord),
  });
}

function exposerOf({ service, store, clock, recorder }: Omit<Parts, 'log'>): Exposer {
  const totals = new TokenTotals({ reader: store.reader, clock });
  const sources = {
    version: version(),
    statistics: () => service.statistics,
    queueDepth: () => store.engine.depth,
    totals: () => totals.read(),
  };
  return new Exposer(families(recorder, sources));
}

/** A proxy is not held back for what its clients do, nor this machine for what whoever works on it tries out. */
function limitsOf({ rateLimitFailures, rateLimitUse, trustedProxies }: Config): Limits {
  return new Limits({
    failures: rateLimitFailures === 'off' ? undefined : rateLimitFailures,
    use: rateLimitUse === 'off' ? undefined : rateLimitUse,
    exempt: addressesIn([...LOOPBACK, ...trustedProxies]),
  });
}

/** A task that callers who come while it runs wait for instead of running it again. */
interface Shared {
  (): Promise<void>;
  /** What runs at this moment. */
  running: Promise<void> | undefined;
}

function shared(task: () => Promise<void>): Shared {
  const run: Shared = Object.assign(
    () => {
      run.running ??= task().finally(() => {
        run.running = undefined;
      });
      return run.running;
    },
    { running: undefined },
  );
  return run;
}

function running(parts: Parts & { listening: Listening; maintainEvery: number; first: FirstRun }): Daemon {
  const { listening, service, store, log, clock, recorder, maintainEvery, first } = parts;
  const maintain = shared(async () => {
    await service.maintain();
    recorder.maintainedAt = clock();
  });
  const maintained = () => maintain().catch((err: unknown) => log.error({ err }, 'maintenance failed'));
  // A use is recorded in time also where a round of maintenance takes longer than that.
  const recorded = () => service.recordUses().catch((err: unknown) => log.error({ err }, 'uses were not recorded'));
  const timer = setInterval(() => (maintain.running === undefined ? maintained() : recorded()), maintainEvery).unref();
  const close = async () => {
    clearInterval(timer);
    const drained = listening.close();
    log.info('draining');
    await drained;
    // One that runs may have written what there was before the last requests came.
    await maintain.running?.catch(() => undefined);
    await maintained();
    await store.close();
    log.info('ended');
  };
  let closed: Promise<void> | undefined;
  return {
    url: listening.url,
    firstRun: first,
    maintain,
    close: () => {
      closed ??= close();
      return closed;
    },
  };
}
