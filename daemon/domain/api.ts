/** What the domain offers to whoever speaks to clients (`http/`, `verify/`): requests in, answers or `Problem`s out. */
import type { WriteOutcome } from '../../terraform-provider-spec/audit.ts';
import type { Json, JsonObject, ListFilter } from '../../terraform-provider-spec/kind.ts';
import type { AccessTokenClaims } from '../crypto/access-token.ts';
import type { Audience, Caller, Credential } from './caller.ts';
import type { DecisionStatistics } from './decisions.ts';
import type { Revocation } from './model.ts';
import type { IssuedToken, KnownIssue, TokenRequest } from './oauth/issue.ts';
import type { TokenRevocation } from './oauth/revoke.ts';
import type { RotateKeysRequest } from './oauth/rotate-keys.ts';
import type { Desired, Lookup, Provisioned, ProvisioningScope, ProvisioningTarget } from './provisioned.ts';

export type { Audience, Caller, Credential };

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
  /** What an identity provider keeps with a user or team and nobody else knows; kept as it is, `null` for nothing. */
  readonly provisioned?: JsonObject;
}

export interface DeleteRequest extends WriteOptions {
  readonly address: string;
  /** `?cascade=false` makes it false; true by default. */
  readonly cascade?: boolean;
  /** `?revoke=true`: revoke a live token first, where its profile asks for that. */
  readonly revoke?: boolean;
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

/** PUT or DELETE of a manifest, or POST below it. */
export interface ManifestRequest extends WriteOptions {
  /** The manifest's address. */
  readonly address: string;
  /**
   * The tree, or with `deliverAll` what was delivered; `null` with a DELETE. It may have tens of megabytes: `putManifest` takes it out of
   * the request as soon as it is read.
   */
  body: Json;
}

/** `POST …/delivered`. */
export interface DeliverRequest extends WriteOptions {
  /** The token's address, without `/delivered`. */
  readonly address: string;
  /** `{ rotated_at }`. */
  readonly body: Json;
}

/** `POST …/users/{user}/enrolment`. */
export interface EnrolRequest extends WriteOptions {
  /** The user's address. */
  readonly address: string;
  /** `{ expires_in? }`; `null` for no body. */
  readonly body: Json;
}

export type RestoreRequest = WriteOptions & { readonly address: string };

export type Outcome = WriteOutcome;

/** What a write did, or with `dryRun` would do. */
export interface Answer {
  readonly outcome: Outcome;
  /** The resource afterwards, with its secret if this request made one; none after a deletion. */
  readonly resource?: JsonObject;
  readonly etag?: string;
  /** True when an earlier answer was replayed for its Idempotency-Key. */
  readonly replayed?: boolean;
  /** What is allowed and yet against a policy that only warns, for people. */
  readonly warnings?: readonly string[];
  /** Only with `dryRun`. */
  readonly plan?: DryRun;
}

export interface DryRun {
  readonly outcome: Outcome;
  /** JSON pointers of the attributes that would change. */
  readonly changed: readonly string[];
  /** What would stop working, for people: "the secret, last used 2 minutes ago, ends at once". */
  readonly cuts_off: readonly string[];
  readonly warnings: readonly string[];
}

export interface Page {
  readonly items: readonly JsonObject[];
  readonly next_cursor: string | null;
}

export interface ListRequest extends Filters {
  /** Only the resources with these names, in a list below one parent. */
  readonly names?: readonly string[];
  readonly caller: Caller;
  /** The kinds that are listed, all in one order. */
  readonly kinds: readonly string[];
  /** Address of the parent; `''` for organizations. */
  readonly parent: string;
  /** With it, `parent` is an organization and the list holds all of its resources of these kinds. */
  readonly everywhere?: boolean;
  readonly limit: number;
  readonly cursor?: string;
  readonly view?: 'full';
}

/** What a list is filtered by; all of it must match. */
export interface Filters {
  /** `key` or `key:value`. */
  readonly labels?: readonly string[];
  /** By name, each as it was given. */
  readonly filters?: Readonly<Partial<Record<ListFilter, string>>>;
}

/** `GET …/token-counts`. */
export interface CountRequest extends Filters {
  readonly caller: Caller;
  /** Address of the organization. */
  readonly organization: string;
}

export interface ManifestListRequest {
  readonly caller: Caller;
  /** Address of the organization. */
  readonly organization: string;
  readonly limit: number;
  readonly cursor?: string;
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
  /** The address and uid of the account, app or user behind it. */
  readonly address: string;
  readonly uid: string;
  readonly organization: string;
  /** The token's address and uid. */
  readonly token: string;
  readonly token_uid: string;
  /** The scope beyond which nothing that the token carries reaches. */
  readonly confined_to: string;
  readonly grants: readonly JsonObject[];
  /** The permissions that the token carries where was asked; at the organization's scope if nothing was. */
  readonly permissions: readonly string[];
  /** The permissions scope by scope. */
  readonly permissions_by_scope: readonly { readonly scope: string; readonly permissions: readonly string[] }[];
  readonly issued_at: number;
  /** Milliseconds; null for never. For a previous secret, the end of its overlap. */
  readonly valid_until: number | null;
  /** What was presented, when it was an access token. */
  readonly access_token?: AccessTokenClaims;
}

/** Answers from memory, without waiting. Undefined where there is none: then the method of the service is to be asked. */
export interface KnownAnswers {
  /** As `verify`. */
  verify(question: Question): Verdict | undefined;
  /** As `introspect`, once it is known who asks, and then what; with who was found to ask. */
  introspector(
    caller: Caller,
  ): (question: Question) => { readonly caller: Subject; readonly body: JsonObject } | undefined;
  /** As `issueToken` for client credentials, once `issue` is called. */
  issue(request: { client: Credential; scope?: string; ip: string | null }): KnownIssue | undefined;
}

/** What the service keeps in memory, at this moment. */
export interface Statistics {
  readonly decisions: DecisionStatistics;
  /** Uses of secrets that are still to be written. */
  readonly waitingUses: number;
}

export interface Service {
  readonly known: KnownAnswers;
  readonly statistics: Statistics;
  /**
   * Throws `unauthenticated`, or `forbidden` for a credential that is for something else than `audiences`: the caller's
   * own if left out. Cheap enough to be asked before a body is read.
   */
  authenticate(caller: Caller, audiences?: readonly Audience[]): Promise<Subject>;
  get(request: { caller: Caller; address: string; view?: 'full' }): Promise<{ resource: JsonObject; etag: string }>;
  list(request: ListRequest): Promise<Page>;
  put(request: PutRequest): Promise<Answer>;
  delete(request: DeleteRequest): Promise<Answer>;
  /** `POST …/rotation`. */
  rotate(request: RotateRequest): Promise<Answer>;
  /** `POST /v1/self/rotate`. */
  rotateSelf(request: Omit<RotateRequest, 'address'>): Promise<Answer>;
  /** `POST …/users/{user}/enrolment`; the answer's resource is the enrolment with its secret. */
  enrol(request: EnrolRequest): Promise<Answer>;
  /** How many tokens there are in an organization, by kind, status and use. */
  count(request: CountRequest): Promise<JsonObject>;
  /** `PUT …/revocation`; the answer's resource is the revocation. */
  revoke(request: RevokeRequest): Promise<Answer>;
  /** `DELETE …/revocation`. */
  restore(request: RestoreRequest): Promise<Answer>;
  /** `GET …/revocation`. */
  revocation(request: { caller: Caller; address: string }): Promise<JsonObject>;
  manifest(request: { caller: Caller; address: string }): Promise<{ resource: JsonObject; etag: string }>;
  /** The manifests of an organization, without what they declare. */
  manifests(request: ManifestListRequest): Promise<Page>;
  /** Rejects as `putManifest` does for a caller who may not write manifests there: before a large body is read. */
  admitManifest(request: { caller: Caller; address: string }): Promise<void>;
  /** The answer's resource is the manifest with what was done, or with `dryRun` would be; its entity tag is then the plan's. */
  putManifest(request: ManifestRequest): Promise<Answer>;
  deleteManifest(request: ManifestRequest): Promise<Answer>;
  /** `POST …/delivered`: a secret that the caller made for a manifest has reached those who need it. */
  deliver(request: DeliverRequest): Promise<Answer>;
  /**
   * The same for many secrets that a manifest brought, each by its hash: `{ tokens: [{ address, secret_hash }] }`. The answer's
   * resource says how many are confirmed, and which not and why.
   */
  deliverAll(request: ManifestRequest): Promise<Answer>;
  audit(request: AuditRequest): Promise<Page>;
  /** Users or teams as an identity provider keeps them: those with that name, all of them without. */
  provisioned(scope: ProvisioningScope, lookup?: Lookup): Promise<readonly Provisioned[]>;
  /** Creates one under the first of `names` that is free. Throws `user-name-taken`. */
  provision(scope: ProvisioningScope, names: () => Iterable<string>, desired: Desired): Promise<Provisioned>;
  /**
   * Makes the one with that uid what `change`, a pure function, says. Throws `not-found`, and whatever `change` and the
   * target's `check` throw.
   */
  reprovision(
    scope: ProvisioningScope,
    target: ProvisioningTarget,
    change: (current: Provisioned) => Desired,
  ): Promise<Provisioned>;
  /** Deletes the one with that uid, a user together with all tokens. Throws as `reprovision`. */
  deprovision(scope: ProvisioningScope, target: ProvisioningTarget): Promise<void>;
  /** `requestId` names the request in the audit log, should this use of the token change anything. */
  verify(question: Question, requestId: string): Promise<Verdict>;
  /** `POST /v1/introspect`: what `caller`, who needs `tokens.introspect`, may know of a token (RFC 7662, section 2.2). */
  introspect(caller: Caller, question: Question): Promise<JsonObject>;
  /** Issues an access token (RFC 6749, section 4.4; RFC 8693). Throws `OAuthProblem`. */
  issueToken(request: TokenRequest): Promise<IssuedToken>;
  /** RFC 7009, for a client that presents itself as `caller`. Throws `OAuthProblem`. */
  revokeToken(revocation: TokenRevocation): Promise<Subject>;
  /** The keys by which access tokens are verified, as a JWK Set (RFC 7517, section 5). */
  keySet(): Promise<JsonObject>;
  /** `POST /v1/signing-keys/rotation`; the answer's resource is the list of keys. */
  rotateSigningKeys(request: RotateKeysRequest): Promise<Answer>;
  /** Writes what was gathered of last uses; removes what is due for removal. Called by a timer and at shutdown. */
  maintain(): Promise<void>;
  /** Writes the uses that are not written yet, also while `maintain` is busy with something else. */
  recordUses(): Promise<void>;
}

export type { IssuedToken, Revocation, RotateKeysRequest, TokenRequest };
