/**
 * Packs the Terraform provider in the form in which registries hand providers out: a zip file for each platform, their sums and the
 * manifest, signed where there is a key. It writes where the daemon looks.
 */
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';
import {
  archiveName,
  executableName,
  formatSums,
  type Platform,
  PROTOCOL_VERSIONS,
  platformName,
  platformNamed,
  setFiles,
} from '../terraform-provider-spec/packages.ts';
import { bundle, bundleProvider } from './build-provider.ts';
import { archive } from './packages/archive.ts';
import { packagesDirectory } from './packages/directory.mjs';
import { NodeExecutableError, selfContained } from './packages/self-contained.ts';
import { newSigningKey, readSigningKey, type SigningKey, SigningKeyError } from './packages/signature.ts';
import { fingerprint } from './sources.mjs';

const ROOT = fileURLToPath(new URL('..', import.meta.url));

/** Beside the packages of a version, the fingerprint of the sources that they are made of. */
const SOURCES = '.sources';

/** Where the provider can be a script that the system starts with the `node` on its PATH. Windows starts no such script. */
const SCRIPT_PLATFORMS: readonly Platform[] = [
  { os: 'darwin', arch: 'amd64' },
  { os: 'darwin', arch: 'arm64' },
  { os: 'linux', arch: 'amd64' },
  { os: 'linux', arch: 'arm64' },
];

export interface PackageOptions {
  /** The directory of all versions. */
  readonly directory: string;
  readonly version: string;
  /** What to pack, each for its platform. */
  readonly executables: readonly Packed[];
  readonly signingKey?: SigningKey | undefined;
  /** The fingerprint of the sources, where a start may pack what they have become in place of this. */
  readonly sources?: string | undefined;
  /** Whether signed packages stay, rather than make place for ones that are not. */
  readonly keepsSigned?: boolean | undefined;
}

export interface Packed extends Platform {
  readonly executable: Uint8Array;
}

/** The packages of one version, as they were written. */
export interface PackagedProvider {
  readonly directory: string;
  readonly names: readonly string[];
  /** The ID of the key by which they are signed. */
  readonly signedBy: string | undefined;
  /** Whether they are not signed, and the ones that were there are. Those are still there only by `keepsSigned`. */
  readonly endsSignature: boolean;
}

/**
 * Writes the packages of a version, in place of those of the same version that were there. A signature that was made of the same
 * sums stays. Rejects when a file cannot be written, and with `SigningKeyError` when the key cannot sign.
 */
export async function writePackages(options: PackageOptions): Promise<PackagedProvider> {
  const { directory, version, executables, signingKey, sources, keepsSigned = false } = options;
  const { sums, signature, signingKey: keyFile, manifest } = setFiles(version);
  const files = new Map<string, Uint8Array>();
  // Script packages of several platforms hold the same bytes: packing them once is enough.
  const packed = new Map<Uint8Array, Uint8Array>();
  for (const { executable, ...platform } of [...executables].sort(byName)) {
    const zip = packed.get(executable) ?? archive(executableName(version, platform), executable);
    packed.set(executable, zip);
    files.set(archiveName(version, platform), zip);
  }
  const described = { version: 1, metadata: { protocol_versions: PROTOCOL_VERSIONS } };
  files.set(manifest, Buffer.from(`${JSON.stringify(described, null, 2)}\n`));
  const sumsText = formatSums(new Map([...files].map(([name, content]) => [name, sha256(content)])));
  files.set(sums, Buffer.from(sumsText));
  const target = join(directory, version);
  const wasSigned = existsSync(join(target, signature));
  if (signingKey !== undefined) {
    files.set(signature, await signingKey.sign(Buffer.from(sumsText)));
    files.set(keyFile, Buffer.from(signingKey.publicKey));
  } else if (read(join(target, sums)) === sumsText) {
    for (const name of [signature, keyFile]) {
      if (existsSync(join(target, name))) files.set(name, readFileSync(join(target, name)));
    }
  }
  const endsSignature = wasSigned && !files.has(signature);
  if (!endsSignature || !keepsSigned) {
    replace(target, sources === undefined ? files : new Map([...files, [SOURCES, Buffer.from(sources)]]));
  }
  return { directory: target, names: [...files.keys()], signedBy: signingKey?.id, endsSignature };
}

