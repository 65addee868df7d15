import type { Compiled } from './code-cache.ts';
import { RPC_NAMES } from './descriptors.ts';
import { log } from './log.ts';
import type { RpcName } from './messages.ts';

/** How long after the last RPC of a kind that is new the code is kept, in milliseconds: by then its functions have run. */
const REST = 100;

/**
 * Keeps the code of this process for later ones, each time that it has answered an RPC whose code is not kept yet; at the latest when
 * the process exits. To be called after each answer. It costs some milliseconds, and after the first few starts nothing.
 */
export function keepCode(compiled: Compiled): (answered: RpcName) => void {
  let covers = compiled.covers;
  let timer: NodeJS.Timeout | undefined;
  const keep = () => {
    if (timer === undefined) return;
    clearTimeout(timer);
    timer = undefined;
    try {
      compiled.keep(covers);
    } catch (error) {
      // A home that cannot be written, a full disk: the next start compiles again, and that is all.
      log.debug('the compiled code is not kept', { error });
    }
  };
  process.on('exit', keep);
  return (answered) => {
    const bit = 2 ** RPC_NAMES.indexOf(answered);
    if ((covers & bit) !== 0) return;
    covers = (covers | bit) >>> 0;
    clearTimeout(timer);
    timer = setTimeout(keep, REST).unref();
  };
}
