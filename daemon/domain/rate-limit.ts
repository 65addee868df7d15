/** How often something may happen: a token bucket for each key, in a bounded memory. */
import { LRUCache } from 'lru-cache';
import { durationMs, FORMATS } from '../../terraform-provider-spec/formats.ts';

/** So many in so long: as many at once as the whole quota, and then one whenever `window / quota` has passed. */
export interface Rate {
  readonly quota: number;
  /** Milliseconds. */
  readonly window: number;
}

/** That something came too often. */
export interface RateLimited extends Rate {
  /** In how many milliseconds one more is allowed; at least 1. */
  readonly retryAfter: number;
}

const LARGEST_QUOTA = 100_000;

/** The rate that `text` writes as `60/1m`. Throws `RangeError` with what is wrong, to be read behind a name. */
export function parseRate(text: string): Rate {
  const [quota = '', window = '', ...rest] = text.split('/');
  const isRate = rest.length === 0 && /^[1-9][0-9]{0,5}$/.test(quota) && FORMATS.duration.check(window) === undefined;
  if (!isRate || Number(quota) > LARGEST_QUOTA) {
    throw new RangeError(
      `must be "off" or a number from 1 to ${LARGEST_QUOTA}, a slash and a duration, such as 60/1m or 100/1s`,
    );
  }
  return { quota: Number(quota), window: durationMs(window) };
}

/** How many keys are remembered of those that were held back, and how many of the others. */
const KEYS = 100_000;

/**
 * Counts by the generic cell rate algorithm: all that is kept of a key is the moment at which its bucket is full again.
 *
 * The memory is bounded. Keys that were held back are remembered apart from the others, so that however many keys
 * come by, one is forgotten while it is held back only if as many others as are remembered are held back after it.
 * A key that is not held back loses little by being forgotten: it gets its quota anew, as a new key would.
 */
export class RateLimiter {
  readonly #rate: Rate;
  readonly #keys: number;
  /** By key, when its bucket is full again; in units of `1 / quota` milliseconds since `#origin`, so as to be exact. */
  #watched: LRUCache<string, number> | undefined;
  #heldBack: LRUCache<string, number> | undefined;
  #origin: number | undefined;

  constructor(rate: Rate, keys = KEYS) {
    this.#rate = rate;
    this.#keys = keys;
  }

  /** Takes one from the key's bucket at `now`, in milliseconds; or takes nothing and says when there is one again. */
  take(key: string, now: number): RateLimited | undefined {
    const { quota, window } = this.#rate;
    this.#origin ??= now;
    const at = (now - this.#origin) * quota;
    const whole = window * quota;
    const heldBack = this.#heldBack?.get(key);
    const known = heldBack ?? this.#watched?.get(key) ?? at;
    // By a clock that was set back, an empty bucket is full again after one window all the same.
    const fullAt = Math.min(Math.max(known, at), at + whole);
    const next = fullAt + window;
    if (next - at <= whole) {
      if (heldBack === undefined || fullAt === at) {
        this.#heldBack?.delete(key);
        this.#watched ??= new LRUCache({ max: this.#keys });
        this.#watched.set(key, next);
      } else this.#heldBack?.set(key, next);
      return undefined;
    }
    if (heldBack === undefined) {
      this.#watched?.delete(key);
      this.#heldBack ??= new LRUCache({ max: this.#keys });
    }
    this.#heldBack?.set(key, fullAt);
    return { ...this.#rate, retryAfter: Math.ceil((next - at - whole) / quota) };
  }
}
