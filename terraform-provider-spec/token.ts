/**
 * The token format: `acr_<kind>_<40 base62 characters><6 base62 characters of CRC-32 over all before>`.
 * Pure: the daemon, the CLI and the provider share it.
 */
import { hash, randomInt } from 'node:crypto';
import type { SecretKind } from './kind.ts';

export const SECRET_KINDS: readonly SecretKind[] = ['sa', 'app', 'pat', 'scim', 'enrol'];

/** Matches one whole token; what secret scanners should look for (without the anchors). */
export const TOKEN_PATTERN = /^acr_(sa|app|pat|scim|enrol)_([0-9A-Za-z]{40})([0-9A-Za-z]{6})$/;

const ALPHABET = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';
const RANDOM_LENGTH = 40;
const CHECKSUM_LENGTH = 6;

/** A fresh token of that kind: 238 bits from the system's secure generator, and its checksum. */
export function mintToken(kind: SecretKind): string {
  return tokenOf(kind, () => randomInt(ALPHABET.length));
}

/** The token of that kind whose 40 characters are drawn one after the other, each as a number from 0 to 61. */
export function tokenOf(kind: SecretKind, draw: () => number): string {
  let body = `acr_${kind}_`;
  for (let drawn = 0; drawn < RANDOM_LENGTH; drawn += 1) body += ALPHABET[draw()];
  return body + checksum(body);
}

/** The kind of a well-formed token, or `undefined` for anything else. Needs no look-up anywhere. */
export function tokenKind(text: string): SecretKind | undefined {
  const match = TOKEN_PATTERN.exec(text);
  if (match === null) return undefined;
  if (checksum(text.slice(0, -CHECKSUM_LENGTH)) !== match[3]) return undefined;
  return match[1] as SecretKind;
}

/** The hash of the token as `secret_hash` takes it: `sha256:<hex>`. */
export function secretHash(token: string): string {
  return `sha256:${tokenHash(token)}`;
}

/** SHA-256 of the token in lower-case hexadecimal, as `secret_hash` takes it behind `sha256:`. */
export function tokenHash(token: string): string {
  return hash('sha256', token, 'hex');
}

/** The CRC-32 of `text` (ISO 3309, as in zlib) in base 62, most significant digit first, padded to six digits. */
export function checksum(text: string): string {
  let value = crc32(Buffer.from(text, 'utf8'));
  let digits = '';
  for (let digit = 0; digit < CHECKSUM_LENGTH; digit += 1) {
    digits = ALPHABET[value % ALPHABET.length] + digits;
    value = Math.floor(value / ALPHABET.length);
  }
  return digits;
}

// Node has zlib.crc32 only from 22 on.
const CRC_TABLE = Uint32Array.from({ length: 256 }, (_, index) => {
  let value = index;
  for (let bit = 0; bit < 8; bit += 1) value = value & 1 ? (value >>> 1) ^ 0xedb88320 : value >>> 1;
  return value >>> 0;
});

function crc32(bytes: Uint8Array): number {
  let value = 0xffffffff;
  for (const byte of bytes) value = (value >>> 8) ^ (CRC_TABLE[(value ^ byte) & 0xff] as number);
  return (value ^ 0xffffffff) >>> 0;
}
