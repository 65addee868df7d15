/** The paths that no kind brings with it. */
import type { JsonObject } from '../../kind.ts';
import { kindNamed, lineage, TOKEN_KINDS } from '../../kinds/index.ts';
import { type Paths, ROTATION_PROBLEMS, resourcePath } from './kind-paths.ts';
import { changesOf, operation, READS, WRITES } from './operation.ts';
import { filterParameters, parameters, pathParameters, WRITE_HEADERS } from './parameters.ts';
import { ALWAYS, answer, schemaReference } from './responses.ts';
import { schemaName } from './schemas.ts';

const VERIFICATION = 'verification';
const HEALTH = 'health';

/** Paths that a daemon serves only where it is told to. */
export interface OptionalPaths {
  /** `PUT /automate/recycle_key.json`. */
  readonly recycleKey: boolean;
}

/** Tokens of a whole organization, enrolment, audit log, verification, the caller's own token, health, this document. */
export function fixedPaths({ recycleKey }: OptionalPaths): Paths {
  const organization = kindNamed('organization');
  const user = kindNamed('user');
  return {
    [`${resourcePath([organization])}/tokens`]: { parameters: pathParameters([organization]), get: ALL_TOKENS },
    [`${resourcePath([organization])}/token-counts`]: { parameters: pathParameters([organization]), get: TOKEN_COUNTS },
    [`${resourcePath(lineage(user))}/enrolment`]: { parameters: pathParameters(lineage(user)), post: ENROL },
    [`${resourcePath([organization])}/audit-events`]: {
      parameters: pathParameters([organization]),
      get: AUDIT_EVENTS,
    },
    '/v1/authorize': { get: AUTHORIZE },
    '/v1/introspect': { post: INTROSPECT },
    '/v1/self': { get: SELF },
    '/v1/self/rotate': { post: rotateSelf() },
    ...(recycleKey && { '/automate/recycle_key.json': { put: RECYCLE_KEY } }),
    '/healthz': { get: health('getHealth', 'Whether the process runs', ['status', 'version']) },
    '/readyz': { get: health('getReadiness', 'Whether the database takes writes', ['status'], ['unavailable']) },
    '/metrics': { get: METRICS },
    '/openapi.json': {
      get: operation({
        id: 'getOpenApi',
        tag: HEALTH,
        summary: 'Read this document',
        open: true,
        answers: { 200: answer('An OpenAPI document.', { type: 'object' }) },
        problems: [],
      }),
    },
  };
}

const TOKENS = 'tokens';

const ALL_TOKENS = operation({
  id: 'listTokens',
  tag: TOKENS,
  summary: 'List the tokens of one organization, of all kinds, as far as the caller may see them',
  permission: 'tokens.read',
  parameters: [...parameters('Limit', 'Cursor', 'View', 'Label'), ...filterParameters(TOKEN_KINDS)],
  answers: { 200: answer('One page.', schemaReference('TokenList')) },
  problems: READS,
});

const TOKEN_COUNTS = operation({
  id: 'countTokens',
  tag: TOKENS,
  summary: 'Count the tokens of one organization, as far as the caller may see them',
  permission: 'tokens.read',
  parameters: [...parameters('Label'), ...filterParameters(TOKEN_KINDS)],
  answers: { 200: answer('How many there are.', schemaReference('TokenCounts')) },
  problems: READS,
});

const ENROL = operation({
  id: 'enrolUser',
  tag: 'user',
  summary: "Make the one secret by which a user can make the first of the user's own tokens",
  description:
    'It works once, and for 24 hours at the longest; another one replaces it. It opens nothing but that. Whoever makes one ' +
    'needs every right of the user.',
  permission: 'users.enrol',
  parameters: parameters('DryRun', ...WRITE_HEADERS),
  body: { required: false, schema: schemaReference('EnrolmentBody') },
  answers: {
    200: answer('With `dry_run`: what would happen.', schemaReference('DryRun')),
    201: answer('The enrolment, with its secret.', schemaReference('Enrolment'), ['Outcome', 'Replayed']),
  },
  problems: [...WRITES, 'malformed-json', 'too-large', 'unsupported-media-type', 'invalid', 'superseded'],
});

const AUDIT_EVENTS = operation({
  id: 'listAuditEvents',
  tag: 'audit',
  summary: 'List what happened in one organization, the newest first',
  permission: 'audit-events.read',
  parameters: parameters('Limit', 'Cursor', 'AuditAddress'),
  answers: { 200: answer('One page.', schemaReference('AuditEventList')) },
  problems: READS,
});

