/** What all questions about tokens have in common, however they are answered. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Service } from '../domain/api.ts';
import { type Exchange, type ExchangeOptions, exchangeOf } from '../http/exchange.ts';
import type { problemReply } from '../http/problems.ts';
import { type Reply, send } from '../http/reply.ts';

export interface VerifyOptions extends ExchangeOptions {
  readonly service: Service;
  /** The public URL, without a slash at the end. */
  readonly issuer: () => string;
}

/** Answers a request from memory, or answers false and leaves it as it is. */
export type FastAnswer = (request: IncomingMessage, response: ServerResponse) => boolean;

/** Answers the request with what `answer` resolves to, or with what it throws. */
export async function replying(
  request: IncomingMessage,
  response: ServerResponse,
  options: VerifyOptions,
  answer: (exchange: Exchange) => Promise<Reply>,
  render?: typeof problemReply,
): Promise<void> {
  const exchange = exchangeOf(request, response, options);
  try {
    send(response, await answer(exchange));
  } catch (error) {
    exchange.fail(error, render);
  }
}
