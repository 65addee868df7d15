/** Refusals of single writes, said as one of the manifest: each with its place in the tree. */
import { invalid } from '../convergence.ts';
import { Problem, type ProblemCode, type ProblemDetail } from '../problem.ts';
import type { Step } from './steps.ts';

export interface Refused<Place extends Pick<Step, 'address' | 'pointer'> = Pick<Step, 'address' | 'pointer'>> {
  readonly step: Place;
  readonly problem: Problem;
}

/** Refusals because of who asks are told before those that say something about what is there. */
const FIRST: readonly ProblemCode[] = ['forbidden', 'not-found', 'own-credential', 'last-owner'];
const MOST_ERRORS = 100;

/** One problem for all of these: with the code of the gravest, and everything that is wrong in `errors`. */
export function refusalOf(refused: readonly Refused[]): Problem {
  const inTree = [...refused].sort((left, right) => rank(left.problem) - rank(right.problem));
  const [gravest] = inTree as [Refused, ...Refused[]];
  const errors = inTree.flatMap(errorsOf).slice(0, MOST_ERRORS);
  const { problem, step } = gravest;
  if (problem.code === 'invalid') return invalid(errors);
  const others = refused.length - 1;
  const more =
    others === 0 ? '' : ` ${others} more of what the manifest asks for ${others === 1 ? 'is' : 'are'} refused.`;
  const about = problem.message.includes(step.address) ? '' : `${step.address}: `;
  return new Problem(problem.code, `${about}${problem.message}${more}`, {
    errors,
    ...(problem.internal !== undefined && { internal: problem.internal }),
    ...(problem.permission !== undefined && { permission: problem.permission }),
    refusesCaller: refused.some((one) => one.problem.refusesCaller),
    cause: problem,
  });
}

function rank({ code }: Problem): number {
  const index = FIRST.indexOf(code);
  if (index >= 0) return index;
  return code === 'invalid' ? FIRST.length + 1 : FIRST.length;
}

function errorsOf({ step, problem }: Refused): ProblemDetail[] {
  const { code, errors, message } = problem;
  if (code === 'invalid' || code === 'immutable') {
    return errors.map(({ pointer, detail }) => ({ pointer: step.pointer + pointer, detail }));
  }
  return [{ pointer: step.pointer, detail: message.replace(/\.$/, '') }];
}
