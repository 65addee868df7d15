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
  /** Whether it was refused because of who asks, which is kept on record. */
  readonly refusesCaller: boolean;

  constructor(code: ProblemCode, message: string, options: ProblemOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.code = code;
    this.errors = options.errors ?? [];
    this.internal = options.internal;
    this.refusesCaller = options.refusesCaller ?? REFUSES_CALLER.has(code);
  }
}

const REFUSES_CALLER: ReadonlySet<ProblemCode> = new Set([
  'forbidden',
  'last-owner',
  'own-credential',
  'default-organization',
]);

export interface ProblemOptions {
  readonly errors?: readonly ProblemDetail[];
  readonly internal?: string;
  readonly cause?: unknown;
  /** True for a `not-found` that hides something; by default as the code says. */
  readonly refusesCaller?: boolean;
}
