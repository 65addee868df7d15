/**
 * Bundles the Terraform provider into one executable file, in the layout that Terraform takes as a filesystem mirror, and says how to
 * use it. The file needs nothing beside it but Node.
 */
import { chmodSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { build } from 'esbuild';
import { encodeMessage } from '../terraform-provider/plugin/wire.ts';
import { getProviderSchema } from '../terraform-provider/rpc/get-provider-schema.ts';
import { SOURCE_ADDRESS } from '../terraform-provider-spec/packages.ts';

const ROOT = fileURLToPath(new URL('..', import.meta.url));

/** Terraform's names for what Node calls otherwise. */
const OPERATING_SYSTEMS: Record<string, string> = { win32: 'windows' };
const ARCHITECTURES: Record<string, string> = { x64: 'amd64', ia32: '386' };

/** Where the build put the provider. */
export interface BuiltProvider {
  /** The executable. */
  path: string;
  /** The directory to name in `filesystem_mirror`. */
  mirror: string;
  version: string;
}

/** Where the file's second part begins, the provider itself; the first is what starts it. */
const PROVIDER = '\n//# provider\n';

/**
 * Runs the text of the file that is named first, up to the provider, as the body of a function: it is then CommonJS wherever it
 * lies, while Node itself would decide by the nearest package.json, and refuse an ending such as `.0` under `"type": "module"`.
 * In words that every Node understands, so that an old one gets to say why it will not do, on standard output, which is
 * where Terraform looks. No single quotes: the shell has it in such.
 */
const START = [
  'var node=process.versions.node.split(".");if(node[0]<20||node[0]==20&&node[1]<19){',
  'console.log("The accredit provider needs Node.js 20.19 or newer; this is "+process.version+".");process.exit(1)}',
  'var file=process.argv[1],bytes=require("fs").readFileSync(file),text=bytes.toString(),',
  `at=text.indexOf(${JSON.stringify(PROVIDER)});`,
  'require("vm").runInThisContext("(function(require,file,bytes,provider){"+text.slice(text.indexOf("\\n"),at)+"\\n})",file)',
  '(require,file,bytes,text.slice(at))',
].join('');

/** First in the file: words that the shell runs, and that mean nothing in JavaScript. */
const BANNER = `#!/bin/sh
':' //; command -v node >/dev/null || { echo 'The accredit provider needs Node.js 20.19 or newer as node on the PATH.'; exit 1; }
':' //; exec node -e '${START}' "$0" "$@"`;

/** The text of an executable that runs `entry`, a file which ends up in `runProvider`. Throws when it cannot be bundled. */
export async function bundleProvider(entry: string): Promise<Uint8Array> {
  const [start, provider] = await Promise.all([bundle(join(ROOT, 'terraform-provider', 'start.ts')), bundle(entry)]);
  return Buffer.from(`${BANNER}\n${start}${PROVIDER}${provider}`);
}

/** `entry` and all that it imports as one CommonJS, which requires only what is built into Node. Throws when it cannot be bundled. */
export async function bundle(entry: string): Promise<string> {
  const schema = Buffer.from(encodeMessage('GetProviderSchema.Response', await getProviderSchema())).toString('base64');
  const result = await build({
    entryPoints: [entry],
    bundle: true,
    write: false,
    platform: 'node',
    format: 'cjs',
    target: 'node20.19',
    minify: true,
    keepNames: true,
    legalComments: 'eof',
    define: { PROVIDER_SCHEMA: JSON.stringify(schema) },
  });
  return result.outputFiles[0]!.text;
}

/** Builds the provider below `mirror`. Throws when the bundle cannot be made. */
export async function buildProvider(mirror: string = join(ROOT, 'dist', 'mirror')): Promise<BuiltProvider> {
  const { version } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as { version: string };
  const system = `${OPERATING_SYSTEMS[process.platform] ?? process.platform}_${ARCHITECTURES[process.arch] ?? process.arch}`;
  const path = join(mirror, SOURCE_ADDRESS, version, system, `terraform-provider-accredit_v${version}`);
  const executable = await bundleProvider(join(ROOT, 'terraform-provider', 'main.ts'));
  mkdirSync(dirname(path), { recursive: true });
  // The directory is what Terraform hashes, so nothing of an earlier build may be left in it.
  for (const name of readdirSync(dirname(path))) {
    if (name !== basename(path)) rmSync(join(dirname(path), name), { recursive: true });
  }
  // Renamed into place, so that a Terraform which runs meanwhile sees the old file or the new one.
  const unfinished = join(mirror, `.${basename(path)}.${process.pid}`);
  writeFileSync(unfinished, executable);
  chmodSync(unfinished, 0o755);
  renameSync(unfinished, path);
  return { path, mirror, version };
}

if (process.argv[1] !== undefined && import.meta.url === pathToFileURL(process.argv[1]).href) {
  const { path, mirror } = await buildProvider();
  console.log(`${path}

Terraform finds it through this file, named in TF_CLI_CONFIG_FILE (or as ~/.terraformrc):

provider_installation {
  filesystem_mirror {
    path    = ${JSON.stringify(mirror)}
    include = ["${SOURCE_ADDRESS}"]
  }
  direct {
    exclude = ["${SOURCE_ADDRESS}"]
  }
}`);
}
