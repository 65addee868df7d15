/** What is particular to token profiles: their rules must go together. */
import { problemsTogether } from '../../../terraform-provider-spec/derive/together.ts';
import type { Behaviour } from './behaviour.ts';

export const tokenProfile: Behaviour = {
  problems: (_context, { kind, desired }) => problemsTogether(kind, desired),
};
