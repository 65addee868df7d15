/** What follows from a kind's attributes about whole values: which there are, when two are equal, what changed. */
import { COMMON_READ_ONLY, COMMON_WRITABLE } from '../common.ts';
import type { Attribute, Attributes, Json, JsonObject, Kind, ValueType } from '../kind.ts';
import { pointerTo } from './pointer.ts';

/** The attributes that a body may hold: those of every kind, then the kind's own, in the order of their description. */
export const writableAttributes = once((kind) =>
  select({ ...COMMON_WRITABLE, ...kind.attributes }, (attribute) => attribute.access !== 'read-only'),
);

/** The attributes that only the daemon writes: those of every kind, then the kind's own. */
export const readOnlyAttributes = once((kind) =>
  select({ ...COMMON_READ_ONLY, ...kind.attributes }, (attribute) => attribute.access === 'read-only'),
);

/** All attributes of a kind: read-only and common ones included. */
export const allAttributes = once((kind) => ({ ...COMMON_WRITABLE, ...COMMON_READ_ONLY, ...kind.attributes }));

/** `derive`, which for each kind is asked once: kinds never change, and every request asks. */
function once(derive: (kind: Kind) => Attributes): (kind: Kind) => Attributes {
  const derived = new WeakMap<Kind, Attributes>();
  return (kind) => {
    let attributes = derived.get(kind);
    if (attributes === undefined) {
      attributes = derive(kind);
      derived.set(kind, attributes);
    }
    return attributes;
  };
}

/**
 * Whether two values of that type mean the same: sets are equal in whatever order, at any depth, and an attribute that
 * an object lacks is null. The values must be valid for the type, or null.
 */
export function equalValues(type: ValueType, a: Json, b: Json): boolean {
  if (a === b) return true;
  if (a === null || b === null || typeof a !== 'object' || typeof b !== 'object') return false;
  return canonicalValue(type, a) === canonicalValue(type, b);
}

/** A text that is the same for two values of that type exactly when `equalValues` holds. */
export function canonicalValue(type: ValueType, value: Json | undefined): string {
  if (value === null || value === undefined) return 'null';
  switch (type.type) {
    case 'set':
      return `[${(value as Json[])
        .map((item) => canonicalValue(type.items, item))
        .sort()
        .join(',')}]`;
    case 'map':
      return `{${Object.entries(value as JsonObject)
        .map(([key, item]) => `${JSON.stringify(key)}:${canonicalValue(type.values, item)}`)
        .sort()
        .join(',')}}`;
    case 'object':
      return `{${Object.entries(type.attributes)
        .map(([name, attribute]) => `${name}:${canonicalValue(attribute, own(value as JsonObject, name))}`)
        .join(',')}}`;
    default:
      return JSON.stringify(value);
  }
}

/** A text that is the same for two desired states of that kind exactly when they ask for the same, whatever secret they bring. */
export function canonicalDesired(kind: Kind, desired: JsonObject): string {
  return canonicalValue({ type: 'object', attributes: declaredAttributes(kind) }, desired);
}

const declaredAttributes = once((kind) => select(writableAttributes(kind), ({ writeOnly }) => writeOnly !== true));

/**
 * JSON pointers (RFC 6901) of the writable attributes that differ between two desired states; inside objects, of the
 * attributes there. One that keeps its stored value when left out does not differ by being left out of `after`.
 */
export function changedAttributes(kind: Kind, before: JsonObject, after: JsonObject): string[] {
  return differences(writableAttributes(kind), before, after, '').map(({ pointer }) => pointer);
}

/** The attributes that are fixed at creation, and the objects in which there may be some. */
const immutableAttributes = once((kind) => select(writableAttributes(kind), mayBeImmutable));

function mayBeImmutable(attribute: Attribute): boolean {
  if (attribute.immutable === true) return true;
  return attribute.type === 'object' && Object.values(attribute.attributes).some(mayBeImmutable);
}

/** Those of `changedAttributes` that are fixed at creation. */
export function changedImmutables(kind: Kind, before: JsonObject, after: JsonObject): string[] {
  return differences(immutableAttributes(kind), before, after, '')
    .filter(({ immutable }) => immutable)
    .map(({ pointer }) => pointer);
}

interface Difference {
  readonly pointer: string;
  readonly immutable: boolean;
}

/** Every write asks several times over, and mostly there is none: what is the same costs next to nothing. */
function differences(attributes: Attributes, before: JsonObject, after: JsonObject, base: string): Difference[] {
  const found: Difference[] = [];
  for (const name in attributes) {
    const attribute = attributes[name] as Attribute;
    // What was stored before there was such an attribute has its default.
    const old = own(before, name) ?? attribute.default ?? null;
    const wanted = own(after, name) ?? null;
    if (old === wanted || (attribute.keeps === true && wanted === null) || equalValues(attribute, old, wanted))
      continue;
    const pointer = pointerTo(base, name);
    const immutable = attribute.immutable === true;
    if (attribute.type !== 'object' || immutable || old === null || wanted === null) found.push({ pointer, immutable });
    else found.push(...differences(attribute.attributes, old as JsonObject, wanted as JsonObject, pointer));
  }
  return found;
}

/** The value of an own property: `constructor` and its like are found on every object. */
function own(object: JsonObject, name: string): Json | undefined {
  return Object.hasOwn(object, name) ? object[name] : undefined;
}

function select(attributes: Attributes, wanted: (attribute: Attribute) => boolean): Attributes {
  return Object.fromEntries(Object.entries(attributes).filter(([, attribute]) => wanted(attribute)));
}
