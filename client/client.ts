/** A typed client of the HTTP API. It holds a token and prints nothing. */
import { randomUUID } from 'node:crypto';
import type { Json, JsonObject } from '../terraform-provider-spec/kind.ts';
import { type Answer, dryRun, foreign, objectIn, outcomeOf, selfIn, written } from './answers.ts';
import type {
  CallOptions,
  DeleteOptions,
  DryRun,
  ExchangeRequest,
  Fetched,
  IssuedAccessToken,
  ListOptions,
  PutOptions,
  RotateOptions,
  Self,
  Unconfirmed,
  WriteOptions,
  Written,
} from './contract.ts';
import { ApiError, errorOf, unexpected } from './errors.ts';
import { type Clock, retrying, SYSTEM_CLOCK } from './retry.ts';
import { type HttpRequest, httpTransport, parseEndpoint, type Transport } from './transport.ts';
import { VERSION } from './version.ts';

export type * from './contract.ts';

export interface ClientOptions {
  /** `https://accredit.example.com`, with a path if the daemon is mounted below one. */
  readonly endpoint: string;
  readonly token: string;
  /** PEM; the certificates that the daemon's is checked against, instead of the system's. */
  readonly caCertificate?: string | undefined;
  /** What calls: `accredit-terraform`. Sent with the version as `User-Agent`. */
  readonly product?: string;
  /** Sent as `Accredit-Manager` with every write that does not name another. */
  readonly manager?: string | undefined;
  /** How long one call may take with all its repetitions, milliseconds. */
  readonly deadline?: number;
  readonly clock?: Clock;
  readonly transport?: Transport;
}

const DEADLINE = 30_000;
const ATTEMPT_TIMEOUT = 15_000;

type Query = Readonly<Record<string, string | readonly string[] | undefined>>;

/**
 * Every method rejects with `ApiError` for an error that was answered, with `ConnectionError` when no answer came, and
 * with the signal's reason when aborted. Calls are repeated within the deadline where a repetition does no harm, which
 * by contract is every call here: GET, PUT and DELETE are idempotent, what mints carries an Idempotency-Key, and an access
 * token too many ends within minutes.
 */
export class Client {
  readonly #endpoint: string;
  readonly #transport: Transport;
  readonly #clock: Clock;
  readonly #deadline: number;
  readonly #manager: string | undefined;
  readonly #headers: Readonly<Record<string, string>>;

