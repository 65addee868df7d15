/** What a row of the table is, and how its figures come about. */
import type { Generator } from '../load.ts';
import { type Load, load, median, type Result, spread } from '../load.ts';

/** How long and how often. */
export interface Effort {
  /** A look at it: fewer rounds, and fewer rows where many are made. */
  readonly isQuick: boolean;
  readonly rounds: number;
  readonly seconds: number;
  readonly generator: Generator;
}

/** One line of the table. */
export interface Figure {
  readonly row: string;
  /** What was measured and what it is compared to, each with its unit. */
  readonly subject: string;
  readonly baseline: string;
  readonly ratio: number;
  /** The least or most that the ratio may be. */
  readonly bar?: { readonly least?: number; readonly most?: number };
  readonly note?: string;
}

export interface Row {
  readonly name: string;
  readonly needsPeers?: true;
  run(effort: Effort): Promise<readonly Figure[]>;
}

/** What is measured: a load, or whatever else gives operations a second. */
export type Subject = Omit<Load, 'seconds'> | ((seconds: number) => Promise<Result>);

/** Measures the subjects in turn, once to warm up and then round by round. Throws when an answer was no success. */
export async function interleave<Name extends string>(
  subjects: Readonly<Record<Name, Subject>>,
  { rounds, seconds, generator }: Effort,
): Promise<Record<Name, Result[]>> {
  const names = Object.keys(subjects) as Name[];
  const results = Object.fromEntries(names.map((name) => [name, [] as Result[]])) as Record<Name, Result[]>;
  let from = 0;
  for (let round = 0; round <= rounds; round += 1) {
    for (const name of names) {
      const subject = subjects[name];
      const time = round === 0 ? 1 : seconds;
      const result = await (typeof subject === 'function'
        ? subject(time)
        : load({ ...subject, seconds: time, from }, generator));
      if (result.failed > 0) throw new Error(`${name}: ${result.failed} of ${result.requests} requests failed`);
      if (round > 0) results[name].push(result);
      from += 10_000_000;
    }
  }
  return results;
}

/** The median of a figure over the rounds. */
export function middle(results: readonly Result[], figure: keyof Result = 'perSecond'): number {
  return median(results.map((result) => result[figure]));
}

/** Requests a second, with how far the rounds lay apart. */
export function rate(results: readonly Result[]): string {
  const figures = results.map(({ perSecond }) => perSecond);
  // One round says nothing about how far others would lie from it.
  const apart = figures.length > 1 ? ` ±${Math.round((spread(figures) / 2) * 100)}%` : '';
  return `${Math.round(median(figures)).toLocaleString('en')}/s${apart}`;
}

/** One answer after the other in milliseconds, as people read it. */
export function milliseconds(value: number): string {
  return value < 10 ? `${value.toFixed(2)} ms` : `${value.toFixed(0)} ms`;
}
