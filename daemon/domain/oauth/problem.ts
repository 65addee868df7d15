/** The refusals of the token endpoints, by the names that the RFCs give them. */
import { Problem, type ProblemCode, type ProblemOptions } from '../problem.ts';

/** RFC 6749, section 5.2; RFC 7009, section 2.2.1; RFC 8693, section 2.2.2. Each with what it is elsewhere. */
const OAUTH_ERRORS = {
  invalid_request: 'invalid',
  invalid_client: 'unauthenticated',
  invalid_grant: 'invalid',
  unauthorized_client: 'forbidden',
  unsupported_grant_type: 'invalid',
  invalid_scope: 'invalid',
  unsupported_token_type: 'invalid',
  invalid_target: 'invalid',
} as const satisfies Readonly<Record<string, ProblemCode>>;

export type OAuthError = keyof typeof OAUTH_ERRORS;

/** A refusal with the name of RFC 6749 and its relatives. The message is the `error_description`. */
export class OAuthProblem extends Problem {
  readonly error: OAuthError;

  constructor(error: OAuthError, message: string, options: ProblemOptions = {}) {
    super(OAUTH_ERRORS[error], message, options);
    this.error = error;
  }
}
