/** What may be wrong with the installation on this machine, found without changing anything. */
import { existsSync } from 'node:fs';
import { open, stat, statfs } from 'node:fs/promises';
import { ConfigError, loadConfig, parseArguments } from './config.ts';
import { Keyring } from './crypto/keyring.ts';
import { PrivateFileError } from './crypto/private-file.ts';
import { adminTokenFile, givenKey, type InstallationConfig, keyFile } from './installation.ts';
import { contentsOf, databaseFile } from './store/copy.ts';
import { StoreUnusable } from './store/index.ts';

/** One thing that was looked at. */
export interface Check {
  readonly name: string;
  /** `skipped`: it could not be looked at, which is no failure. */
  readonly status: 'ok' | 'warning' | 'failed' | 'skipped';
  readonly detail: string;
}

const MiB = 1024 * 1024;
/** Below the first a write may fail any moment, below the second somebody should know. Bytes. */
const DISK_FULL = 64 * MiB;
const DISK_LOW = 1024 * MiB;

/** Looks at the data directory that the settings in `environment` name. Never rejects for what it finds. */
export async function checkInstallation(
  environment: Readonly<Record<string, string | undefined>>,
  flags: readonly string[] = [],
): Promise<Check[]> {
  let config: InstallationConfig;
  try {
    config = loadConfig(parseArguments(flags), environment).config;
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    return [{ name: 'settings', status: 'failed', detail: error.message }];
  }
  if (config.databaseUrl !== undefined) return [await checkGivenKey(config)];
  const why = await unreadable(config);
  if (why !== undefined) return [{ name: 'data directory', status: 'skipped', detail: why }];
  return [await checkPermissions(config), await checkKey(config), await checkDisk(config)];
}

/** Why nothing can be said of the data directory; `undefined` if its database can be read. */
async function unreadable({ dataDirectory }: InstallationConfig): Promise<string | undefined> {
  try {
    await (await open(databaseFile(dataDirectory), 'r')).close();
    return undefined;
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT' || code === 'ENOTDIR') {
      return `there is no database in ${dataDirectory}: no daemon runs from here, or --data-dir names another`;
    }
    if (code === 'EACCES' || code === 'EPERM') {
      return `this user may not read the database in ${dataDirectory}: run it as the user of the daemon, or as root`;
    }
    return `the database in ${dataDirectory} cannot be read: ${message}`;
  }
}

async function checkPermissions(config: InstallationConfig): Promise<Check> {
  const name = 'permissions';
  const { dataDirectory } = config;
  const database = databaseFile(dataDirectory);
  const files = [database, `${database}-wal`, `${database}-shm`, keyFile(config), adminTokenFile(config)];
  const { uid } = await stat(database);
  const wrong = [];
  for (const path of [dataDirectory, ...files.filter((file) => existsSync(file))]) {
    const found = await stat(path);
    // Who may only look into the directory still finds every file in it closed.
    if ((found.mode & (path === dataDirectory ? 0o022 : 0o077)) !== 0) {
      wrong.push(`${withMode(path, found)} is open to others: run "chmod go-rwx" on it`);
    }
    // Root reads everything anyway.
    if (found.uid !== uid && found.uid !== 0) {
      wrong.push(`${path} belongs to uid ${found.uid}, the database to uid ${uid}: run "chown" on it`);
    }
  }
  if (wrong.length > 0) return { name, status: 'failed', detail: wrong.join('; ') };
  const directory = await stat(dataDirectory);
  if ((directory.mode & 0o077) === 0) {
    return { name, status: 'ok', detail: `${dataDirectory} and what it holds are closed to others` };
  }
  const detail = `others may look into or enter ${withMode(dataDirectory, directory)}, though read none of its secrets: run "chmod 700" on it`;
  return { name, status: 'warning', detail };
}

function withMode(path: string, { mode }: { readonly mode: number }): string {
  return `${path} (mode ${(mode & 0o777).toString(8).padStart(4, '0')})`;
}

async function checkKey(config: InstallationConfig): Promise<Check> {
  const name = 'master key';
  try {
    const { keyFingerprint, unknownMigrations } = await contentsOf(databaseFile(config.dataDirectory));
    if (unknownMigrations.length > 0) {
      return { name, status: 'warning', detail: 'the database is of a newer version of accredit than this one' };
    }
    const key = await givenKey(config);
    if (key === undefined) {
      const detail =
        `there is none at ${keyFile(config)}, and no setting names one here: give the daemon's own, such as ` +
        'ACCREDIT_MASTER_KEY_FILE, to have its key looked at. Without its key the daemon does not start';
      return { name, status: 'skipped', detail };
    }
    const { fingerprint } = new Keyring(key);
    if (keyFingerprint === undefined || keyFingerprint === fingerprint) {
      return { name, status: 'ok', detail: `it is the key of the database (fingerprint ${fingerprint})` };
    }
    const detail = `it is not the key of the database: its fingerprint is ${fingerprint}, needed is ${keyFingerprint}`;
    return { name, status: 'failed', detail };
  } catch (error) {
    if (!(error instanceof PrivateFileError) && !(error instanceof StoreUnusable)) throw error;
    return { name, status: 'failed', detail: error.message };
  }
}

async function checkGivenKey(config: InstallationConfig): Promise<Check> {
  const key = config.masterKey;
  if (key !== undefined) {
    const detail = `ACCREDIT_MASTER_KEY has the fingerprint ${new Keyring(key).fingerprint}; the daemon compares it at its start`;
    return { name: 'master key', status: 'ok', detail };
  }
  return { name: 'master key', status: 'failed', detail: 'with PostgreSQL ACCREDIT_MASTER_KEY is required' };
}

async function checkDisk({ dataDirectory }: InstallationConfig): Promise<Check> {
  const { bavail, bsize } = await statfs(dataDirectory);
  const free = bavail * bsize;
  const status = free < DISK_FULL ? 'failed' : free < DISK_LOW ? 'warning' : 'ok';
  const detail = `${Math.floor(free / MiB).toLocaleString('en')} MiB free where ${dataDirectory} lies`;
  return { name: 'disk', status, detail: status === 'ok' ? detail : `${detail}: make room, or writes will fail` };
}
