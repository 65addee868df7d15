/** Work that takes much memory or time: so much of it runs at once, and the rest waits in the order in which it came. */
import type { IncomingMessage } from 'node:http';
import { Problem } from '../domain/problem.ts';

export interface SemaphoreOptions {
  readonly atOnce: number;
  /** How long somebody waits for a turn before being asked to come again, in milliseconds. */
  readonly patience: number;
}

export class Semaphore {
  #free: number;
  readonly #patience: number;
  /** Those who wait, the first first. Each is called when it is its turn. */
  readonly #waiting = new Set<() => void>();

  constructor({ atOnce, patience }: SemaphoreOptions) {
    this.#free = atOnce;
    this.#patience = patience;
  }

  /**
   * Runs `task` for `request` when it is its turn. Rejects with what it throws, with `unavailable` when that takes too long, and
   * with `malformed-request` when the request ends before.
   */
  async run<T>(request: IncomingMessage, task: () => Promise<T>): Promise<T> {
    if (this.#free > 0) this.#free -= 1;
    else await this.#turn(request);
    try {
      return await task();
    } finally {
      const [next] = this.#waiting;
      if (next === undefined) this.#free += 1;
      else next();
    }
  }

  #turn(request: IncomingMessage): Promise<void> {
    return new Promise((resolve, reject) => {
      const leave = () => {
        this.#waiting.delete(turn);
        clearTimeout(timer);
        request.off('close', ended);
      };
      const turn = () => {
        leave();
        resolve();
      };
      const ended = () => {
        leave();
        reject(new Problem('malformed-request', 'The request ended before its body was complete.'));
      };
      const timer = setTimeout(() => {
        leave();
        reject(new Problem('unavailable', 'Too many large bodies at once. The same request may be sent again.'));
      }, this.#patience);
      request.once('close', ended);
      this.#waiting.add(turn);
    });
  }
}
