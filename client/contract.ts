/** What is asked of the API, and what it answers, in the words of programs. */
import type { JsonObject, ListFilter } from '../terraform-provider-spec/kind.ts';

export interface CallOptions {
  readonly signal?: AbortSignal | undefined;
  /** Instead of the client's, for what is not worth a long wait, or is worth one. Milliseconds. */
  readonly deadline?: number | undefined;
  /** How long one attempt may take, milliseconds; 15 s if left out. */
  readonly attemptTimeout?: number | undefined;
}

/** The headers of the declarative contract that every write takes. */
export interface WriteOptions extends CallOptions {
  /** Instead of the client's; null for none. */
  readonly manager?: string | null;
  readonly adopt?: boolean;
  readonly allowSelf?: boolean;
  /** An entity tag as it was answered. */
  readonly ifMatch?: string;
}

export interface PutOptions extends WriteOptions {
  readonly claim?: string;
  /** A fresh one is made if left out: a repeated PUT answers with the same secret. */
  readonly idempotencyKey?: string;
  /** Refuse to converge on what exists: `If-None-Match: *`. */
  readonly onlyCreate?: boolean;
}

export interface DeleteOptions extends WriteOptions {
  /** Act only on what this claim made; `''` stands for what was made without one. */
  readonly claim?: string;
  /** False refuses while there are live tokens below. */
  readonly cascade?: boolean;
  /** Revoke a live token first, where its profile asks for that. */
  readonly revoke?: boolean;
}

export interface RotateOptions extends Omit<WriteOptions, 'ifMatch'> {
  readonly idempotencyKey?: string;
}

export interface Fetched {
  readonly resource: JsonObject;
  readonly etag: string | undefined;
}

export interface Written extends Fetched {
  /** `Accredit-Outcome`: created, updated, rotated or unchanged. */
  readonly outcome: string;
  /** What was done and yet goes against a policy that only warns, for people. */
  readonly warnings: readonly string[];
}

/** A delivery that the daemon does not confirm. */
export interface Unconfirmed {
  /** The token. */
  readonly address: string;
  readonly code: string;
  /** Why, for people. */
  readonly detail: string;
}

/** What a write would do. */
export interface DryRun {
  readonly outcome: string;
  /** JSON pointers of the attributes that would change. */
  readonly changed: readonly string[];
  /** What would stop working, for people. */
  readonly cutsOff: readonly string[];
  /** What would go against a policy that only warns, for people. */
  readonly warnings: readonly string[];
  /** For a manifest: the addresses of what it declares that would change. */
  readonly parts: readonly string[];
  /** The resource as it would be, unless it would be gone. */
  readonly resource: JsonObject | undefined;
}

/** Who the token is. */
export interface Self {
  readonly identifier: string;
  readonly address: string;
  /** The name of the organization it belongs to. */
  readonly organization: string;
  /** The scope beyond which nothing that it carries reaches: `organization`, `teams/mobile`. */
  readonly confinedTo: string;
  /** At the scope of the organization. Patterns, as `permission.ts` reads them. */
  readonly permissions: readonly string[];
  /** The same at each scope at which the token carries something. */
  readonly permissionsByScope: readonly { readonly scope: string; readonly permissions: readonly string[] }[];
  /** The address of the token. */
  readonly token: string;
  /** When the presented secret ends, RFC 3339; null for never. */
  readonly validUntil: string | null;
  /** All of it, as it was answered. */
  readonly answer: JsonObject;
}

export interface ExchangeRequest {
  /** The token, or access token, that is exchanged. */
  readonly subject: string;
  /** The permissions that the access token is to carry; all that the subject carries if left out. */
  readonly permissions?: readonly string[] | undefined;
}

export interface IssuedAccessToken {
  readonly accessToken: string;
  /** The permissions that it carries, separated by spaces. */
  readonly scope: string;
}

export interface ListOptions extends CallOptions {
  readonly view?: 'full';
  /** Of a list of audit events: only those about this address. */
  readonly address?: string | undefined;
  /** Only the resources with these names, 100 at most. */
  readonly names?: readonly string[];
  readonly labels?: readonly string[];
  readonly filters?: Readonly<Partial<Record<ListFilter, string>>>;
  /** Items fetched at a time. */
  readonly limit?: number;
}
