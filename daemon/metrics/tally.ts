/** Plain numbers that grow: what is counted with every request must cost next to nothing. */

/** Durations, counted by the first of some upper bounds that they do not exceed. */
export class Histogram {
  /** Seconds, ascending. */
  readonly bounds: readonly number[];
  /** How many fell below each bound and not below the one before; the last for those beyond all. */
  readonly counts: number[];
  /** Seconds. */
  sum = 0;

  constructor(bounds: readonly number[]) {
    this.bounds = bounds;
    this.counts = new Array<number>(bounds.length + 1).fill(0);
  }

  observe(seconds: number): void {
    const { bounds, counts } = this;
    let index = 0;
    while (index < bounds.length && seconds > (bounds[index] as number)) index += 1;
    counts[index] = (counts[index] as number) + 1;
    this.sum += seconds;
  }
}

/** A value for each combination of labels that came up, made when it does. */
export class ByLabels<Labels extends Readonly<Record<string, string>>, Value> {
  readonly #make: () => Value;
  readonly #values = new Map<string, readonly [labels: Labels, value: Value]>();

  constructor(make: () => Value) {
    this.#make = make;
  }

  /** The value for these labels, always the same one. */
  at(labels: Labels): Value {
    const key = Object.values(labels).join('\n');
    let known = this.#values.get(key);
    if (known === undefined) {
      known = [labels, this.#make()];
      this.#values.set(key, known);
    }
    return known[1];
  }

  entries(): Iterable<readonly [labels: Labels, value: Value]> {
    return this.#values.values();
  }
}

/** A number that only grows. */
export class Counter {
  value = 0;
}
