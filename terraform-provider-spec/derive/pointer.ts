import { TOKEN_PATTERN } from '../token.ts';

const LONGEST_SEGMENT = 256;
/** Shorter than any token. */
const PLAIN = 40;
const TOKENS = new RegExp(TOKEN_PATTERN.source.slice(1, -1), 'g');

/**
 * The JSON pointer (RFC 6901) to `segment` below `base`. A segment can be a key that a client chose: one of absurd
 * length is cut, and a token in it is masked, since pointers go into answers and logs.
 */
export function pointerTo(base: string, segment: string | number): string {
  if (typeof segment === 'number') return `${base}/${segment}`;
  if (segment.length <= PLAIN && !segment.includes('~') && !segment.includes('/')) return `${base}/${segment}`;
  const text = segment.replace(TOKENS, 'acr_$1_***');
  const cut = text.length > LONGEST_SEGMENT ? `${text.slice(0, LONGEST_SEGMENT)}…` : text;
  return `${base}/${cut.replaceAll('~', '~0').replaceAll('/', '~1')}`;
}
