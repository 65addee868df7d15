/** The names that every organization has without declaring them, so that whoever has no daemon at hand knows them too. */
import type { Kind } from './kind.ts';

/** By the kind's name. What they hold is the daemon's to say. */
const NAMES: Readonly<Record<string, readonly string[]>> = {
  role: ['admin', 'developer', 'none', 'owner', 'team-admin', 'viewer'],
  token_profile: ['app-static', 'renewable', 'revocable', 'self-recycling', 'standard', 'static'],
};

/** The names of the built-in resources of that kind, sorted. */
export function builtInNamesOf({ kind }: Kind): readonly string[] {
  return NAMES[kind] ?? [];
}
