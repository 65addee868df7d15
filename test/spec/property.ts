import fc from 'fast-check';

const given = process.env.ACCREDIT_TEST_SEED;
const seed = given === undefined ? Date.now() % 2 ** 31 : Number(given);
let printed = false;

/**
 * Asserts that `property` holds for random cases. Prints the seed once a process; `ACCREDIT_TEST_SEED` runs the same cases
 * again.
 */
export function holds<T>(property: fc.IProperty<T> | fc.IPropertyWithHooks<T>, cases = 300): void {
  if (!printed) console.log(`      random cases from ACCREDIT_TEST_SEED=${seed}`);
  printed = true;
  fc.assert(property, { seed, numRuns: cases });
}
