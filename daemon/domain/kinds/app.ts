/** What is particular to apps: where one lies decides who can work on it, and its tokens go with it. */
import { requireMove } from '../movement.ts';
import type { Behaviour } from './behaviour.ts';
import { tokensOf } from './dependants.ts';

export const app: Behaviour = {
  check(context, { address, stored, desired }) {
    requireMove(context, { address, stored, desired });
    return {};
  },
  dependants: tokensOf,
};