/** Beside what is there and then in its place: whoever is served meanwhile gets one or the other, whole. */
function replace(target: string, files: ReadonlyMap<string, Uint8Array>): void {
  const [fresh, old] = [`${target}.${process.pid}`, `${target}.${process.pid}.old`];
  mkdirSync(fresh, { recursive: true });
  try {
    for (const [name, content] of files) writeFileSync(join(fresh, name), content);
    if (existsSync(target)) renameSync(target, old);
    renameSync(fresh, target);
  } finally {
    for (const left of [fresh, old]) rmSync(left, { recursive: true, force: true });
  }
}

const byName = (left: Platform, right: Platform) => (platformName(left) < platformName(right) ? -1 : 1);

/**
 * What to pack: the script wherever it runs, and in its place, or where it does not, a self-contained executable for each platform in
 * `nodes`, made with the Node executable in that file. Rejects with `NodeExecutableError` for one that will not do.
 */
export async function providerExecutables(nodes: ReadonlyMap<string, string> = new Map()): Promise<Packed[]> {
  const entry = join(ROOT, 'terraform-provider', 'main.ts');
  const script = await bundleProvider(entry);
  const program = nodes.size === 0 ? '' : await bundle(entry);
  const scripts = SCRIPT_PLATFORMS.filter((platform) => !nodes.has(platformName(platform)));
  return [
    ...scripts.map((platform) => ({ ...platform, executable: script })),
    ...[...nodes].map(([name, node]) => {
      const platform = platformNamed(name) as Platform;
      return { ...platform, executable: selfContained(program, node, platform) };
    }),
  ];
}

const HELP = `npm run package:provider -- [FLAG…]

  --node OS_ARCH=FILE     a package for that platform that needs no node on the PATH: it holds the Node executable in
                          FILE, of the version that runs this. The only way to a package for Windows. May be repeated
  --signing-key FILE      an OpenPGP private key, by which the sums are signed; ACCREDIT_PROVIDER_SIGNING_KEY[_FILE] too,
                          and for a locked one ACCREDIT_PROVIDER_SIGNING_KEY_PASSPHRASE[_FILE]
  --new-signing-key FILE  makes such a key first, locked by that passphrase
  --keep-signed           leaves signed packages as they are, where they would make place for ones that are not
  --directory DIRECTORY   where to write; if left out ACCREDIT_PROVIDER_PACKAGES, where the daemon looks, or dist/packages`;

/** A mistake on the command line. */
class UsageError extends Error {}

async function main(words: readonly string[]): Promise<void> {
  const { values } = parse(words);
  if (values.help) return console.log(HELP);
  const { version } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as { version: string };
  const signingKey = await signingKeyOf(values);
  const nodes = new Map((values.node ?? []).map(nodeOf));
  const directory = values.directory ?? packagesDirectory(process.env, join(ROOT, 'dist', 'packages'));
  // What holds a Node is not packed anew by a start, which has none.
  const sources = nodes.size === 0 ? fingerprint(ROOT) : undefined;
  const executables = await providerExecutables(nodes);
  const keepsSigned = values['keep-signed'];
  const packaged = await writePackages({ directory, version, executables, signingKey, sources, keepsSigned });
  if (packaged.endsSignature && keepsSigned) {
    return console.error(
      `accredit: the Terraform provider in ${packaged.directory} is signed and of other sources than these, and stays until ` +
        '"npm run package:provider -- --signing-key FILE" packs it anew',
    );
  }
  report(packaged, [...nodes.keys()], version);
  if (packaged.endsSignature || lacksVersion(directory, version)) {
    console.error(
      `accredit: the Terraform provider ${version} is not signed, unlike what was there before: the registry does not have it until ` +
        '"npm run package:provider -- --signing-key FILE" signs it; a network mirror does',
    );
  }
}

