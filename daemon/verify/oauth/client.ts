/** How a client says who it is (RFC 6749, section 2.3.1): in the header, or in the form. */
import type { IncomingMessage } from 'node:http';
import type { Credential } from '../../domain/api.ts';
import { invalidClient } from '../../domain/oauth/issue.ts';
import { OAuthProblem } from '../../domain/oauth/problem.ts';
import { Problem } from '../../domain/problem.ts';
import { credentialOf, presentedScheme } from '../../http/credentials.ts';
import type { Form } from './form.ts';

/**
 * The credential of the client; undefined when it presents none. Throws `OAuthProblem` for one that is malformed and for
 * two, even if they agree.
 */
export function clientOf(request: IncomingMessage, form: Form): Credential | undefined {
  const id = form.get('client_id');
  const secret = form.get('client_secret');
  if (presentedScheme(request) === undefined) {
    if (secret === undefined) return undefined;
    if (id === undefined) throw new OAuthProblem('invalid_request', 'A client_secret needs its client_id.');
    return { scheme: 'basic', username: id, token: secret };
  }
  if (secret !== undefined) {
    throw new OAuthProblem('invalid_request', 'The client authenticates in the header or in the body, not in both.');
  }
  const credential = headerCredential(request);
  if (id !== undefined && credential.username !== undefined && id !== credential.username) {
    throw new OAuthProblem('invalid_request', 'The client_id is not that of the Authorization header.');
  }
  // Presented without a name, it is held to the one that the form gives.
  return id === undefined ? credential : { ...credential, username: id };
}

function headerCredential(request: IncomingMessage): Credential {
  try {
    return credentialOf(request);
  } catch (error) {
    if (error instanceof Problem && error.code === 'unauthenticated') throw invalidClient(error.internal);
    throw error;
  }
}
