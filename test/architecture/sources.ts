/** The files of the project, as the tests about its shape read them. */
import { readdirSync, readFileSync } from 'node:fs';
import { join, posix } from 'node:path';
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));

/** What an installation, a build or a run leaves in a clone. */
const NOT_OURS = new Set(['node_modules', 'dist', 'data', '.git']);

export function readText(path: string): string {
  return readFileSync(join(ROOT, path), 'utf8');
}

/** Every file of the project that passes, relative to the clone, with `/` between the segments. */
export function projectFiles(wanted: (path: string) => boolean = () => true): string[] {
  const visit = (directory: string): string[] =>
    readdirSync(join(ROOT, directory), { withFileTypes: true }).flatMap((entry) => {
      const path = posix.join(directory, entry.name);
      if (entry.isDirectory()) return NOT_OURS.has(entry.name) ? [] : visit(path);
      return wanted(path) ? [path] : [];
    });
  return visit('.').sort();
}

/** What a source imports: paths relative to the clone for files of ours, specifiers for everything else. */
export function importsOf(path: string, text: string): string[] {
  const specifiers = [...text.matchAll(/^(?:import|export)\b(?:[^;'"]*?\bfrom)?\s*['"]([^'"]+)['"]/gm)];
  const dynamic = [...text.matchAll(/\bimport\(\s*['"]([^'"]+)['"]\s*\)/g)];
  return [...specifiers, ...dynamic].map(([, specifier]) => {
    const name = specifier as string;
    return name.startsWith('.') ? posix.join(posix.dirname(path), name) : name;
  });
}
