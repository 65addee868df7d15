/** The log's line of a request that was answered from memory: the line that `exchange.ts` writes, at a tenth of its cost. */
import { symbols } from 'pino';
import type { Subject } from '../domain/api.ts';
import { type Asked, type ExchangeOptions, type Found, loggedQuestion } from './exchange.ts';
import { redact } from './redact.ts';

/** What differs between two requests of one kind by the same caller. */
export interface Answered extends Partial<Found> {
  /** As `requestIdOf` gives it. */
  readonly requestId: string;
  /** One that Node knows. */
  readonly method: string;
  readonly ip: string | null;
  /** When the request came, by `performance.now()`. */
  readonly started: number;
  /** As `askedText` gives it. */
  readonly asked: string;
}

/** The part of a line that says what was asked. */
export function askedText(asked: Asked): string {
  const question = loggedQuestion(asked);
  return question === undefined ? '' : redact(`"asked":${JSON.stringify(question)},`);
}

/**
 * Writes such lines to where the log goes, and tells the observer. What is the same for a subject is serialized, and searched for
 * secrets, once; nothing else in the line could hold one.
 */
export function requestLine(
  { log, observer }: Pick<ExchangeOptions, 'log' | 'observer'>,
  path: string,
): (subject: Subject, answered: Answered) => void {
  const { pid } = process;
  const stream = (log as unknown as Record<symbol, { write(line: string): void; lastLevel?: number }>)[
    symbols.streamSym
  ];
  const tails = new WeakMap<Subject, string>();
  let timeAt = 0;
  let time = '';
  return (subject, { requestId, method, ip, started, asked, decision, about }) => {
    const took = performance.now() - started;
    observer?.ended({ method, path, status: 200, seconds: took / 1000, decision });
    if (!log.isLevelEnabled('info') || stream === undefined) return;
    const now = Date.now();
    if (now !== timeAt) {
      timeAt = now;
      time = new Date(now).toISOString();
    }
    let tail = tails.get(subject);
    if (tail === undefined) {
      tail = redact(
        `${JSON.stringify({ actor: subject.identifier, token: subject.token }).slice(1, -1)},"msg":"request"}\n`,
      );
      tails.set(subject, tail);
    }
    const token = about === undefined ? '' : `"about":"${redact(about)}",`;
    const found = decision === undefined ? '' : `${token}"decision":"${decision}",`;
    const ms = Math.round(took * 100) / 100;
    stream.lastLevel = INFO;
    stream.write(
      `{"level":"info","time":"${time}","pid":${pid},"request_id":"${requestId}","method":"${method}","path":"${path}",` +
        `"status":200,"ms":${ms},"ip":${ip === null ? 'null' : `"${ip}"`},${asked}${found}${tail}`,
    );
  };
}

/** Pino's number for the level. */
const INFO = 30;
