/** Reads what the documentation is made from besides the contract, which itself does no I/O. */
import { readdirSync, readFileSync } from 'node:fs';
import { join, posix } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Inputs } from '../terraform-provider-spec/derive/documentation/inputs.ts';

const ROOT = fileURLToPath(new URL('..', import.meta.url));

/** The examples and the templates, in an order that is the same everywhere. */
export function documentationInputs(): Inputs {
  const paths = ['examples', 'terraform-provider-spec/templates'].flatMap(filesBelow).sort();
  return new Map(paths.map((path) => [path, readFileSync(join(ROOT, path), 'utf8')]));
}

/** The files below a directory of the clone, relative to the clone, with `/` between the segments. */
export function filesBelow(directory: string): string[] {
  return readdirSync(join(ROOT, directory), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => posix.join(directory, entry.parentPath.slice(join(ROOT, directory).length), entry.name));
}
