/**
 * Changes of one thing, one after the other, and answers about it that ran at the same time: what an answer may say if
 * there is one order of all of them that everybody sees. A change that was acknowledged before a question was asked must
 * be in its answer; one that still runs may be.
 */

/** One change: when it was sent and acknowledged, and what holds from then on. */
interface Change<Value> {
  readonly value: Value;
  readonly sent: number;
  acknowledged: number;
}

/** Moments are numbered in the order in which the test sees them. */
let moments = 0;

export class History<Value> {
  readonly #changes: Change<Value>[];
  #answers = 0;
  #checked = 0;

  constructor(first: Value) {
    this.#changes = [{ value: first, sent: -1, acknowledged: -1 }];
  }

  /** How many answers were checked, and of how many only one value was possible. */
  get counts(): { readonly answers: number; readonly certain: number } {
    return { answers: this.#answers, certain: this.#checked };
  }

  /** Runs a change to `value`. It must not run beside another. */
  async change(value: Value, run: () => Promise<unknown>): Promise<void> {
    const change = { value, sent: moment(), acknowledged: Number.POSITIVE_INFINITY };
    this.#changes.push(change);
    await run();
    change.acknowledged = moment();
  }

  /** Asks, and throws when the answer is none that was possible. */
  async ask(run: () => Promise<Value>): Promise<Value> {
    const asked = moment();
    const value = await run();
    const answered = moment();
    const last = this.#changes.findLastIndex(({ acknowledged }) => acknowledged < asked);
    const possible = this.#changes.slice(last).filter(({ sent }) => sent < answered);
    this.#answers += 1;
    if (possible.length === 1) this.#checked += 1;
    if (!possible.some((change) => change.value === value)) {
      throw new Error(
        `asked at ${asked}, answered ${String(value)} at ${answered}, when only ` +
          `${possible.map((change) => `${String(change.value)} (${change.sent} to ${change.acknowledged})`).join(' or ')} ` +
          'could be',
      );
    }
    return value;
  }
}

function moment(): number {
  moments += 1;
  return moments;
}
