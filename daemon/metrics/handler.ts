/** `GET /metrics`, for whoever may see them. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Service } from '../domain/api.ts';
import type { Caller } from '../domain/caller.ts';
import { unauthenticated } from '../domain/principal.ts';
import { Problem } from '../domain/problem.ts';
import { addressesIn, LOOPBACK, peerOf } from '../http/client-address.ts';
import { readQuery } from '../http/contract.ts';
import { type Exchange, type ExchangeOptions, exchangeOf } from '../http/exchange.ts';
import type { Exposition } from './exposition.ts';

/**
 * Who sees the metrics without a token: `loopback`, whoever asks on the machine itself and not through a proxy; `token`,
 * nobody; `anyone`.
 */
export const METRICS_ACCESS = ['loopback', 'token', 'anyone'] as const;
export type MetricsAccess = (typeof METRICS_ACCESS)[number];

export interface MetricsOptions extends ExchangeOptions {
  readonly service: Service;
  readonly access: MetricsAccess;
  /** Networks of proxies, from which nobody asks for himself. */
  readonly proxies: readonly string[];
  readonly expose: () => Promise<Exposition>;
}

const PATH = '/metrics';

/** Takes the request if it is for the metrics; answers whether it did. */
export function metricsHandler(
  options: MetricsOptions,
): (request: IncomingMessage, response: ServerResponse) => boolean {
  const isOpen = openTo(options);
  return (request, response) => {
    const { url = '' } = request;
    if (url !== PATH && !url.startsWith(`${PATH}?`)) return false;
    void answer(request, response, options, isOpen(request));
    return true;
  };
}

async function answer(
  request: IncomingMessage,
  response: ServerResponse,
  { service, expose, access, ...options }: MetricsOptions,
  isOpen: boolean,
): Promise<void> {
  const exchange = exchangeOf(request, response, options);
  try {
    if (request.method !== 'GET' && request.method !== 'HEAD') {
      response.setHeader('Allow', 'GET, HEAD');
      throw new Problem('method-not-allowed', `${request.method} is not offered here, only GET, HEAD.`);
    }
    if (!isOpen) await requirePermission(service, exchange, access);
    readQuery(request.url ?? '', {});
    const { contentType, text } = await expose();
    response.setHeader('Cache-Control', 'no-store');
    response.setHeader('X-Content-Type-Options', 'nosniff');
    response.setHeader('Content-Type', contentType);
    response.setHeader('Content-Length', Buffer.byteLength(text));
    response.end(text);
  } catch (error) {
    exchange.fail(error);
  }
}

/** The metrics are the installation's, which is administered from the organization that is asked in by default. */
async function requirePermission(service: Service, exchange: Exchange, access: MetricsAccess): Promise<void> {
  const { credential, ip, requestId } = callerOf(exchange, access);
  const verdict = await service.verify({ credential, ip, permission: 'metrics.read' }, requestId);
  if (verdict.decision === 'unauthenticated') {
    throw unauthenticated(verdict.reason);
  }
  exchange.identified(verdict.subject);
  if (verdict.decision === 'forbidden') {
    throw new Problem('forbidden', 'This needs the permission "metrics.read" in the organization "default".', {
      internal: verdict.reason,
    });
  }
}

/** Who asks. Throws `unauthenticated` for nobody, with who would be shown the metrics. */
function callerOf(exchange: Exchange, access: MetricsAccess): Caller {
  try {
    return exchange.caller();
  } catch (error) {
    if (!(error instanceof Problem) || error.code !== 'unauthenticated' || error.refusesCredential) throw error;
    const others =
      access === 'loopback'
        ? ' Without one they are shown to this machine alone, and not to an address in ACCREDIT_TRUSTED_PROXIES.'
        : '';
    throw new Problem('unauthenticated', `The metrics need a token with the permission "metrics.read".${others}`, {
      refusesCredential: false,
    });
  }
}

function openTo({ access, proxies }: MetricsOptions): (request: IncomingMessage) => boolean {
  if (access !== 'loopback') return () => access === 'anyone';
  const [isLoopback, isProxy] = [addressesIn(LOOPBACK), addressesIn(proxies)];
  return (request) => {
    const peer = peerOf(request);
    return peer !== null && isLoopback(peer) && !isProxy(peer) && !isPassedOn(request) && isForHere(request);
  };
}

/** Whether something stands between the client and this machine, as far as it says so. */
function isPassedOn({ headers }: IncomingMessage): boolean {
  return Object.keys(headers).some((name) => FORWARDING.has(name) || name.startsWith('x-forwarded-'));
}

const FORWARDING: ReadonlySet<string> = new Set([
  'forwarded',
  'via',
  'x-real-ip',
  'x-client-ip',
  'x-cluster-client-ip',
]);

/** Whether it is addressed to this machine by no name that others could have given it: a browser sends theirs. */
function isForHere({ headers }: IncomingMessage): boolean {
  return /^(localhost|127(\.\d{1,3}){3}|\[::1\])(:\d{1,5})?$/i.test(headers.host ?? '');
}
