/** What comes over a connection and is no request: answered as far as it can be, and on record like any other. */
import { type IncomingMessage, STATUS_CODES } from 'node:http';
import type { Socket } from 'node:net';
import { Problem } from '../domain/problem.ts';
import { peerOf } from './client-address.ts';
import { type ExchangeOptions, requestIdOf } from './exchange.ts';

export type MalformedOptions = Pick<ExchangeOptions, 'log' | 'observer'>;

/** By the code of the error; everything else is 400. */
const STATUSES: Readonly<Record<string, number>> = {
  CONNECT: 405,
  ERR_HTTP_REQUEST_TIMEOUT: 408,
  HPE_CHUNK_EXTENSIONS_OVERFLOW: 413,
  HPE_HEADER_OVERFLOW: 431,
};

/** Whether it is a request of HTTP/1.1 that does not name its host (RFC 9112, section 3.2). */
export function lacksHost({ headers, httpVersion }: IncomingMessage): boolean {
  return headers.host === undefined && httpVersion === '1.1';
}

/** What such a request is answered. */
export function hostMissing(): Problem {
  return new Problem('malformed-request', 'The request has no Host header (RFC 9112, section 3.2).');
}

/**
 * Answers bytes that could not be read as a request, and closes the connection. What they were is told to nobody: there
 * may be a token in them. `isOnRecord` says that they belong to a request that has its line in the log.
 */
export function refuseBytes(
  error: NodeJS.ErrnoException,
  socket: Socket,
  { log, observer }: MalformedOptions,
  isOnRecord: boolean,
): void {
  const { code = 'UNKNOWN' } = error;
  // The client has gone: nobody is there to be answered, and nothing was asked.
  if (!socket.writable) {
    socket.destroy();
    return;
  }
  const status = STATUSES[code] ?? 400;
  const requestId = requestIdOf(undefined);
  const head = [`HTTP/1.1 ${status} ${STATUS_CODES[status]}`, `X-Request-Id: ${requestId}`];
  socket.end([...head, 'Connection: close', 'Content-Length: 0', '', ''].join('\r\n'), () => socket.destroy());
  if (isOnRecord) return;
  observer?.ended({ method: '', path: '', status, seconds: 0 });
  log.info({ request_id: requestId, status, ip: peerOf({ socket }), code: 'malformed-request', note: code }, 'request');
}
