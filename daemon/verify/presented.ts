/** A first, cheap look at a request: enough to answer most of them, and to tell which need a closer one. */
import type { IncomingMessage } from 'node:http';
import type { Credential } from '../domain/api.ts';

/** The headers that the answer to a question about a token depends on; undefined for one that was not sent. */
export interface Presented {
  readonly credential: Credential;
  readonly requestId: string | undefined;
}

/**
 * What `request` presents, where that is one credential, plainly written: one `Authorization: Bearer` or `Basic`, or one
 * `X-Api-Key`. Undefined for anything else, right or wrong, which `http/credentials.ts` reads with more care; what both
 * read, they read alike.
 */
export function presentedPlainly({ rawHeaders }: IncomingMessage): Presented | undefined {
  let credential: Credential | undefined;
  let requestId: string | undefined;
  for (let index = 0; index < rawHeaders.length; index += 2) {
    const name = rawHeaders[index] as string;
    const { length } = name;
    if (length !== AUTHORIZATION.length && length !== API_KEY.length && length !== REQUEST_ID.length) continue;
    const value = rawHeaders[index + 1] as string;
    switch (name.toLowerCase()) {
      case AUTHORIZATION:
        if (credential !== undefined) return undefined;
        credential = BEARER.test(value) ? { scheme: 'bearer', token: value.slice(7) } : basicIn(value);
        if (credential === undefined) return undefined;
        break;
      case API_KEY:
        if (credential !== undefined || !PLAIN.test(value)) return undefined;
        credential = { scheme: 'api-key', token: value };
        break;
      case REQUEST_ID:
        if (requestId !== undefined) return undefined;
        requestId = value;
        break;
    }
  }
  return credential === undefined ? undefined : { credential, requestId };
}

const AUTHORIZATION = 'authorization';
const API_KEY = 'x-api-key';
const REQUEST_ID = 'x-request-id';
const BEARER = /^Bearer [0-9A-Za-z._-]{1,4096}$/i;
const PLAIN = /^[0-9A-Za-z._-]{1,4096}$/;
const BASIC = /^Basic [0-9A-Za-z+/]{1,8192}={0,2}$/i;
/** A name or an identifier, and a token: neither has a letter that anybody would encode. */
const PLAIN_PAIR = /^([0-9a-z@._-]{1,512}):([0-9A-Za-z._-]{1,4096})$/;

function basicIn(value: string): Credential | undefined {
  if (!BASIC.test(value)) return undefined;
  const pair = PLAIN_PAIR.exec(Buffer.from(value.slice(6), 'base64').toString('latin1'));
  return pair === null ? undefined : { scheme: 'basic', username: pair[1] as string, token: pair[2] as string };
}
