/** The one place where what went wrong becomes an answer: `application/problem+json` (RFC 9457). */
import { AddressError } from '../../terraform-provider-spec/address.ts';
import { PROBLEM_CODES } from '../../terraform-provider-spec/problem-codes.ts';
import type { Credential } from '../domain/api.ts';
import { type Limited, Problem, type ProblemCode } from '../domain/problem.ts';
import { Unavailable } from '../domain/snapshot.ts';
import { redact } from './redact.ts';
import type { Reply } from './reply.ts';

export interface ProblemContext {
  readonly requestId: string;
  /** How the request presented a credential, good or bad, if it did. */
  readonly presented: Credential['scheme'] | undefined;
}

/** One text for everything that is not there or may not be seen, so that the answers are equal. */
const NOT_FOUND = 'There is nothing at this path that this credential may see.';

/** Seconds after which trying again makes sense. */
const RETRY_AFTER: Partial<Record<ProblemCode, string>> = { unavailable: '1', 'request-in-progress': '1' };

/** What `error`, thrown by any layer, means to the client. What nobody foresaw is `internal`, the error its cause. */
export function toProblem(error: unknown): Problem {
  if (error instanceof Problem) return error;
  if (error instanceof Unavailable) {
    return new Problem('unavailable', 'The database cannot answer now. The same request may be sent again.', {
      cause: error,
    });
  }
  if (error instanceof AddressError) return new Problem('invalid-address', sentence(error.message));
  if (isUndecodablePath(error)) {
    return new Problem('invalid-address', 'The percent-encoding of the path is broken.', { cause: error });
  }
  return new Problem('internal', 'The daemon failed. Its log has the reason under the request id.', { cause: error });
}

/** `problem` as an answer, with the challenges of `challengesOf`. */
export function problemReply(problem: Problem, context: ProblemContext): Reply {
  const { status, title } = PROBLEM_CODES[problem.code];
  const headers: Record<string, string | string[]> = { 'Content-Type': 'application/problem+json' };
  const challenges = challengesOf(problem, context.presented);
  if (challenges.length > 0) headers['WWW-Authenticate'] = challenges;
  const retryAfter = RETRY_AFTER[problem.code];
  if (retryAfter !== undefined) headers['Retry-After'] = retryAfter;
  if (problem.limited !== undefined) Object.assign(headers, limitHeaders(problem.limited));
  return {
    status,
    headers,
    body: {
      type: `urn:accredit:problem:${problem.code}`,
      title,
      status,
      detail: problem.code === 'not-found' ? NOT_FOUND : redact(problem.message),
      code: problem.code,
      ...(problem.errors.length > 0 && {
        errors: problem.errors.map(({ pointer, detail }) => ({ pointer: redact(pointer), detail: redact(detail) })),
      }),
      request_id: context.requestId,
    },
  };
}

/** The fields of draft-ietf-httpapi-ratelimit-headers-10, and `Retry-After` in whole seconds (RFC 9110, 10.2.3). */
function limitHeaders({ policy, quota, window, retryAfter }: Limited): Record<string, string> {
  const seconds = Math.ceil(retryAfter / 1000);
  return {
    'Retry-After': `${seconds}`,
    RateLimit: `"${policy}";r=0;t=${seconds}`,
    'RateLimit-Policy': `"${policy}";q=${quota};w=${window / 1000}`,
  };
}

/**
 * What a 401 needs (RFC 9110, section 11.6.1), and what tells a bearer of a token what is wrong with it (RFC 6750,
 * section 3.1); whoever presented none is told no error.
 */
function challengesOf({ code, permission }: Problem, presented: ProblemContext['presented']): string[] {
  const bearer = (error?: string) => `Bearer realm="accredit"${error === undefined ? '' : `, error="${error}"`}`;
  if (code === 'unauthenticated') {
    return [bearer(presented && 'invalid_token'), 'Basic realm="accredit", charset="UTF-8"'];
  }
  if (code === 'malformed-request') return [bearer('invalid_request')];
  if (code !== 'forbidden') return [];
  return [`${bearer('insufficient_scope')}${permission === undefined ? '' : `, scope="${permission}"`}`];
}

/** Messages of errors are made to stand within a sentence. */
function sentence(message: string): string {
  return `${message.charAt(0).toUpperCase()}${message.slice(1)}.`;
}

/** The router marks a path that it cannot decode with status 400. */
function isUndecodablePath(error: unknown): boolean {
  return error instanceof URIError && (error as { status?: unknown }).status === 400;
}
