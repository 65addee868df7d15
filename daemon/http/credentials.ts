/** What a request presents to authenticate itself. Nothing is ever read from the URL. */
import type { IncomingMessage } from 'node:http';
import type { Credential } from '../domain/api.ts';
import { unauthenticated } from '../domain/principal.ts';
import { Problem } from '../domain/problem.ts';

/**
 * The credential of `request`: `Authorization: Bearer` (RFC 6750), `Authorization: Basic` (RFC 7617, the password is
 * the token), or `X-Api-Key`. Throws `unauthenticated` without one, `malformed-request` for two that differ.
 */
export function credentialOf(request: IncomingMessage): Credential {
  const presented = [
    ...(request.headersDistinct.authorization ?? []).map(readAuthorization),
    ...(request.headersDistinct['x-api-key'] ?? []).map(readApiKey),
  ].filter((credential) => credential !== undefined);
  const [first] = presented;
  if (first === undefined) {
    throw new Problem(
      'unauthenticated',
      'The request presents no credential. Send a token as "Authorization: Bearer", as the password of ' +
        '"Authorization: Basic", or as "X-Api-Key".',
      { refusesCredential: false },
    );
  }
  const same = presented.every(({ token, username }) => token === first.token && username === first.username);
  if (!same) throw new Problem('malformed-request', 'The request presents more than one credential, and they differ.');
  return first;
}

/**
 * How a credential was presented, good or bad; undefined when none was. A scheme that nobody knows presents none (RFC
 * 6750, section 3.1).
 */
export function presentedScheme({ headers, headersDistinct }: IncomingMessage): Credential['scheme'] | undefined {
  for (const value of headersDistinct.authorization ?? []) {
    const scheme = schemeOf(value);
    if (scheme === 'bearer' || scheme === 'basic') return scheme;
  }
  return headers['x-api-key'] === undefined ? undefined : 'api-key';
}

/** The scheme of an `Authorization`, in lower case (RFC 9110, section 11.1). */
function schemeOf(authorization: string): string {
  return (authorization.split(' ', 1)[0] as string).toLowerCase();
}

function readAuthorization(value: string): Credential | undefined {
  const scheme = schemeOf(value);
  const rest = value.slice(scheme.length).trim();
  if (scheme === 'bearer') return { scheme: 'bearer', token: rest };
  if (scheme !== 'basic') return undefined;
  const decoded = Buffer.from(rest, 'base64').toString('utf8');
  const colon = decoded.indexOf(':');
  if (colon < 0) throw unauthenticated('a Basic credential without a colon');
  return { scheme: 'basic', username: unescaped(decoded.slice(0, colon)), token: unescaped(decoded.slice(colon + 1)) };
}

/**
 * OAuth clients encode both parts like a form (RFC 6749, section 2.3.1), others send them as they are. Neither a token
 * nor a name has a percent sign in it, so there is no doubt which it is.
 */
function unescaped(text: string): string {
  try {
    return text.includes('%') ? decodeURIComponent(text) : text;
  } catch {
    return text;
  }
}

function readApiKey(value: string): Credential {
  return { scheme: 'api-key', token: value.trim() };
}
