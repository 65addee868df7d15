/** What keeps `process.nextTick` fast: one of its objects outlives every collection. */
import { createHook } from 'node:async_hooks';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { expect } from 'chai';

/** The objects that `process.nextTick` makes while `work` runs, without keeping them. */
function ticksOf(work: () => void): WeakRef<object>[] {
  const made: WeakRef<object>[] = [];
  const hook = createHook({
    init: (_id, type, _trigger, resource) => {
      if (type === 'TickObject') made.push(new WeakRef(resource));
    },
  });
  hook.enable();
  work();
  hook.disable();
  return made;
}

describe('an object of process.nextTick', () => {
  it('stays alive from then on, while all others go', async () => {
    setFlagsFromString('--expose-gc');
    const collect = runInNewContext('gc') as () => void;
    // An instance of its own: a daemon of another test in this process has kept one already.
    const path = '../../daemon/http/ticks.ts?own';
    const { keepTicksFast } = (await import(path)) as typeof import('../../daemon/http/ticks.ts');
    const kept = ticksOf(keepTicksFast);
    const others = ticksOf(() => process.nextTick(() => undefined));
    expect([kept.length, others.length]).to.deep.equal([1, 1]);
    for (let turn = 0; turn < 3; turn += 1) {
      await new Promise<void>((resolve) => setImmediate(resolve));
      collect();
    }
    expect(kept[0]?.deref()).to.be.an('object');
    expect(others[0]?.deref()).to.equal(undefined);
  });
});
