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
  'manifests',
  'audit-events',
  'metrics',
]);

/** The noun that stands for all free ones. */
const FREE = '~';
const WILD: ReadonlySet<string> = new Set(['*', FREE]);

/**
 * How many patterns of one verb for many nouns, such as `*.read`, a set may hold. Where two sets meet, each of them makes
 * as many permissions as the other one has nouns.
 */
export const MOST_WIDE = 16;

/** Whether it is such a pattern. */
export function isWide(permission: string): boolean {
  const [noun, verb] = split(permission);
  return WILD.has(noun) && verb !== '*';
}

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

/** Like `allows` for whoever asks many times of the same set: each question takes the same time, however large it is. */
export function allowing(held: Iterable<string>): (wanted: string) => boolean {
  const index = verbsByNoun(held);
  return (wanted) => {
    const [noun, verb] = split(wanted);
    return [noun, '*', FREE].some((one) => {
      const verbs = coversNoun(one, noun) ? index.get(one) : undefined;
      return verbs !== undefined && (verbs.has('*') || verbs.has(verb));
    });
  };
}

/**
 * The patterns that hold exactly what both sets hold, sorted. It takes about as long as both sets are: only a wildcard for
 * the noun is looked at beside every noun of the other set.
 */
export function intersect(left: readonly string[], right: readonly string[]): string[] {
  const both = new Set<string>();
  const index = verbsByNoun(right);
  for (const pattern of left) {
    const [noun, verb] = split(pattern);
    for (const other of WILD.has(noun) ? index.keys() : [noun, '*', FREE]) {
      const verbs = index.get(other);
      const common = coversNoun(noun, other) ? other : coversNoun(other, noun) ? noun : undefined;
      if (verbs === undefined || common === undefined) continue;
      if (verb === '*') for (const one of verbs) both.add(join(common, one));
      else if (verbs.has(verb) || verbs.has('*')) both.add(join(common, verb));
    }
  }
  return [...both].sort();
}

function verbsByNoun(patterns: Iterable<string>): Map<string, Set<string>> {
  const index = new Map<string, Set<string>>();
  for (const pattern of patterns) {
    const [noun, verb] = split(pattern);
    const verbs = index.get(noun);
    if (verbs === undefined) index.set(noun, new Set([verb]));
    else verbs.add(verb);
  }
  return index;
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

/** The reverse of `split`. */
function join(noun: string, verb: string): string {
  return noun === '*' && verb === '*' ? '*' : `${noun}.${verb}`;
}
