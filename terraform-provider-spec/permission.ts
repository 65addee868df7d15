/**
 * Permissions are `noun.verb`; `*`, `noun.*` and `*.verb` are wildcards. `~` stands for every noun that is not one of
 * Accredit's own, which services choose freely: `~.*` is everything that they ask about and nothing of Accredit itself.
 * A few nouns are so strong that only their own `noun.*` reaches them: they are held by naming them.
 */

const WORD = '[a-z][a-z0-9-]{0,62}';

/** What a permission or a pattern of them looks like. */
export const PERMISSION_PATTERN = new RegExp(`^(\\*|(${WORD}|~)\\.(\\*|${WORD})|\\*\\.${WORD})$`);

/** Nouns that no wildcard but their own `noun.*` matches. */
export const PROTECTED_NOUNS: ReadonlySet<string> = new Set(['organizations', 'owners', 'signing-keys']);

/** The nouns that Accredit itself checks. Every other is free text for the services that ask Accredit. */
export const OWN_NOUNS: ReadonlySet<string> = new Set([
  ...PROTECTED_NOUNS,
  'settings',
  'projects',
  'teams',
  'apps',
  'roles',
  'token-profiles',
  'users',
  'accounts',
  'tokens',
  'app-tokens',
  'personal-tokens',
  'audit-events',
  'metrics',
]);

/** The noun that stands for all free ones. */
const FREE = '~';

/** Whether the pattern `held` gives everything that `wanted`, a permission or itself a pattern, stands for. */
export function covers(held: string, wanted: string): boolean {
  if (held === wanted) return true;
  const [heldNoun, heldVerb] = split(held);
  const [noun, verb] = split(wanted);
  return coversNoun(heldNoun, noun) && (heldVerb === '*' || heldVerb === verb);
}

/** Whether some pattern in `held` covers `wanted`. */
export function allows(held: Iterable<string>, wanted: string): boolean {
  for (const pattern of held) if (covers(pattern, wanted)) return true;
  return false;
}

/** The patterns that hold exactly what both sets hold, sorted. */
export function intersect(left: readonly string[], right: readonly string[]): string[] {
  const both = new Set<string>();
  for (const a of left) {
    for (const b of right) {
      const common = meet(a, b);
      if (common !== undefined) both.add(common);
    }
  }
  return [...both].sort();
}

/** The pattern for what two patterns have in common, if anything. */
function meet(a: string, b: string): string | undefined {
  if (covers(a, b)) return b;
  if (covers(b, a)) return a;
  // Neither holds the other, so a wildcard for the noun meets one for the verb.
  const [aNoun, aVerb] = split(a);
  const [bNoun, bVerb] = split(b);
  const noun = coversNoun(aNoun, bNoun) ? bNoun : aNoun;
  const verb = aVerb === '*' ? bVerb : aVerb;
  const pattern = `${noun}.${verb}`;
  return covers(a, pattern) && covers(b, pattern) ? pattern : undefined;
}

function coversNoun(held: string, noun: string): boolean {
  if (held === noun) return true;
  if (held === '*') return !PROTECTED_NOUNS.has(noun);
  return held === FREE && noun !== '*' && !OWN_NOUNS.has(noun);
}

/** Noun and verb; `*` alone stands for any noun and any verb. */
function split(permission: string): [noun: string, verb: string] {
  if (permission === '*') return ['*', '*'];
  const dot = permission.indexOf('.');
  return [permission.slice(0, dot), permission.slice(dot + 1)];
}
