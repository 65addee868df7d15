/**
 * One operation of the API as data, and the steps by which a request becomes an answer, in the order that security
 * demands: nothing of a request is interpreted before it is known who sends it.
 */
import type { Request, RequestHandler, Response } from 'express';
import type { Json } from '../../terraform-provider-spec/kind.ts';
import type { Audience, Caller, Service, Subject } from '../domain/api.ts';
import { Problem } from '../domain/problem.ts';
import { type BodyUse, mayBeLarge, readJsonBody } from './body.ts';
import { type Options, type Rules, readHeaders, readQuery } from './contract.ts';
import type { Exchange } from './exchange.ts';
import type { InProgress } from './in-progress.ts';
import { type Reply, send } from './reply.ts';
import type { Semaphore } from './semaphore.ts';

/** The names in a path, still unchecked. */
export type PathNames = Readonly<Record<string, string>>;

export interface Operation {
  /** Whether it changes something: then headers that do not apply to it are refused. */
  readonly writes: boolean;
  readonly headers: Rules;
  readonly query: Rules;
  readonly body: BodyUse;
  /** The largest body that it takes, in bytes, where that is another than `BODY_LIMIT`. */
  readonly bodyLimit?: number;
  /** The body is JSON whatever media type it is sent with. */
  readonly anyMediaType?: true;
  /**
   * The credential may be the one that the first of two identical requests retired: a request with an Idempotency-Key
   * goes on without a subject, and the service decides whether it is such a replay.
   */
  readonly retiresCaller?: true;
  /** Refuses before the body is read whoever may not send one that large. */
  admit?(service: Service, target: { readonly caller: Caller; readonly address: string }): Promise<void>;
  /** What the credential can be for; the API if left out. */
  readonly audiences?: readonly Audience[];
  /** The address that it is about; `''` for none. Throws `AddressError` for names that make none. */
  address(names: PathNames): string;
  run(service: Service, input: OperationInput): Promise<Reply>;
}

export interface OperationInput {
  readonly caller: Caller;
  readonly address: string;
  readonly options: Options;
  /** What has a large one takes it out of here: this is there until the request is answered. */
  body: Json;
}

export interface OperationContext {
  readonly service: Service;
  readonly inProgress: InProgress;
  /** Of bodies that are larger than `BODY_LIMIT`. */
  readonly largeBodies: Semaphore;
  readonly exchangeOf: (request: Request) => Exchange;
}

/** Serves `operation`. What any step throws is the error handler's to answer. */
export function serve(operation: Operation, context: OperationContext): RequestHandler {
  const { service, inProgress, largeBodies, exchangeOf } = context;
  return async (request: Request, response: Response) => {
    const exchange = exchangeOf(request);
    const caller = exchange.caller();
    const subject = await authenticate(service, operation, request, caller);
    if (subject !== undefined) exchange.identified(subject);
    const address = operation.address(request.params as PathNames);
    const options = {
      ...readHeaders(request, operation.headers, operation.writes),
      ...readQuery(request.url, operation.query),
    };
    await operation.admit?.(service, { caller, address });
    const run = async () => {
      const input = { caller, address, options, body: await readJsonBody(request, operation) };
      return inProgress.run(keyOf(subject, request, options), () => operation.run(service, input));
    };
    send(response, await (mayBeLarge(request, operation) ? largeBodies.run(request, run) : run()));
  };
}

async function authenticate(
  service: Service,
  operation: Operation,
  request: Request,
  caller: Caller,
): Promise<Subject | undefined> {
  try {
    return await service.authenticate(caller, operation.audiences);
  } catch (error) {
    const retried = operation.retiresCaller && request.headers['idempotency-key'] !== undefined;
    if (retried && error instanceof Problem && error.code === 'unauthenticated') return undefined;
    throw error;
  }
}

/** An Idempotency-Key belongs to the account behind the caller's token, the method and the address with its query. */
function keyOf(subject: Subject | undefined, request: Request, options: Options): string | undefined {
  if (subject === undefined || options.idempotencyKey === undefined) return undefined;
  return JSON.stringify([subject.address, request.method, request.originalUrl, options.idempotencyKey]);
}
