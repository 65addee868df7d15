/** What the attributes of a kind refer to, derived from its description. */
import type { Attributes, Json, JsonObject, Kind, ValueType } from '../kind.ts';
import { kindNamed } from '../kinds/index.ts';
import { writableAttributes } from './attributes.ts';
import { pointerTo } from './pointer.ts';

/** One value that refers to another resource. */
export interface Reference {
  /** A JSON pointer (RFC 6901) to the value. */
  readonly pointer: string;
  /** The address that is meant. */
  readonly address: string;
}

/**
 * Everything that valid `attributes` of a resource of `kind` refer to, in the organization at that address, in the order
 * in which `attributes` has them. A scope refers to what it names; `organization` refers to nothing.
 */
export function referencesIn(kind: Kind, organization: string, attributes: JsonObject): Reference[] {
  return ofObject(writableAttributes(kind), attributes, '').map(({ pointer, path }) => ({
    pointer,
    address: `${organization}/${path}`,
  }));
}

interface Found {
  readonly pointer: string;
  readonly path: string;
}

function ofObject(attributes: Attributes, values: JsonObject, at: string): Found[] {
  const found: Found[] = [];
  for (const name of Object.keys(values)) {
    const attribute = Object.hasOwn(attributes, name) ? attributes[name] : undefined;
    if (attribute === undefined || !mayRefer(attribute)) continue;
    found.push(...ofValue(attribute, values[name] as Json, pointerTo(at, name)));
  }
  return found;
}

function ofValue(type: ValueType, value: Json, pointer: string): Found[] {
  if (value === null || value === undefined) return [];
  switch (type.type) {
    case 'string':
      if (type.references !== undefined) {
        return [{ pointer, path: `${kindNamed(type.references).collection}/${value}` }];
      }
      return isScope(type) && value !== 'organization' ? [{ pointer, path: value as string }] : [];
    case 'set':
      return (value as Json[]).flatMap((item, index) => ofValue(type.items, item, pointerTo(pointer, index)));
    case 'object':
      return ofObject(type.attributes, value as JsonObject, pointer);
    default:
      return [];
  }
}

/** Whether any value of that type refers to something: most do not, and are asked about with every request. */
function mayRefer(type: ValueType): boolean {
  switch (type.type) {
    case 'string':
      return type.references !== undefined || isScope(type);
    case 'set':
      return mayRefer(type.items);
    case 'object':
      return Object.values(type.attributes).some(mayRefer);
    default:
      return false;
  }
}

function isScope(type: ValueType & { type: 'string' }): boolean {
  return type.format === 'scope' || type.format === 'home';
}
