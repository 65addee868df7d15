import { expect } from 'chai';
import fc from 'fast-check';
import { parseRate, type Rate, RateLimiter } from '../../daemon/domain/rate-limit.ts';
import { cases, caseTime } from '../support/cases.ts';
import { printedSeed } from '../support/seed.ts';

const NOON = Date.UTC(2030, 0, 1, 12);

/** A bucket as one would draw it: filled drop by drop, in units of `1 / window` of a token. */
class Bucket {
  readonly #rate: Rate;
  #level: bigint;
  #filledAt: number;

  constructor(rate: Rate, now: number) {
    this.#rate = rate;
    this.#level = BigInt(rate.quota) * BigInt(rate.window);
    this.#filledAt = now;
  }

  /** Whether there was one to take. */
  take(now: number): boolean {
    const { quota, window } = this.#rate;
    const whole = BigInt(quota) * BigInt(window);
    const filled = this.#level + BigInt(now - this.#filledAt) * BigInt(quota);
    this.#level = filled < whole ? filled : whole;
    this.#filledAt = now;
    if (this.#level < BigInt(window)) return false;
    this.#level -= BigInt(window);
    return true;
  }
}

describe('a rate limit', () => {
  it('lets through exactly what a bucket for each key does, and says when there is one again', function () {
    this.timeout(caseTime(20_000));
    const rates = fc.record({
      quota: fc.integer({ min: 1, max: 13 }),
      window: fc.constantFrom(1000, 7000, 60_000, 3_600_000),
    });
    const steps = fc.array(
      fc.record({
        key: fc.constantFrom('a', 'b', 'c'),
        // Both within a window and far beyond it.
        wait: fc.oneof(
          { weight: 6, arbitrary: fc.constant(0) },
          { weight: 3, arbitrary: fc.integer({ min: 0, max: 400 }) },
          { weight: 1, arbitrary: fc.integer({ min: 0, max: 10_000_000 }) },
        ),
      }),
      { minLength: 1, maxLength: 80 },
    );
    let refused = 0;
    fc.assert(
      fc.property(rates, steps, (rate, taken) => {
        const limiter = new RateLimiter(rate);
        const buckets = new Map<string, Bucket>();
        let now = NOON;
        for (const { key, wait } of taken) {
          now += wait;
          const bucket = buckets.get(key) ?? new Bucket(rate, now);
          buckets.set(key, bucket);
          const limited = limiter.take(key, now);
          expect(limited === undefined, `${key} at ${now - NOON}`).to.equal(bucket.take(now));
          if (limited === undefined) continue;
          refused += 1;
          const { retryAfter } = limited;
          expect(retryAfter).to.be.within(1, rate.window);
          expect(limiter.take(key, now + retryAfter - 1), 'a moment too early').to.not.equal(undefined);
          expect(bucket.take(now + retryAfter - 1)).to.equal(false);
          now += retryAfter;
          expect(limiter.take(key, now), 'when it was told to come again').to.equal(undefined);
          expect(bucket.take(now)).to.equal(true);
        }
      }),
      { seed: printedSeed('rate limit'), numRuns: cases(500) },
    );
    expect(refused).to.be.above(100);
  });

  it('lets the whole quota through at once, and then one at a time', () => {
    const limiter = new RateLimiter({ quota: 3, window: 60_000 });
    const at = (now: number) => limiter.take('key', NOON + now)?.retryAfter;
    expect([at(0), at(0), at(0), at(0)]).to.deep.equal([undefined, undefined, undefined, 20_000]);
    expect([at(19_999), at(20_000), at(20_000)]).to.deep.equal([1, undefined, 20_000]);
  });

  it('holds nobody back for longer than a window when the clock is set back', () => {
    const limiter = new RateLimiter({ quota: 2, window: 60_000 });
    const at = (now: number) => limiter.take('key', NOON + now)?.retryAfter;
    expect([at(0), at(0), at(-86_400_000)]).to.deep.equal([undefined, undefined, 30_000]);
    expect([at(-86_370_001), at(-86_370_000)]).to.deep.equal([1, undefined]);
  });

  it('is still held back after any number of other keys came by, each less often than is allowed', () => {
    const limiter = new RateLimiter({ quota: 3, window: 60_000 });
    for (let count = 0; count < 4; count += 1) limiter.take('attacker', NOON);
    let heldBack = 0;
    for (let other = 0; other < 300_000; other += 1) {
      if (limiter.take(`other ${other}`, NOON) !== undefined) heldBack += 1;
    }
    expect(heldBack).to.equal(0);
    expect(limiter.take('attacker', NOON)).to.include({ retryAfter: 20_000 });
  });

  it('is forgotten only once as many other keys are held back as are remembered', () => {
    const limiter = new RateLimiter({ quota: 1, window: 60_000 }, 100);
    const hold = (key: string) => [limiter.take(key, NOON), limiter.take(key, NOON)][1];
    expect(hold('first')).to.not.equal(undefined);
    for (let other = 0; other < 99; other += 1) expect(hold(`other ${other}`)).to.not.equal(undefined);
    expect(limiter.take('first', NOON), 'after 99 others').to.not.equal(undefined);
    for (let other = 100; other < 200; other += 1) hold(`other ${other}`);
    expect(limiter.take('first', NOON), 'after 100 others').to.equal(undefined);
  });

  it('is written as a number and a duration', () => {
    expect(parseRate('60/1m')).to.deep.equal({ quota: 60, window: 60_000 });
    expect(parseRate('100000/1s')).to.deep.equal({ quota: 100_000, window: 1000 });
    for (const text of ['', '60', '60/', '/1m', '0/1m', '-1/1m', '1.5/1m', '60/1m/1m', '60/0s', '60/60', '100001/1s']) {
      expect(() => parseRate(text), text).to.throw(RangeError, 'such as 60/1m');
    }
  });
});
