/**
 * Introspection from memory: the same answers as `introspect.ts` gives, to callers who are known, about tokens that are
 * known. It declines whatever is not written as nearly all requests are; and should the body turn out to ask for
 * something that is not known, the request goes the common way from there.
 */
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { JsonObject } from '../../terraform-provider-spec/kind.ts';
import type { Question } from '../domain/api.ts';
import { decodeText } from '../http/body.ts';
import { exchangeOf, requestIdOf } from '../http/exchange.ts';
import { askedText, requestLine } from '../http/request-line.ts';
import { type FastAnswer, replying, type VerifyOptions } from './handler.ts';
import { FORM, foundIn, introspectBody, questionIn } from './introspect.ts';
import { presentedPlainly } from './presented.ts';

const PATH = '/v1/introspect';
const NOT_ASCII = /[\x80-\xff]/;
/** In bytes. A form with all parameters is shorter. */
const LONGEST_BODY = 16 * 1024;

/** The fast answer to `/v1/introspect`. */
export function fastIntrospect(options: VerifyOptions): FastAnswer {
  const { service, clientAddress, limits, clock = Date.now } = options;
  const bodies = new WeakMap<JsonObject, readonly [text: string, length: string]>();
  const report = requestLine(options, PATH);

  const textOf = (body: JsonObject): readonly [text: string, length: string] => {
    const known = bodies.get(body);
    if (known !== undefined) return known;
    const text = JSON.stringify(body);
    const made = [text, String(Buffer.byteLength(text))] as const;
    bodies.set(body, made);
    return made;
  };

  const isLimited = (key: unknown): boolean => typeof key === 'string' && limits?.used(key, clock()) !== undefined;

  return (request, response) => {
    const started = performance.now();
    if (!isPlainForm(request)) return false;
    const presented = presentedPlainly(request);
    if (presented === undefined) return false;
    const ip = clientAddress(request);
    const requestId = requestIdOf(presented.requestId);
    const introspect = service.known.introspector({ credential: presented.credential, ip, requestId });
    readForm(request, response, (form) => {
      if (form === undefined) return exchangeOf(request, response, options).abandoned();
      const question = questionOf(form);
      const known = question && introspect(question);
      // The token first: whoever takes the request from here counts the use of the caller's own again.
      if (
        question === undefined ||
        known === undefined ||
        isLimited(known.body.token_uid) ||
        isLimited(known.caller.token_uid)
      ) {
        const read = async () => decodeText(Buffer.from(form, 'latin1'));
        void replying(request, response, options, (exchange) => introspectBody(service, request, exchange, read));
        return;
      }
      const [text, length] = textOf(known.body);
      response.writeHead(200, ['X-Request-Id', requestId, ...COMMON, 'Content-Length', length]);
      // As many bytes as characters: it is ASCII, which is sent faster as what it is.
      response.end(text, length === String(text.length) ? 'latin1' : 'utf8');
      report(known.caller, {
        requestId,
        method: 'POST',
        ip,
        started,
        asked: askedText(question),
        ...foundIn(known.body),
      });
    });
    return true;
  };
}

const COMMON = [
  ...['Cache-Control', 'no-store', 'X-Content-Type-Options', 'nosniff'],
  ...['Content-Type', 'application/json'],
];

const PLAIN_FORM = new RegExp(`^${FORM}(; ?charset=utf-8)?$`, 'i');

/** Whether the body is announced as a small form without a content coding, and the URL asks nothing. */
function isPlainForm({ method, url, headers }: IncomingMessage): boolean {
  if (method !== 'POST' || url !== PATH || !PLAIN_FORM.test(headers['content-type'] ?? '')) return false;
  if (headers['content-encoding'] !== undefined) return false;
  return Number(headers['content-length'] ?? Number.NaN) <= LONGEST_BODY;
}

/** Calls back once: with the body, or with nothing when the connection breaks before its end. */
function readForm(request: IncomingMessage, response: ServerResponse, done: (form: string | undefined) => void): void {
  let form = '';
  let isOver = false;
  const end = (result: string | undefined) => {
    if (isOver) return;
    isOver = true;
    done(result);
  };
  request.setEncoding('latin1');
  request.on('data', (chunk: string) => {
    form += chunk;
  });
  request.on('end', () => end(form));
  response.once('close', () => end(undefined));
}

/** What the form, read as Latin-1, asks; undefined for one that asks nothing that can be known. */
function questionOf(form: string): Question | undefined {
  if (NOT_ASCII.test(form)) return undefined;
  try {
    return questionIn(new URLSearchParams(form));
  } catch {
    // Whoever takes the request from here says what is wrong.
    return undefined;
  }
}
