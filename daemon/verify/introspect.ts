import type { IncomingMessage } from 'node:http';
import { isIP } from 'node:net';
import { pointerTo } from '../../terraform-provider-spec/derive/pointer.ts';
import type { JsonObject } from '../../terraform-provider-spec/kind.ts';
import type { Question, Service } from '../domain/api.ts';
import { Problem } from '../domain/problem.ts';
import { parseBody, readText, requireMediaType } from '../http/body.ts';
import { readQuery } from '../http/contract.ts';
import type { Exchange, Found } from '../http/exchange.ts';
import type { Reply } from '../http/reply.ts';
import { ASKED, type Parameters, readParameters, readQuestion } from './question.ts';

export const FORM = 'application/x-www-form-urlencoded';
const KNOWN = ['token', 'token_type_hint', 'client_ip', ...ASKED];

/**
 * `POST /v1/introspect` (RFC 7662), extended by a question and by `client_ip`, the address from which the token was
 * presented. The answer for every bad token is the same.
 */
export async function introspect(service: Service, request: IncomingMessage, exchange: Exchange): Promise<Reply> {
  return introspectBody(service, request, exchange, () => readText(request));
}

/** The same for a request whose body `read` gives. */
export async function introspectBody(
  service: Service,
  request: IncomingMessage,
  exchange: Exchange,
  read: () => Promise<string>,
): Promise<Reply> {
  const caller = exchange.caller();
  exchange.identified(await service.authenticate(caller));
  readQuery(request.url ?? '', {});
  const mediaType = requireMediaType(request, [FORM, 'application/json']);
  const text = await read();
  const question = questionIn(mediaType === FORM ? new URLSearchParams(text) : pairsOf(text));
  exchange.asked(question);
  const body = await service.introspect(caller, question);
  exchange.decided(foundIn(body));
  if (typeof body.token_uid === 'string') exchange.used(body.token_uid);
  return { status: 200, body };
}

/** What the answer tells, for those who count answers and for the log. */
export function foundIn({ active, allowed, token }: JsonObject): Found {
  if (active !== true) return { decision: 'unauthenticated' };
  return { decision: allowed === false ? 'forbidden' : 'allowed', about: String(token) };
}

/** What is asked by these parameters. Throws `invalid`. */
export function questionIn(pairs: Iterable<readonly [string, string]>): Question {
  const parameters = readParameters(pairs, KNOWN, {
    twice: (parameter) => refuse(parameter, 'is given more than once'),
    unknown: (parameter) => refuse(parameter, `is unknown; known are ${KNOWN.join(', ')}`),
  });
  const question = readQuestion(parameters, refuse);
  return { ...question, credential: { scheme: 'bearer', token: tokenOf(parameters) }, ip: clientIp(parameters) };
}

function* pairsOf(text: string): Generator<[string, string]> {
  const body = parseBody(text);
  if (typeof body !== 'object' || body === null || Array.isArray(body)) {
    throw new Problem('invalid', 'The body must be an object.', {
      errors: [{ pointer: '', detail: 'must be an object' }],
    });
  }
  for (const [name, value] of Object.entries(body)) {
    if (value === null) continue;
    if (typeof value !== 'string') refuse(name, 'must be a string');
    else yield [name, value];
  }
}

function tokenOf(parameters: Parameters): string {
  return parameters.get('token') ?? refuse('token', 'is missing');
}

function clientIp(parameters: Parameters): string | null {
  const ip = parameters.get('client_ip');
  if (ip === undefined) return null;
  return isIP(ip) === 0 ? refuse('client_ip', 'must be an IPv4 or IPv6 address') : ip;
}

function refuse(parameter: string, what: string): never {
  const errors = [{ pointer: pointerTo('', parameter), detail: what }];
  const message = `The parameter ${JSON.stringify(parameter.slice(0, 64))} ${what}.`;
  // Also for the log: a proxy that asks keeps the answer to itself.
  throw new Problem('invalid', message, { errors, internal: message });
}
