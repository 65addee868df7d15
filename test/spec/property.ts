import fc from 'fast-check';
import { cases } from '../support/cases.ts';

const given = process.env.ACCREDIT_TEST_SEED;
const seed = given === undefined ? Date.now() % 2 ** 31 : Number(given);
let printed = false;

/**
 * Asserts that `property` holds for random cases. Prints the seed once a process; `ACCREDIT_TEST_SEED` runs the same cases
 * again, `ACCREDIT_TEST_DEPTH` as many times more.
 */
export function holds<T>(property: fc.IProperty<T> | fc.IPropertyWithHooks<T>, count = 300): void {
  if (!printed) console.log(`      random cases from ACCREDIT_TEST_SEED=${seed}`);
  printed = true;
  fc.assert(property, { seed, numRuns: cases(count) });
}
