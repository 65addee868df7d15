/**
 * Access tokens for client credentials, issued without waiting: the same answers as `token.ts` gives, to clients whose
 * grant is kept. It declines whatever is not written as nearly all requests are; and should the body turn out to ask for
 * something that is not known, the request goes the common way from there.
 */
import { LRUCache } from 'lru-cache';
import { decodeText } from '../../http/body.ts';
import { exchangeOf, requestIdOf } from '../../http/exchange.ts';
import { requestLine } from '../../http/request-line.ts';
import { answerTogether } from '../../http/turn.ts';
import { isAscii, isPlainForm, readPlainForm } from '../plain-form.ts';
import { presentedPlainly } from '../presented.ts';
import { type FastAnswer, replying, type VerifyOptions } from '../replying.ts';
import { NOT_KEPT, oauthReply } from './reply.ts';
import { CLIENT_CREDENTIALS, issuedBody, tokenFor } from './token.ts';

const PATH = '/v1/oauth/token';
/** How many different forms are remembered once they are read. There is no secret in them. */
const FORMS = 1000;
const LONGEST_FORM = 512;

/** What a form asks for that asks for an access token for client credentials, and nothing else. */
type Asked = { readonly scope?: string };

/** The fast answer to `/v1/oauth/token`. */
export function fastToken(options: VerifyOptions): FastAnswer {
  const { service, clientAddress, limits, clock = Date.now } = options;
  const forms = new LRUCache<string, Asked>({ max: FORMS });
  const report = requestLine(options, PATH);

  const askedIn = (form: string): Asked | undefined => {
    const known = forms.get(form);
    if (known !== undefined || form.length > LONGEST_FORM) return known;
    const asked = readAsked(form);
    if (asked !== undefined) forms.set(form, asked);
    return asked;
  };

  return (request, response) => {
    const started = performance.now();
    if (!isPlainForm(request, PATH)) return false;
    const presented = presentedPlainly(request);
    if (presented === undefined) return false;
    const { credential } = presented;
    const ip = clientAddress(request);
    const requestId = requestIdOf(presented.requestId);
    readPlainForm(request, response, (form) => {
      if (form === undefined) return exchangeOf(request, response, options).abandoned();
      const asked = askedIn(form);
      const known = asked && service.known.issue({ client: credential, ...asked, ip });
      const isLimited = known !== undefined && limits?.used(known.subject.token_uid, clock()) !== undefined;
      const issued = isLimited ? undefined : known?.issue();
      if (known === undefined || issued === undefined) {
        const read = async () => decodeText(Buffer.from(form, 'latin1'));
        void replying(request, response, options, (exchange) => tokenFor(service, request, exchange, read), oauthReply);
        return;
      }
      // As many bytes as characters: permissions, times and JWTs are ASCII.
      const text = JSON.stringify(issuedBody(issued));
      answerTogether(() => {
        response.writeHead(200, [
          'X-Request-Id',
          requestId,
          ...COMMON,
          'Content-Length',
          String(text.length),
          ...KEPT_BY_NOBODY,
        ]);
        response.end(text, 'latin1');
        report(known.subject, { requestId, method: 'POST', ip, started, asked: '' });
      });
    });
    return true;
  };
}

const COMMON = [
  ...['Cache-Control', NOT_KEPT['Cache-Control'], 'X-Content-Type-Options', 'nosniff'],
  ...['Content-Type', 'application/json'],
];
const KEPT_BY_NOBODY = ['Pragma', NOT_KEPT.Pragma];

/** What the form, read as Latin-1, asks for; undefined where more care is needed. */
function readAsked(form: string): Asked | undefined {
  if (!isAscii(form)) return undefined;
  const found = new Map<string, string>();
  for (const [name, value] of new URLSearchParams(form)) {
    if (found.has(name) || value === '') return undefined;
    found.set(name, value);
  }
  const { grant_type, scope, ...rest } = Object.fromEntries(found);
  if (grant_type !== CLIENT_CREDENTIALS || Object.keys(rest).length > 0) return undefined;
  return scope === undefined ? {} : { scope };
}
