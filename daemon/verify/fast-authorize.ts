/**
 * Forward authentication from memory: the same answers as `authorize.ts` gives, for the requests that nearly all are. A
 * plainly presented credential whose decision is kept is answered at once; for anything else it declines, having done
 * nothing.
 */
import { LRUCache } from 'lru-cache';
import type { Subject } from '../domain/api.ts';
import { type Asked, requestIdOf } from '../http/exchange.ts';
import { askedText, requestLine } from '../http/request-line.ts';
import { answerTogether } from '../http/turn.ts';
import { askedIn, identityHeaders } from './authorize.ts';
import { presentedPlainly } from './presented.ts';
import type { FastAnswer, VerifyOptions } from './replying.ts';

/** How many different questions are remembered once they are read: services ask the same few all the time. */
const QUESTIONS = 1000;
const LONGEST_URL = 512;

/** With its part of the log's line. */
interface Question {
  readonly asked: Asked;
  readonly text: string;
}

/** The fast answer to `/v1/authorize`. */
export function fastAuthorize(options: VerifyOptions): FastAnswer {
  const { service, clientAddress, limits, clock = Date.now } = options;
  const questions = new LRUCache<string, Question>({ max: QUESTIONS });
  const headers = new WeakMap<Subject, readonly string[]>();
  const report = requestLine(options, '/v1/authorize');

  const questionIn = (url: string): Question | undefined => {
    const known = questions.get(url);
    if (known !== undefined || url.length > LONGEST_URL) return known;
    try {
      const asked = askedIn(url);
      const question = { asked, text: askedText(asked) };
      questions.set(url, question);
      return question;
    } catch {
      // Whoever takes the request from here says what is wrong.
      return undefined;
    }
  };

  const headersFor = (subject: Subject): readonly string[] => {
    const known = headers.get(subject);
    if (known !== undefined) return known;
    const made = [...Object.entries(identityHeaders(subject)).flat(), ...COMMON];
    headers.set(subject, made);
    return made;
  };

  return (request, response) => {
    const started = performance.now();
    const presented = presentedPlainly(request);
    if (presented === undefined) return false;
    const question = questionIn(request.url as string);
    if (question === undefined) return false;
    const { credential } = presented;
    const ip = clientAddress(request);
    const { organization, permission, scope } = question.asked;
    const verdict = service.known.verify({ credential, ip, organization, permission, scope });
    if (verdict?.decision !== 'allowed') return false;
    const { subject } = verdict;
    if (limits?.used(subject.token_uid, clock()) !== undefined) return false;
    const requestId = requestIdOf(presented.requestId);
    answerTogether(() => {
      response.writeHead(200, ['X-Request-Id', requestId, ...headersFor(subject)]);
      response.end();
      report(subject, { requestId, method: request.method as string, ip, started, asked: question.text });
    });
    return true;
  };
}

const COMMON = ['Cache-Control', 'no-store', 'X-Content-Type-Options', 'nosniff', 'Content-Length', '0'];
