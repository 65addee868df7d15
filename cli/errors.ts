/** What an error is to whoever typed the command: what is wrong, and what to do about it. */
import { ApiError, type ApiErrorDetail, ConnectionError, withoutWire } from '../client/errors.ts';
import { AddressError } from '../terraform-provider-spec/address.ts';
import type { ProblemCode } from '../terraform-provider-spec/problem-codes.ts';
import { CliError, EXIT } from './exit.ts';
import { fileTrouble } from './file-trouble.ts';

export interface Explained {
  /** How the process exits. */
  readonly status: number;
  /** Stable: the code of the daemon's problem, or one of the command's own. */
  readonly code: string;
  /** One sentence, without the hint. */
  readonly message: string;
  /** What to do. */
  readonly hint?: string;
  readonly errors?: readonly ApiErrorDetail[];
  /** By which the daemon's log names the request. */
  readonly requestId?: string;
}

/** What to do about a refusal, as far as flags and verbs of this command go. docs/status-codes.md has all of them. */
const HINTS: Readonly<Partial<Record<ProblemCode | 'unexpected-answer', string>>> = {
  unauthenticated:
    'The token is mistyped, expired, revoked or rotated away. "accredit doctor" says which token is used.',
  'not-found': '"accredit whoami" shows whose token this is; "accredit list COLLECTION" shows what it may see.',
  'managed-by-another': 'Change it where it is declared, or take it over with --adopt.',
  immutable:
    'Declare it under another name, which removes this one and makes a new one; or apply without it, then with it again.',
  'live-tokens': 'Delete them first, or leave out --no-cascade.',
  'not-revoked': 'Add --revoke to revoke it in the same step.',
  'own-credential': 'Use another credential, rotate with an overlap, or give --allow-self if that is what you want.',
  revoked: 'Somebody who may restore it runs "accredit restore ADDRESS".',
  'precondition-failed': 'It has changed meanwhile. Look at it again, then repeat.',
  'rotation-conflict': 'Somebody else has rotated it meanwhile. Look at it again.',
  'rotation-forbidden': 'Delete the token and create it again.',
  'too-many-requests': 'Wait a moment and repeat.',
  unavailable: 'Repeat in a moment; operators look at GET /readyz and the log of the daemon.',
  internal: 'Repeat; if it stays, report it with the request id.',
  'unexpected-answer': 'Check the endpoint: "accredit doctor" shows which one is used and what answers there.',
};

/** Never throws. What is no error of ours, the daemon's or the system's is a defect, and keeps its stack. */
export function explain(error: unknown): Explained {
  if (error instanceof CliError) {
    const { status, code, message, errors } = error;
    return { status, code, message, ...(errors.length > 0 && { errors }) };
  }
  if (error instanceof AddressError) return { status: EXIT.usage, code: 'usage', message: error.message };
  if (error instanceof ConnectionError) {
    return {
      status: EXIT.unavailable,
      code: 'unreachable',
      message: error.message,
      hint: connectionHint(error.code),
    };
  }
  if (error instanceof ApiError) {
    const hint = (HINTS as Readonly<Record<string, string>>)[error.code];
    return {
      status: statusOf(error),
      code: error.code,
      message: withoutWire(error.detail),
      ...(hint !== undefined && { hint }),
      ...(error.errors.length > 0 && {
        errors: error.errors.map((each) => ({ ...each, detail: withoutWire(each.detail) })),
      }),
      ...(error.requestId !== undefined && { requestId: error.requestId }),
    };
  }
  const system = error instanceof Error && 'syscall' in error;
  const text = error instanceof Error ? (system ? fileTrouble(error) : (error.stack ?? error.message)) : String(error);
  return { status: EXIT.failed, code: system ? 'system' : 'defect', message: text };
}

function statusOf({ status, code }: ApiError): number {
  // Whatever status something else answers with says nothing of the daemon.
  if (code === 'unexpected-answer') return EXIT.unavailable;
  if (status === 404) return EXIT.notFound;
  if (status === 401 || status === 403) return EXIT.denied;
  if (status === 409 || status === 412) return EXIT.conflict;
  if (status === 429 || status === 502 || status === 503 || status === 504) return EXIT.unavailable;
  return EXIT.failed;
}

function connectionHint(code: string): string {
  if (code === 'ECONNREFUSED') return 'Is the daemon running, and is this its address? "accredit serve" starts one.';
  if (code === 'ENOTFOUND' || code === 'EAI_AGAIN')
    return 'The name does not resolve: check --endpoint or the profile.';
  if (/CERT|SELF_SIGNED|UNABLE_TO_VERIFY|ERR_TLS/.test(code)) {
    return 'Its certificate is not trusted: give the authority with --ca-certificate-file, and check the host name.';
  }
  return '"accredit doctor" looks at what may be wrong.';
}
