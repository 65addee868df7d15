/** The paths of SCIM (RFC 7644). What its resources hold, SCIM says itself under `/Schemas`. */
import type { JsonObject } from '../../kind.ts';
import type { Paths } from './kind-paths.ts';

const ROOT = '/scim/v2';
const MEDIA_TYPE = 'application/scim+json';
const TAG = 'SCIM';

/** Users, Groups and what the service tells about itself. */
export function scimPaths(): Paths {
  return {
    ...collectionPaths('User', 'users'),
    ...collectionPaths('Group', 'teams'),
    [`${ROOT}/ServiceProviderConfig`]: {
      get: scimOperation('getScimServiceProviderConfig', 'Say what of SCIM is supported', { 200: resource }),
    },
    ...discoveryPaths('Schemas', 'Schema', 'the schemas'),
    ...discoveryPaths('ResourceTypes', 'ResourceType', 'the resource types'),
  };
}

function collectionPaths(name: 'User' | 'Group', noun: string): Paths {
  const called = name === 'User' ? 'user' : 'group';
  const read = { permission: `${noun}.read`, query: ['attributes', 'excludedAttributes'] };
  const write = { permission: `${noun}.write`, query: ['attributes', 'excludedAttributes'], body: true };
  return {
    [`${ROOT}/${name}s`]: {
      get: scimOperation(
        `listScim${name}s`,
        `List the ${called}s that match a filter`,
        { 200: list },
        { ...read, query: ['filter', 'startIndex', 'count', ...read.query] },
      ),
      post: scimOperation(`createScim${name}`, `Create one ${called}`, { 201: resource }, write),
    },
    [`${ROOT}/${name}s/{id}`]: {
      parameters: [ID],
      get: scimOperation(`getScim${name}`, `Read one ${called}`, { 200: resource, 304: unchanged }, read),
      put: scimOperation(`replaceScim${name}`, `Replace one ${called}`, { 200: resource }, write),
      patch: scimOperation(`patchScim${name}`, `Change a part of one ${called}`, { 200: resource }, write),
      delete: scimOperation(
        `deleteScim${name}`,
        name === 'User' ? 'Delete one user with all tokens' : 'Delete one group',
        { 204: deleted },
        { permission: `${noun}.delete` },
      ),
    },
  };
}

function discoveryPaths(path: string, name: string, what: string): Paths {
  return {
    [`${ROOT}/${path}`]: { get: scimOperation(`listScim${name}s`, `List ${what}`, { 200: list }) },
    [`${ROOT}/${path}/{id}`]: {
      parameters: [ID],
      get: scimOperation(`getScim${name}`, `Read one of ${what}`, { 200: resource }),
    },
  };
}

const ID: JsonObject = {
  name: 'id',
  in: 'path',
  required: true,
  description: 'The id that SCIM gives it.',
  schema: { type: 'string' },
};

interface Details {
  readonly permission?: string;
  readonly query?: readonly string[];
  readonly body?: boolean;
}

/** An operation that takes a token with the purpose `scim` and no other. */
function scimOperation(
  id: string,
  summary: string,
  answers: Readonly<Record<number, JsonObject>>,
  { permission, query = [], body = false }: Details = {},
): JsonObject {
  const statuses = [400, 401, 403, 404, 409, 412, 413, 415, 429, 500, 503];
  return {
    operationId: id,
    tags: [TAG],
    summary,
    ...(permission !== undefined && { 'x-accredit-permission': permission }),
    'x-accredit-audience': 'scim',
    parameters: query.map((name) => ({
      name,
      in: 'query',
      description: `As RFC 7644, section 3.4.2 or 3.9, has it.`,
      schema: { type: 'string' },
    })),
    ...(body && { requestBody: { required: true, content: content('ScimResource') } }),
    responses: {
      ...answers,
      ...Object.fromEntries(statuses.map((status) => [status, { $ref: '#/components/responses/ScimError' }])),
    },
  };
}

function content(schema: string): JsonObject {
  return { [MEDIA_TYPE]: { schema: { $ref: `#/components/schemas/${schema}` } } };
}

const REQUEST_ID: JsonObject = { 'X-Request-Id': { $ref: '#/components/headers/RequestId' } };
const ETAG: JsonObject = { ETag: { $ref: '#/components/headers/ETag' } };
const resource: JsonObject = {
  description: 'The resource.',
  headers: { ...REQUEST_ID, ...ETAG, Location: { $ref: '#/components/headers/Location' } },
  content: content('ScimResource'),
};
const list: JsonObject = { description: 'One page.', headers: REQUEST_ID, content: content('ScimList') };
const unchanged: JsonObject = { description: 'It is as it was.', headers: { ...REQUEST_ID, ...ETAG } };
const deleted: JsonObject = { description: 'It is not there any more.', headers: REQUEST_ID };

/** `components.responses` of SCIM. */
export const SCIM_RESPONSES: JsonObject = {
  ScimError: {
    description: 'A refusal in the words of SCIM (RFC 7644, section 3.12).',
    headers: {
      ...REQUEST_ID,
      'WWW-Authenticate': { $ref: '#/components/headers/Challenge' },
      'Retry-After': { $ref: '#/components/headers/RetryAfter' },
      RateLimit: { $ref: '#/components/headers/RateLimit' },
      'RateLimit-Policy': { $ref: '#/components/headers/RateLimitPolicy' },
    },
    content: content('ScimError'),
  },
};

/** `components.schemas` of SCIM. */
export const SCIM_SCHEMAS: JsonObject = {
  ScimResource: { type: 'object', description: 'A SCIM resource (RFC 7643).' },
  ScimList: {
    type: 'object',
    description: 'A ListResponse (RFC 7644, section 3.4.2).',
    properties: {
      schemas: { type: 'array', items: { type: 'string' } },
      totalResults: { type: 'integer', minimum: 0 },
      startIndex: { type: 'integer', minimum: 1 },
      itemsPerPage: { type: 'integer', minimum: 0 },
      Resources: { type: 'array', items: { $ref: '#/components/schemas/ScimResource' } },
    },
    required: ['schemas', 'totalResults', 'startIndex', 'itemsPerPage', 'Resources'],
  },
  ScimError: {
    type: 'object',
    description: 'What went wrong.',
    properties: {
      schemas: { type: 'array', items: { type: 'string' } },
      status: { type: 'string' },
      scimType: { type: 'string' },
      detail: { type: 'string' },
    },
    required: ['schemas', 'status', 'detail'],
  },
};
