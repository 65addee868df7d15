/** The paths from which Terraform installs the provider: its network mirror and provider registry protocols. */
import type { JsonObject } from '../../kind.ts';
import { SOURCE_ADDRESS, TERRAFORM_PATHS } from '../../packages.ts';
import { operation } from './operation.ts';
import { answer } from './responses.ts';

const TAG = 'provider';
const PROVIDER = SOURCE_ADDRESS.slice(SOURCE_ADDRESS.indexOf('/') + 1);

/** By path. */
export function registryPaths(): Record<string, JsonObject> {
  return {
    [TERRAFORM_PATHS.discovery]: { get: DISCOVERY },
    [`${TERRAFORM_PATHS.registry}${PROVIDER}/versions`]: { get: VERSIONS },
    [`${TERRAFORM_PATHS.registry}${PROVIDER}/{version}/download/{os}/{arch}`]: {
      parameters: [VERSION, named('os', 'As Terraform names it.'), named('arch', 'As Terraform names it.')],
      get: PACKAGE,
    },
    [`${TERRAFORM_PATHS.mirror}${SOURCE_ADDRESS}/index.json`]: { get: MIRRORED_VERSIONS },
    [`${TERRAFORM_PATHS.mirror}${SOURCE_ADDRESS}/{version}.json`]: { parameters: [VERSION], get: MIRRORED_PACKAGES },
    [`${TERRAFORM_PATHS.packages}{version}/{file}`]: {
      parameters: [VERSION, named('file', 'As the other answers name it.')],
      get: FILE,
    },
  };
}

function named(name: string, description: string): JsonObject {
  return { name, in: 'path', required: true, description, schema: { type: 'string' } };
}

const VERSION = named('version', 'Of the provider.');

interface Described {
  readonly id: string;
  readonly summary: string;
  readonly ok: string;
  readonly properties: JsonObject;
}

/** What answers one JSON document, with all of these properties. */
function documentOf({ id, summary, ok, properties }: Described): JsonObject {
  return operation({
    id,
    tag: TAG,
    summary,
    open: true,
    answers: { 200: answer(ok, { type: 'object', properties, required: Object.keys(properties) }) },
    problems: ['invalid-query', 'not-found', 'internal'],
  });
}

const text = (description: string): JsonObject => ({ type: 'string', description });
const list = (items: JsonObject, description: string): JsonObject => ({ type: 'array', items, description });
const byName = (description: string): JsonObject => ({ type: 'object', description });

const DISCOVERY = documentOf({
  id: 'discoverTerraformServices',
  summary: 'Read what this host is for Terraform (remote service discovery); only where packages are signed',
  ok: 'A provider registry.',
  properties: { 'providers.v1': text('Its base URL.') },
});

const VERSIONS = documentOf({
  id: 'listProviderVersions',
  summary: 'List the versions of the provider whose packages are signed (provider registry protocol)',
  ok: 'The versions.',
  properties: { versions: list({ type: 'object' }, 'With `version`, `protocols` and `platforms`.') },
});

const PACKAGE = documentOf({
  id: 'getProviderPackage',
  summary: 'Read where the package for a platform is, and what verifies it (provider registry protocol)',
  ok: 'The package.',
  properties: {
    protocols: list({ type: 'string' }, 'Plugin protocols that the provider speaks.'),
    os: text('As in the path.'),
    arch: text('As in the path.'),
    filename: text('Of the package.'),
    download_url: text('Where it is; this and the others are relative to this address.'),
    shasums_url: text('Where the sums are.'),
    shasums_signature_url: text('Where their signature is.'),
    shasum: text('The SHA-256 of the package.'),
    signing_keys: byName('The public key of the signature.'),
  },
});

const MIRRORED_VERSIONS = documentOf({
  id: 'listMirroredProviderVersions',
  summary: 'List the versions of the provider (provider network mirror protocol)',
  ok: 'The versions.',
  properties: { versions: byName('An empty object for each version.') },
});

const MIRRORED_PACKAGES = documentOf({
  id: 'listMirroredProviderPackages',
  summary: 'List the packages of a version (provider network mirror protocol)',
  ok: 'The packages.',
  properties: { archives: byName('By platform, with `url`, relative to this address, and `hashes`.') },
});

const CONTENT: JsonObject = { schema: { type: 'string' } };

const FILE = operation({
  id: 'getProviderFile',
  tag: TAG,
  summary: 'Read a package, the sums, their signature, or the key that made it',
  open: true,
  parameters: [
    {
      name: 'sha256',
      in: 'query',
      description: 'The sum that the file must have. With it the answer may be kept for good.',
      schema: { type: 'string' },
    },
  ],
  answers: {
    200: {
      ...answer('The file.', undefined, ['ETag']),
      content: {
        'application/zip': CONTENT,
        'application/pgp-signature': CONTENT,
        'application/pgp-keys': CONTENT,
        'text/plain': CONTENT,
        'application/json': { schema: { type: 'object' } },
      },
    },
    304: answer('The client has it: `If-None-Match` holds its entity tag.', undefined, ['ETag']),
  },
  problems: ['invalid-query', 'not-found', 'internal'],
});
