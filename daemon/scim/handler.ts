/** SCIM 2.0 (RFC 7644) on the plain HTTP server, for whoever presents a token that is for it. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { JsonObject } from '../../terraform-provider-spec/kind.ts';
import type { Service } from '../domain/api.ts';
import { Problem } from '../domain/problem.ts';
import { type Exchange, type ExchangeOptions, exchangeOf } from '../http/exchange.ts';
import { problemReply } from '../http/problems.ts';
import { type Reply, send } from '../http/reply.ts';
import { type Collection, GROUPS, USERS } from './collections.ts';
import { resourceType, resourceTypes, schema, schemas, serviceProviderConfig } from './discovery.ts';
import { errorBody, fromProblem, ScimError } from './errors.ts';
import { listResponse } from './list.ts';
import { collectionRequests, type Methods, resourceRequests } from './requests.ts';

const ROOT = '/scim/v2';

export interface ScimOptions extends ExchangeOptions {
  readonly service: Service;
}

const COLLECTIONS: ReadonlyMap<string, Collection> = new Map([
  ['Users', USERS],
  ['Groups', GROUPS],
]);

/** Takes the request if it is for SCIM; answers whether it did. */
export function scimHandler(options: ScimOptions): (request: IncomingMessage, response: ServerResponse) => boolean {
  return (request, response) => {
    const [path = ''] = (request.url ?? '').split('?', 1);
    if (path !== ROOT && !path.startsWith(`${ROOT}/`)) return false;
    void answer(path.slice(ROOT.length + 1), request, response, options);
    return true;
  };
}

async function answer(
  path: string,
  request: IncomingMessage,
  response: ServerResponse,
  options: ScimOptions,
): Promise<void> {
  const exchange = exchangeOf(request, response, options);
  try {
    send(response, asScim(await reply(path, request, response, options.service, exchange)));
  } catch (error) {
    if (error instanceof ScimError) send(response, errorReply(error));
    else exchange.fail(error, (problem, context) => withChallenge(problem, context, request.method === 'POST'));
  }
}

async function reply(
  path: string,
  request: IncomingMessage,
  response: ServerResponse,
  service: Service,
  exchange: Exchange,
): Promise<Reply> {
  const caller = { ...exchange.caller(), audience: 'scim' } as const;
  const subject = await service.authenticate(caller);
  exchange.identified(subject);
  const [name = '', id, ...rest] = path.split('/').map(decoded);
  const collection = COLLECTIONS.get(name);
  const base = baseOf(request);
  const methods =
    rest.length > 0 || id === ''
      ? undefined
      : collection === undefined
        ? discovery(base, name, id)
        : id === undefined
          ? collectionRequests(collection)
          : resourceRequests(collection, id);
  if (methods === undefined) throw new Problem('not-found', 'SCIM has no such path.');
  // Of the answer to HEAD, only the headers are sent.
  const run = methods[(request.method === 'HEAD' ? 'GET' : request.method) as keyof Methods];
  if (run === undefined) {
    const allowed = Object.keys(methods).flatMap((method) => (method === 'GET' ? ['GET', 'HEAD'] : [method]));
    response.setHeader('Allow', allowed.join(', '));
    throw new Problem('method-not-allowed', `${request.method} is not offered here.`);
  }
  const organization = `organizations/${subject.organization}`;
  const query = new URL(request.url ?? '', 'http://localhost').searchParams;
  return run({ service, request, query, base, scope: { caller, organization, kind: collection?.kind ?? 'user' } });
}

/** What the service tells about itself (RFC 7644, section 4); `undefined` for a path that is none. */
function discovery(base: string, name: string, id: string | undefined): Methods | undefined {
  const body = discovered(base, name, id);
  return (
    body && {
      async GET({ query }) {
        // Whoever filters would take what is shown for what matches.
        if (query.has('filter')) throw new ScimError(403, undefined, 'What SCIM tells about itself is not filtered.');
        return { status: 200, body };
      },
    }
  );
}

function discovered(base: string, name: string, id: string | undefined): JsonObject | undefined {
  switch (name) {
    case 'ServiceProviderConfig':
      return id === undefined ? serviceProviderConfig(base) : undefined;
    case 'Schemas':
      return id === undefined ? wholeList(schemas(base)) : schema(base, id);
    case 'ResourceTypes':
      return id === undefined ? wholeList(resourceTypes(base)) : resourceType(base, id);
    default:
      return undefined;
  }
}

function wholeList(resources: JsonObject[]): JsonObject {
  return listResponse(resources, { total: resources.length, startIndex: 1 });
}

/** A segment as it is meant; one that is not well encoded names nothing. */
function decoded(segment: string): string {
  try {
    return decodeURIComponent(segment);
  } catch {
    return '';
  }
}

/** As the client addressed this daemon, so that the addresses in answers lead back here, also through a proxy. */
function baseOf({ headers, socket }: IncomingMessage): string {
  const { host = '' } = headers;
  if (!/^[A-Za-z0-9._:[\]-]+$/.test(host)) return ROOT;
  const isSecure = 'encrypted' in socket || headers['x-forwarded-proto'] === 'https';
  return `${isSecure ? 'https' : 'http'}://${host}${ROOT}`;
}

/** RFC 7644, section 3.1: the media type of SCIM, whether or not the client asked for it. */
function asScim({ headers, ...rest }: Reply): Reply {
  return {
    ...rest,
    headers: { ...(rest.body !== undefined && { 'Content-Type': 'application/scim+json' }), ...headers },
  };
}

function errorReply(error: ScimError): Reply {
  return asScim({ status: error.status, body: errorBody(error) });
}

function withChallenge(problem: Problem, context: Parameters<typeof problemReply>[1], creating: boolean): Reply {
  const { 'Content-Type': _type, ...headers } = problemReply(problem, context).headers ?? {};
  const { status, body } = errorReply(fromProblem(problem, { creating }));
  return asScim({ status, headers, body });
}
