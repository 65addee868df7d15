/** Exit statuses, which docs/cli.md promises to scripts, and the errors that are for whoever typed the command. */
import type { ApiErrorDetail } from '../client/errors.ts';

export const EXIT = {
  /** Done. */
  ok: 0,
  /** Refused or failed, for a reason that has no status of its own. */
  failed: 1,
  /** The command line, a variable or the configuration file is wrong; nothing was sent. */
  usage: 2,
  /** `plan --detailed-exitcode`: there are changes. Every error of `plan` is therefore 1. */
  changes: 2,
  /** There is nothing at the address, or nothing that the caller may know of. */
  notFound: 3,
  /** The token is not good, or does not allow this. */
  denied: 4,
  /** The state is against it, or has changed meanwhile. */
  conflict: 5,
  /** No answer of a daemon came, or one that asks to come again later: repeating may help. */
  unavailable: 6,
  /** A question was answered with no, or there was no terminal to ask it. */
  notConfirmed: 7,
  /** Ended by SIGINT; 128 and its number, as shells have it. */
  interrupted: 130,
  /** Ended by SIGTERM. */
  terminated: 143,
} as const;

/** What went wrong, for people: `message` says what, and what to do. `status` is how the process exits. */
export class CliError extends Error {
  override readonly name: string = 'CliError';
  readonly status: number;
  /** Stable, for `--json`. */
  readonly code: string;
  /** Everything that is wrong in particular. */
  readonly errors: readonly ApiErrorDetail[];

  constructor(message: string, { status = EXIT.failed, code = 'failed', errors = [] }: CliErrorFields = {}) {
    super(message);
    this.status = status;
    this.code = code;
    this.errors = errors;
  }
}

export interface CliErrorFields {
  readonly status?: number;
  readonly code?: string;
  readonly errors?: readonly ApiErrorDetail[];
}

/** A mistake in what was given: flags, variables, configuration file, arguments. */
export class UsageError extends CliError {
  override readonly name = 'UsageError';

  constructor(message: string) {
    super(message, { status: EXIT.usage, code: 'usage' });
  }
}

/** SIGINT or SIGTERM came. */
export class Interrupted extends CliError {
  override readonly name = 'Interrupted';

  constructor(signal: 'SIGINT' | 'SIGTERM' = 'SIGINT') {
    super('interrupted', { status: signal === 'SIGINT' ? EXIT.interrupted : EXIT.terminated, code: 'interrupted' });
  }
}
