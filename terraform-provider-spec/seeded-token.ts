/** Tokens that are derived from a seed, so that whoever has the seed can make the same ones again. */
import { hash, hkdfSync } from 'node:crypto';
import type { SecretKind } from './kind.ts';
import { tokenOf } from './token.ts';

const SHORTEST_SEED = 32;
const FEWEST_CHARACTERS = 8;

/** What a seed must be, to be read after a colon. */
export const SEED_RULE =
  `at least ${SHORTEST_SEED} characters, drawn at random (\`openssl rand -hex 32\` prints a good one), ` +
  'never a password or a phrase';

/**
 * What is wrong with a seed, for people; `undefined` for one that may be good. Nobody can see whether a text was drawn at
 * random: this refuses what is too short to hold 128 bits and what plainly repeats itself.
 */
export function checkSeed(seed: string): string | undefined {
  const characters = [...seed];
  const repeats = (seed + seed).indexOf(seed, 1) < seed.length;
  if (characters.length >= SHORTEST_SEED && new Set(characters).size >= FEWEST_CHARACTERS && !repeats) return undefined;
  return `holds too little chance; a seed has ${SEED_RULE}`;
}

/** What a token is derived for. */
export interface Derivation {
  readonly kind: SecretKind;
  /** The address of the token. */
  readonly address: string;
  /** Another one gives another token. */
  readonly version: string;
}

/** Parts of different meaning, so that no other use of the seed can ever give the same bytes. */
const SALT = 'accredit/generated-secret/1';
/** Of bytes below this, the remainder modulo 62 is evenly distributed. */
const EVEN = 248;
const BLOCK = 128;

/**
 * The token of that kind for that address and version: HKDF with SHA-256 (RFC 5869) over the seed, with the SHA-256 of a JSON
 * array of the three and the number of the block for `info`, and each character from the next byte below 248. The same on every machine and in every release.
 */
export function deriveToken(seed: string, { kind, address, version }: Derivation): string {
  let block = 0;
  let bytes = new Uint8Array();
  let position = 0;
  const next = (): number => {
    if (position === bytes.length) {
      const info = hash('sha256', JSON.stringify([kind, address, version, block]), 'buffer');
      bytes = new Uint8Array(hkdfSync('sha256', seed, SALT, info, BLOCK));
      position = 0;
      block += 1;
    }
    return bytes[position++] as number;
  };
  return tokenOf(kind, () => {
    let byte = next();
    while (byte >= EVEN) byte = next();
    return byte % 62;
  });
}
