/** An answer from memory is never older than what was acknowledged before the question. */
import { expect } from 'chai';
import { caseTime } from '../support/cases.ts';
import { startTestDaemon, type TestDaemon } from '../support/daemon.ts';
import { printedSeed } from '../support/seed.ts';
import { History } from './history.ts';
import { random, switchAndAsk } from './switches.ts';

describe('verification while everything changes', function () {
  this.timeout(caseTime(30_000));
  let daemon: TestDaemon;

  before(async () => {
    daemon = await startTestDaemon();
  });
  after(() => daemon.close());

  it('sees every change as soon as it is acknowledged', async () => {
    const next = random(printedSeed('verification while everything changes'));
    const { answers, certain } = await switchAndAsk([daemon], next);
    console.log(`    ${answers} answers, ${certain} of which could be only one`);
    expect(certain).to.be.above(100);
  });

  it('control: a single answer that is out of date would be found', async () => {
    const history = new History(true);
    await history.change(false, async () => undefined);
    await history.ask(async () => false);
    let found: unknown;
    await history
      .ask(async () => true)
      .catch((error: unknown) => {
        found = error;
      });
    expect(String(found)).to.include('could be');
    // One that was asked before the change was acknowledged may say either.
    let acknowledge: () => void = () => undefined;
    const changing = history.change(true, () => new Promise<void>((resolve) => (acknowledge = resolve)));
    for (const value of [true, false]) await history.ask(async () => value);
    acknowledge();
    await changing;
    expect(await history.ask(async () => true)).to.equal(true);
  });
});
