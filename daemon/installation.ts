/** What ties a store to its key and its first owner: checked, and on the first start made. */
import { randomUUID } from 'node:crypto';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { mintToken, tokenHash, tokenKind } from '../terraform-provider-spec/token.ts';
import type { Config } from './config.ts';
import { Keyring } from './crypto/keyring.ts';
import { createMasterKey, readMasterKey } from './crypto/master-key.ts';
import { readPrivateFile, writePrivateFile } from './crypto/private-file.ts';
import { bootstrapOperation, recoverOperation } from './domain/bootstrap.ts';
import { ambient } from './domain/identity.ts';
import type { Store } from './domain/snapshot.ts';

/** The installation cannot be used as it is. The message says what to do. */
export class InstallationError extends Error {
  override readonly name = 'InstallationError';
}

const FINGERPRINT = 'key-fingerprint';

export type InstallationConfig = Pick<Config, 'dataDirectory' | 'databaseUrl' | 'masterKey' | 'bootstrapTokenSha256'>;

/** Where the first owner's token lies. */
export function adminTokenFile({ dataDirectory }: Pick<Config, 'dataDirectory'>): string {
  return join(dataDirectory, 'admin-token');
}

/**
 * The keys of the installation in `store`. A key is made only for an embedded store that never had one and is empty.
 * Throws `InstallationError` when there is no key, or another one than the store's secrets were hashed under.
 */
export async function openKeyring(config: InstallationConfig, store: Store): Promise<Keyring> {
  const known = await store.meta(FINGERPRINT);
  const keyring = new Keyring(await masterKey(config, known === undefined && (await store.empty())));
  if (known === undefined) await store.setMeta(FINGERPRINT, keyring.fingerprint);
  else if (known !== keyring.fingerprint) {
    throw new InstallationError(
      `${keySource(config)} is not the master key of this database (its fingerprint is ${keyring.fingerprint}, the ` +
        `database was written under ${known}). Give the right one, or restore it from where it was kept: no token ` +
        'can be verified under another key.',
    );
  }
  return keyring;
}

/** Throws `InstallationError` when the database is shared and no key is given: a file would be one machine's. */
export function requireSharedKey({ databaseUrl, masterKey }: InstallationConfig): void {
  if (databaseUrl === undefined || masterKey !== undefined) return;
  throw new InstallationError(
    'With PostgreSQL the master key must be given: set ACCREDIT_MASTER_KEY or ACCREDIT_MASTER_KEY_FILE to 32 random ' +
      'bytes in base64 ("openssl rand -base64 32" makes them), the same for every daemon on this database.',
  );
}

async function masterKey(config: InstallationConfig, mayCreate: boolean): Promise<Buffer> {
  const file = keyFile(config);
  const key = await givenKey(config);
  if (key !== undefined) return key;
  if (mayCreate) return createMasterKey(file);
  throw new InstallationError(
    `The master key is missing: there is a database in ${config.dataDirectory}, but no file ${file}, and ` +
      'ACCREDIT_MASTER_KEY is not set. Put the key back; without it no token can be verified, and a new one is never ' +
      'made beside existing data.',
  );
}

/** The key that is set or lies in its file; `undefined` if there is none. Throws `PrivateFileError` for a file that is none. */
export async function givenKey(config: InstallationConfig): Promise<Buffer | undefined> {
  return config.masterKey ?? (await readMasterKey(keyFile(config)));
}

/** Where the master key lies unless it is set. */
export function keyFile({ dataDirectory }: Pick<Config, 'dataDirectory'>): string {
  return join(dataDirectory, 'master-key');
}

function keySource(config: InstallationConfig): string {
  return config.masterKey === undefined ? `The key in ${keyFile(config)}` : 'ACCREDIT_MASTER_KEY';
}

export interface Installation {
  readonly store: Store;
  readonly keyring: Keyring;
  readonly clock: () => number;
}

/** `existed`: nothing was done. `hash`: the owner token is the one whose hash was given. `file`: it lies in the file. */
export type FirstRun = 'existed' | 'hash' | 'file';

/**
 * Makes the first organization, account and owner token, unless there are any. The token is in its file, synced, before
 * the database has it, so that no crash leaves a database whose only token nobody knows; a file from such a crash is used.
 */
export async function firstRun(config: InstallationConfig, { store, keyring, clock }: Installation): Promise<FirstRun> {
  if (!(await store.empty())) return 'existed';
  const bootstrap = (tokenSha256: string) =>
    store.engine.submit(bootstrapOperation(ambient(keyring, clock), tokenSha256, randomUUID()));
  const { bootstrapTokenSha256 } = config;
  if (bootstrapTokenSha256 !== undefined) return (await bootstrap(bootstrapTokenSha256)) ? 'hash' : 'existed';
  const file = adminTokenFile(config);
  const left = await leftToken(file);
  const token = left ?? mintToken('sa');
  if (left === undefined) await writePrivateFile(file, token);
  if (await bootstrap(tokenHash(token))) return 'file';
  // Another daemon on the same database was first: this token never became one.
  if (left === undefined) await rm(file, { force: true });
  return 'existed';
}

async function leftToken(file: string): Promise<string | undefined> {
  const text = await readPrivateFile(file);
  if (text === undefined || tokenKind(text) === 'sa') return text;
  throw new InstallationError(`${file} exists and holds no token. Remove it, and the first start makes a new one.`);
}

/**
 * Makes a new owner token for whoever has the data directory, and writes it to its file, synced before the database has
 * it. Resolves with the token's address.
 */
export async function recover(config: InstallationConfig, { store, keyring, clock }: Installation): Promise<string> {
  const token = mintToken('sa');
  await writePrivateFile(adminTokenFile(config), token);
  return store.engine.submit(recoverOperation(ambient(keyring, clock), tokenHash(token), randomUUID()));
}
