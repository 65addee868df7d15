import { setTimeout as delay } from 'node:timers/promises';
import { ConnectionError } from './errors.ts';
import type { HttpResponse } from './transport.ts';

/** Time and chance, so that tests need neither. */
export interface Clock {
  /** Milliseconds, never going backwards. */
  now(): number;
  /** Rejects with the signal's reason when it is aborted. */
  sleep(milliseconds: number, signal?: AbortSignal): Promise<void>;
  /** From 0 up to, but not including, 1. */
  random(): number;
}

export const SYSTEM_CLOCK: Clock = {
  now: () => performance.now(),
  sleep: async (milliseconds, signal) => {
    try {
      await delay(milliseconds, undefined, signal === undefined ? {} : { signal });
    } catch (error) {
      signal?.throwIfAborted();
      throw error;
    }
  },
  random: Math.random,
};

const FIRST_PAUSE = 200;
const LONGEST_PAUSE = 5_000;
/** A daemon that is not there at all is hardly worth a long wait, also where one that works is. */
const LONGEST_ABSENCE = 10_000;

/** What can be gone a moment later. A name that does not resolve or an untrusted certificate is not among them. */
const PASSING_CODES = new Set([
  'ECONNREFUSED',
  'ECONNRESET',
  'ECONNABORTED',
  'EPIPE',
  'ETIMEDOUT',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'EAI_AGAIN',
  'TIMEOUT',
]);
/** Nobody is there at all: worth waiting for a restart, not for a whole deadline. */
const ABSENT_CODES = new Set(['ECONNREFUSED', 'EHOSTUNREACH', 'ENETUNREACH', 'EAI_AGAIN']);
const PASSING_STATUSES = new Set([429, 502, 503, 504]);

/**
 * Repeats `attempt` until it gives an answer that will not change by waiting, or until the deadline (milliseconds from
 * now) leaves no time for another try; then the last answer or error is the result. Where nobody answers the call at
 * all, a third of the deadline is enough. Pauses double and vary by chance; `Retry-After` (RFC 9110, section 10.2.3)
 * makes one longer. `attempt` is told how much time is left. Only for requests that may be sent twice.
 */
export async function retrying(
  attempt: (remaining: number) => Promise<HttpResponse>,
  { clock, deadline, signal }: { clock: Clock; deadline: number; signal?: AbortSignal | undefined },
): Promise<HttpResponse> {
  const start = clock.now();
  const end = start + deadline;
  for (let tries = 0; ; tries += 1) {
    let answer: HttpResponse | undefined;
    let failure: unknown;
    try {
      answer = await attempt(Math.max(1, end - clock.now()));
      if (!isPassing(answer)) return answer;
    } catch (error) {
      if (!(error instanceof ConnectionError) || !PASSING_CODES.has(error.code)) throw error;
      failure = error;
    }
    const backOff = Math.min(LONGEST_PAUSE, FIRST_PAUSE * 2 ** tries) * (0.5 + clock.random() / 2);
    const pause = Math.max(backOff, answer === undefined ? 0 : retryAfter(answer));
    const isAbsent = failure instanceof ConnectionError && ABSENT_CODES.has(failure.code);
    if (clock.now() + pause >= (isAbsent ? start + Math.min(deadline / 3, LONGEST_ABSENCE) : end)) {
      if (answer === undefined) throw failure;
      return answer;
    }
    await clock.sleep(pause, signal);
  }
}

function isPassing({ status, headers, body }: HttpResponse): boolean {
  if (PASSING_STATUSES.has(status)) return true;
  // The first request with this Idempotency-Key still runs: its answer will be there in a moment.
  return (
    status === 409 &&
    headers['content-type']?.startsWith('application/problem+json') === true &&
    /"code"\s*:\s*"request-in-progress"/.test(body)
  );
}

/** Milliseconds. A date is compared with the answer's own, so that the two clocks need not agree. */
function retryAfter({ headers }: HttpResponse): number {
  const text = headers['retry-after'];
  if (text === undefined) return 0;
  if (/^\d+$/.test(text)) return Number(text) * 1000;
  const pause = Date.parse(text) - Date.parse(headers.date ?? '');
  return Number.isNaN(pause) ? 0 : Math.max(0, pause);
}
