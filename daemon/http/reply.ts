/** Answers as data, and how they are sent. */
import type { ServerResponse } from 'node:http';
import type { JsonObject } from '../../terraform-provider-spec/kind.ts';

export interface Reply {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string | string[]>>;
  /** Sent as JSON; nothing for an answer without content. */
  readonly body?: JsonObject;
}

/** Sends `reply`. Unless it says otherwise it is JSON and must not be stored (RFC 9111, section 5.2.2.5). */
export function send(response: ServerResponse, { status, headers, body }: Reply): void {
  response.statusCode = status;
  response.setHeader('Cache-Control', 'no-store');
  response.setHeader('X-Content-Type-Options', 'nosniff');
  if (body === undefined) {
    // The length in a 304 would be that of the answer that is not sent (RFC 9110, section 8.6).
    if (status !== 204 && status !== 304) response.setHeader('Content-Length', 0);
    setHeaders(response, headers);
    response.end();
    return;
  }
  const text = JSON.stringify(body);
  response.setHeader('Content-Type', 'application/json');
  response.setHeader('Content-Length', Buffer.byteLength(text));
  setHeaders(response, headers);
  response.end(text);
}

function setHeaders(response: ServerResponse, headers: Reply['headers'] = {}): void {
  for (const [name, value] of Object.entries(headers)) response.setHeader(name, value);
}
