/** What a SCIM client is told when something is refused (RFC 7644, section 3.12). */
import type { JsonObject } from '../../terraform-provider-spec/kind.ts';
import { PROBLEM_CODES } from '../../terraform-provider-spec/problem-codes.ts';
import type { Problem, ProblemCode, ProblemDetail } from '../domain/problem.ts';
import { redact } from '../http/redact.ts';

export const ERROR_SCHEMA = 'urn:ietf:params:scim:api:messages:2.0:Error';

/** The keywords of RFC 7644, table 9, that are used here. All go with status 400 but `uniqueness`, which goes with 409. */
export type ScimType =
  | 'invalidFilter'
  | 'invalidPath'
  | 'invalidSyntax'
  | 'invalidValue'
  | 'mutability'
  | 'noTarget'
  | 'uniqueness';

/** A refusal in the words of SCIM. `message` is its `detail`: public, and never quotes a value that was sent. */
export class ScimError extends Error {
  override readonly name = 'ScimError';
  readonly status: number;
  readonly scimType: ScimType | undefined;

  constructor(status: number, scimType: ScimType | undefined, detail: string) {
    super(detail);
    this.status = status;
    this.scimType = scimType;
  }
}

/** A refusal with status 400 and a keyword (RFC 7644, table 9). */
export function badRequest(scimType: Exclude<ScimType, 'uniqueness'>, detail: string): ScimError {
  return new ScimError(400, scimType, detail);
}

/** The refusal of a value that another resource has already (RFC 7644, section 3.3). */
export function taken(attribute: string): ScimError {
  return new ScimError(409, 'uniqueness', `${attribute} is already in use by another resource.`);
}

/** The body of an error (RFC 7644, section 3.12). The status in it is a string. */
export function errorBody({ status, scimType, message }: ScimError): JsonObject {
  return {
    schemas: [ERROR_SCHEMA],
    ...(scimType !== undefined && { scimType }),
    detail: redact(message),
    status: String(status),
  };
}

/** The same as at the management API: what may not be seen looks like what is not there. */
const NOT_FOUND = 'There is no such resource.';

export interface TranslationContext {
  /** Whether the request creates: a failed `If-None-Match: *` then means that the name is taken. */
  readonly creating?: boolean;
}

/** A refusal of the domain in the words of SCIM (RFC 7644, section 3.12). */
export function fromProblem(problem: Problem, { creating = false }: TranslationContext = {}): ScimError {
  if (creating && problem.code === 'precondition-failed') {
    return new ScimError(409, 'uniqueness', 'A resource of this name already exists.');
  }
  if (problem.code === 'user-name-taken') return taken('userName');
  const keyword = KEYWORDS[problem.code];
  // Table 9 ties these keywords to status 400, whatever the status at the management API.
  const status = keyword === undefined ? PROBLEM_CODES[problem.code].status : 400;
  return new ScimError(status, keyword, problem.code === 'not-found' ? NOT_FOUND : detailOf(problem));
}

const KEYWORDS: Partial<Record<ProblemCode, ScimType>> = {
  'malformed-json': 'invalidSyntax',
  'malformed-request': 'invalidSyntax',
  'invalid-query': 'invalidValue',
  invalid: 'invalidValue',
  immutable: 'mutability',
};

/** Faults in the names that the client knows; what says them in Accredit's own is left out. */
function detailOf({ code, message, errors }: Problem): string {
  if (code !== 'invalid' || errors.length === 0) return message;
  return ['The resource is not valid.', ...errors.map(sentence)].join(' ');
}

/** Accredit's attributes under the names by which a SCIM client has sent them. */
const SENT_AS: Readonly<Record<string, string>> = { display_name: 'displayName', email: 'emails', teams: 'groups' };

function sentence({ pointer, detail }: ProblemDetail): string {
  const [, name = '', ...rest] = pointer.split('/');
  return `${[SENT_AS[name] ?? name, ...rest].join('/')} ${detail}.`;
}
