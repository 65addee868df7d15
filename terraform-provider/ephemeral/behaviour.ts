import type { JsonObject } from '../../terraform-provider-spec/kind.ts';
import type { Diagnostic } from '../plugin/messages.ts';
import type { Session } from '../rpc/session.ts';
import type { ValueRecord } from '../values/value.ts';

/** What an opening is made with: every value known, and those with a default filled in. */
export interface Opening {
  readonly session: Session;
  readonly config: ValueRecord;
  readonly signal: AbortSignal;
  /**
   * Says what is about to be made, and what it will be closed with: whatever then goes wrong, it is closed. What it takes is
   * also what Terraform keeps until the walk ends, unencrypted, and hands back for prolonging and closing.
   */
  readonly hold: (kept: JsonObject) => void;
}

/** What an opening gave, or a prolonging. */
export interface Opened {
  /** The values of the attributes that the configuration does not give. */
  readonly values: ValueRecord;
  /** When it has to be prolonged, in milliseconds since 1970. */
  readonly renewAt?: number;
}

/** What was opened, and what Terraform kept of it. */
export interface Held {
  readonly session: Session;
  readonly private: JsonObject;
}

/**
 * What one ephemeral resource does. Each rejects like the client for what the daemon refuses, with `Refused` for anything
 * else that its caller should be told, and `open` with `NotYet`.
 */
export interface EphemeralBehaviour {
  /** What is wrong with the known values, each of them as its description has it. Unknown ones are never wrong. */
  readonly invalid?: (config: ValueRecord) => Diagnostic[];
  readonly open: (opening: Opening) => Promise<Opened>;
  readonly renew?: (held: Held, signal: AbortSignal) => Promise<Omit<Opened, 'values'>>;
  /** What went wrong before and could not be said, for people. */
  readonly close?: (held: Held) => Promise<readonly string[]>;
}

/** What it takes to open it is known only after an apply: a setting of the provider, say. */
export class NotYet extends Error {
  override readonly name = 'NotYet';
}

/** Something that cannot be opened, with what its user is told. */
export class Refused extends Error {
  override readonly name = 'Refused';
  readonly diagnostic: Diagnostic;

  constructor(diagnostic: Diagnostic) {
    super(diagnostic.summary);
    this.diagnostic = diagnostic;
  }
}
