import { Problem } from '../domain/problem.ts';

/** Which requests with an Idempotency-Key run in this process, so that a retry does not race the first. */
export class InProgress {
  readonly #keys = new Set<string>();

  /** Runs `task`. Throws `request-in-progress` while another one with the same `key` runs. */
  async run<T>(key: string | undefined, task: () => Promise<T>): Promise<T> {
    if (key === undefined) return task();
    if (this.#keys.has(key)) {
      throw new Problem('request-in-progress', 'The first request with this Idempotency-Key is still running.');
    }
    this.#keys.add(key);
    try {
      return await task();
    } finally {
      this.#keys.delete(key);
    }
  }
}
