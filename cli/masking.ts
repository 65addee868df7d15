/** Tokens in what is shown to people: hidden, wherever they come from. */
import { SECRET_KINDS } from '../terraform-provider-spec/token.ts';

/** Also one that was cut off or mistyped. No shorter: the names of resources may begin like a token. */
const TOKENS = new RegExp(`acr_(${SECRET_KINDS.join('|')})_[0-9A-Za-z]{16,}`, 'g');

/** The text as it may be shown: every token in it hidden, and as long as before. */
export function masked(text: string): string {
  return text.replace(TOKENS, (token, kind: string) => `acr_${kind}_`.padEnd(token.length, '*'));
}

/** Whether there is a token in the text, whole, cut off or mistyped. */
export function holdsToken(text: string): boolean {
  return masked(text) !== text;
}
