/** Plain JavaScript without dependencies: what installs them reads it too. */
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';

/**
 * Where the provider's packages lie, as an absolute path: where the daemon looks that starts in this environment, `fallback` where it
 * names no place. Throws `Error` for a file that it names and that cannot be read.
 *
 * @param {Readonly<Record<string, string | undefined>>} environment
 * @param {string} fallback
 * @returns {string}
 */
export function packagesDirectory(environment, fallback) {
  const { ACCREDIT_PROVIDER_PACKAGES: named, ACCREDIT_PROVIDER_PACKAGES_FILE: file } = environment;
  return resolve(named || (file && readFileSync(file, 'utf8').trim()) || fallback);
}
