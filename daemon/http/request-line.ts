/** The log's line of a request that was answered from memory: the line that `exchange.ts` writes, at a tenth of its cost. */
import { type Logger, symbols } from 'pino';
import type { Subject } from '../domain/api.ts';
import { redact } from './redact.ts';

/** What differs between two requests of one kind by the same caller. */
export interface Answered {
  /** As `requestIdOf` gives it. */
  readonly requestId: string;
  /** One that Node knows. */
  readonly method: string;
  readonly ip: string | null;
  /** When the request came, by `performance.now()`. */
  readonly started: number;
}

/**
 * Writes such lines to where `log` writes. What is the same for a subject is serialized, and searched for secrets, once;
 * nothing else in the line could hold one.
 */
export function requestLine(log: Logger, path: string): (subject: Subject, answered: Answered) => void {
  const { pid } = process;
  const stream = (log as unknown as Record<symbol, { write(line: string): void; lastLevel?: number }>)[
    symbols.streamSym
  ];
  const tails = new WeakMap<Subject, string>();
  let timeAt = 0;
  let time = '';
  return (subject, { requestId, method, ip, started }) => {
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
    const ms = Math.round((performance.now() - started) * 100) / 100;
    stream.lastLevel = INFO;
    stream.write(
      `{"level":"info","time":"${time}","pid":${pid},"request_id":"${requestId}","method":"${method}","path":"${path}",` +
        `"status":200,"ms":${ms},"ip":${ip === null ? 'null' : `"${ip}"`},${tail}`,
    );
  };
}

/** Pino's number for the level. */
const INFO = 30;
