/** The paths of access tokens: RFC 6749, 7009, 7517, 8414 and 8693, and the keys behind them. */
import type { JsonObject } from '../../kind.ts';
import { operation, WRITES } from './operation.ts';
import { parameters } from './parameters.ts';
import { answer, PROBLEM_RESPONSES, schemaReference } from './responses.ts';

const TAG = 'access tokens';
const FORM = 'application/x-www-form-urlencoded';

/** By path. */
export function oauthPaths(): Record<string, JsonObject> {
  return {
    '/v1/oauth/token': { post: ISSUE },
    '/v1/oauth/revoke': { post: REVOKE },
    '/v1/signing-keys/rotation': { post: ROTATE_KEYS },
    '/.well-known/oauth-authorization-server': { get: METADATA },
    '/.well-known/jwks.json': { get: KEY_SET },
  };
}

const ISSUE = oauthOperation({
  id: 'issueAccessToken',
  summary: 'Issue an access token for client credentials, or in exchange for another token (RFC 6749, RFC 8693)',
  description:
    'The client is an account, app or user: its name or identifier and its token, as "Authorization: Basic" or as ' +
    '`client_id` and `client_secret`. The access token is a JWT signed with ES256 (RFC 9068). It opens no more than what ' +
    'it was issued for, and lives no longer.',
  schema: 'AccessTokenRequest',
  ok: answer('The access token.', schemaReference('AccessToken')),
});

const REVOKE = oauthOperation({
  id: 'revokeToken',
  summary: 'Revoke a token by presenting it (RFC 7009)',
  description:
    'Sets the emergency revocation of the token, for the reason `other`. The client is the token itself, or one that may ' +
    'revoke it. Of a token that does not work the answer is the same.',
  schema: 'TokenRevocationRequest',
  ok: answer('It does not work any more.'),
});

const ROTATE_KEYS = operation({
  id: 'rotateSigningKeys',
  tag: TAG,
  summary: 'Sign access tokens with another key from now on',
  permission: 'signing-keys.rotate',
  parameters: parameters('DryRun'),
  body: { required: false, schema: schemaReference('SigningKeyRotationBody') },
  answers: {
    200: answer(
      'The keys as they are then, or with `dry_run` what would happen.',
      {
        anyOf: [schemaReference('SigningKeyList'), schemaReference('DryRun')],
      },
      ['Outcome'],
    ),
  },
  problems: [...WRITES, 'malformed-json', 'too-large', 'unsupported-media-type', 'invalid'],
});

const METADATA = operation({
  id: 'getAuthorizationServer',
  tag: TAG,
  summary: 'Read where access tokens are issued, and how (RFC 8414)',
  open: true,
  answers: { 200: answer('The metadata.', { type: 'object' }) },
  problems: ['internal'],
});

const KEY_SET = operation({
  id: 'getKeySet',
  tag: TAG,
  summary: 'Read the keys by which access tokens are verified (RFC 7517)',
  open: true,
  answers: {
    200: answer('A JWK Set.', {
      type: 'object',
      properties: { keys: { type: 'array', items: { type: 'object', description: 'A JWK.' } } },
      required: ['keys'],
    }),
  },
  problems: ['unavailable', 'internal'],
});

function oauthOperation(described: {
  id: string;
  summary: string;
  description: string;
  schema: string;
  ok: JsonObject;
}): JsonObject {
  const { id, summary, description, schema, ok } = described;
  const statuses = [400, 401, 413, 415, 429, 500, 503];
  const content = { schema: schemaReference(schema) };
  return {
    operationId: id,
    tags: [TAG],
    summary,
    description,
    // The client may also present itself in the form, and an exchange may do without.
    security: [{ basic: [] }, { bearer: [] }, { apiKey: [] }, {}],
    'x-accredit-client': true,
    requestBody: { required: true, content: { [FORM]: content, 'application/json': content } },
    responses: {
      200: ok,
      ...Object.fromEntries(statuses.map((status) => [status, { $ref: '#/components/responses/OAuthError' }])),
    },
  };
}

const OAUTH_ERROR: JsonObject = { 'application/json': { schema: schemaReference('OAuthError') } };
const UNAUTHENTICATED = PROBLEM_RESPONSES.Unauthenticated as JsonObject;

/** `components.responses` of the token endpoints, and of a client at introspection. */
export const OAUTH_RESPONSES: JsonObject = {
  OAuthError: {
    description: 'A refusal in the words of OAuth (RFC 6749, section 5.2).',
    headers: {
      'X-Request-Id': { $ref: '#/components/headers/RequestId' },
      'WWW-Authenticate': { $ref: '#/components/headers/Challenge' },
      'Retry-After': { $ref: '#/components/headers/RetryAfter' },
    },
    content: OAUTH_ERROR,
  },
  IntrospectionUnauthenticated: {
    ...UNAUTHENTICATED,
    description:
      `${UNAUTHENTICATED.description} Whoever authenticates with Basic is told in the words of OAuth (RFC 7662, section ` +
      '2.3).',
    content: { ...(UNAUTHENTICATED.content as JsonObject), ...OAUTH_ERROR },
  },
};

const text = (description: string): JsonObject => ({ type: 'string', description });

/** `components.schemas` of access tokens. */
export const OAUTH_SCHEMAS: JsonObject = {
  AccessTokenRequest: {
    type: 'object',
    properties: {
      grant_type: text('`client_credentials` or `urn:ietf:params:oauth:grant-type:token-exchange`.'),
      scope: text('The permissions that it is to carry, separated by spaces; all that it can if left out.'),
      client_id: text('The name or identifier of the client, with `client_secret`.'),
      client_secret: text('The token of the client.'),
      subject_token: text('What is exchanged: a token or an access token.'),
      subject_token_type: text('`urn:ietf:params:oauth:token-type:access_token` or `…:jwt`.'),
      requested_token_type: text('The same; an access token if left out.'),
    },
    required: ['grant_type'],
  },
  AccessToken: {
    type: 'object',
    properties: {
      access_token: text('The JWT.'),
      token_type: { type: 'string', const: 'Bearer' },
      expires_in: { type: 'integer', description: 'For how many seconds it works.' },
      scope: text('The permissions that it carries, separated by spaces.'),
      issued_token_type: text('After an exchange, what was asked for.'),
    },
    required: ['access_token', 'token_type', 'expires_in', 'scope'],
  },
  TokenRevocationRequest: {
    type: 'object',
    properties: {
      token: text('The token to revoke.'),
      token_type_hint: text('Taken and not needed.'),
      client_id: text('The name or identifier of the client, with `client_secret`.'),
      client_secret: text('The token of the client.'),
    },
    required: ['token'],
  },
  OAuthError: {
    type: 'object',
    properties: {
      error: text('What went wrong, for programs.'),
      error_description: text('What happened this time, for people.'),
    },
    required: ['error', 'error_description'],
  },
  SigningKeyList: {
    type: 'object',
    properties: {
      keys: {
        type: 'array',
        items: {
          type: 'object',
          properties: {
            kid: text('The RFC 7638 thumbprint of the public key.'),
            use: { type: 'string', enum: ['signs', 'next', 'former'], description: 'What it does now.' },
            created_at: text('When it was made.'),
            activates_at: text('From when on it signs.'),
            verifies_until: { type: ['string', 'null'], description: 'Until when what it signed is accepted.' },
            public_key: { type: 'object', description: 'The public key as a JWK.' },
          },
          required: ['kid', 'use', 'created_at', 'activates_at', 'verifies_until', 'public_key'],
        },
      },
    },
    required: ['keys'],
  },
};
