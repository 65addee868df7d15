/**
 * The provider registry protocol, for configurations whose source address begins with the name of this host. Terraform takes from a
 * registry only what is signed, so packages without a signature are not there for it.
 */
import type { JsonObject } from '../../terraform-provider-spec/kind.ts';
import { SOURCE_ADDRESS, setFiles, TERRAFORM_PATHS } from '../../terraform-provider-spec/packages.ts';
import { notFound, type Request, requireSet } from './endpoint.ts';
import { keyId } from './key-id.ts';
import { type PackageSet, packagedVersions, readPackageSet } from './package-sets.ts';
import { packageUrl } from './packages.ts';

/** Behind the host of the source address: namespace and type. */
const PROVIDER = SOURCE_ADDRESS.slice(SOURCE_ADDRESS.indexOf('/') + 1);
const BASE = `${TERRAFORM_PATHS.registry}${PROVIDER}/`;

/** What is asked of the registry at `path`; `undefined` where there is nothing. */
export function registryRequest(path: string): Request | undefined {
  if (path === TERRAFORM_PATHS.discovery) return discover;
  if (!path.startsWith(BASE)) return undefined;
  const [version = '', ...rest] = path.slice(BASE.length).split('/');
  if (version === 'versions' && rest.length === 0) return listVersions;
  const [download, os, arch, ...more] = rest;
  if (download !== 'download' || os === undefined || arch === undefined || more.length > 0) return undefined;
  return (directory) => findPackage(directory, version, { os, arch });
}

/** Remote service discovery. A host without signed packages is no registry. */
async function discover(directory: string): Promise<JsonObject> {
  await signedSets(directory);
  return { 'providers.v1': TERRAFORM_PATHS.registry };
}

async function listVersions(directory: string): Promise<JsonObject> {
  const versions = (await signedSets(directory)).map(({ version, protocols, archives }) => ({
    version,
    protocols: [...protocols],
    platforms: archives.map(({ os, arch }) => ({ os, arch })),
  }));
  return { versions };
}

async function findPackage(
  directory: string,
  version: string,
  { os, arch }: { readonly os: string; readonly arch: string },
): Promise<JsonObject> {
  const set = await requireSet(directory, version);
  if (set.signingKey === undefined) throw notFound('the packages of that version are not signed');
  const archive = set.archives.find((one) => one.os === os && one.arch === arch);
  if (archive === undefined) throw notFound('there is no package for that platform');
  const { sums, signature } = setFiles(version);
  const url = (name: string) => packageUrl(set, name, `${BASE}${version}/download/${os}/`);
  return {
    protocols: [...set.protocols],
    os,
    arch,
    filename: archive.name,
    download_url: url(archive.name),
    shasums_url: url(sums),
    shasums_signature_url: url(signature),
    shasum: archive.sha256,
    signing_keys: { gpg_public_keys: [{ key_id: keyId(set.signingKey), ascii_armor: set.signingKey }] },
  };
}

/** Rejects with `not-found` where there are none. */
async function signedSets(directory: string): Promise<PackageSet[]> {
  const versions = (await packagedVersions(directory)).sort();
  const sets = await Promise.all(versions.map((version) => readPackageSet(directory, version)));
  const signed = sets.filter((set) => set?.signingKey !== undefined) as PackageSet[];
  if (signed.length === 0) throw notFound(`there are no signed packages in ${directory}`);
  return signed;
}
