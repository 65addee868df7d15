/** Whether what was built is of the sources that are there. Plain JavaScript without dependencies: it runs before there are any. */
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';

/** What goes into the daemon and the provider; a change below any of them calls for a new build. */
const SOURCES = ['terraform-provider-spec', 'daemon', 'client', 'cli', 'terraform-provider'];
const BUILD_FILES = ['tsconfig.json', 'tsconfig.build.json', 'package.json', 'package-lock.json'];
const PACKAGING = ['build-provider.ts', 'package-provider.ts', 'packages/archive.ts', 'packages/signature.ts'];

/**
 * Changes whenever a source file below `root`, the directory of a clone, is added, removed or edited.
 *
 * @param {string} root
 * @returns {string}
 */
export function fingerprint(root) {
  /** @type {string[]} */
  const lines = [];
  /** @param {string} path */
  const visit = (path) => {
    for (const entry of readdirSync(join(root, path), { withFileTypes: true })) {
      const below = `${path}/${entry.name}`;
      if (entry.isDirectory()) visit(below);
      else lines.push(line(below));
    }
  };
  /** @param {string} path */
  const line = (path) => {
    const { size, mtimeMs } = statSync(join(root, path));
    return `${path} ${size} ${mtimeMs}`;
  };
  for (const directory of SOURCES) if (existsSync(join(root, directory))) visit(directory);
  for (const file of [...BUILD_FILES, ...PACKAGING.map((name) => `scripts/${name}`)])
    if (existsSync(join(root, file))) lines.push(line(file));
  return `${createHash('sha256').update(lines.sort().join('\n')).digest('hex')}\n`;
}
