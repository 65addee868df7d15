/** Work that makes a great many objects, of which few are needed long: done with less memory, for some more processor time. */
import { setFlagsFromString } from 'node:v8';

/** By how much the heap may grow before it is collected again, in percent. V8 would let it grow to several times its size. */
const GROWTH = 10;
const V8_DECIDES = 0;

let running = 0;

/** Runs `work`; until it and others like it have ended, the heap is collected sooner. */
export async function withLittleMemory<T>(work: () => Promise<T>): Promise<T> {
  running += 1;
  if (running === 1) setFlagsFromString(`--heap-growing-percent=${GROWTH}`);
  try {
    return await work();
  } finally {
    running -= 1;
    if (running === 0) setFlagsFromString(`--heap-growing-percent=${V8_DECIDES}`);
  }
}
