/** The packages in which the Terraform provider is handed out: what their files are called, and where a daemon serves them. */

/** What a configuration names as the source of the provider. */
export const SOURCE_ADDRESS = 'registry.terraform.io/accredit/accredit';

/** Of the plugin protocol, as registries write it. */
export const PROTOCOL_VERSIONS: readonly string[] = ['6.0'];

/** The operating systems and processors that there can be packages for, in Terraform's words. */
export const OPERATING_SYSTEMS = ['darwin', 'linux', 'windows'] as const;
export const ARCHITECTURES = ['amd64', 'arm64'] as const;

export interface Platform {
  readonly os: (typeof OPERATING_SYSTEMS)[number];
  readonly arch: (typeof ARCHITECTURES)[number];
}

/** `linux_amd64`. */
export function platformName({ os, arch }: Platform): string {
  return `${os}_${arch}`;
}

/** The platform of that name; `undefined` for one that there can be no package for. */
export function platformNamed(name: string): Platform | undefined {
  const [os, arch, ...rest] = name.split('_');
  const found = { os: OPERATING_SYSTEMS.find((one) => one === os), arch: ARCHITECTURES.find((one) => one === arch) };
  return found.os === undefined || found.arch === undefined || rest.length > 0 ? undefined : (found as Platform);
}

const TYPE = 'terraform-provider-accredit';

/** The executable within a package. */
export function executableName(version: string, { os }: Platform): string {
  return `${TYPE}_v${version}${os === 'windows' ? '.exe' : ''}`;
}

/** The zip file for one platform. */
export function archiveName(version: string, platform: Platform): string {
  return `${TYPE}_${version}_${platformName(platform)}.zip`;
}

/** The platform of a zip file of that version; `undefined` for any other file. */
export function platformOf(name: string, version: string): Platform | undefined {
  const prefix = `${TYPE}_${version}_`;
  return name.startsWith(prefix) && name.endsWith('.zip')
    ? platformNamed(name.slice(prefix.length, -'.zip'.length))
    : undefined;
}

/** What stands beside the zip files of a version. */
export interface SetFiles {
  /** The SHA-256 of every zip file and of the manifest, as `sha256sum` writes them. */
  readonly sums: string;
  /** The detached OpenPGP signature of `sums`, binary. */
  readonly signature: string;
  /** The public key that verifies it, ASCII-armored. */
  readonly signingKey: string;
  /** Which plugin protocols the provider speaks. */
  readonly manifest: string;
}

export function setFiles(version: string): SetFiles {
  const prefix = `${TYPE}_${version}`;
  return {
    sums: `${prefix}_SHA256SUMS`,
    signature: `${prefix}_SHA256SUMS.sig`,
    signingKey: `${prefix}_signing-key.asc`,
    manifest: `${prefix}_manifest.json`,
  };
}

/** `text` as the file of sums has it, from sums by name. */
export function formatSums(sums: ReadonlyMap<string, string>): string {
  return [...sums].map(([name, sum]) => `${sum}  ${name}\n`).join('');
}

/** Sums by name, from the text of the file. What is no line of a sum is passed over. */
export function parseSums(text: string): Map<string, string> {
  const lines = text.matchAll(/^([0-9a-f]{64}) [ *]([^\s/]+)$/gm);
  return new Map([...lines].map(([, sum, name]) => [name as string, sum as string]));
}

/** Versions by the rules of semver.org, as far as registries take them: no build metadata. */
export const VERSION_PATTERN = /^(0|[1-9]\d*)\.(0|[1-9]\d*)\.(0|[1-9]\d*)(-[0-9A-Za-z-]+(\.[0-9A-Za-z-]+)*)?$/;

/** Where a daemon serves what Terraform installs the provider from. All of it is open to everybody. */
export const TERRAFORM_PATHS = {
  /** What Terraform asks a host for that a source address names. */
  discovery: '/.well-known/terraform.json',
  /** The base URL of the network mirror, behind which Terraform writes the source address. */
  mirror: '/terraform/mirror/',
  /** The base URL of the provider registry, behind which Terraform writes namespace and type. */
  registry: '/terraform/providers/v1/',
  /** The files themselves. */
  packages: '/terraform/packages/',
} as const;
