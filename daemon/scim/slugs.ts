/** Names of addresses for what SCIM names freely. */

const LONGEST = 63;

/** Letters that Unicode does not take apart into a letter of the alphabet and a mark. */
const LETTERS: Readonly<Record<string, string>> = {
  ß: 'ss',
  æ: 'ae',
  œ: 'oe',
  ø: 'o',
  đ: 'd',
  ð: 'd',
  ł: 'l',
  þ: 'th',
  ı: 'i',
};

/**
 * The name in an address for `name`: of a user what stands before the "@", of both in lower case, without accents, and with
 * "-" for everything that an address does not take. "user" or "team" if nothing is left.
 */
export function slugOf(name: string, kind: 'user' | 'team' = 'user'): string {
  const at = name.indexOf('@');
  const meant = kind === 'user' && at > 0 ? name.slice(0, at) : name;
  const plain = meant
    .normalize('NFKD')
    .toLowerCase()
    .replace(/\p{M}+/gu, '')
    .replace(/[^a-z0-9]/gu, (letter) => LETTERS[letter] ?? letter);
  const allowed = plain.replace(/[^a-z0-9._-]+/g, '-').replace(/^[._-]+/, '');
  const slug = shortened(allowed, LONGEST);
  return slug === '' ? kind : slug;
}

/** `slugOf(name)`, then the same with "-2", "-3" and so on, none of them twice and none too long. */
export function* slugs(name: string, kind: 'user' | 'team' = 'user'): Generator<string, never> {
  const first = slugOf(name, kind);
  yield first;
  for (let number = 2; ; number += 1) {
    const suffix = `-${number}`;
    const slug = `${shortened(first, LONGEST - suffix.length)}${suffix}`;
    if (slug !== first) yield slug;
  }
}

/** The beginning of `slug`, ending with a letter or digit. */
function shortened(slug: string, length: number): string {
  return slug.slice(0, length).replace(/[._-]+$/, '');
}
