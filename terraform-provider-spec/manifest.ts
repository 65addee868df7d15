/**
 * The manifest: the desired states of many resources as one tree, which mirrors their addresses. Which collections there
 * are, and what lies in them, follows from the kinds.
 */
import { organizationOf, requireName } from './address.ts';
import { COMMON_READ_ONLY } from './common.ts';
import { pointerTo } from './derive/pointer.ts';
import type { Attributes, Json, JsonObject, Kind } from './kind.ts';
import { childKinds, kindNamed } from './kinds/index.ts';

/** What a manifest is called where kinds are called something. It is no kind: it has no attributes, only a tree. */
export const MANIFEST = {
  kind: 'manifest',
  title: 'manifest',
  collection: 'manifests',
  parameter: 'manifest',
  noun: 'manifests',
  description:
    'The desired states of many resources as one tree. What a manifest declared last and declares no longer is deleted; ' +
    'nothing that it does not manage is touched.',
} as const;

/** The most resources that one manifest can declare. */
export const MOST_DECLARED = 20_000;

const { claim: _claim, ...SHOWN } = COMMON_READ_ONLY;

/** What is answered about a manifest; all of it is the daemon's. */
export const MANIFEST_ATTRIBUTES: Attributes = {
  ...SHOWN,
  declares: {
    type: 'set',
    items: { type: 'string', format: 'address' },
    maxItems: MOST_DECLARED,
    access: 'read-only',
    description: 'The addresses of what it declares, sorted.',
  },
};

/** The address of a manifest of that organization. Throws `AddressError` for a name that is none. */
export function manifestAddress(organization: string, name: string): string {
  requireName(MANIFEST.parameter, name);
  return `${organization}/${MANIFEST.collection}/${name}`;
}

/** Who manages what the manifest at that address declares. */
export function managerOf(address: string): string {
  return `${MANIFEST.kind}/${address.slice(address.lastIndexOf('/') + 1)}`;
}

/** The kinds of the collections at the top of a tree. */
export const TREE_KINDS: readonly Kind[] = childKinds(kindNamed('organization'));

/** One resource of a tree. */
export interface Member {
  readonly kind: Kind;
  readonly address: string;
  /** A JSON pointer (RFC 6901) to it in the tree. */
  readonly pointer: string;
  /** The body of a PUT: what the tree has there, without what lies below. Not checked yet. */
  readonly body: Json;
}

/** The JSON pointer of the member at `address` in a tree; `''` for what can be in none. */
export function pointerOf(address: string): string {
  const below = address.slice(organizationOf(address).length + 1);
  return below.split('/').reduce((at, segment) => (segment === '' ? at : pointerTo(at, segment)), '');
}

/** The body of a PUT out of what a tree holds for one resource, and the collections below it that are there. */
export function splitMember(kind: Kind, value: Json): { readonly body: Json; readonly below: [Kind, Json][] } {
  // In YAML a name with nothing behind it is null; it declares a resource as it is by default.
  if (value === null) return { body: {}, below: [] };
  const children = childKinds(kind);
  if (children.length === 0 || typeof value !== 'object' || Array.isArray(value)) return { body: value, below: [] };
  const body: JsonObject = { ...value };
  const below: [Kind, Json][] = [];
  for (const child of children) {
    if (!Object.hasOwn(body, child.collection)) continue;
    below.push([child, body[child.collection] as Json]);
    delete body[child.collection];
  }
  return { body, below };
}
