/** The packages of the provider on disk: a directory with one directory for each version. */
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import {
  type Platform,
  PROTOCOL_VERSIONS,
  parseSums,
  platformOf,
  setFiles,
  VERSION_PATTERN,
} from '../../terraform-provider-spec/packages.ts';

/** One zip file. */
export interface Archive extends Platform {
  readonly name: string;
  /** In lower-case hexadecimal. */
  readonly sha256: string;
}

/** The packages of one version. */
export interface PackageSet {
  readonly version: string;
  /** The SHA-256 of each file that has one, by name. */
  readonly sums: ReadonlyMap<string, string>;
  readonly archives: readonly Archive[];
  /** The plugin protocols that the provider speaks. */
  readonly protocols: readonly string[];
  /** The public key by which the sums are signed, ASCII-armored; `undefined` where they are not. */
  readonly signingKey: string | undefined;
}

/**
 * The versions that there are packages of, in no order. Empty where the directory is missing. Rejects with what the file
 * system says otherwise.
 */
export async function packagedVersions(directory: string): Promise<string[]> {
  const names = (await absent(readdir(directory))) ?? [];
  const versions = names.filter((name) => VERSION_PATTERN.test(name));
  const sums = await Promise.all(versions.map((version) => readSums(directory, version)));
  return versions.filter((_version, index) => sums[index] !== undefined);
}

/** The packages of `version`; `undefined` where there are none. Rejects with what the file system says otherwise. */
export async function readPackageSet(directory: string, version: string): Promise<PackageSet | undefined> {
  if (!VERSION_PATTERN.test(version)) return undefined;
  const files = setFiles(version);
  const [text, manifest, signature, signingKey] = await Promise.all([
    readSums(directory, version),
    absent(readFile(join(directory, version, files.manifest), 'utf8')),
    absent(readFile(join(directory, version, files.signature))),
    absent(readFile(join(directory, version, files.signingKey), 'utf8')),
  ]);
  if (text === undefined) return undefined;
  const sums = parseSums(text);
  const archives = [...sums].flatMap(([name, sha256]) => {
    const platform = platformOf(name, version);
    return platform === undefined ? [] : [{ ...platform, name, sha256 }];
  });
  return {
    version,
    sums,
    archives,
    protocols: manifest === undefined ? PROTOCOL_VERSIONS : protocolsOf(manifest),
    signingKey: signature === undefined ? undefined : signingKey,
  };
}

function readSums(directory: string, version: string): Promise<string | undefined> {
  return absent(readFile(join(directory, version, setFiles(version).sums), 'utf8'));
}

function protocolsOf(manifest: string): readonly string[] {
  return (JSON.parse(manifest) as { metadata: { protocol_versions: string[] } }).metadata.protocol_versions;
}

/** `undefined` in place of what is not there. */
export async function absent<T>(reading: Promise<T>): Promise<T | undefined> {
  try {
    return await reading;
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT' || code === 'ENOTDIR') return undefined;
    throw error;
  }
}
