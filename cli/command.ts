/** How a verb is declared. One file a verb in `commands/`; `commands/index.ts` lists them. */
import type { Command } from 'commander';
import type { GlobalOptions } from './connection.ts';
import type { Session } from './session.ts';

export interface Verb {
  /** What is typed: `get`. */
  readonly name: string;
  /** What it does, in the list of verbs: begins with a small letter, ends without a stop. */
  readonly summary: string;
  /** More for its own help; whole sentences. */
  readonly description?: string;
  /** Command lines without `accredit`, each with what it does. */
  readonly examples: readonly (readonly [line: string, what: string])[];
  /** How a wrong command line, and with it every error, exits where `EXIT.usage` means something else. */
  readonly usageStatus?: number;
  /** Whether what it writes can be the only copy of a secret, so that it does not end quietly when nobody reads it. */
  readonly handsOutSecrets?: boolean;
  /**
   * Adds arguments, options and the action to commander's command, `command.action(act(…))`, or subcommands that have some.
   * What takes long to load is to be imported in the action.
   */
  declare(command: Command, act: Act): void;
}

/**
 * The action of a verb: its arguments in order, then its options together with those that every verb has. What it
 * answers is the exit status, 0 if nothing. Errors are thrown; `main.ts` explains them.
 */
export type Action<Arguments extends unknown[]> = (
  session: Session,
  ...given: Arguments
) => Promise<number | undefined> | Promise<void>;

/** Makes of an action what commander calls. The last of its arguments are the options. */
export type Act = <Arguments extends unknown[]>(action: Action<Arguments>) => (...given: unknown[]) => Promise<void>;

/** The options of an action: its own and those of every verb. */
export type Options<Own> = Own & GlobalOptions;
