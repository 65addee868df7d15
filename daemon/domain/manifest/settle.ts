/** Tries single writes until all are done, or none of those that are left can be. */
import { mergedNeeds } from '../loading.ts';
import { Problem } from '../problem.ts';
import { type Needs, NotLoaded } from '../snapshot.ts';
import type { Context, Effect } from '../write.ts';
import { type Refused, refusalOf } from './refusal.ts';
import type { Step } from './steps.ts';

export interface Done {
  readonly step: Step;
  readonly effect: Effect;
}

/**
 * Does all steps on the draft and answers them in the order in which they were done. A step that is refused is tried again
 * once others are done: a token makes room for another, a project comes out from under the one that is to lie below it.
 * What counts is that some order of single writes leads there. Throws the refusals of what is left when there is none,
 * and `NotLoaded` for all that lacks.
 */
export function* settle(context: Context, steps: readonly Step[]): Generator<void, Done[]> {
  const done: Done[] = [];
  for (let waiting = steps; ; ) {
    const refused: Refused<Step>[] = [];
    const missing: Needs[] = [];
    for (const step of waiting) {
      yield;
      try {
        done.push({ step, effect: step.run(context) });
      } catch (error) {
        if (error instanceof NotLoaded) missing.push(error.needs);
        else if (error instanceof Problem) refused.push({ step, problem: error });
        else throw error;
      }
    }
    // What was refused may have been for lack of what waits for its rows.
    if (missing.length > 0) throw new NotLoaded(mergedNeeds(missing));
    if (refused.length === 0) return done;
    if (refused.length === waiting.length) throw refusalOf(refused);
    waiting = refused.map(({ step }) => step);
  }
}