function report({ directory, names, signedBy }: PackagedProvider, nodes: readonly string[], version: string): void {
  console.log([directory, ...names.map((name) => `  ${name}`)].join('\n'));
  if (!nodes.some((name) => name.startsWith('windows_'))) {
    console.log('None for Windows, which starts no script: give a node.exe with --node windows_amd64=FILE.');
  }
  if (signedBy !== undefined) console.log(`Signed by the key ${signedBy}.`);
  else if (names.includes(setFiles(version).signature)) console.log('The signature that was there is still right.');
  else console.log('Not signed: a network mirror needs no signature, a provider registry does (--signing-key).');
}

/** Whether there is a registry, since another version is signed, which lacks this one. */
function lacksVersion(directory: string, version: string): boolean {
  const isSigned = (one: string) => existsSync(join(directory, one, setFiles(one).signature));
  return !isSigned(version) && readdirSync(directory).some(isSigned);
}

function parse(words: readonly string[]) {
  try {
    return parseArgs({
      args: [...words],
      options: {
        node: { type: 'string', multiple: true },
        'signing-key': { type: 'string' },
        'new-signing-key': { type: 'string' },
        'keep-signed': { type: 'boolean' },
        directory: { type: 'string' },
        help: { type: 'boolean' },
      },
    });
  } catch (error) {
    throw new UsageError(`${(error as Error).message}\n\n${HELP}`);
  }
}

function nodeOf(text: string): [string, string] {
  const [, name = '', file = ''] = /^([^=]+)=(.+)$/.exec(text) ?? [];
  if (platformNamed(name) === undefined) throw new UsageError(`--node ${text}: it takes OS_ARCH=FILE\n\n${HELP}`);
  return [name, file];
}

async function signingKeyOf(values: { 'signing-key'?: string; 'new-signing-key'?: string }) {
  const { 'signing-key': given, 'new-signing-key': fresh } = values;
  if (given !== undefined && fresh !== undefined) throw new UsageError('--signing-key or --new-signing-key, not both');
  const passphrase = variable('ACCREDIT_PROVIDER_SIGNING_KEY_PASSPHRASE')?.toString('utf8').trim();
  if (fresh !== undefined) {
    const text = await newSigningKey(passphrase);
    // Never over a key that is there.
    writeFileSync(fresh, text, { mode: 0o600, flag: 'wx' });
    if (passphrase === undefined) {
      console.log(
        `${fresh} has no passphrase: whoever reads it signs. ACCREDIT_PROVIDER_SIGNING_KEY_PASSPHRASE gives one.`,
      );
    }
    return readSigningKey(Buffer.from(text), passphrase);
  }
  const content = given === undefined ? variable('ACCREDIT_PROVIDER_SIGNING_KEY') : readFileSync(given);
  return content && readSigningKey(content, passphrase);
}

/** `ACCREDIT_X`, or the content of the file that `ACCREDIT_X_FILE` names. */
function variable(name: string): Buffer | undefined {
  const [direct, file] = [process.env[name], process.env[`${name}_FILE`]];
  if (direct && file) throw new UsageError(`give ${name} or ${name}_FILE, not both`);
  if (file) return readFileSync(file);
  return direct ? Buffer.from(direct) : undefined;
}

function read(path: string): string | undefined {
  return existsSync(path) ? readFileSync(path, 'utf8') : undefined;
}

function sha256(content: Uint8Array): string {
  return createHash('sha256').update(content).digest('hex');
}

if (process.argv[1] !== undefined && import.meta.url === pathToFileURL(process.argv[1]).href) {
  try {
    await main(process.argv.slice(2));
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code ?? '';
    const isExpected = [UsageError, SigningKeyError, NodeExecutableError].some((type) => error instanceof type);
    if (!isExpected && !/^E[A-Z]+$/.test(code)) throw error;
    console.error(`accredit: ${(error as Error).message}`);
    process.exitCode = error instanceof UsageError ? 2 : 1;
  }
}
