/** Packages of the provider that hold a text instead of it: what serves them does not look inside. */

import { type PackagedProvider, writePackages } from '../../scripts/package-provider.ts';
import { newSigningKey, readSigningKey, type SigningKey } from '../../scripts/packages/signature.ts';
import type { Platform } from '../../terraform-provider-spec/packages.ts';

const PLATFORMS: readonly Platform[] = [
  { os: 'darwin', arch: 'arm64' },
  { os: 'linux', arch: 'amd64' },
  { os: 'windows', arch: 'amd64' },
];

export interface StubOptions {
  readonly version?: string;
  readonly text?: string;
  readonly signingKey?: SigningKey;
}

/** Writes the packages of a version for three platforms below `directory`. */
export function stubPackages(directory: string, options: StubOptions = {}): Promise<PackagedProvider> {
  const { version = '0.1.0', text = 'a provider', signingKey } = options;
  const executables = PLATFORMS.map((platform) => ({ ...platform, executable: Buffer.from(text) }));
  return writePackages({ directory, version, executables, signingKey });
}

/** A key that nobody keeps. */
export async function throwAwayKey(): Promise<SigningKey> {
  return readSigningKey(Buffer.from(await newSigningKey()));
}
