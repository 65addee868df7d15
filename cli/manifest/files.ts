/** The files that a manifest is made of. */
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { extname, join } from 'node:path';

export interface ManifestFile {
  /** As it is shown to people. */
  readonly file: string;
  readonly text: string;
}

const EXTENSIONS = new Set(['.yaml', '.yml', '.json']);

/**
 * The files that `paths` name, each once: of a directory, those that lie directly in it and end in `.yaml`, `.yml` or
 * `.json`, sorted, without hidden ones. `-` stands for standard input. Throws the error of the system for what cannot be read.
 */
export function readManifestFiles(paths: readonly string[]): ManifestFile[] {
  const files = paths.flatMap((path) => (path !== '-' && statSync(path).isDirectory() ? filesIn(path) : [path]));
  return [...new Set(files)].map((file) =>
    file === '-' ? { file: '<stdin>', text: readFileSync(0, 'utf8') } : { file, text: readFileSync(file, 'utf8') },
  );
}

function filesIn(directory: string): string[] {
  return readdirSync(directory, { withFileTypes: true })
    .filter((entry) => !entry.isDirectory() && !entry.name.startsWith('.') && EXTENSIONS.has(extname(entry.name)))
    .map(({ name }) => join(directory, name))
    .sort();
}
