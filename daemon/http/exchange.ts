/** One request and its answer: the request id, what the log says about them, and how they fail. */
import { randomBytes } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Logger } from 'pino';
import type { Caller, Question, Subject } from '../domain/api.ts';
import type { Limits } from '../domain/limits.ts';
import type { Limited, Problem } from '../domain/problem.ts';
import type { ClientAddress } from './client-address.ts';
import { credentialOf, presentedScheme } from './credentials.ts';
import type { Decision, RequestObserver } from './observer.ts';
import { problemReply, toProblem } from './problems.ts';
import { redact, redactPath } from './redact.ts';
import { send } from './reply.ts';

const REQUEST_ID = /^[A-Za-z0-9._-]{1,64}$/;

/** Makes the ids of different processes differ. */
const PROCESS = randomBytes(9).toString('base64url').replaceAll(/[-_]/g, '0');
/** Six digits in base 36 for two billion requests: answers that are to be the same are so in length too. */
let requests = 36 ** 5;

/** The id of a request: the one that the client gave, if it is a sane one and no secret, or else a new one. */
export function requestIdOf(given: string | undefined): string {
  const sane = given !== undefined && REQUEST_ID.test(given) && redact(given) === given;
  if (sane) return given;
  requests += 1;
  return `${PROCESS}.${requests.toString(36)}`;
}

/** What is asked about a token, besides the token itself. */
export type Asked = Pick<Question, 'organization' | 'permission' | 'scope'>;

/** A question as the log has it; undefined for one that asks only whether the token is good. */
export function loggedQuestion({ organization, permission, scope }: Asked): Asked | undefined {
  if (organization === undefined && permission === undefined && scope === undefined) return undefined;
  return {
    ...(organization !== undefined && { organization }),
    ...(permission !== undefined && { permission }),
    ...(scope !== undefined && { scope }),
  };
}

/** What an answer tells about a token. */
export interface Found {
  readonly decision: Decision;
  /** The address of the token, where it has one. */
  readonly about?: string;
}

export interface ExchangeOptions {
  readonly log: Logger;
  readonly clientAddress: ClientAddress;
  /** Nothing is limited if left out. */
  readonly limits?: Limits;
  /** Milliseconds since 1970 UTC; the machine's own if left out. */
  readonly clock?: () => number;
  /** Is told how every request ended. */
  readonly observer?: RequestObserver;
}

const exchanges = new WeakMap<IncomingMessage, Exchange>();

/** The exchange that `request` begins; the same one however often it is asked for. */
export function exchangeOf(request: IncomingMessage, response: ServerResponse, options: ExchangeOptions): Exchange {
  const begun = exchanges.get(request);
  if (begun !== undefined) return begun;
  const exchange = new Exchange(request, response, options);
  exchanges.set(request, exchange);
  return exchange;
}

export class Exchange {
  readonly requestId: string;
  readonly #request: IncomingMessage;
  readonly #response: ServerResponse;
  readonly #log: Logger;
  /** Where the request comes from. */
  readonly ip: string | null;
  readonly #limits: Limits | undefined;
  readonly #observer: RequestObserver | undefined;
  readonly #clock: () => number;
  readonly #started = performance.now();
  #subject: Subject | undefined;
  #code: string | undefined;
  #note: string | undefined;
  #limited: Limited['policy'] | undefined;
  #asked: Asked | undefined;
  #found: Found | undefined;

  constructor(request: IncomingMessage, response: ServerResponse, options: ExchangeOptions) {
    const given = request.headersDistinct['x-request-id'] ?? [];
    this.requestId = requestIdOf(given.length === 1 ? given[0] : undefined);
    this.#request = request;
    this.#response = response;
    this.#log = options.log;
    this.ip = options.clientAddress(request);
    this.#limits = options.limits;
    this.#observer = options.observer;
    this.#clock = options.clock ?? Date.now;
    response.setHeader('X-Request-Id', this.requestId);
    response.once('close', () => this.#report());
  }

  /** Who asks. Throws `unauthenticated` when the request presents no credential. */
  caller(): Caller {
    return { credential: credentialOf(this.#request), ip: this.ip, requestId: this.requestId };
  }

  /**
   * Tells who was found to ask. The log names the identifier and the token's address, never the token. Throws
   * `too-many-requests` when the token is used too often.
   */
  identified(subject: Subject): void {
    this.named(subject);
    this.used(subject.token_uid);
  }

  /** Like `identified`, for what is no use of the token. */
  named(subject: Subject): void {
    this.#subject = subject;
  }

  /** Counts a use of the token with that uid. Throws `too-many-requests` when there are too many. */
  used(token: string): void {
    const limited = this.#limits?.used(token, this.#clock());
    if (limited !== undefined) throw limited;
  }

  /** Names in the log what is asked about a token. */
  asked(question: Asked): void {
    this.#asked = loggedQuestion(question);
  }

  /** Says what the answer comes to, where its status does not. */
  decided(found: Found): void {
    this.#found = found;
  }

  /** Adds to the log's line what the client is not told. */
  note(text: string): void {
    this.#note = text;
  }

  /** Answers with what `error` means, in the form that `render` gives it, and logs what is not for the client. */
  fail(error: unknown, render: typeof problemReply = problemReply): void {
    const thrown = toProblem(error);
    const note = thrown.internal ?? (thrown.cause instanceof Error ? thrown.cause.message : undefined);
    const problem = this.#heldBack(thrown);
    this.#code = problem.code;
    this.#limited = problem.limited?.policy;
    this.#found = undefined;
    if (note !== undefined) this.note(note);
    if (problem.code === 'internal') this.#log.error({ request_id: this.requestId, err: error }, 'a request failed');
    if (this.#response.headersSent) {
      this.#response.destroy();
      return;
    }
    const presented = presentedScheme(this.#request);
    send(this.#response, render(problem, { requestId: this.requestId, presented }));
  }

  /** Says in the log that the connection broke before the request was answered. For when `close` has come already. */
  abandoned(): void {
    this.note('the request ended before its body was complete');
    this.#report();
  }

  /** What is answered in place of `problem`: another one where a bad credential comes from an address once too often. */
  #heldBack(problem: Problem): Problem {
    if (!problem.refusesCredential) return problem;
    return this.#limits?.failed(this.ip, this.#clock()) ?? problem;
  }

  #report(): void {
    const [path = ''] = (this.#request.url ?? '').split('?', 1);
    const { method = '' } = this.#request;
    const isAborted = !this.#response.writableFinished;
    const ms = performance.now() - this.#started;
    this.#observer?.ended({
      method,
      path,
      status: isAborted ? undefined : this.#response.statusCode,
      seconds: ms / 1000,
      decision: this.#found?.decision,
      limited: this.#limited,
    });
    this.#log.info(
      {
        request_id: this.requestId,
        method,
        path: redactPath(path),
        status: this.#response.statusCode,
        ...(isAborted && { aborted: true }),
        outcome: this.#response.getHeader('Accredit-Outcome'),
        ms: Math.round(ms * 10) / 10,
        ip: this.ip,
        actor: this.#subject?.identifier,
        token: this.#subject?.token,
        asked: this.#asked,
        about: this.#found?.about,
        decision: this.#found?.decision,
        code: this.#code,
        limited: this.#limited,
        note: this.#note,
      },
      'request',
    );
  }
}
