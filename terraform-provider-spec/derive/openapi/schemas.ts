/** The schema components: bodies and answers of every kind, and what answers hold besides resources. */
import { AUDIT_ACTIONS, AUDIT_OUTCOMES } from '../../audit.ts';
import { FORMATS } from '../../formats.ts';
import type { Attributes, JsonObject, Kind } from '../../kind.ts';
import { KINDS, TOKEN_KINDS } from '../../kinds/index.ts';
import { ENROLMENT_REQUEST, KEY_ROTATION_REQUEST, REVOCATION_REQUEST, ROTATION_REQUEST } from '../../requests.ts';
import { answerSchema, nullable, requestObjectSchema, requestSchema, valueSchema } from '../json-schema.ts';
import { ANSWER_HEADERS, PROBLEM_SCHEMA, schemaReference } from './responses.ts';

/** The component of a kind's answers: `ServiceAccount`. Bodies end in `Body`, pages in `List`. */
export function schemaName(kind: Kind): string {
  return kind.kind.replace(/(^|_)([a-z])/g, (_match, _gap, letter: string) => letter.toUpperCase());
}

/** `components.schemas`. */
export function schemas(): JsonObject {
  return {
    ...Object.fromEntries(KINDS.flatMap(kindSchemas)),
    RotationBody: requestObjectSchema(ROTATION_REQUEST),
    RevocationBody: requestObjectSchema(REVOCATION_REQUEST),
    Revocation: object({
      address: text("The token's address.", FORMATS.address.schema),
      reason: valueSchema(REVOCATION_REQUEST.reason as Attributes[string]),
      created_at: time('When it was revoked.'),
      created_by: text('The identifier of who revoked it.'),
    }),
    DryRun: DRY_RUN,
    TokenList: object({
      items: { type: 'array', items: { anyOf: TOKEN_KINDS.map((kind) => schemaReference(schemaName(kind))) } },
      next_cursor: nullable(text('`cursor` of the next page; null on the last.')),
    }),
    TokenCounts: TOKEN_COUNTS,
    SigningKeyRotationBody: requestObjectSchema(KEY_ROTATION_REQUEST),
    EnrolmentBody: requestObjectSchema(ENROLMENT_REQUEST),
    Enrolment: object({
      user: text("The user's address.", FORMATS.address.schema),
      secret: text('The enrolment token, in this answer and nowhere else.'),
      valid_until: time('When it stops working if it is not used before.'),
    }),
    AuditEvent: AUDIT_EVENT,
    AuditEventList: pageOf('AuditEvent'),
    Subject: object(SUBJECT),
    IntrospectionRequest: INTROSPECTION_REQUEST,
    Introspection: INTROSPECTION,
    Problem: PROBLEM_SCHEMA,
  };
}

function kindSchemas(kind: Kind): [string, JsonObject][] {
  const name = schemaName(kind);
  return [
    [name, { ...answerSchema(kind), description: kind.description }],
    bodyOf(kind),
    [`${name}List`, pageOf(name)],
  ];
}

function bodyOf(kind: Kind): [string, JsonObject] {
  const description = `The desired state of one ${kind.title}.`;
  return [`${schemaName(kind)}Body`, { ...requestSchema(kind), description, examples: [kind.examples.full] }];
}

function pageOf(name: string): JsonObject {
  return object({
    items: { type: 'array', items: schemaReference(name) },
    next_cursor: nullable(text('`cursor` of the next page; null on the last.')),
  });
}

function object(properties: JsonObject, required = Object.keys(properties)): JsonObject {
  return { type: 'object', properties, required };
}

function text(description: string, rule: JsonObject = {}): JsonObject {
  return { type: 'string', ...rule, description };
}

function time(description: string): JsonObject {
  return text(description, FORMATS.timestamp.schema);
}

function count(description: string): JsonObject {
  return { type: 'integer', minimum: 0, description };
}

function texts(description: string): JsonObject {
  return { type: 'array', items: { type: 'string' }, description };
}

