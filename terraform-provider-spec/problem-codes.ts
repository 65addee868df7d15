/** A refusal as answers name it, whatever words go with it. */
export interface ProblemKind {
  /** The HTTP status of the answer. */
  readonly status: number;
  /** What happened, in a few words that are the same each time (RFC 9457, section 3.1.3). */
  readonly title: string;
}

/**
 * Every stable `code` of a problem answer. Codes are what clients script against: one is never renamed, and what it
 * stands for never changes.
 */
export const PROBLEM_CODES = {
  // the request
  'malformed-json': { status: 400, title: 'The body is not JSON' },
  'malformed-request': { status: 400, title: 'The request is malformed' },
  'invalid-address': { status: 400, title: 'The path is not the address of a resource' },
  'invalid-header': { status: 400, title: 'A header is invalid' },
  'invalid-query': { status: 400, title: 'A query parameter is invalid' },
  invalid: { status: 422, title: 'The desired state is invalid' },
  'too-large': { status: 413, title: 'The body is too large' },
  'unsupported-media-type': { status: 415, title: 'The body has an unsupported media type' },
  // the caller
  unauthenticated: { status: 401, title: 'A valid credential is needed' },
  forbidden: { status: 403, title: 'The credential does not allow this' },
  'not-found': { status: 404, title: 'Not found' },
  'method-not-allowed': { status: 405, title: 'The method is not offered here' },
  'too-many-requests': { status: 429, title: 'Too many requests' },
  // the state
  immutable: { status: 409, title: 'An attribute is fixed at creation' },
  'in-use': { status: 409, title: 'Other resources refer to it' },
  'live-tokens': { status: 409, title: 'It has live tokens' },
  'managed-by-another': { status: 409, title: 'Another manager declares it' },
  revoked: { status: 409, title: 'It was revoked in an emergency' },
  'secret-in-use': { status: 409, title: 'The secret cannot be used again' },
  superseded: { status: 409, title: 'The secret of that answer is no longer live' },
  'last-owner': { status: 409, title: 'It would lock out the last owner' },
  'own-credential': { status: 409, title: "It would end the caller's own credential" },
  'default-organization': { status: 409, title: 'The default organization stays' },
  'built-in': { status: 409, title: 'It is built in' },
  'rotation-forbidden': { status: 409, title: 'Its profile forbids a new secret' },
  'restore-forbidden': { status: 409, title: 'Its profile forbids to restore it' },
  'not-revoked': { status: 409, title: 'It must be revoked or expired first' },
  'token-limit': { status: 409, title: 'Its owner has as many tokens as the profile allows' },
  'user-name-taken': { status: 409, title: 'The user name is taken' },
  'display-name-taken': { status: 409, title: 'The display name is taken' },
  'rotation-conflict': { status: 409, title: 'It was rotated meanwhile' },
  expired: { status: 409, title: 'It is expired' },
  'request-in-progress': { status: 409, title: 'The first request with this key still runs' },
  'idempotency-key-reused': { status: 422, title: 'The idempotency key belongs to another request' },
  'precondition-failed': { status: 412, title: 'A precondition failed' },
  // the daemon
  unavailable: { status: 503, title: 'The daemon cannot answer now' },
  internal: { status: 500, title: 'The daemon failed' },
} as const satisfies Readonly<Record<string, ProblemKind>>;

export type ProblemCode = keyof typeof PROBLEM_CODES;
