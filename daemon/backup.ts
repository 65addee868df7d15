/** Backups of the embedded database: taken online, and restored into an empty data directory. The key is never in one. */
import { readFile } from 'node:fs/promises';
import { basename } from 'node:path';
import { ConfigError } from './config.ts';
import { Keyring } from './crypto/keyring.ts';
import { writePrivateFile } from './crypto/private-file.ts';
import { givenKey, type InstallationConfig, InstallationError, keyFile } from './installation.ts';
import { type Copy, copyDatabase, databaseFile, examineCopy, placeCopy } from './store/copy.ts';

export interface Backup extends Copy {
  readonly file: string;
  /** Of the master key without which no token of it can be verified. */
  readonly keyFingerprint: string | undefined;
}

/** What is known of a backup after looking at all of it. */
export interface Verified extends Backup {
  /** `unknown`: no key was there to compare. */
  readonly key: 'fits' | 'unknown';
  /** Whether there was a file with its checksum beside it. */
  readonly checksum: 'holds' | 'unknown';
}

/**
 * Writes a backup to `file`, and its checksum beside it, as `sha256sum -c` reads it. A daemon may be running. Rejects with what
 * `copyDatabase` and `writePrivateFile` throw, and with `ConfigError` for PostgreSQL, which has its own.
 */
export async function backUp(config: InstallationConfig, file: string): Promise<Backup> {
  requireEmbedded(config, 'pg_dump --format=custom --file=accredit.dump "$ACCREDIT_DATABASE_URL"');
  await copyDatabase(config.dataDirectory, file);
  const { bytes, sha256, keyFingerprint } = await examineCopy(file);
  await writePrivateFile(checksumFile(file), `${sha256}  ${basename(file)}`);
  return { file, bytes, sha256, keyFingerprint };
}

/**
 * Looks at all of a backup, writes nothing: is it whole, of a version that this one can read, and is the key of this
 * installation, if there is one, the key of the backup? Rejects with `InstallationError` if not, and with what `examineCopy` throws.
 */
export async function verifyBackup(config: InstallationConfig, file: string, beside = file): Promise<Verified> {
  const found = await examineCopy(file);
  const expected = await readChecksum(checksumFile(beside));
  if (expected !== undefined && expected !== found.sha256) {
    throw new InstallationError(
      `${beside} is not what was backed up: its SHA-256 is ${found.sha256}, ${checksumFile(beside)} says ${expected}.`,
    );
  }
  const { bytes, sha256, keyFingerprint } = found;
  const key = await givenKey(config);
  const fingerprint = key === undefined ? undefined : new Keyring(key).fingerprint;
  if (fingerprint !== undefined && keyFingerprint !== undefined && fingerprint !== keyFingerprint) {
    throw new InstallationError(
      `the master key of this installation is not that of the backup (its fingerprint is ${fingerprint}, the backup was ` +
        `written under ${keyFingerprint}). Put the right one at ${keyFile(config)} or into ACCREDIT_MASTER_KEY.`,
    );
  }
  return {
    file: beside,
    bytes,
    sha256,
    keyFingerprint,
    key: fingerprint === undefined ? 'unknown' : 'fits',
    checksum: expected === undefined ? 'unknown' : 'holds',
  };
}

/** Verifies a copy of the backup in the data directory and makes it the database there. Rejects as `verifyBackup` and `placeCopy`. */
export async function restoreBackup(config: InstallationConfig, file: string): Promise<Verified> {
  requireEmbedded(config, 'pg_restore --no-owner --dbname="$ACCREDIT_DATABASE_URL" accredit.dump');
  let verified: Verified | undefined;
  await placeCopy(file, config.dataDirectory, async (copied) => {
    verified = await verifyBackup(config, copied, file);
  });
  return verified as Verified;
}

/** What is to be said with a backup. */
export function keyAdvice(config: InstallationConfig): string {
  const key = config.masterKey === undefined ? keyFile(config) : 'ACCREDIT_MASTER_KEY';
  return (
    `The master key is not in it. Keep ${key} too, and elsewhere: without it no token of the backup can be verified, ` +
    'and with both anybody can start a daemon on it.'
  );
}

/** What is to be said when a backup was restored. */
export function restoredAdvice(config: InstallationConfig, { key, keyFingerprint }: Verified): string[] {
  const missing =
    key === 'fits'
      ? []
      : [
          `The master key is not there yet: put the one with the fingerprint ${keyFingerprint} at ${keyFile(config)} ` +
            '(mode 0600) or into ACCREDIT_MASTER_KEY before the daemon starts.',
        ];
  return [
    `restored to ${databaseFile(config.dataDirectory)}`,
    ...missing,
    'What was revoked, rotated or deleted after the backup was taken is as it was then: do it again.',
  ];
}

function checksumFile(file: string): string {
  return `${file}.sha256`;
}

async function readChecksum(file: string): Promise<string | undefined> {
  try {
    return /^([0-9a-f]{64})\b/.exec(await readFile(file, 'utf8'))?.[1] ?? 'nothing';
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

function requireEmbedded({ databaseUrl }: InstallationConfig, instead: string): void {
  if (databaseUrl === undefined) return;
  throw new ConfigError(
    `the database is PostgreSQL, which has backups of its own: ${instead}. Keep ACCREDIT_MASTER_KEY too, and elsewhere`,
  );
}
