import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

let found: string | undefined;

/** The version in the package's own `package.json`, wherever this was built to. */
export function version(): string {
  found ??= readVersion(import.meta.dirname);
  return found;
}

function readVersion(directory: string): string {
  const file = join(directory, 'package.json');
  if (existsSync(file)) return (JSON.parse(readFileSync(file, 'utf8')) as { version: string }).version;
  const above = dirname(directory);
  if (above === directory) throw new Error('the package.json of accredit is missing');
  return readVersion(above);
}
