/** What comes over a connection and is no request: answered as far as it can be, and on record like any other. */
import { type IncomingMessage, STATUS_CODES } from 'node:http';
import type { Socket } from 'node:net';
import { Problem } from '../domain/problem.ts';
import { peerOf } from './client-address.ts';
import { type ExchangeOptions, requestIdOf } from './exchange.ts';
import { problemReply } from './problems.ts';

export type MalformedOptions = Pick<ExchangeOptions, 'log' | 'observer'>;

/** By the code of the error; everything else is 400. */
const ANSWERS: Readonly<Record<string, readonly [status: number, detail: string]>> = {
  CONNECT: [405, 'CONNECT is not offered here.'],
  ERR_HTTP_REQUEST_TIMEOUT: [408, 'The request did not arrive in time.'],
  ERR_SSL_HTTP_REQUEST: [400, 'The request is in the clear, and this port speaks HTTPS: send it to https://.'],
  TLS_CLIENT_HELLO: [400, 'This is TLS, and this port speaks HTTP.'],
  HPE_CHUNK_EXTENSIONS_OVERFLOW: [413, 'The extensions of the chunks are too long.'],
  HPE_HEADER_OVERFLOW: [431, 'The request line and the headers are too long.'],
};

/** Whether it is a request of HTTP/1.1 that does not name its host (RFC 9112, section 3.2). */
export function lacksHost({ headers, httpVersion }: IncomingMessage): boolean {
  return headers.host === undefined && httpVersion === '1.1';
}

/** What such a request is answered. */
export function hostMissing(): Problem {
  return new Problem('malformed-request', 'The request has no Host header (RFC 9112, section 3.2).');
}

/** Whether what the parser gave up on is the first record of TLS (RFC 8446, section 5.1): a handshake, of version 3. */
function isTls(error: NodeJS.ErrnoException): boolean {
  const { rawPacket } = error as { rawPacket?: Buffer };
  return rawPacket?.[0] === 0x16 && rawPacket[1] === 0x03;
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
  const code = isTls(error) ? 'TLS_CLIENT_HELLO' : (error.code ?? 'UNKNOWN');
  // The client has gone: nobody is there to be answered, and nothing was asked.
  if (!socket.writable) {
    socket.destroy();
    return;
  }
  const [status, detail] = ANSWERS[code] ?? [400, 'What was sent is no HTTP request.'];
  const requestId = requestIdOf(undefined);
  const reply = problemReply(new Problem('malformed-request', detail), { requestId, presented: undefined });
  const body = JSON.stringify({ ...reply.body, status });
  const head = [
    `HTTP/1.1 ${status} ${STATUS_CODES[status]}`,
    `X-Request-Id: ${requestId}`,
    `Content-Type: ${reply.headers?.['Content-Type']}`,
    `Content-Length: ${Buffer.byteLength(body)}`,
    'Connection: close',
  ];
  socket.end([...head, '', body].join('\r\n'), () => socket.destroy());
  if (isOnRecord) return;
  observer?.ended({ method: '', path: '', status, seconds: 0 });
  log.info({ request_id: requestId, status, ip: peerOf({ socket }), code: 'malformed-request', note: code }, 'request');
}
