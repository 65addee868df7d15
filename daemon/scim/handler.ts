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

const COLLECTIONS: Readonly<Record<string, Collection>> = { Users: USERS, Groups: GROUPS };

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
  const collection = COLLECTIONS[name];
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
  const run = methods[(request.method ?? '') as keyof Methods];
  if (run === undefined) {
    response.setHeader('Allow', Object.keys(methods).join(', '));
    throw new Problem('method-not-allowed', `${request.method} is not offered here.`);
  }
  const organization = `organizations/${subject.organization}`;
  const query = new URL(request.url ?? '', 'http://localhost').searchParams;
  return run({ service, request, query, base, scope: { caller, organization, kind: collection?.kind ?? 'user' } });
}

/** What the service tells about itself (RFC 7644, section 4); `undefined` for a path that is none. */
function discovery(base: string, name: string, id: string | undefined): Methods | undefined {
  const all: Readonly<Record<string, () => JsonObject[]>> = {
    Schemas: () => schemas(base),
    ResourceTypes: () => resourceTypes(base),
  };
  const one: Readonly<Record<string, (id: string) => JsonObject | undefined>> = {
    Schemas: (urn) => schema(base, urn),
    ResourceTypes: (type) => resourceType(base, type),
  };
  const body = (): JsonObject | undefined => {
    if (name === 'ServiceProviderConfig' && id === undefined) return serviceProviderConfig(base);
    if (id !== undefined) return one[name]?.(id);
    const resources = all[name]?.();
    return resources && listResponse(resources, { total: resources.length, startIndex: 1 });
  };
  const found = body();
  return found && { GET: async () => ({ status: 200, body: found }) };
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
  if (!/^[A-Za-z0-9.:[\]-]+$/.test(host)) return ROOT;
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
