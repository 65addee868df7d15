/**
 * The questions that services ask about tokens, answered on the plain HTTP server in front of everything else: they come
 * with every request that somebody else serves.
 */
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Service } from '../domain/api.ts';
import { Problem } from '../domain/problem.ts';
import type { Exchange } from '../http/exchange.ts';
import type { problemReply } from '../http/problems.ts';
import type { Reply } from '../http/reply.ts';
import { authorize } from './authorize.ts';
import { fastAuthorize } from './fast-authorize.ts';
import { fastIntrospect } from './fast-introspect.ts';
import { introspect } from './introspect.ts';
import { fastToken } from './oauth/fast-token.ts';
import { jwks, metadata } from './oauth/metadata.ts';
import { introspectionReply, oauthReply } from './oauth/reply.ts';
import { revoke } from './oauth/revoke.ts';
import { token } from './oauth/token.ts';
import { type FastAnswer, replying, type VerifyOptions } from './replying.ts';
import { self } from './self.ts';

/** Takes the request if it is for one of these paths; answers whether it did. */
export type VerifyHandler = (request: IncomingMessage, response: ServerResponse) => boolean;

interface Endpoint {
  /** How what went wrong is answered, if not as everywhere else. */
  readonly render?: typeof problemReply;
  /** The methods that it takes; all of them if left out. */
  readonly methods?: readonly string[];
  answer(service: Service, request: IncomingMessage, exchange: Exchange, options: VerifyOptions): Promise<Reply>;
}

const ENDPOINTS: ReadonlyMap<string, Endpoint> = new Map<string, Endpoint>([
  ['/v1/authorize', { answer: authorize }],
  ['/v1/introspect', { methods: ['POST'], answer: introspect, render: introspectionReply }],
  ['/v1/self', { methods: ['GET', 'HEAD'], answer: self }],
  ['/v1/oauth/token', { methods: ['POST'], answer: token, render: oauthReply }],
  ['/v1/oauth/revoke', { methods: ['POST'], answer: revoke, render: oauthReply }],
  ['/.well-known/jwks.json', { methods: ['GET', 'HEAD'], answer: jwks }],
  [
    '/.well-known/oauth-authorization-server',
    { methods: ['GET', 'HEAD'], answer: async (_service, _request, _exchange, { issuer }) => metadata(issuer()) },
  ],
]);

/** The handler, to be asked before the application is. */
export function verifyHandler(options: VerifyOptions): VerifyHandler {
  const fast: ReadonlyMap<string, FastAnswer> = new Map([
    ['/v1/authorize', fastAuthorize(options)],
    ['/v1/introspect', fastIntrospect(options)],
    ['/v1/oauth/token', fastToken(options)],
  ]);
  return (request, response) => {
    const path = pathOf(request.url ?? '');
    const endpoint = ENDPOINTS.get(path);
    if (endpoint === undefined) return false;
    if (fast.get(path)?.(request, response) === true) return true;
    void answer(endpoint, request, response, options);
    return true;
  };
}

async function answer(
  endpoint: Endpoint,
  request: IncomingMessage,
  response: ServerResponse,
  options: VerifyOptions,
): Promise<void> {
  const reply = (exchange: Exchange) => {
    requireMethod(endpoint, request, response);
    return endpoint.answer(options.service, request, exchange, options);
  };
  return replying(request, response, options, reply, endpoint.render);
}

function requireMethod({ methods }: Endpoint, request: IncomingMessage, response: ServerResponse): void {
  if (methods === undefined || methods.includes(request.method ?? '')) return;
  response.setHeader('Allow', methods.join(', '));
  throw new Problem('method-not-allowed', `${request.method} is not offered here, only ${methods.join(', ')}.`);
}

function pathOf(url: string): string {
  const mark = url.indexOf('?');
  return mark < 0 ? url : url.slice(0, mark);
}
