/** The master key as text and as a file: 32 random bytes in base64. */
import { randomBytes } from 'node:crypto';
import { PrivateFileError, readPrivateFile, writePrivateFile } from './private-file.ts';

const KEY_LENGTH = 32;

/** The key that `text` stands for, or `undefined` unless it is 32 bytes in base64 (RFC 4648, section 4). */
export function parseMasterKey(text: string): Buffer | undefined {
  const key = Buffer.from(text, 'base64');
  const unpadded = (base64: string) => base64.replace(/=+$/, '');
  return key.length === KEY_LENGTH && unpadded(key.toString('base64')) === unpadded(text.trim()) ? key : undefined;
}

/** The key in the file `path`, or `undefined` if there is none. Throws `PrivateFileError` for a file that is none. */
export async function readMasterKey(path: string): Promise<Buffer | undefined> {
  const text = await readPrivateFile(path);
  if (text === undefined) return undefined;
  const key = parseMasterKey(text);
  if (key === undefined) throw new PrivateFileError(`${path} holds no master key: that is 32 bytes in base64`);
  return key;
}

/** A new key, on the disk in `path` when this resolves. The caller has made sure that no other one is needed. */
export async function createMasterKey(path: string): Promise<Buffer> {
  const key = randomBytes(KEY_LENGTH);
  await writePrivateFile(path, key.toString('base64'));
  return key;
}
