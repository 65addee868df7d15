/** What is held back when it comes too often. Neither limit has a say in whether a credential is good. */
import { readNetwork, withoutHostBits } from '../../terraform-provider-spec/network.ts';
import { Problem } from './problem.ts';
import { type Rate, RateLimiter } from './rate-limit.ts';

export interface LimitRates {
  /** Failures to authenticate, by client address. */
  readonly failures?: Rate | undefined;
  /** Uses, by token. */
  readonly use?: Rate | undefined;
  /** The addresses whose failures are not counted; none if left out. */
  readonly exempt?: (address: string) => boolean;
}

/** The limits of a daemon, each off without a rate. */
export class Limits {
  readonly #failures: RateLimiter | undefined;
  readonly #use: RateLimiter | undefined;
  readonly #exempt: (address: string) => boolean;

  constructor({ failures, use, exempt = () => false }: LimitRates) {
    this.#failures = failures && new RateLimiter(failures);
    this.#use = use && new RateLimiter(use);
    this.#exempt = exempt;
  }

  /**
   * Counts that somebody at `address` presented a bad credential at `now` (milliseconds). Answers the refusal with which
   * to answer instead, if that came too often. Not to be asked in front of an authentication: a good credential is
   * served from whatever address.
   */
  failed(address: string | null, now: number): Problem | undefined {
    if (this.#failures === undefined || address === null || this.#exempt(address)) return undefined;
    const limited = this.#failures.take(clientOf(address), now);
    if (limited === undefined) return undefined;
    return new Problem(
      'too-many-requests',
      'Too many attempts with a bad credential came from this address. A good one is served as always.',
      { limited: { ...limited, policy: 'failures' } },
    );
  }

  /**
   * Counts that a good token was used at `now` (milliseconds). `token` is its uid, which it keeps when it is rotated.
   * Answers the refusal with which to answer instead, if that came too often.
   */
  used(token: string, now: number): Problem | undefined {
    const limited = this.#use?.take(token, now);
    if (limited === undefined) return undefined;
    return new Problem('too-many-requests', 'The token is used more often than is allowed here.', {
      limited: { ...limited, policy: 'use' },
    });
  }
}

/** What counts as one client: an IPv4 address, or all of an IPv6 network of 64 bits, which one machine may have whole. */
function clientOf(address: string): string {
  const network = address.includes(':') ? readNetwork(`${address}/64`) : undefined;
  return network === undefined ? address : withoutHostBits(network).bits.toString(16);
}
