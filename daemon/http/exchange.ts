/** One request and its answer: the request id, what the log says about them, and how they fail. */
import { randomBytes } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Logger } from 'pino';
import type { Caller, Subject } from '../domain/api.ts';
import type { ClientAddress } from './client-address.ts';
import { credentialOf, presentsCredential } from './credentials.ts';
import { problemReply, toProblem } from './problems.ts';
import { redact } from './redact.ts';
import { send } from './reply.ts';

const REQUEST_ID = /^[A-Za-z0-9._-]{1,64}$/;

/** Makes the ids of different processes differ. */
const PROCESS = randomBytes(9).toString('base64url').replaceAll(/[-_]/g, '0');
let requests = 0;

/** The id of a request: the one that the client gave, if it is a sane one and no secret, or else a new one. */
export function requestIdOf(given: string | undefined): string {
  const sane = given !== undefined && REQUEST_ID.test(given) && redact(given) === given;
  if (sane) return given;
  requests += 1;
  return `${PROCESS}.${requests.toString(36)}`;
}

export interface ExchangeOptions {
  readonly log: Logger;
  readonly clientAddress: ClientAddress;
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
  readonly #started = performance.now();
  #subject: Subject | undefined;
  #code: string | undefined;
  #note: string | undefined;

  constructor(request: IncomingMessage, response: ServerResponse, options: ExchangeOptions) {
    const given = request.headersDistinct['x-request-id'] ?? [];
    this.requestId = requestIdOf(given.length === 1 ? given[0] : undefined);
    this.#request = request;
    this.#response = response;
    this.#log = options.log;
    this.ip = options.clientAddress(request);
    response.setHeader('X-Request-Id', this.requestId);
    response.once('close', () => this.#report());
  }

  /** Who asks. Throws `unauthenticated` when the request presents no credential. */
  caller(): Caller {
    return { credential: credentialOf(this.#request), ip: this.ip, requestId: this.requestId };
  }

  /** Names in the log who was found to ask: the identifier and the token's address, never the token. */
  identified(subject: Subject): void {
    this.#subject = subject;
  }

  /** Adds to the log's line what the client is not told. */
  note(text: string): void {
    this.#note = text;
  }

  /** Answers with what `error` means, in the form that `render` gives it, and logs what is not for the client. */
  fail(error: unknown, render: typeof problemReply = problemReply): void {
    const problem = toProblem(error);
    const note = problem.internal ?? (problem.cause instanceof Error ? problem.cause.message : undefined);
    this.#code = problem.code;
    if (note !== undefined) this.note(note);
    if (problem.code === 'internal') this.#log.error({ request_id: this.requestId, err: error }, 'a request failed');
    if (this.#response.headersSent) {
      this.#response.destroy();
      return;
    }
    const presented = presentsCredential(this.#request);
    send(this.#response, render(problem, { requestId: this.requestId, presented }));
  }

  /** Says in the log that the connection broke before the request was answered. For when `close` has come already. */
  abandoned(): void {
    this.note('the request ended before its body was complete');
    this.#report();
  }

  #report(): void {
    const [path] = (this.#request.url ?? '').split('?', 1);
    this.#log.info(
      {
        request_id: this.requestId,
        method: this.#request.method,
        path,
        status: this.#response.statusCode,
        ...(!this.#response.writableFinished && { aborted: true }),
        outcome: this.#response.getHeader('Accredit-Outcome'),
        ms: Math.round((performance.now() - this.#started) * 10) / 10,
        ip: this.ip,
        actor: this.#subject?.identifier,
        token: this.#subject?.token,
        code: this.#code,
        note: this.#note,
      },
      'request',
    );
  }
}
