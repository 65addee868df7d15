/** What can go wrong, said without HTTP. One place (`http/problems.ts`) turns it into answers. */

import type { ProblemCode } from '../../terraform-provider-spec/problem-codes.ts';
import type { RateLimited } from './rate-limit.ts';

export type { ProblemCode };

/** One thing that is wrong with a body, header or query. `pointer` is a JSON pointer (RFC 6901) into the body. */
export interface ProblemDetail {
  readonly pointer: string;
  readonly detail: string;
}

/** Which limit holds something back, and for how long. */
export interface Limited extends RateLimited {
  readonly policy: 'failures' | 'use';
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
  /** Whether it was refused because the credential that was presented is no good. */
  readonly refusesCredential: boolean;
  /** With `too-many-requests`. */
  readonly limited: Limited | undefined;
  /** With `forbidden`, the permission that it takes, where one does. */
  readonly permission: string | undefined;

  constructor(code: ProblemCode, message: string, options: ProblemOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.code = code;
    this.errors = options.errors ?? [];
    this.internal = options.internal;
    this.refusesCaller = options.refusesCaller ?? REFUSES_CALLER.has(code);
    this.refusesCredential = options.refusesCredential ?? code === 'unauthenticated';
    this.limited = options.limited;
    this.permission = options.permission;
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
  /** By default for every `unauthenticated`; false where there was no credential. */
  readonly refusesCredential?: boolean;
  readonly limited?: Limited;
  readonly permission?: string | undefined;
}
