/**
 * The rows that the daemon keeps, as the domain sees them. The store maps each to a table and back and knows nothing of
 * what they mean; times are milliseconds since 1970 UTC.
 */
import type { AuditAction, AuditOutcome } from '../../terraform-provider-spec/audit.ts';
import type { JsonObject } from '../../terraform-provider-spec/kind.ts';

export type { SigningKey } from '../crypto/signing-key.ts';

/** One resource of any kind. */
export interface Resource {
  /** Primary key: `organizations/default/accounts/ci`. */
  readonly address: string;
  readonly kind: string;
  /** Address of the organization it lies in; its own for an organization. */
  readonly organization: string;
  /** Address one level up; `''` for an organization. */
  readonly parent: string;
  readonly name: string;
  readonly uid: string;
  readonly revision: number;
  readonly created_at: number;
  readonly created_by: string;
  readonly updated_at: number;
  readonly managed_by: string | null;
  readonly claim: string | null;
  /** The writable attributes exactly as sent, with defaults filled in. */
  readonly attributes: JsonObject;
  /** What the daemon derives and must remember; its shape is the kind's own business. */
  readonly state: JsonObject;
  /** Whether it holds the role `owner` of its organization: the lock-out rules look these up. */
  readonly owner: boolean;
  /** When it ends, for kinds that can; null for never. */
  readonly valid_until: number | null;
  /**
   * By what else than its address it is found: the addresses of what it refers to, and names under which somebody looks
   * it up. Without duplicates.
   */
  readonly keys: readonly string[];
}

/**
 * The hash of a secret, current or past. Rows are only added, never changed but for `last_used_*` and never removed:
 * a hash that was ever a secret here cannot come back.
 */
export interface Secret {
  /** Primary key: HMAC-SHA-256 under the pepper, hexadecimal. */
  readonly hash: string;
  /** The address of its token and the `uid` of that creation of it. */
  readonly address: string;
  readonly uid: string;
  readonly created_at: number;
  readonly last_used_at: number | null;
  readonly last_used_ip: string | null;
}

/** An emergency revocation. It latches an address, whether or not a token is there. */
export interface Revocation {
  /** Primary key: the token's address. */
  readonly address: string;
  readonly organization: string;
  readonly reason: 'compromised' | 'leaver' | 'other';
  readonly created_at: number;
  readonly created_by: string;
}

/** The recorded answer to a request with an Idempotency-Key. */
export interface Replay {
  /** Primary key: HMAC of caller, method, address with query and key. */
  readonly key: string;
  /** HMAC of everything that makes the request the same. */
  readonly request: string;
  /** The sealed answer, base64. */
  readonly answer: string;
  readonly created_at: number;
  readonly expires_at: number;
}

/** What happened, written in the transaction of the change. */
export interface AuditEvent {
  readonly organization: string;
  readonly at: number;
  /** The identifier of who did it. */
  readonly actor: string;
  /** The address of the token that was used; null for the daemon itself. */
  readonly actor_token: string | null;
  readonly action: AuditAction;
  readonly address: string;
  readonly outcome: AuditOutcome;
  readonly request_id: string;
  readonly details: JsonObject;
}

/** An audit event as it is read back: `id` grows with time. */
export interface StoredAuditEvent extends AuditEvent {
  readonly id: number;
}