const AUTHORIZE = operation({
  id: 'authorize',
  tag: VERIFICATION,
  summary: 'Say whether the presented token allows something',
  description:
    'For reverse proxies that ask before they pass a request on. Every method is answered alike, so that the proxy can ' +
    "send on the client's.",
  parameters: parameters('AskedOrganization', 'AskedPermission', 'AskedScope'),
  answers: {
    200: answer('It does.', undefined, ['Subject', 'SubjectAccount', 'SubjectOrganization', 'SubjectToken']),
  },
  problems: [...ALWAYS, 'invalid-query', 'forbidden'],
});

const INTROSPECTION = operation({
  id: 'introspect',
  tag: VERIFICATION,
  summary: 'Say what a token stands for (RFC 7662)',
  permission: 'tokens.introspect',
  body: {
    required: true,
    schema: schemaReference('IntrospectionRequest'),
    mediaTypes: ['application/x-www-form-urlencoded', 'application/json'],
  },
  answers: { 200: answer('What it stands for.', schemaReference('Introspection')) },
  problems: [...READS, 'malformed-json', 'too-large', 'unsupported-media-type', 'invalid'],
});

const INTROSPECT: JsonObject = {
  ...INTROSPECTION,
  responses: {
    ...(INTROSPECTION.responses as JsonObject),
    401: { $ref: '#/components/responses/IntrospectionUnauthenticated' },
  },
};

const SELF = operation({
  id: 'getSelf',
  tag: VERIFICATION,
  summary: 'Say who the caller is',
  answers: { 200: answer('The owner of the token, and what it carries.', schemaReference('Subject')) },
  problems: [...ALWAYS, 'invalid-query', 'forbidden'],
});

function rotateSelf(): JsonObject {
  const tokens = TOKEN_KINDS.map((kind) => schemaReference(schemaName(kind)));
  return operation({
    id: 'rotateSelf',
    tag: VERIFICATION,
    summary: 'Give the token that makes the request a new secret',
    description:
      'A retry with the same Idempotency-Key may authenticate with the secret that the first try has retired, and gets ' +
      'that answer again.',
    parameters: parameters('DryRun', ...WRITE_HEADERS),
    body: { required: false, schema: schemaReference('RotationBody') },
    answers: {
      200: answer('The token with its new secret.', changesOf({ anyOf: tokens }), ['ETag', 'Outcome', 'Replayed']),
    },
    problems: ROTATION_PROBLEMS,
  });
}

const RECYCLED_KEY: JsonObject = {
  type: 'object',
  properties: {
    old_key: { type: 'string', description: 'The secret that made the request.' },
    new_key: { type: 'string', description: 'The one that replaces it.' },
  },
  required: ['old_key', 'new_key'],
};

const RECYCLE_KEY = operation({
  id: 'recycleKey',
  tag: VERIFICATION,
  summary: 'Give the token that makes the request a new secret, in the form of another product',
  description:
    'Served only with the setting `recycle_key_api`. It does what `POST /v1/self/rotate` does: the old key is dead at ' +
    'once, unless the token declares an overlap, in which it goes on working. A retry with the same Idempotency-Key may ' +
    'authenticate with the key that the first try has retired, and gets that answer again. The body is empty or an empty ' +
    'object, under any media type.',
  parameters: parameters('IdempotencyKey'),
  body: { required: false, schema: { type: 'object', maxProperties: 0 }, mediaTypes: ['*/*'] },
  answers: {
    200: answer('Both keys, in this answer and nowhere else.', RECYCLED_KEY, [
      'ETag',
      'Outcome',
      'Replayed',
      'Warning',
    ]),
  },
  problems: ROTATION_PROBLEMS,
});

const METRICS = operation({
  id: 'getMetrics',
  tag: HEALTH,
  summary: 'Read the metrics, as Prometheus does',
  description:
    'Whoever asks on the machine itself, and not through a proxy, needs no credential; the setting `metrics_access` ' +
    'says otherwise. The permission counts in the organization `default`.',
  permission: 'metrics.read',
  answers: {
    200: {
      ...answer('The text exposition format, version 0.0.4.'),
      content: { 'text/plain': { schema: { type: 'string' } } },
    },
  },
  problems: [...ALWAYS, 'invalid-query', 'forbidden'],
});

function health(
  id: string,
  summary: string,
  texts: readonly string[],
  problems: readonly 'unavailable'[] = [],
): JsonObject {
  const properties = Object.fromEntries(texts.map((name) => [name, { type: 'string' }]));
  const schema: JsonObject = { type: 'object', properties, required: [...texts] };
  return operation({ id, tag: HEALTH, summary, open: true, answers: { 200: answer('It does.', schema) }, problems });
}
