/** A noun with its indefinite article, as its first letter asks for it: `an account token`, `a user`. */
export function withArticle(noun: string): string {
  return `${/^[aeio]/i.test(noun) ? 'an' : 'a'} ${noun}`;
}
