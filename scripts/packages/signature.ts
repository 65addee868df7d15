/** Signatures of the sums by an OpenPGP key, as Terraform verifies those of a registry. */
import { createMessage, decryptKey, generateKey, type PrivateKey, readKey, readPrivateKey, sign } from 'openpgp';
import { keyId } from '../../daemon/registry/key-id.ts';

/** The signature key cannot be used. The message says why, and holds nothing of it. */
export class SigningKeyError extends Error {
  override readonly name = 'SigningKeyError';
}

export interface SigningKey {
  /** In 16 hexadecimal digits. */
  readonly id: string;
  /** The public key, ASCII-armored. */
  readonly publicKey: string;
  /** A detached signature of `data`, binary. */
  sign(data: Uint8Array): Promise<Uint8Array>;
}

/**
 * Reads a private key, ASCII-armored or binary. `passphrase` unlocks one that is locked. Rejects with `SigningKeyError` for what is no such
 * key, for one of a version that Terraform does not verify with, and for a wrong or missing passphrase.
 */
export async function readSigningKey(content: Uint8Array, passphrase?: string): Promise<SigningKey> {
  const key = await unlocked(await privateKey(content), passphrase);
  const publicKey = key.toPublic().armor();
  return {
    id: identified(publicKey),
    publicKey,
    async sign(data) {
      const message = await createMessage({ binary: data });
      try {
        return await sign({ message, signingKeys: key, detached: true, format: 'binary' });
      } catch (error) {
        throw new SigningKeyError(`the signing key cannot sign: ${(error as Error).message}`);
      }
    },
  };
}

/** A new Ed25519 key for signatures alone, ASCII-armored, locked by `passphrase` where there is one. */
export async function newSigningKey(passphrase?: string): Promise<string> {
  const { privateKey } = await generateKey({
    type: 'ecc',
    curve: 'ed25519Legacy',
    userIDs: [{ name: 'Accredit provider packages' }],
    subkeys: [],
    format: 'armored',
    ...(passphrase !== undefined && { passphrase }),
  });
  return privateKey;
}

async function privateKey(content: Uint8Array): Promise<PrivateKey> {
  const text = Buffer.from(content).toString('latin1');
  try {
    if (!text.includes('-----BEGIN')) return await readPrivateKey({ binaryKey: content });
    return await readPrivateKey({ armoredKey: text });
  } catch {
    throw new SigningKeyError(
      (await isPublicKey(text))
        ? 'the signing key is a public key; signing needs the private one ("gpg --armor --export-secret-keys")'
        : 'the signing key is no OpenPGP private key, ASCII-armored or binary',
    );
  }
}

function isPublicKey(text: string): Promise<boolean> {
  return readKey({ armoredKey: text }).then(
    (key) => !key.isPrivate(),
    () => false,
  );
}

async function unlocked(key: PrivateKey, passphrase: string | undefined): Promise<PrivateKey> {
  if (key.isDecrypted()) return key;
  if (passphrase === undefined) {
    throw new SigningKeyError('the signing key is locked: set ACCREDIT_PROVIDER_SIGNING_KEY_PASSPHRASE, or …_FILE');
  }
  try {
    return await decryptKey({ privateKey: key, passphrase });
  } catch {
    throw new SigningKeyError('the passphrase does not unlock the signing key');
  }
}

function identified(publicKey: string): string {
  try {
    return keyId(publicKey);
  } catch (error) {
    throw new SigningKeyError(`Terraform cannot verify with the signing key: ${(error as Error).message}`);
  }
}
