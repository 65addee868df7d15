/** What went wrong at an OAuth endpoint, as RFC 6749, section 5.2 answers it. */
import { PROBLEM_CODES } from '../../../terraform-provider-spec/problem-codes.ts';
import { type OAuthError, OAuthProblem } from '../../domain/oauth/problem.ts';
import type { Problem } from '../../domain/problem.ts';
import { type ProblemContext, problemReply } from '../../http/problems.ts';
import type { Reply } from '../../http/reply.ts';

/** Answers that hold tokens, or say why there is none, are kept by nobody (section 5.1). */
export const NOT_KEPT = { 'Cache-Control': 'no-store', Pragma: 'no-cache' } as const;

/** The problem as an answer. What RFC 6749 has no name for keeps its status, under the nearest name. */
export function oauthReply(problem: Problem, context: ProblemContext): Reply {
  const plain = problemReply(problem, context);
  if (problem.code === 'method-not-allowed') return plain;
  const { 'Content-Type': _type, 'WWW-Authenticate': challenges, ...headers } = plain.headers ?? {};
  const error = nameOf(problem);
  const status = BY_NAME.has(error) || problem.code === 'invalid' ? 400 : PROBLEM_CODES[problem.code].status;
  return {
    status,
    headers: { ...headers, ...(status === 401 && challenges && { 'WWW-Authenticate': challenges }), ...NOT_KEPT },
    body: { error, error_description: describable(String(plain.body?.detail ?? '')) },
  };
}

/**
 * The problem as introspection answers it: to a client that is not who it says it is in the words of OAuth, as RFC 7662,
 * section 2.3 has it; to whoever presents a bearer token as everywhere else.
 */
export function introspectionReply(problem: Problem, context: ProblemContext): Reply {
  const isClient = context.presented === 'basic' && problem.code === 'unauthenticated';
  return isClient ? oauthReply(problem, context) : problemReply(problem, context);
}

/** What section 5.2 answers with 400, whatever it is called elsewhere. */
const BY_NAME: ReadonlySet<string> = new Set([
  'invalid_grant',
  'invalid_scope',
  'invalid_target',
  'unauthorized_client',
  'unsupported_grant_type',
  'unsupported_token_type',
]);

function nameOf(problem: Problem): OAuthError | 'server_error' | 'temporarily_unavailable' {
  if (problem instanceof OAuthProblem) return problem.error;
  if (problem.code === 'unauthenticated') return 'invalid_client';
  if (problem.code === 'forbidden') return 'unauthorized_client';
  if (problem.code === 'unavailable' || problem.code === 'too-many-requests') return 'temporarily_unavailable';
  return problem.code === 'internal' ? 'server_error' : 'invalid_request';
}

/** Section 5.2 leaves out quotation marks, backslashes and whatever is not printable ASCII. */
function describable(text: string): string {
  return text.replaceAll('"', "'").replaceAll(/[^\x20-\x21\x23-\x5b\x5d-\x7e]/g, '?');
}