  /** Throws a `TypeError` for an endpoint that is none. */
  constructor(options: ClientOptions) {
    this.#endpoint = options.endpoint;
    this.#transport = options.transport ?? httpTransport(parseEndpoint(options.endpoint), options.caCertificate);
    this.#clock = options.clock ?? SYSTEM_CLOCK;
    this.#deadline = options.deadline ?? DEADLINE;
    this.#manager = options.manager;
    this.#headers = {
      accept: 'application/json, application/problem+json',
      authorization: `Bearer ${options.token}`,
      'user-agent': `${options.product ?? 'accredit-client'}/${VERSION}`,
    };
  }

  /** The resource at an address; `view: 'full'` adds what changes without anybody writing. */
  async get(address: string, options: CallOptions & { view?: 'full' } = {}): Promise<Fetched> {
    const answer = await this.#call('GET', `/${address}`, options, { query: { view: options.view } });
    const resource = objectIn(answer);
    if (typeof resource.address !== 'string') throw foreign(answer, 'holds no resource');
    return { resource, etag: answer.headers.etag };
  }

  /** Creates or converges. The resource holds its secret if this call, or the one it repeats, made one. */
  async put(address: string, body: JsonObject, options: PutOptions = {}): Promise<Written> {
    const answer = await this.#call('PUT', `/${address}`, options, {
      body,
      headers: { ...this.#putHeaders(options), 'idempotency-key': options.idempotencyKey ?? randomUUID() },
    });
    return written(answer);
  }

  /** What `put` would do; changes nothing. */
  async planPut(address: string, body: JsonObject, options: PutOptions = {}): Promise<DryRun> {
    const answer = await this.#call('PUT', `/${address}`, options, {
      body,
      query: { dry_run: 'true' },
      headers: this.#putHeaders(options),
    });
    return dryRun(answer);
  }

  /** What a PUT of the manifest at an address would do; changes nothing. The entity tag is for `ifMatch` of that PUT. */
  async planManifest(address: string, tree: JsonObject, options: WriteOptions = {}): Promise<Fetched> {
    const answer = await this.#call('PUT', `/${address}`, options, {
      body: tree,
      query: { dry_run: 'true' },
      headers: this.#writeHeaders(options),
    });
    return { resource: objectIn(answer), etag: answer.headers.etag };
  }

  /**
   * Confirms that secrets which the manifest at an address brought have reached those who need them: their hashes, by the addresses of
   * the tokens. Answers those that are not confirmed.
   */
  async confirmDeliveries(
    manifest: string,
    hashes: ReadonlyMap<string, string>,
    options: WriteOptions = {},
  ): Promise<readonly Unconfirmed[]> {
    return this.#deliveries(manifest, hashes, options, {});
  }

  /** What `confirmDeliveries` would not confirm; changes nothing. */
  async planDeliveries(
    manifest: string,
    hashes: ReadonlyMap<string, string>,
    options: WriteOptions = {},
  ): Promise<readonly Unconfirmed[]> {
    return this.#deliveries(manifest, hashes, options, { dry_run: 'true' });
  }

  /** Deletes, whether or not something is there. Answers the outcome: deleted, slot-ended or unchanged. */
  async delete(address: string, options: DeleteOptions = {}): Promise<string> {
    return outcomeOf(await this.#delete(address, options));
  }

  /** What `delete` would do; changes nothing. */
  async planDelete(address: string, options: DeleteOptions = {}): Promise<DryRun> {
    return dryRun(await this.#delete(address, options, { dry_run: 'true' }));
  }

  /** Mints a new secret for the token at an address. */
  async rotate(address: string, body: JsonObject = {}, options: RotateOptions = {}): Promise<Written> {
    const answer = await this.#call('POST', `/${address}/rotation`, options, {
      body,
      headers: { ...this.#writeHeaders(options), 'idempotency-key': options.idempotencyKey ?? randomUUID() },
    });
    return written(answer);
  }

  /**
   * An access token in exchange for a token (RFC 8693). What is refused has the code of RFC 6749, section 5.2: `invalid_scope`
   * for permissions that the subject does not carry.
   */
  async exchange({ subject, permissions }: ExchangeRequest, options: CallOptions = {}): Promise<IssuedAccessToken> {
    const answer = await this.#call('POST', '/oauth/token', options, {
      body: {
        grant_type: 'urn:ietf:params:oauth:grant-type:token-exchange',
        subject_token: subject,
        subject_token_type: 'urn:ietf:params:oauth:token-type:access_token',
        ...(permissions === undefined ? {} : { scope: permissions.join(' ') }),
      },
    });
    const { access_token: accessToken, scope } = objectIn(answer);
    if (typeof accessToken !== 'string') throw foreign(answer, 'holds no access token');
    return { accessToken, scope: String(scope) };
  }

  /** What `rotate` would do; changes nothing. */
  async planRotate(address: string, body: JsonObject = {}, options: RotateOptions = {}): Promise<DryRun> {
    const answer = await this.#call('POST', `/${address}/rotation`, options, {
      body,
      query: { dry_run: 'true' },
      headers: this.#writeHeaders(options),
    });
    return dryRun(answer);
  }

  /** Every resource of a collection such as `organizations/default/accounts`, page by page, by address. */
  async *list(collection: string, options: ListOptions = {}): AsyncGenerator<JsonObject> {
    let cursor: string | undefined;
    do {
      const answer = await this.#call('GET', `/${collection}`, options, {
        query: {
          cursor,
          limit: String(options.limit ?? 500),
          view: options.view,
          name: options.names,
          label: options.labels,
          address: options.address,
          ...options.filters,
        },
      });
      const page = objectIn(answer);
      if (!Array.isArray(page.items)) throw foreign(answer, 'is a list without items');
      yield* page.items as JsonObject[];
      cursor = typeof page.next_cursor === 'string' ? page.next_cursor : undefined;
    } while (cursor !== undefined);
  }

  /** Revokes the token at an address in an emergency. Answers the outcome. */
  async revoke(address: string, body: { readonly reason: string }, options: WriteOptions = {}): Promise<string> {
    const answer = await this.#call('PUT', `/${address}/revocation`, options, {
      body,
      headers: { ...this.#writeHeaders(options), 'idempotency-key': randomUUID() },
    });
    return outcomeOf(answer);
  }

  /** Takes back the revocation of the token at an address. Answers the outcome: restored or unchanged. */
  async restore(address: string, options: WriteOptions = {}): Promise<string> {
    return outcomeOf(
      await this.#call('DELETE', `/${address}/revocation`, options, { headers: this.#writeHeaders(options) }),
    );
  }

  /**
   * Who the token is, and what it may do. Every token may ask that: `not-found` is another path than the API's, and becomes
   * `unexpected-answer`.
   */
  async self(options: CallOptions = {}): Promise<Self> {
    const answer = await this.#call('GET', '/self', options).catch((error) => {
      if (!(error instanceof ApiError) || error.code !== 'not-found') throw error;
      throw unexpected(
        error.status,
        `nothing of Accredit is at ${this.#endpoint}: the endpoint names another path than the daemon is served under`,
      );
    });
    return selfIn(answer);
  }

  /** Closes the connections that are kept open. */
  close(): void {
    this.#transport.close();
  }

  async #deliveries(
    manifest: string,
    hashes: ReadonlyMap<string, string>,
    options: WriteOptions,
    query: Readonly<Record<string, string>>,
  ): Promise<readonly Unconfirmed[]> {
    const tokens = [...hashes].map(([address, secret_hash]) => ({ address, secret_hash }));
    const answer = await this.#call('POST', `/${manifest}/delivered`, options, {
      body: { tokens },
      query,
      headers: { ...this.#writeHeaders(options), 'idempotency-key': randomUUID() },
    });
    const { refused } = objectIn(answer);
    if (!Array.isArray(refused)) throw foreign(answer, 'does not say what is confirmed');
    return refused as unknown as Unconfirmed[];
  }

  #delete(address: string, options: DeleteOptions, query: Query = {}): Promise<Answer> {
    return this.#call('DELETE', `/${address}`, options, {
      query: {
        ...query,
        claim: options.claim,
        cascade: options.cascade === undefined ? undefined : String(options.cascade),
        revoke: options.revoke === undefined ? undefined : String(options.revoke),
      },
      headers: this.#writeHeaders(options),
    });
  }

  #writeHeaders(options: WriteOptions): Record<string, string> {
    const manager = options.manager === undefined ? this.#manager : options.manager;
    return {
      ...(manager === undefined || manager === null ? {} : { 'accredit-manager': manager }),
      ...(options.adopt ? { 'accredit-adopt': 'true' } : {}),
      ...(options.allowSelf ? { 'accredit-allow-self': 'true' } : {}),
      ...(options.ifMatch === undefined ? {} : { 'if-match': options.ifMatch }),
    };
  }

  #putHeaders(options: PutOptions): Record<string, string> {
    return {
      ...this.#writeHeaders(options),
      ...(options.claim === undefined ? {} : { 'accredit-claim': options.claim }),
      ...(options.onlyCreate ? { 'if-none-match': '*' } : {}),
    };
  }

  async #call(
    method: HttpRequest['method'],
    path: string,
    { signal, deadline = this.#deadline, attemptTimeout = ATTEMPT_TIMEOUT }: CallOptions,
    { query = {}, headers, body }: { query?: Query; headers?: Record<string, string>; body?: Json } = {},
  ): Promise<Answer> {
    const request: Omit<HttpRequest, 'timeout'> = {
      method,
      path: `/v1${path}${queryText(query)}`,
      headers: {
        ...this.#headers,
        ...headers,
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      signal,
    };
    let sent = 0;
    const answer = await retrying(
      (remaining) => {
        sent += 1;
        return this.#transport.send({ ...request, timeout: Math.min(attemptTimeout, remaining) });
      },
      { clock: this.#clock, deadline, signal },
    );
    if (answer.status >= 300 && answer.status < 400) {
      const redirected = `${this.#endpoint} redirects (HTTP ${answer.status}); give the address that it redirects to`;
      throw unexpected(answer.status, redirected);
    }
    const endpoint = this.#endpoint;
    if (answer.status < 200 || answer.status > 299) {
      throw errorOf(answer, { endpoint, oauth: path.startsWith('/oauth/'), isRepeated: sent > 1 });
    }
    return { ...answer, endpoint };
  }
}

function queryText(query: Query): string {
  const pairs = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) {
    if (value === undefined) continue;
    for (const one of typeof value === 'string' ? [value] : value) pairs.append(name, one);
  }
  return pairs.size === 0 ? '' : `?${pairs}`;
}
