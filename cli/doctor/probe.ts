/** One look at what answers at an endpoint, without a token. */
import http from 'node:http';
import https from 'node:https';
import type { TLSSocket } from 'node:tls';
import { ConnectionError } from '../../client/errors.ts';

export interface Probe {
  readonly status: number;
  readonly body: string;
  /** The daemon's clock less ours, milliseconds, from a header that knows only seconds; `undefined` without one. */
  readonly clockSkew: number | undefined;
  /** `undefined` without TLS. */
  readonly tls: { readonly protocol: string; readonly validTo: Date } | undefined;
}

const TIMEOUT = 10_000;

/** Gets `path` below the endpoint. Rejects with `ConnectionError`, or with the signal's reason. */
export function probe(
  endpoint: URL,
  path: string,
  { caCertificate, signal }: { caCertificate?: string | undefined; signal: AbortSignal },
): Promise<Probe> {
  const secure = endpoint.protocol === 'https:';
  return new Promise((resolve, reject) => {
    const begun = Date.now();
    const options = {
      agent: false,
      timeout: TIMEOUT,
      signal,
      ...(caCertificate !== undefined && { ca: caCertificate }),
    };
    const url = new URL(endpoint.pathname.replace(/\/+$/, '') + path, endpoint);
    const request = (secure ? https : http).get(url, options, (response) => {
      const ended = Date.now();
      const socket = response.socket as TLSSocket;
      const tls = secure
        ? { protocol: socket.getProtocol() ?? '', validTo: new Date(socket.getPeerCertificate().valid_to) }
        : undefined;
      let body = '';
      response.setEncoding('utf8').on('data', (text: string) => {
        if (body.length < 65_536) body += text;
      });
      response.on('end', () => {
        const clockSkew = skew(response.headers.date, begun, ended);
        resolve({ status: response.statusCode ?? 0, body, clockSkew, tls });
      });
    });
    request.on('timeout', () =>
      request.destroy(Object.assign(new Error('no answer within 10 s'), { code: 'TIMEOUT' })),
    );
    request.on('error', (error: NodeJS.ErrnoException) => {
      if (signal.aborted) reject(signal.reason);
      else reject(new ConnectionError(endpoint.origin, error.code ?? 'UNKNOWN', error));
    });
  });
}

/** The header stands for a whole second, and was written somewhere between the request and its answer: 0 if all that fits. */
function skew(date: string | undefined, begun: number, ended: number): number | undefined {
  const said = Date.parse(date ?? '');
  if (Number.isNaN(said)) return undefined;
  if (said + 1000 < begun) return said + 1000 - begun;
  return said > ended ? said - ended : 0;
}
