/**
 * What is derived from the master key. Each purpose has a key of its own by HKDF (RFC 5869), so that none can stand in
 * for another. There is nothing to choose: HMAC-SHA-256 for marks, AES-256-GCM for what must be read again.
 */
import { createCipheriv, createDecipheriv, createHmac, hkdfSync, randomBytes } from 'node:crypto';

const KEY_LENGTH = 32;
const NONCE_LENGTH = 12;
const TAG_LENGTH = 16;

export class Keyring {
  readonly #master: Buffer;
  readonly #pepper: Buffer;
  readonly #marks: Buffer;
  /** Tells this key from another one without revealing it; 32 hexadecimal characters. */
  readonly fingerprint: string;

  /** `master`: 32 random bytes. Throws `RangeError` for any other length. */
  constructor(master: Uint8Array) {
    if (master.length !== KEY_LENGTH)
      throw new RangeError(`a master key has ${KEY_LENGTH} bytes, not ${master.length}`);
    this.#master = Buffer.from(master);
    this.#pepper = this.#derive('accredit/pepper');
    this.#marks = this.#derive('accredit/marks');
    this.fingerprint = this.#derive('accredit/fingerprint').toString('hex').slice(0, 32);
  }

  /** What is stored of a token: HMAC-SHA-256(pepper, SHA-256(token)). Takes the SHA-256 and answers in hexadecimal. */
  hashSecret(tokenSha256: string): string {
    return createHmac('sha256', this.#pepper).update(Buffer.from(tokenSha256, 'hex')).digest('hex');
  }

  /** A keyed mark of `parts`, unambiguous however they are split; hexadecimal. */
  mark(...parts: readonly string[]): string {
    return createHmac('sha256', this.#marks).update(JSON.stringify(parts)).digest('hex');
  }

  /**
   * Encrypts under a key that takes both the master key and `context`, which is bound as additional data too: whoever
   * lacks either cannot read it. Base64: nonce, ciphertext, tag.
   */
  seal(context: readonly string[], plaintext: string): string {
    const bound = Buffer.from(JSON.stringify(context), 'utf8');
    const nonce = randomBytes(NONCE_LENGTH);
    const cipher = createCipheriv('aes-256-gcm', this.#derive('accredit/seal', bound), nonce).setAAD(bound);
    const sealed = Buffer.concat([cipher.update(plaintext, 'utf8'), cipher.final()]);
    return Buffer.concat([nonce, sealed, cipher.getAuthTag()]).toString('base64');
  }

  /** Reads what `seal` made with the same context. Throws when it is another one or the text was tampered with. */
  open(context: readonly string[], sealed: string): string {
    const bound = Buffer.from(JSON.stringify(context), 'utf8');
    const bytes = Buffer.from(sealed, 'base64');
    const nonce = bytes.subarray(0, NONCE_LENGTH);
    const tag = bytes.subarray(bytes.length - TAG_LENGTH);
    const decipher = createDecipheriv('aes-256-gcm', this.#derive('accredit/seal', bound), nonce)
      .setAAD(bound)
      .setAuthTag(tag);
    const text = decipher.update(bytes.subarray(NONCE_LENGTH, bytes.length - TAG_LENGTH));
    return Buffer.concat([text, decipher.final()]).toString('utf8');
  }

  #derive(purpose: string, context: Uint8Array = Buffer.alloc(0)): Buffer {
    return Buffer.from(hkdfSync('sha256', this.#master, context, purpose, KEY_LENGTH));
  }
}
