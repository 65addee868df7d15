/** The end of the process, and what has to be done before it. */
import { log } from './log.ts';

/** Terraform kills a provider two seconds after it has asked it to end. Milliseconds. */
const GRACE = 1_500;

const duties = new Set<() => Promise<unknown>>();
let leaving = false;

/** Has this done before the process ends by itself, as far as there is time for it. It must not reject. */
export function beforeExit(duty: () => Promise<unknown>): void {
  duties.add(duty);
}

/** Ends the process: at once when there is nothing to be done before. */
export function leave(why: string): void {
  if (leaving) return;
  leaving = true;
  log.debug(`exits: ${why}`);
  if (duties.size === 0) process.exit(0);
  const late = new Promise((resolve) => setTimeout(resolve, GRACE));
  void Promise.race([Promise.all([...duties].map((duty) => duty())), late]).then(() => process.exit(0));
}
