/** JSON Schema (2020-12) of manifests: the tree as it is sent, and the file that people write. */
import { FORMATS } from '../formats.ts';
import type { Json, JsonObject, Kind } from '../kind.ts';
import { childKinds } from '../kinds/index.ts';
import { TREE_KINDS } from '../manifest.ts';
import { MANIFEST_FILE_KEYS, TOKEN_FILE_KEYS } from '../manifest-file.ts';
import { readOnlyAttributes } from './attributes.ts';
import { requestSchema } from './json-schema.ts';

/** The tree that a PUT takes. */
export function treeSchema(): JsonObject {
  return { type: 'object', properties: collectionsOf(TREE_KINDS, false), additionalProperties: false };
}

/** A manifest file, in YAML or JSON: the tree, and what is for the command alone. */
export function manifestFileSchema(): JsonObject {
  return {
    $schema: 'https://json-schema.org/draft/2020-12/schema',
    title: 'Accredit manifest',
    description: 'What `accredit plan` and `accredit apply` converge.',
    type: 'object',
    properties: {
      ...(withVariables({ ...names, ...collectionsOf(TREE_KINDS, true) }) as JsonObject),
      variables,
    },
    additionalProperties: false,
  };
}

const { variables = {}, ...names } = MANIFEST_FILE_KEYS;

const VARIABLE: JsonObject = { type: 'string', pattern: '\\$\\{[A-Za-z_][A-Za-z0-9_]*\\}' };
const RESTRICTIONS = ['pattern', 'enum', 'format'];

/** The same, where any text may also hold the name of a variable: what it stands for is checked by the command. */
function withVariables(schema: Json): Json {
  if (Array.isArray(schema)) return schema.map(withVariables);
  if (typeof schema !== 'object' || schema === null) return schema;
  const { description, ...rest } = Object.fromEntries(
    // Keys are never replaced.
    Object.entries(schema).map(([key, value]) => [key, key === 'propertyNames' ? value : withVariables(value)]),
  );
  const isText = [schema.type].flat().includes('string') && RESTRICTIONS.some((key) => key in rest);
  if (!isText) return { ...(description !== undefined && { description }), ...rest };
  return { ...(description !== undefined && { description }), anyOf: [rest, VARIABLE] };
}

function collectionsOf(kinds: readonly Kind[], inFile: boolean): JsonObject {
  return Object.fromEntries(kinds.map((kind): [string, Json] => [kind.collection, collectionSchema(kind, inFile)]));
}

function collectionSchema(kind: Kind, inFile: boolean): JsonObject {
  return {
    type: ['object', 'null'],
    description: `Every ${kind.title} by its name. ${kind.description}`,
    propertyNames: FORMATS.name.schema,
    additionalProperties: memberSchema(kind, inFile),
  };
}

/**
 * The body of a PUT, with the collections that lie below; null stands for one with nothing but defaults. A file declares
 * nothing that only the daemon sets: a client of the API sends back what it got, a person would believe it does something.
 */
function memberSchema(kind: Kind, inFile: boolean): JsonObject {
  const body = requestSchema(kind) as JsonObject & { properties: JsonObject };
  const daemons = inFile ? readOnlyAttributes(kind) : {};
  const declared = Object.entries(body.properties).filter(([name]) => !Object.hasOwn(daemons, name));
  return {
    ...body,
    type: ['object', 'null'],
    description: kind.description,
    properties: {
      ...Object.fromEntries(declared),
      ...collectionsOf(childKinds(kind), inFile),
      ...(inFile && kind.token !== undefined && TOKEN_FILE_KEYS),
    },
  };
}
