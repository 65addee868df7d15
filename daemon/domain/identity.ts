import { createHash, randomUUID } from 'node:crypto';
import type { SecretKind } from '../../terraform-provider-spec/kind.ts';
import { mintToken } from '../../terraform-provider-spec/token.ts';
import type { Keyring } from '../crypto/keyring.ts';
import { keyOpener, type OpenedKey, type SigningKey } from '../crypto/signing-key.ts';

/** What decisions take from the world outside: the time, randomness and the keys. Tests put a fake clock here. */
export interface Ambient {
  readonly keyring: Keyring;
  readonly accessTokens: AccessTokenSettings;
  /** Throws for a key that was not sealed like this under the keyring. */
  openKey(key: SigningKey): OpenedKey;
  /** Milliseconds since 1970 UTC. */
  now(): number;
  uid(): string;
  mint(kind: SecretKind): string;
}

/** What an installation says of the access tokens that it issues. Durations are in milliseconds. */
export interface AccessTokenSettings {
  /** The `iss` of its tokens: its public URL, without a slash at the end. Known only once it listens. */
  issuer(): string;
  readonly lifetime: number;
  /** For how long a key signs before the next one does. */
  readonly keyLifetime: number;
}

const MINUTE = 60_000;
const DEFAULTS: AccessTokenSettings = {
  issuer: () => 'http://127.0.0.1:7345',
  lifetime: 5 * MINUTE,
  keyLifetime: 30 * 24 * 60 * MINUTE,
};

/** The real one, with the given clock. */
export function ambient(keyring: Keyring, clock: () => number, accessTokens = DEFAULTS): Ambient {
  return {
    keyring,
    accessTokens,
    openKey: keyOpener(keyring),
    now: clock,
    uid: () => randomUUID(),
    mint: mintToken,
  };
}

/** A uid that always comes out the same for the same parts: for resources that are code and not rows. */
export function uidFrom(...parts: readonly string[]): string {
  const hex = createHash('sha256').update(JSON.stringify(parts)).digest('hex');
  // The layout of a UUID of version 8, "custom" (RFC 9562, section 5.8).
  const variant = ((Number.parseInt(hex.slice(16, 17), 16) & 0x3) | 0x8).toString(16);
  return [
    hex.slice(0, 8),
    hex.slice(8, 12),
    `8${hex.slice(13, 16)}`,
    variant + hex.slice(17, 20),
    hex.slice(20, 32),
  ].join('-');
}
