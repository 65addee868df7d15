/** Key pairs for signatures with ES256 (RFC 7518, section 3.4): made, kept sealed, and opened again. */
import { createHash, createPrivateKey, createPublicKey, generateKeyPairSync, type KeyObject } from 'node:crypto';
import type { JsonObject } from '../../terraform-provider-spec/kind.ts';
import type { Keyring } from './keyring.ts';

/** A key that access tokens are signed with, or were, or will be, as it is kept. Times are in milliseconds. */
export interface SigningKey {
  /** The RFC 7638 thumbprint of the public key. */
  readonly kid: string;
  readonly created_at: number;
  /** From when on it signs, unless another one does from later on. */
  readonly activates_at: number;
  /** Until when what it signed is accepted; null as long as no successor is known. */
  readonly verifies_until: number | null;
  /** As a JWK (RFC 7517). */
  readonly public_key: JsonObject;
  /** As PKCS #8 in PEM, sealed. All of the above is bound: a row in which anything was changed does not open. */
  readonly private_key: string;
}

/** Whether what the key signed is accepted at `now`. */
export function isAccepted({ verifies_until }: Pick<SigningKey, 'verifies_until'>, now: number): boolean {
  return verifies_until === null || now < verifies_until;
}

/** A key pair, ready for use. */
export interface OpenedKey {
  readonly kid: string;
  readonly publicKey: KeyObject;
  readonly privateKey: KeyObject;
}

/** A new key pair on the curve P-256, which signs from `activates_at` on. */
export function makeSigningKey(keyring: Keyring, times: Pick<SigningKey, 'created_at' | 'activates_at'>): SigningKey {
  const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const public_key = publicKey.export({ format: 'jwk' }) as JsonObject;
  const key = { kid: thumbprint(public_key), ...times, verifies_until: null, public_key };
  const pem = privateKey.export({ format: 'pem', type: 'pkcs8' }) as string;
  return { ...key, private_key: keyring.seal(contextOf(key), pem) };
}

/** The same key with an end. Throws as `openSigningKey`. */
export function endSigningKey(keyring: Keyring, key: SigningKey, verifies_until: number): SigningKey {
  const ended = { ...key, verifies_until };
  return { ...ended, private_key: keyring.seal(contextOf(ended), keyring.open(contextOf(key), key.private_key)) };
}

/**
 * The key pair in a row. Throws when anything in the row is not what was sealed: a public key that somebody wrote into
 * the database verifies nothing.
 */
export function openSigningKey(keyring: Keyring, key: SigningKey): OpenedKey {
  const privateKey = createPrivateKey(keyring.open(contextOf(key), key.private_key));
  return { kid: key.kid, privateKey, publicKey: createPublicKey(privateKey) };
}

/** Opens kept keys, each once: that costs more than a signature. */
export function keyOpener(keyring: Keyring): (key: SigningKey) => OpenedKey {
  const opened = new Map<string, OpenedKey>();
  const byRow = new WeakMap<SigningKey, OpenedKey>();
  const open = (key: SigningKey): OpenedKey => {
    const row = JSON.stringify([contextOf(key), key.private_key]);
    const known = opened.get(row);
    if (known !== undefined) return known;
    const made = openSigningKey(keyring, key);
    // There are a handful of keys at a time.
    if (opened.size >= MOST_OPENED) opened.clear();
    opened.set(row, made);
    return made;
  };
  return (key) => {
    let known = byRow.get(key);
    if (known === undefined) {
      known = open(key);
      byRow.set(key, known);
    }
    return known;
  };
}

const MOST_OPENED = 32;

function contextOf({ kid, created_at, activates_at, verifies_until, public_key }: Omit<SigningKey, 'private_key'>) {
  const { crv, kty, x, y } = public_key;
  return ['signing-key', kid, JSON.stringify([created_at, activates_at, verifies_until, crv, kty, x, y])];
}

/** RFC 7638, section 3: the SHA-256 of the required members in lexicographic order. */
function thumbprint({ crv, kty, x, y }: JsonObject): string {
  return createHash('sha256').update(JSON.stringify({ crv, kty, x, y })).digest('base64url');
}
