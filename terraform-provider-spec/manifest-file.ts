/** What a manifest file has besides its tree: it is for the command `accredit` alone and never sent. */
import { NAME_PATTERN } from './address.ts';
import type { JsonObject } from './kind.ts';

const NAME: JsonObject = { type: 'string', pattern: NAME_PATTERN.source };
const PATH: JsonObject = { type: 'string', minLength: 1 };

/** The keys at the top of a file, as JSON Schema. */
export const MANIFEST_FILE_KEYS: JsonObject = {
  manifest: {
    ...NAME,
    description: 'The name of the manifest: what it declared under this name before belongs to it.',
  },
  organization: {
    ...NAME,
    default: 'default',
    description: 'The organization whose resources it declares. `--organization` and the profile say it otherwise.',
  },
  variables: {
    type: 'array',
    items: { type: 'string', pattern: '^[A-Za-z_][A-Za-z0-9_]*$' },
    uniqueItems: true,
    description:
      'The environment variables that texts may name in braces behind a dollar sign, to be replaced by their values. One ' +
      'that is not listed here replaces nothing, and two dollar signs before the brace stand for one.',
  },
};

/** One way by which the secret of a token gets to where it is needed. */
const SINK: JsonObject = {
  type: 'object',
  minProperties: 1,
  maxProperties: 1,
  additionalProperties: false,
  properties: {
    file: { ...PATH, description: 'Written atomically, readable by its owner alone (0600).' },
    dotenv: sink('An entry of a dotenv file, which keeps its others.', {
      file: { ...PATH, description: 'The dotenv file.' },
      key: { type: 'string', pattern: '^[A-Za-z_][A-Za-z0-9_]*$', description: 'The name of the entry.' },
    }),
    command: {
      type: 'array',
      items: { type: 'string' },
      minItems: 1,
      description: 'A program and its arguments, run without a shell; it reads the secret from its standard input.',
    },
    'github-output': sink('An output of a step of GitHub Actions, masked in its log.', {
      key: { type: 'string', pattern: '^[A-Za-z_][A-Za-z0-9_-]*$', description: 'The name of the output.' },
    }),
    'stdout-json': { type: 'boolean', const: true, description: 'Part of the JSON on standard output.' },
  },
};

/** The keys of a token in a file, as JSON Schema. */
export const TOKEN_FILE_KEYS: JsonObject = {
  deliver: {
    type: 'array',
    items: SINK,
    description:
      'Where a new secret is written before the apply is reported as done. With it, the command makes the secret, and the ' +
      'daemon never sees it.',
  },
};

function sink(description: string, properties: JsonObject): JsonObject {
  return { type: 'object', description, properties, required: Object.keys(properties), additionalProperties: false };
}
