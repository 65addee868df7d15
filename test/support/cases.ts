/**
 * How many cases a random test runs: `count`, or as many times more as `ACCREDIT_TEST_DEPTH` says. `npm run test:deep`
 * sets it.
 */
export function cases(count: number): number {
  return count * depth;
}

/** The time that so many cases may take, for Mocha: `milliseconds`, or as many times more. */
export function caseTime(milliseconds: number): number {
  return milliseconds * depth;
}

const depth = Number(process.env.ACCREDIT_TEST_DEPTH ?? 1);
if (!Number.isSafeInteger(depth) || depth < 1)
  throw new RangeError('ACCREDIT_TEST_DEPTH must be a whole number from 1');
