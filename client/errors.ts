import type { Json, JsonObject } from '../terraform-provider-spec/kind.ts';
import type { HttpResponse } from './transport.ts';

/** One thing that the daemon found wrong with a request. `pointer` is a JSON pointer (RFC 6901) into the body. */
export interface ApiErrorDetail {
  readonly pointer: string;
  readonly detail: string;
}

/** The daemon, or something in front of it, answered with an error (RFC 9457 where it is the daemon's). */
export class ApiError extends Error {
  override readonly name = 'ApiError';
  readonly status: number;
  /** The stable code of the problem; `unexpected-answer` when the answer is not one of the daemon's. */
  readonly code: string;
  readonly detail: string;
  readonly errors: readonly ApiErrorDetail[];
  /** By which the daemon's log names the request. */
  readonly requestId: string | undefined;
  /** Whether the request had been sent before and that got no answer, or none that settled it: it may have been carried out then. */
  readonly isRepeated: boolean;

  constructor(status: number, problem: Omit<ApiErrorFields, 'status'>) {
    super(`${problem.detail} (HTTP ${status}, ${problem.code})`);
    this.status = status;
    this.code = problem.code;
    this.detail = problem.detail;
    this.errors = problem.errors ?? [];
    this.requestId = problem.requestId;
    this.isRepeated = problem.isRepeated ?? false;
  }
}

export interface ApiErrorFields {
  readonly status: number;
  readonly code: string;
  readonly detail: string;
  readonly errors?: readonly ApiErrorDetail[];
  readonly requestId?: string | undefined;
  readonly isRepeated?: boolean;
}

/** Of a certificate that nobody trusts whom Node knows. */
const UNTRUSTED: ReadonlySet<string> = new Set([
  'CERT_UNTRUSTED',
  'DEPTH_ZERO_SELF_SIGNED_CERT',
  'SELF_SIGNED_CERT_IN_CHAIN',
  'UNABLE_TO_GET_ISSUER_CERT',
  'UNABLE_TO_GET_ISSUER_CERT_LOCALLY',
  'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
]);

/** What OpenSSL says of bytes that are no TLS. */
const NO_TLS = /wrong version number|packet length too long|record layer failure/;

/** No answer came: the daemon is down, unreachable, too slow, or its certificate is not trusted. */
export class ConnectionError extends Error {
  override readonly name = 'ConnectionError';
  /** Node's error code, such as `ECONNREFUSED`; `TIMEOUT` when an answer took too long. */
  readonly code: string;
  /** Why there is no TLS to the endpoint, if there is none: then nothing was ever sent. */
  readonly tls: 'untrusted' | 'not-spoken' | undefined;

  constructor(endpoint: string, code: string, cause?: unknown) {
    const said = cause instanceof Error && cause.message !== '' ? cause.message : code;
    const isPlain = endpoint.startsWith('https:') && NO_TLS.test(said);
    super(`${endpoint} cannot be reached: ${isPlain ? 'what answers there does not speak TLS' : said}`, { cause });
    this.code = code;
    this.tls = UNTRUSTED.has(code) ? 'untrusted' : isPlain ? 'not-spoken' : undefined;
  }
}

/** What was asked, as far as it decides how an answer is read. */
export interface Asked {
  readonly endpoint: string;
  /** Whether it was an endpoint of OAuth. */
  readonly oauth: boolean;
  readonly isRepeated: boolean;
}

/**
 * Reads an error answer: a problem (RFC 9457), or the refusal of an OAuth endpoint (RFC 6749, section 5.2), whose `error` is
 * the code. A body that is no problem of the daemon's (a proxy's page, say) gives the code
 * `unexpected-answer` and is not quoted: nobody knows what is in it. `isRepeated` is said of the error as it is given.
 */
export function errorOf({ status, headers, body }: HttpResponse, { endpoint, oauth, isRepeated }: Asked): ApiError {
  const type = headers['content-type'];
  const problem = type?.startsWith('application/problem+json') ? parseObject(body) : undefined;
  const refusal = oauth && type?.startsWith('application/json') ? parseObject(body) : undefined;
  if (typeof refusal?.error === 'string') {
    const detail = String(refusal.error_description ?? refusal.error);
    return new ApiError(status, { code: refusal.error, detail, isRepeated });
  }
  if (problem === undefined || typeof problem.code !== 'string') {
    return unexpected(
      status,
      `what answers at ${endpoint} is not an Accredit daemon (HTTP ${status}); a proxy or another service may be there`,
    );
  }
  return new ApiError(status, {
    code: problem.code,
    detail: typeof problem.detail === 'string' ? problem.detail : String(problem.title ?? problem.code),
    errors: Array.isArray(problem.errors) ? problem.errors.flatMap(readDetail) : [],
    requestId: typeof problem.request_id === 'string' ? problem.request_id : undefined,
    isRepeated,
  });
}

/** An answer that the contract does not know. */
export function unexpected(status: number, detail: string): ApiError {
  return new ApiError(status, { code: 'unexpected-answer', detail });
}

/** The JSON object that `text` holds, or `undefined`. */
export function parseObject(text: string): JsonObject | undefined {
  let value: Json;
  try {
    value = JSON.parse(text) as Json;
  } catch {
    return undefined;
  }
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? value : undefined;
}

function readDetail(entry: Json): ApiErrorDetail[] {
  if (typeof entry !== 'object' || entry === null || Array.isArray(entry)) return [];
  const { pointer, detail } = entry;
  return typeof pointer === 'string' && typeof detail === 'string' ? [{ pointer, detail }] : [];
}

/** Headers and query parameters of the API, as the daemon's texts name them. */
const WIRE = /\bAccredit-[A-Z]|"\?[a-z_]+=/;

/**
 * What the daemon says, without the sentences that name a header or a query parameter: for those who send none themselves, and are
 * told in their own words what to do.
 */
export function withoutWire(text: string): string {
  const sentences = text.split(/(?<=[.!?]) (?=[A-Z0-9])/);
  return sentences.filter((each) => !WIRE.test(each)).join(' ');
}
