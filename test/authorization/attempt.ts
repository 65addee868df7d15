/** What an attempt at an escalation is, as data. */
import type { ProblemCode } from '../../daemon/domain/problem.ts';
import type { Options, Who, World } from './world.ts';

export interface Attempt {
  /** What somebody tries. */
  readonly name: string;
  /** Who tries. All but the rule in question lets them do it. */
  readonly by: Who;
  /** The rule that refuses it, as the refusal says it: one that is refused for something else proves nothing. */
  readonly rule: RegExp;
  /** `forbidden` if left out. */
  readonly code?: ProblemCode;
  try(world: World, options: Options): Promise<unknown>;
  /**
   * Who can do the very same, which shows that nothing but the rule is in the way: as a dry run, unless the options say
   * otherwise. The owner of the installation if left out; `nobody` where nobody can.
   */
  readonly but?: { readonly by: Who; readonly options?: Options } | 'nobody';
}

export const MORE_THAN_HELD = /would hand on more than the caller holds/;
export const NO_PERMISSION = /needs the permission/;
export const OWNERS_ONLY = /Only an owner/;
export const NOT_THERE = /There is no /;
export const MORE_SIGHT = /sight of more apps|lift team isolation/;
