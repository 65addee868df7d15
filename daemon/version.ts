import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

let found: string | undefined;

/** The version in the package's own `package.json`, wherever this was built to. */
export function version(): string {
  found ??= (JSON.parse(readFileSync(join(installation(), 'package.json'), 'utf8')) as { version: string }).version;
  return found;
}

/** The directory of that `package.json`, in which `dist` is. */
export function installation(directory: string = import.meta.dirname): string {
  if (existsSync(join(directory, 'package.json'))) return directory;
  const above = dirname(directory);
  if (above === directory) throw new Error('the package.json of accredit is missing');
  return installation(above);
}
