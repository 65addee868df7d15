/** What the domain offers to whoever speaks to clients (`http/`, `verify/`): requests in, answers or `Problem`s out. */
import type { Json, JsonObject } from '../../terraform-provider-spec/kind.ts';
import type { Revocation } from './model.ts';

/** What a client presented to authenticate itself. */
export interface Credential {
  readonly scheme: 'bearer' | 'basic' | 'api-key';
  readonly token: string;
  /** With `basic`: the account's name or identifier. */
  readonly username?: string;
}

/** Who asks, from where, in which request. */
export interface Caller {
  readonly credential: Credential;
  readonly ip: string | null;
  readonly requestId: string;
}

/** The contract's headers and query parameters of a write (design: the declarative contract). */
export interface WriteOptions {
  readonly caller: Caller;
  /** `Accredit-Claim` on PUT; `?claim=` on DELETE, where `''` stands for what was made without a claim. */
  readonly claim?: string;
  /** `Accredit-Manager`. */
  readonly manager?: string;
  /** `Accredit-Adopt: true`. */
  readonly adopt?: boolean;
  /** `Accredit-Allow-Self: true`. */
  readonly allowSelf?: boolean;
  readonly dryRun?: boolean;
  /** The entity tags of `If-Match` without their quotes, or `'*'`. */
  readonly ifMatch?: readonly string[] | '*';
  /** `If-None-Match: *`. */
  readonly ifNoneMatch?: boolean;
  readonly idempotencyKey?: string;
}

export interface PutRequest extends WriteOptions {
  readonly address: string;
  readonly body: Json;
}

export interface DeleteRequest extends WriteOptions {
  readonly address: string;
  /** `?cascade=false` makes it false; true by default. */
  readonly cascade?: boolean;
}

export interface RotateRequest extends WriteOptions {
  readonly address: string;
  /** `{ if_rotated_at?, overlap?, secret_hash? }`; `null` for no body. */
  readonly body: Json;
}

export interface RevokeRequest extends WriteOptions {
  /** The token's address, without `/revocation`. */
  readonly address: string;
  /** `{ reason }`. */
  readonly body: Json;
}

export type RestoreRequest = WriteOptions & { readonly address: string };

export type Outcome =
  | 'created'
  | 'updated'
  | 'rotated'
  | 'unchanged'
  | 'deleted'
  | 'slot-ended'
  | 'revoked'
  | 'restored';

/** What a write did, or with `dryRun` would do. */
export interface Answer {
  readonly outcome: Outcome;
  /** The resource afterwards, with its secret if this request made one; none after a deletion. */
  readonly resource?: JsonObject;
  readonly etag?: string;
  /** True when an earlier answer was replayed for its Idempotency-Key. */
  readonly replayed?: boolean;
  /** Only with `dryRun`. */
  readonly plan?: DryRun;
}

export interface DryRun {
  readonly outcome: Outcome;
  /** JSON pointers of the attributes that would change. */
  readonly changed: readonly string[];
  /** What would stop working, for people: "the secret, last used 2 minutes ago, ends at once". */
  readonly cuts_off: readonly string[];
}

export interface Page {
  readonly items: readonly JsonObject[];
  readonly next_cursor: string | null;
}

export interface ListRequest {
  readonly caller: Caller;
  /** The kind whose collection is listed. */
  readonly kind: string;
  /** Address of the parent; `''` for organizations. */
  readonly parent: string;
  /** With it, `parent` is an organization and the list holds all of its resources of that kind. */
  readonly everywhere?: boolean;
  readonly limit: number;
  readonly cursor?: string;
  readonly view?: 'full';
  /** `label=key` or `label=key:value`, all must match. */
  readonly labels?: readonly string[];
  readonly status?: string;
  /** RFC 3339. */
  readonly expiresBefore?: string;
  readonly unusedSince?: string;
}

export interface AuditRequest {
  readonly caller: Caller;
  readonly organization: string;
  readonly limit: number;
  readonly cursor?: string;
  readonly address?: string;
}

/** What a service asks: may whoever holds this token do that, in this organization? */
export interface Question {
  readonly credential: Credential;
  /** Where the token was presented from; null when unknown. */
  readonly ip: string | null;
  /** The organization's name in which is asked; `default` if left out. */
  readonly organization?: string;
  /** Only whether the token is good, if left out. */
  readonly permission?: string;
  /** `organization` by default, or `projects/x`, `teams/x`, `apps/x`, or a full address. */
  readonly scope?: string;
}

/** The answer. `reason` is private: it goes to the log, never to whoever presented a bad token. */
export type Verdict =
  | { readonly decision: 'unauthenticated'; readonly reason: string }
  | { readonly decision: 'forbidden'; readonly reason: string; readonly subject: Subject }
  | { readonly decision: 'allowed'; readonly subject: Subject };

/** Who a good token stands for. */
export interface Subject {
  /** `ci@default.accredit.internal`. */
  readonly identifier: string;
  readonly kind: string;
  /** The account's address and uid. */
  readonly address: string;
  readonly uid: string;
  readonly organization: string;
  /** The token's address and uid. */
  readonly token: string;
  readonly token_uid: string;
  readonly grants: readonly JsonObject[];
  /** The permissions at organization scope that the token carries. */
  readonly permissions: readonly string[];
  readonly issued_at: number;
  /** Milliseconds; null for never. For a previous secret, the end of its overlap. */
  readonly valid_until: number | null;
}

export interface Service {
  /** Throws `unauthenticated`. Cheap enough to be asked before a body is read. */
  authenticate(caller: Caller): Promise<Subject>;
  get(request: { caller: Caller; address: string; view?: 'full' }): Promise<{ resource: JsonObject; etag: string }>;
  list(request: ListRequest): Promise<Page>;
  put(request: PutRequest): Promise<Answer>;
  delete(request: DeleteRequest): Promise<Answer>;
  /** `POST …/rotation`. */
  rotate(request: RotateRequest): Promise<Answer>;
  /** `POST /v1/self/rotate`. */
  rotateSelf(request: Omit<RotateRequest, 'address'>): Promise<Answer>;
  /** `PUT …/revocation`; the answer's resource is the revocation. */
  revoke(request: RevokeRequest): Promise<Answer>;
  /** `DELETE …/revocation`. */
  restore(request: RestoreRequest): Promise<Answer>;
  /** `GET …/revocation`. */
  revocation(request: { caller: Caller; address: string }): Promise<JsonObject>;
  audit(request: AuditRequest): Promise<Page>;
  /** `requestId` names the request in the audit log, should this use of the token change anything. */
  verify(question: Question, requestId: string): Promise<Verdict>;
  /** `POST /v1/introspect`: what `caller`, who needs `tokens.introspect`, may know of a token (RFC 7662, section 2.2). */
  introspect(caller: Caller, question: Question): Promise<JsonObject>;
  /** Writes what was gathered of last uses; removes what is due for removal. Called by a timer and at shutdown. */
  maintain(): Promise<void>;
}

export type { Revocation };
