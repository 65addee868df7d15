/** Callbacks for the end of a tick, of which Node makes several for each request. */
import { createHook } from 'node:async_hooks';

/** Lives as long as the process. */
let kept: unknown;

/**
 * Keeps `process.nextTick` as fast as it is at the start. V8 forgets what the objects that it queues look like when none of
 * them is alive while the heap is collected, which happens in every quiet time, and makes each of them four times as
 * slowly from then on. One that stays alive prevents that.
 */
export function keepTicksFast(): void {
  if (kept !== undefined) return;
  const hook = createHook({
    init: (_id, type, _trigger, resource) => {
      if (type === 'TickObject') kept ??= resource;
    },
  });
  hook.enable();
  process.nextTick(() => {});
  hook.disable();
}
