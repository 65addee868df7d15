/**
 * The provider network mirror protocol: what Terraform asks a `network_mirror` for. Terraform speaks it over TLS alone, and takes the
 * packages for copies of those of the source address.
 */
import { platformName, SOURCE_ADDRESS, TERRAFORM_PATHS } from '../../terraform-provider-spec/packages.ts';
import { notFound, type Request, requireSet } from './endpoint.ts';
import { packagedVersions } from './package-sets.ts';
import { packageUrl } from './packages.ts';

const BASE = `${TERRAFORM_PATHS.mirror}${SOURCE_ADDRESS}/`;

/** What is asked of the mirror at `path`; `undefined` where there is nothing. */
export function mirrorRequest(path: string): Request | undefined {
  if (!path.startsWith(BASE)) return undefined;
  const name = path.slice(BASE.length);
  if (name === 'index.json') return listVersions;
  if (name.includes('/') || !name.endsWith('.json')) return undefined;
  return (directory) => listArchives(directory, name.slice(0, -'.json'.length));
}

async function listVersions(directory: string) {
  const versions = await packagedVersions(directory);
  if (versions.length === 0) throw notFound(`there are no packages in ${directory}`);
  return { versions: Object.fromEntries(versions.sort().map((version) => [version, {}])) };
}

async function listArchives(directory: string, version: string) {
  const set = await requireSet(directory, version);
  const archives = set.archives.map((archive) => [
    platformName(archive),
    { url: packageUrl(set, archive.name, BASE), hashes: [`zh:${archive.sha256}`] },
  ]);
  return { archives: Object.fromEntries(archives) };
}
