import { randomInt } from 'node:crypto';

/**
 * The seed for a random test: `ACCREDIT_TEST_SEED` to repeat a run, else a fresh one. It is printed, so that every run can be repeated.
 */
export function printedSeed(test: string): number {
  const seed = Number(process.env.ACCREDIT_TEST_SEED ?? randomInt(2 ** 31));
  console.log(`    ${test}: ACCREDIT_TEST_SEED=${seed}`);
  return seed;
}
