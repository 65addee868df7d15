/**
 * Copies the provider's packages of this image into a directory that outlives it, beside those of former images, which the lock files
 * of configurations go on naming: `keep-packages.mjs FROM TO`. Plain JavaScript without dependencies.
 */
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';

const [from = '', to = ''] = process.argv.slice(2);

mkdirSync(to, { recursive: true });
// What one that was killed has left.
for (const name of readdirSync(to)) if (name.startsWith('.')) rmSync(join(to, name), { recursive: true });
for (const version of readdirSync(from)) {
  if (isWorthIt(version)) replace(join(from, version), join(to, version), join(to, `.${version}`));
}

/**
 * Whether the packages of this image take the place of those of the same version, if there are any. Without a signature they do not
 * replace signed ones: that would end the registry.
 *
 * @param {string} version
 */
function isWorthIt(version) {
  const [ours, theirs] = [join(from, version), join(to, version)].map((directory) => describe(directory, version));
  if (theirs.sums === undefined || ours.isSigned) return true;
  if (theirs.sums === ours.sums) return false;
  if (theirs.isSigned) {
    process.stderr.write(
      `accredit: the packages of the provider ${version} stay those of a former image, which are signed: those of this one are not\n`,
    );
  }
  return !theirs.isSigned;
}

/**
 * @param {string} directory
 * @param {string} version
 */
function describe(directory, version) {
  const sums = join(directory, `terraform-provider-accredit_${version}_SHA256SUMS`);
  return { sums: existsSync(sums) ? readFileSync(sums, 'utf8') : undefined, isSigned: existsSync(`${sums}.sig`) };
}

/**
 * Beside what is there and then in its place: whoever is served meanwhile gets one or the other, whole.
 *
 * @param {string} source
 * @param {string} target
 * @param {string} beside
 */
function replace(source, target, beside) {
  cpSync(source, beside, { recursive: true });
  rmSync(target, { recursive: true, force: true });
  renameSync(beside, target);
}
