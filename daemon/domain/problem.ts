/** What can go wrong, said without HTTP. One place (`http/problems.ts`) turns it into answers. */

import type { ProblemCode } from '../../terraform-provider-spec/problem-codes.ts';

export type { ProblemCode };

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
