/**
 * Introspection from memory: the same answers as `introspect.ts` gives, to callers who are known, about tokens that are
 * known. It declines whatever is not written as nearly all requests are; and should the body turn out to ask for
 * something that is not known, the request goes the common way from there.
 */
import type { JsonObject } from '../../terraform-provider-spec/kind.ts';
import type { Question } from '../domain/api.ts';
import { decodeText } from '../http/body.ts';
import { exchangeOf, requestIdOf } from '../http/exchange.ts';
import { askedText, requestLine } from '../http/request-line.ts';
import { answerTogether } from '../http/turn.ts';
import { foundIn, introspectBody, questionIn } from './introspect.ts';
import { introspectionReply } from './oauth/reply.ts';
import { isAscii, isPlainForm, readPlainForm } from './plain-form.ts';
import { presentedPlainly } from './presented.ts';
import { type FastAnswer, replying, type VerifyOptions } from './replying.ts';

const PATH = '/v1/introspect';

/** In characters. The answers that services get all day are shorter. */
const LONGEST_TEXT = 4 * 1024;

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
    // A longer one would take more memory than the decision that it is of, which nobody counted.
    if (text.length <= LONGEST_TEXT) bodies.set(body, made);
    return made;
  };

  const isLimited = (key: unknown): boolean => typeof key === 'string' && limits?.used(key, clock()) !== undefined;

  return (request, response) => {
    const started = performance.now();
    if (!isPlainForm(request, PATH)) return false;
    const presented = presentedPlainly(request);
    if (presented === undefined) return false;
    const ip = clientAddress(request);
    const requestId = requestIdOf(presented.requestId);
    const introspect = service.known.introspector({ credential: presented.credential, ip, requestId });
    readPlainForm(request, response, (form) => {
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
        void replying(
          request,
          response,
          options,
          (exchange) => introspectBody(service, request, exchange, read),
          introspectionReply,
        );
        return;
      }
      const [text, length] = textOf(known.body);
      answerTogether(() => {
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
    });
    return true;
  };
}

const COMMON = [
  ...['Cache-Control', 'no-store', 'X-Content-Type-Options', 'nosniff'],
  ...['Content-Type', 'application/json'],
];

/** What the form, read as Latin-1, asks; undefined for one that asks nothing that can be known. */
function questionOf(form: string): Question | undefined {
  if (!isAscii(form)) return undefined;
  try {
    return questionIn(new URLSearchParams(form));
  } catch {
    // Whoever takes the request from here says what is wrong.
    return undefined;
  }
}
