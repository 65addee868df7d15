/** Mocha's `spec` reporter, which also leaves the counts in the file that ACCREDIT_TEST_COUNTS names. */
import { writeFileSync } from 'node:fs';
import Mocha from 'mocha';

export default class CountingReporter extends Mocha.reporters.Spec {
  constructor(runner, options) {
    super(runner, options);
    runner.once(Mocha.Runner.constants.EVENT_RUN_END, () => {
      const { passes, failures, pending } = this.stats;
      const counts = { passed: passes, failed: failures, skipped: pending };
      if (process.env.ACCREDIT_TEST_COUNTS) writeFileSync(process.env.ACCREDIT_TEST_COUNTS, JSON.stringify(counts));
    });
  }
}
