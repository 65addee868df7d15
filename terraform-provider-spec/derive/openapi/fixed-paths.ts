/** The paths that no kind brings with it. */
import type { JsonObject } from '../../kind.ts';
import { KINDS, kindNamed } from '../../kinds/index.ts';
import { type Paths, ROTATION_PROBLEMS, resourcePath } from './kind-paths.ts';
import { changesOf, operation, READS } from './operation.ts';
import { parameters, pathParameters, WRITE_HEADERS } from './parameters.ts';
import { ALWAYS, answer, schemaReference } from './responses.ts';
import { schemaName } from './schemas.ts';

const VERIFICATION = 'verification';
const HEALTH = 'health';

/** Audit log, verification, the caller's own token, health and this document. */
export function fixedPaths(): Paths {
  const organization = kindNamed('organization');
  return {
    [`${resourcePath([organization])}/audit-events`]: {
      parameters: pathParameters([organization]),
      get: AUDIT_EVENTS,
    },
    '/v1/authorize': { get: AUTHORIZE },
    '/v1/introspect': { post: INTROSPECT },
    '/v1/self': { get: SELF },
    '/v1/self/rotate': { post: rotateSelf() },
    '/healthz': { get: health('getHealth', 'Whether the process runs', ['status', 'version']) },
    '/readyz': { get: health('getReadiness', 'Whether the database takes writes', ['status'], ['unavailable']) },
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

const INTROSPECT = operation({
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

const SELF = operation({
  id: 'getSelf',
  tag: VERIFICATION,
  summary: 'Say who the caller is',
  answers: { 200: answer('The owner of the token, and what it carries.', schemaReference('Subject')) },
  problems: [...ALWAYS, 'invalid-query'],
});

function rotateSelf(): JsonObject {
  const tokens = KINDS.filter(({ token }) => token !== undefined).map((kind) => schemaReference(schemaName(kind)));
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
