/** Answers as OpenAPI describes them: what succeeds, and which problems an operation can meet. */
import { WRITE_OUTCOMES } from '../../audit.ts';
import type { JsonObject } from '../../kind.ts';
import { PROBLEM_CODES, type ProblemCode, type ProblemKind } from '../../problem-codes.ts';

/** `components.headers`. */
export const ANSWER_HEADERS = {
  ETag: {
    description: 'The strong entity tag of the stored state, for `If-Match`.',
    schema: { type: 'string' },
  },
  Outcome: {
    description: 'What the request did.',
    schema: {
      type: 'string',
      enum: [...WRITE_OUTCOMES],
    },
  },
  Location: { description: 'The path of what was created.', schema: { type: 'string' } },
  Replayed: {
    description: '`true` when this is the first answer to the same request with the same Idempotency-Key, again.',
    schema: { type: 'string', const: 'true' },
  },
  Warning: {
    description: 'What was done and yet goes against a policy that only warns; once for each.',
    schema: { type: 'string' },
  },
  RequestId: {
    description: 'Names the request in the log and the audit events.',
    schema: { type: 'string' },
  },
  Challenge: {
    description:
      'How to authenticate (RFC 9110, section 11.6.1), or what is wrong with the token (RFC 6750, section 3).',
    schema: { type: 'string' },
  },
  RetryAfter: { description: 'Seconds after which trying again makes sense.', schema: { type: 'string' } },
  RateLimit: {
    description:
      'Which limit holds the request back: `failures` of the client address to authenticate, or `use` of the token; with ' +
      'what remains (`r`), and in how many seconds there is more (`t`).',
    schema: { type: 'string' },
  },
  RateLimitPolicy: {
    description: 'The same limit: its quota (`q`) in so many seconds (`w`).',
    schema: { type: 'string' },
  },
  Subject: { description: "The identifier of the token's owner.", schema: { type: 'string' } },
  SubjectAccount: { description: "The address of the token's owner.", schema: { type: 'string' } },
  SubjectOrganization: { description: 'The organization that the token belongs to.', schema: { type: 'string' } },
  SubjectToken: { description: 'The address of the token.', schema: { type: 'string' } },
} as const satisfies Record<string, JsonObject>;

const HEADER_NAMES: Readonly<Record<keyof typeof ANSWER_HEADERS, string>> = {
  ETag: 'ETag',
  Outcome: 'Accredit-Outcome',
  Location: 'Location',
  Replayed: 'Idempotency-Replayed',
  Warning: 'Accredit-Warning',
  RequestId: 'X-Request-Id',
  Challenge: 'WWW-Authenticate',
  RetryAfter: 'Retry-After',
  RateLimit: 'RateLimit',
  RateLimitPolicy: 'RateLimit-Policy',
  Subject: 'Accredit-Subject',
  SubjectAccount: 'Accredit-Account',
  SubjectOrganization: 'Accredit-Organization',
  SubjectToken: 'Accredit-Token',
};

export type AnswerHeader = keyof typeof ANSWER_HEADERS;

/** Codes that any authenticated operation can answer with. */
export const ALWAYS: readonly ProblemCode[] = [
  'malformed-request',
  'unauthenticated',
  'too-many-requests',
  'internal',
  'unavailable',
];

/** Codes whose answer says how to authenticate, or what is wrong with the token (RFC 6750, section 3). */
const CHALLENGED: ReadonlySet<ProblemCode> = new Set(['unauthenticated', 'forbidden', 'malformed-request']);

/** An answer; without `schema` one that has no content. */
export function answer(description: string, schema?: JsonObject, headers: readonly AnswerHeader[] = []): JsonObject {
  return {
    description,
    headers: headerReferences([...headers, 'RequestId']),
    ...(schema !== undefined && { content: { 'application/json': { schema } } }),
  };
}

/** The problem answers for these codes, one for each status, with the codes that it can carry. */
export function problems(codes: Iterable<ProblemCode>): JsonObject {
  const byStatus = new Map<number, ProblemCode[]>();
  for (const code of new Set(codes)) {
    const { status } = PROBLEM_CODES[code];
    byStatus.set(status, [...(byStatus.get(status) ?? []), code]);
  }
  return Object.fromEntries(
    [...byStatus].map(([status, sharing]): [string, JsonObject] => {
      const [only, ...others] = sharing as [ProblemCode, ...ProblemCode[]];
      if (others.length > 0) return [String(status), problemAnswer(status, sharing)];
      return [String(status), { $ref: `#/components/responses/${responseName(only)}` }];
    }),
  );
}

/** `components.responses`: the answer for each code that is the only one of its status in an operation. */
export const PROBLEM_RESPONSES: JsonObject = Object.fromEntries(
  (Object.keys(PROBLEM_CODES) as ProblemCode[]).map((code) => [
    responseName(code),
    problemAnswer(PROBLEM_CODES[code].status, [code]),
  ]),
);

/** `TooManyRequests` for `too-many-requests`. */
function responseName(code: ProblemCode): string {
  return code.replace(/(^|-)([a-z])/g, (_match, _gap, letter: string) => letter.toUpperCase());
}

/** A reference to a schema component. */
export function schemaReference(name: string): JsonObject {
  return { $ref: `#/components/schemas/${name}` };
}

/** `Problem`, the body of every refusal (RFC 9457). */
export const PROBLEM_SCHEMA: JsonObject = {
  type: 'object',
  description: 'What went wrong. Script against `code`.',
  properties: {
    type: { type: 'string', format: 'uri', description: '`urn:accredit:problem:` and the code.' },
    title: { type: 'string', description: 'What happened, in a few words that are the same each time.' },
    status: { type: 'integer', description: 'The HTTP status.' },
    detail: { type: 'string', description: 'What happened this time, for people.' },
    code: { type: 'string', enum: Object.keys(PROBLEM_CODES), description: 'What happened, for programs.' },
    errors: {
      type: 'array',
      description: 'What is wrong with the body, place by place.',
      items: {
        type: 'object',
        properties: {
          pointer: { type: 'string', description: 'A JSON pointer (RFC 6901) into the body.' },
          detail: { type: 'string', description: 'What is wrong there.' },
        },
        required: ['pointer', 'detail'],
      },
    },
    request_id: { type: 'string', description: 'Names the request in the log.' },
  },
  required: ['type', 'title', 'status', 'detail', 'code', 'request_id'],
};

function problemAnswer(status: number, codes: readonly ProblemCode[]): JsonObject {
  const kinds: Readonly<Record<ProblemCode, ProblemKind>> = PROBLEM_CODES;
  const headers: AnswerHeader[] = ['RequestId'];
  if (codes.some((code) => CHALLENGED.has(code))) headers.push('Challenge');
  if (status === 429 || codes.includes('unavailable') || codes.includes('request-in-progress')) {
    headers.push('RetryAfter');
  }
  if (status === 429) headers.push('RateLimit', 'RateLimitPolicy');
  return {
    description: codes.map((code) => `\`${code}\`: ${kinds[code].title}.`).join(' '),
    headers: headerReferences(headers),
    content: {
      'application/problem+json': {
        schema: { allOf: [schemaReference('Problem'), { type: 'object', properties: { code: { enum: [...codes] } } }] },
      },
    },
  };
}

function headerReferences(names: readonly AnswerHeader[]): JsonObject {
  return Object.fromEntries(names.map((name) => [HEADER_NAMES[name], { $ref: `#/components/headers/${name}` }]));
}
