/** What can go wrong, said without HTTP. One place (`http/problems.ts`) turns it into answers. */

export type ProblemCode =
  // the request
  | 'malformed-json'
  | 'malformed-request'
  | 'invalid-address'
  | 'invalid-header'
  | 'invalid-query'
  | 'invalid'
  | 'too-large'
  | 'unsupported-media-type'
  // the caller
  | 'unauthenticated'
  | 'forbidden'
  | 'not-found'
  | 'method-not-allowed'
  | 'too-many-requests'
  // the state
  | 'immutable'
  | 'in-use'
  | 'live-tokens'
  | 'managed-by-another'
  | 'revoked'
  | 'secret-in-use'
  | 'superseded'
  | 'last-owner'
  | 'own-credential'
  | 'default-organization'
  | 'built-in'
  | 'rotation-conflict'
  | 'expired'
  | 'request-in-progress'
  | 'idempotency-key-reused'
  | 'precondition-failed'
  // the daemon
  | 'unavailable'
  | 'internal';

/** One thing that is wrong with a body, header or query. `pointer` is a JSON pointer (RFC 6901) into the body. */
export interface ProblemDetail {
  readonly pointer: string;
  readonly detail: string;
}

/**
 * A refusal. `message` is public and never holds a secret; `cause` and `internal` are for the log only.
 */
export class Problem extends Error {
  override readonly name = 'Problem';
  readonly code: ProblemCode;
  readonly errors: readonly ProblemDetail[];
  /** For the log, never for the answer. */
  readonly internal: string | undefined;

  constructor(code: ProblemCode, message: string, options: ProblemOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.code = code;
    this.errors = options.errors ?? [];
    this.internal = options.internal;
  }
}

export interface ProblemOptions {
  readonly errors?: readonly ProblemDetail[];
  readonly internal?: string;
  readonly cause?: unknown;
}
