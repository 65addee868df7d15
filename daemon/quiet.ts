/**
 * Memory that the start and busy times took, given back in quiet ones. V8 keeps what it once had for new objects, a third of the
 * process, until it collects everything, and a daemon that nobody asks anything never makes it do so.
 */
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

/** How often is looked whether the process works, in milliseconds. */
const LOOK_EVERY = 1000;
/** A process is quiet that works less than this between two looks, in milliseconds. */
const QUIET = 10;
/** For so many looks in a row: V8 gives room for new objects back only if few were made in the last five seconds. */
const QUIET_LOOKS = 8;
/** Only who worked this long since the last time has something to give back, in milliseconds. */
const WORK = 500;
/** A larger heap is not touched: it takes long to look through, and what is in it is needed. In bytes. */
const LARGEST_HEAP = 64 * 1024 * 1024;

export interface Process {
  /** How long it has worked so far, on all cores, in milliseconds. */
  worked(): number;
  /** The size of what is in its heap, in bytes. */
  heap(): number;
  /** Collects everything that nobody needs, and gives back what that leaves free. */
  collect(): void;
}

/** Tells, look by look, when it is time to collect; each time that there is something to collect once. */
export class QuietTimes {
  readonly #process: Process;
  #quiet = 0;
  #before: number;
  #collectedAt = 0;

  constructor(process: Process) {
    this.#process = process;
    this.#before = process.worked();
  }

  look(): void {
    const worked = this.#process.worked();
    this.#quiet = worked - this.#before < QUIET ? this.#quiet + 1 : 0;
    this.#before = worked;
    if (this.#quiet < QUIET_LOOKS || worked - this.#collectedAt < WORK || this.#process.heap() > LARGEST_HEAP) return;
    this.#process.collect();
    // The collection is work too, and no reason for another one.
    this.#collectedAt = this.#process.worked();
  }
}

/** From now on this process gives back in quiet times what it does not need. Keeps no process alive. */
export function giveBackMemory(): void {
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as () => void;
  const times = new QuietTimes({
    worked() {
      const { user, system } = process.cpuUsage();
      return (user + system) / 1000;
    },
    heap: () => process.memoryUsage().heapUsed,
    collect: () => collect(),
  });
  setInterval(() => times.look(), LOOK_EVERY).unref();
}
