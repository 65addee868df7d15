import http from 'node:http';
import https from 'node:https';
import { ConnectionError } from './errors.ts';

export interface HttpRequest {
  readonly method: 'GET' | 'PUT' | 'POST' | 'DELETE';
  /** Below the endpoint, with its query: `/v1/self`. */
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string;
  /** How long this one exchange may take, milliseconds. */
  readonly timeout: number;
  readonly signal?: AbortSignal | undefined;
}

export interface HttpResponse {
  readonly status: number;
  readonly headers: http.IncomingHttpHeaders;
  readonly body: string;
}

/** Sends one request, once. Rejects with `ConnectionError`, or with the signal's reason when it is aborted. */
export interface Transport {
  send(request: HttpRequest): Promise<HttpResponse>;
  /** Closes the connections that are kept open. */
  close(): void;
}

const MAX_ANSWER_BYTES = 64 * 1024 * 1024;

/**
 * HTTP/1.1 over connections that are kept open. `caCertificate` (PEM) replaces the certificate authorities that Node
 * trusts. Redirects are not followed: the token belongs to this endpoint and no other.
 */
export function httpTransport(endpoint: URL, caCertificate?: string): Transport {
  const secure = endpoint.protocol === 'https:';
  const agent = secure
    ? new https.Agent({
        keepAlive: true,
        maxSockets: 16,
        ...(caCertificate === undefined ? {} : { ca: caCertificate }),
      })
    : new http.Agent({ keepAlive: true, maxSockets: 16 });
  const prefix = endpoint.pathname.replace(/\/+$/, '');

  const send = ({ method, path, headers, body, timeout, signal }: HttpRequest): Promise<HttpResponse> =>
    new Promise((resolve, reject) => {
      signal?.throwIfAborted();
      const payload = body === undefined ? undefined : Buffer.from(body, 'utf8');
      const request = (secure ? https : http).request(new URL(prefix + path, endpoint), {
        method,
        agent,
        headers: { ...headers, ...(payload === undefined ? {} : { 'content-length': String(payload.length) }) },
      });
      const abort = () => request.destroy(new Error('aborted'));
      const timer = setTimeout(() => request.destroy(codedError('TIMEOUT', `no answer within ${timeout} ms`)), timeout);
      signal?.addEventListener('abort', abort, { once: true });
      const settle = () => {
        clearTimeout(timer);
        signal?.removeEventListener('abort', abort);
      };
      const fail = (error: Error) => {
        settle();
        if (signal?.aborted) reject(signal.reason);
        else reject(new ConnectionError(endpoint.origin, codeOf(error), error));
      };
      request.on('error', fail);
      request.on('response', (response) => {
        const chunks: Buffer[] = [];
        let size = 0;
        response.on('data', (chunk: Buffer) => {
          size += chunk.length;
          if (size > MAX_ANSWER_BYTES) request.destroy(codedError('TOO_LARGE', 'the answer is too large'));
          else chunks.push(chunk);
        });
        response.on('error', fail);
        response.on('end', () => {
          settle();
          resolve({
            status: response.statusCode ?? 0,
            headers: response.headers,
            body: Buffer.concat(chunks).toString('utf8'),
          });
        });
      });
      request.end(payload);
    });

  return { send, close: () => agent.destroy() };
}

/**
 * Reads the endpoint as people write it. Throws a `TypeError`, fit to be shown, for anything but an http or https URL
 * without user, query or fragment, and for one that goes on into the paths of the API.
 */
export function parseEndpoint(text: string): URL {
  let url: URL;
  try {
    url = new URL(text);
  } catch {
    throw new TypeError('the endpoint is no URL; one looks like https://accredit.example.com');
  }
  if (url.protocol !== 'http:' && url.protocol !== 'https:') {
    throw new TypeError('the endpoint must begin with https:// or http://');
  }
  if (url.username !== '' || url.password !== '' || url.search !== '' || url.hash !== '') {
    throw new TypeError('the endpoint must hold no user, query or fragment');
  }
  if (/\/v1\/?$/.test(url.pathname)) throw new TypeError('the endpoint ends before the /v1 of the paths below it');
  return url;
}

/** Whether what is sent there can be read on the way: http to anything but this machine. */
export function isExposed(endpoint: URL): boolean {
  return endpoint.protocol === 'http:' && !/^(localhost|127(\.\d+){3}|\[::1\])$/.test(endpoint.hostname);
}

function codedError(code: string, message: string): Error {
  return Object.assign(new Error(message), { code });
}

function codeOf(error: Error): string {
  return 'code' in error && typeof error.code === 'string' ? error.code : 'UNKNOWN';
}
