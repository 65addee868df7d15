/**
 * Permissions are `noun.verb`; `noun.*` and `*` are wildcards. A few nouns are so strong that `*` leaves them out:
 * they are held only by naming them.
 */

/** What a permission or a pattern of them looks like. */
export const PERMISSION_PATTERN = /^(\*|[a-z][a-z0-9-]{0,62}\.(\*|[a-z][a-z0-9-]{0,62}))$/;

/** Nouns that no wildcard but their own `noun.*` matches. */
export const PROTECTED_NOUNS: ReadonlySet<string> = new Set(['organizations', 'owners', 'signing-keys']);

/** Whether the pattern `held` gives everything that `wanted`, a permission or itself a pattern, stands for. */
export function covers(held: string, wanted: string): boolean {
  if (held === wanted) return true;
  const noun = nounOf(wanted);
  if (held === '*') return !PROTECTED_NOUNS.has(noun);
  return held.endsWith('.*') && nounOf(held) === noun;
}

/** Whether some pattern in `held` covers `wanted`. */
export function allows(held: Iterable<string>, wanted: string): boolean {
  for (const pattern of held) if (covers(pattern, wanted)) return true;
  return false;
}

/** The patterns that hold exactly what both sets hold. */
export function intersect(left: readonly string[], right: readonly string[]): string[] {
  const both = new Set<string>();
  for (const a of left) {
    for (const b of right) {
      if (covers(a, b)) both.add(b);
      else if (covers(b, a)) both.add(a);
    }
  }
  return [...both].sort();
}

function nounOf(permission: string): string {
  return permission.split('.', 1)[0] as string;
}
