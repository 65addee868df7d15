/** What exists, as the tree of a manifest. */
import type { CallOptions, Client } from '../../client/client.ts';
import { ApiError } from '../../client/errors.ts';
import { parentOf, parseAddress } from '../../terraform-provider-spec/address.ts';
import { builtInNamesOf } from '../../terraform-provider-spec/built-in.ts';
import { equalValues, writableAttributes } from '../../terraform-provider-spec/derive/validate.ts';
import type { Json, JsonObject, Kind } from '../../terraform-provider-spec/kind.ts';
import { childKinds, kindNamed } from '../../terraform-provider-spec/kinds/index.ts';
import { TREE_KINDS } from '../../terraform-provider-spec/manifest.ts';

/** A resource as the daemon answers it: with `address`, `kind` and `managed_by`. */
type Found = JsonObject & { readonly address: string; readonly kind: string };

/**
 * Every resource of the organization at that address that the caller may see and `isWanted`, without built-in ones, parents
 * before what lies below them. What lies below is wanted only together with its parent.
 */
export async function readResources(
  client: Client,
  organization: string,
  isWanted: (resource: JsonObject) => boolean,
  options: CallOptions = {},
): Promise<JsonObject[]> {
  const resources: JsonObject[] = [];
  const wanted = new Set([organization]);
  const take = (resource: Found) => {
    if (!wanted.has(parentOf(resource.address)) || isBuiltIn(resource) || !isWanted(resource)) return;
    wanted.add(resource.address);
    resources.push(resource);
  };
  for (const { collection } of TREE_KINDS) {
    for await (const resource of client.list(`${organization}/${collection}`, options)) take(resource as Found);
  }
  for (const collection of new Set(TREE_KINDS.flatMap(childKinds).map((kind) => kind.collection))) {
    for await (const resource of client.list(`${organization}/${collection}`, options)) take(resource as Found);
  }
  return resources;
}

/** The addresses that a manifest declares; `undefined` when it was never applied. */
export async function declaredBy(
  client: Client,
  manifest: string,
  options: CallOptions = {},
): Promise<ReadonlySet<string> | undefined> {
  try {
    const { resource } = await client.get(manifest, options);
    return new Set(resource.declares as string[]);
  } catch (error) {
    if (error instanceof ApiError && error.status === 404) return undefined;
    throw error;
  }
}

/** The tree that declares these resources as they are. Of tokens it holds no secret, and keeps those that they have. */
export function treeOf(resources: readonly JsonObject[]): JsonObject {
  const tree: JsonObject = {};
  for (const resource of resources) {
    const { kind, text } = parseAddress(String(resource.address));
    const segments = text.split('/').slice(2);
    const name = segments.pop() as string;
    const collection = segments.reduce((at, segment) => {
      at[segment] ??= {};
      return at[segment] as JsonObject;
    }, tree);
    collection[name] = declarationOf(kind, resource);
  }
  return tree;
}

/** The attributes that are not what they would be by default. */
function declarationOf(kind: Kind, resource: JsonObject): JsonObject {
  return Object.fromEntries(
    Object.entries(writableAttributes(kind)).flatMap(([name, attribute]): [string, Json][] => {
      const value = resource[name] ?? null;
      if (attribute.writeOnly || value === null) return [];
      const isDefault = attribute.default !== undefined && equalValues(attribute, value, attribute.default);
      return isDefault && attribute.access !== 'required' ? [] : [[name, value]];
    }),
  );
}

function isBuiltIn({ address, kind }: Found): boolean {
  return builtInNamesOf(kindNamed(kind)).includes(address.slice(address.lastIndexOf('/') + 1));
}
