/** What the endpoints of the registry have in common. */
import type { JsonObject } from '../../terraform-provider-spec/kind.ts';
import { Problem } from '../domain/problem.ts';
import { type PackageSet, readPackageSet } from './package-sets.ts';

/** Answers from the packages in a directory. Rejects with `not-found`, or with what the file system says. */
export type Request = (directory: string) => Promise<JsonObject>;

/** That there is nothing; the log alone learns why. */
export function notFound(internal: string): Problem {
  return new Problem('not-found', 'There is no such package.', { internal });
}

/** The packages of `version`. Rejects with `not-found` where there are none. */
export async function requireSet(directory: string, version: string): Promise<PackageSet> {
  const set = await readPackageSet(directory, version);
  if (set === undefined) throw notFound(`there are no packages of that version in ${directory}`);
  return set;
}
