import type { IncomingMessage } from 'node:http';
import type { JsonObject } from '../../../terraform-provider-spec/kind.ts';
import { isAccessToken } from '../../crypto/access-token.ts';
import type { Service } from '../../domain/api.ts';
import { type IssuedToken, missingClient } from '../../domain/oauth/issue.ts';
import { OAuthProblem } from '../../domain/oauth/problem.ts';
import type { Exchange } from '../../http/exchange.ts';
import type { Reply } from '../../http/reply.ts';
import { clientOf } from './client.ts';
import { type Form, readForm, required } from './form.ts';
import { NOT_KEPT } from './reply.ts';

/** RFC 8693, section 3. */
export const ACCESS_TOKEN_TYPE = 'urn:ietf:params:oauth:token-type:access_token';
const JWT_TYPE = 'urn:ietf:params:oauth:token-type:jwt';
const TYPES = [ACCESS_TOKEN_TYPE, JWT_TYPE];

/** RFC 6749, section 4.4.2. */
export const CLIENT_CREDENTIALS = 'client_credentials';
/** With that of RFC 8693, section 2.1. */
export const GRANT_TYPES = [CLIENT_CREDENTIALS, 'urn:ietf:params:oauth:grant-type:token-exchange'];

/** `POST /v1/oauth/token`: an access token for client credentials, or in exchange for another token. */
export async function token(service: Service, request: IncomingMessage, exchange: Exchange): Promise<Reply> {
  return tokenFor(service, request, exchange);
}

/** The same for a request whose body `read` gives. */
export async function tokenFor(
  service: Service,
  request: IncomingMessage,
  exchange: Exchange,
  read?: () => Promise<string>,
): Promise<Reply> {
  const form = await readForm(request, read);
  const grantType = required(form, 'grant_type');
  if (!GRANT_TYPES.includes(grantType)) {
    throw new OAuthProblem('unsupported_grant_type', `The grant types are ${GRANT_TYPES.join(' and ')}.`);
  }
  const client = clientOf(request, form);
  const isExchange = grantType !== CLIENT_CREDENTIALS;
  if (client === undefined && !isExchange) throw missingClient();
  const scope = form.get('scope');
  const issued = await service.issueToken({
    ...(client !== undefined && { client }),
    ...(isExchange && { subject: subjectTokenOf(form) }),
    ...(scope !== undefined && { scope }),
    ip: exchange.ip,
    requestId: exchange.requestId,
  });
  exchange.identified(issued.subject);
  const type = isExchange ? (form.get('requested_token_type') ?? ACCESS_TOKEN_TYPE) : undefined;
  return { status: 200, headers: NOT_KEPT, body: issuedBody(issued, type) };
}

/** The answer with an access token (RFC 6749, section 5.1), and with the type that an exchange says it has. */
export function issuedBody({ access_token, expires_in, scope }: IssuedToken, type?: string): JsonObject {
  return {
    access_token,
    ...(type !== undefined && { issued_token_type: type }),
    token_type: 'Bearer',
    expires_in,
    scope,
  };
}

function subjectTokenOf(form: Form): string {
  const subject = required(form, 'subject_token');
  const type = required(form, 'subject_token_type');
  if (!TYPES.includes(type)) {
    throw new OAuthProblem('invalid_request', `A subject_token_type is ${TYPES.join(' or ')}.`);
  }
  if (type === JWT_TYPE && !isAccessToken(subject)) {
    throw new OAuthProblem('invalid_request', 'The subject_token is no JWT, as its type says.');
  }
  const wanted = form.get('requested_token_type') ?? ACCESS_TOKEN_TYPE;
  if (!TYPES.includes(wanted)) {
    throw new OAuthProblem('invalid_request', `A requested_token_type is ${TYPES.join(' or ')}.`);
  }
  if (form.has('actor_token') || form.has('actor_token_type')) {
    throw new OAuthProblem(
      'invalid_request',
      'Actor tokens are not taken: an exchange narrows, and delegates nothing.',
    );
  }
  for (const name of ['resource', 'audience']) {
    if (form.has(name)) {
      throw new OAuthProblem(
        'invalid_target',
        `The ${name} of an access token is its organization's services, and no other.`,
      );
    }
  }
  return subject;
}