const DRY_RUN = object(
  {
    outcome: { ...ANSWER_HEADERS.Outcome.schema, description: 'What the request would do.' },
    changed: texts('JSON pointers of the attributes that would change.'),
    cuts_off: texts('What would stop working, for people.'),
    warnings: texts('What would go against a policy that only warns, for people.'),
    resource: { type: 'object', description: 'The resource as it would be, without a secret.' },
  },
  ['outcome', 'changed', 'cuts_off', 'warnings'],
);

const TOKEN_COUNTS = object({
  total: count('All of them.'),
  never_expires: count('Those without an end.'),
  never_used: count('Those of whose secrets that work none was ever used.'),
  by_kind: object(Object.fromEntries(TOKEN_KINDS.map(({ kind, title }) => [kind, count(`Every ${title}.`)]))),
  by_status: object(
    Object.fromEntries(
      ['active', 'expired', 'revoked', 'disabled'].map((status) => [status, count(`Those that are ${status}.`)]),
    ),
  ),
});

const AUDIT_EVENT = object({
  id: text('Grows with time.'),
  at: time('When it happened.'),
  actor: text('The identifier of who did it.'),
  actor_token: nullable(text('The address of the token that was used; null for the daemon itself.')),
  action: { ...text('What was asked for, or what the daemon did by itself.'), enum: [...AUDIT_ACTIONS] },
  address: text('What it was about.'),
  outcome: { ...text('What came of it.'), enum: [...AUDIT_OUTCOMES] },
  request_id: text('The request, as the log names it.'),
  details: { type: 'object', description: 'More, by action. Never a secret.' },
});

const NAMED: JsonObject = {
  identifier: text("The identifier of the token's owner."),
  kind: text("The kind of the token's owner."),
  address: text("The address of the token's owner."),
  uid: text("The uid of the token's owner."),
  organization: text('The organization that it belongs to.'),
  token: text('The address of the token.'),
  token_uid: text('The uid of the token.'),
  grants: { type: 'array', items: { type: 'object' }, description: 'The roles that the owner holds, each at a scope.' },
  confined_to: text('The scope beyond which nothing that the token carries reaches.'),
  permissions: texts('What the token carries where was asked; at the scope of its organization if nothing was.'),
  permissions_by_scope: {
    type: 'array',
    description: 'What the token carries, scope by scope.',
    items: object({ scope: text('The scope.'), permissions: texts('What it carries there.') }),
  },
  valid_until: nullable(time('When the presented secret ends; null for never.')),
};

const SUBJECT: JsonObject = { ...NAMED, issued_at: time('When the presented secret was made.') };

const INTROSPECTION_REQUEST = object(
  {
    token: text('The token in question.'),
    token_type_hint: text('Taken and not needed.'),
    client_ip: text('The address from which the token was presented, for tokens with `allowed_cidrs`.'),
    organization: text('The organization in which is asked; `default` if left out.', FORMATS.name.schema),
    permission: text('A permission that is asked for.', FORMATS.permission.schema),
    scope: text(
      'Where: `organization`, `projects/x`, `teams/x`, `apps/x`, or a full address, which lies in `organization` if that is given.',
    ),
  },
  ['token'],
);

const INTROSPECTION = object(
  {
    active: { type: 'boolean', description: 'Whether the token is good. Nothing else is said of one that is not.' },
    sub: text("The identifier of the token's owner."),
    username: text("The identifier of the token's owner."),
    token_type: text('`Bearer`.'),
    scope: text('The permissions, separated by spaces.'),
    iat: { type: 'integer', description: 'When the presented secret was made, in seconds since 1970.' },
    exp: { type: 'integer', description: 'When the presented secret ends, in seconds since 1970; missing for never.' },
    iss: text('Of an access token: who issued it.'),
    aud: text('Of an access token: for whom.'),
    jti: text('Of an access token: its own id.'),
    client_id: text('Of an access token: who asked for it.'),
    purpose: text('Of an access token: what the token behind it is for.'),
    allowed: { type: 'boolean', description: 'The answer to the question for a permission.' },
    ...NAMED,
  },
  ['active'],
);
