/** What the contract makes of a body, worked out from the description alone: the suite's own reading of it. */
import { COMMON_READ_ONLY, COMMON_WRITABLE } from '../../terraform-provider-spec/common.ts';
import type { Attributes, Json, JsonObject, Kind, ValueType } from '../../terraform-provider-spec/kind.ts';

/** Every attribute of a kind by name. */
export function attributesOf(kind: Kind): Attributes {
  return { ...COMMON_WRITABLE, ...COMMON_READ_ONLY, ...kind.attributes };
}

/** The writable attributes as they come back after a creation with `body`: as sent, with defaults. */
export function echo(kind: Kind, body: JsonObject): JsonObject {
  return echoObject(attributesOf(kind), body);
}

/** The part of an answer that a client wrote. */
export function writtenPart(kind: Kind, answer: JsonObject): JsonObject {
  const names = Object.entries(attributesOf(kind)).filter(
    ([, { access, writeOnly }]) => access !== 'read-only' && !writeOnly,
  );
  return Object.fromEntries(names.map(([name]) => [name, answer[name] as Json]));
}

/** The smallest body: what is required, taken from the example. */
export function smallest(kind: Kind): JsonObject {
  const required = Object.entries(kind.attributes).filter(([, { access }]) => access === 'required');
  return Object.fromEntries(required.map(([name]) => [name, kind.examples.full[name] as Json]));
}

/** `body` with the order of sets, and of names in objects and maps, turned around. */
export function turnedAround(kind: Kind, body: JsonObject): JsonObject {
  return turnObject(attributesOf(kind), body);
}

/** A value in one order. Every array is a set, and Terraform sends those in an order of its own. */
export function inOrder(value: Json): Json {
  if (Array.isArray(value)) return value.map(inOrder).sort((a, b) => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, item]) => [name, inOrder(item)]));
}

function echoObject(attributes: Attributes, body: JsonObject): JsonObject {
  const result: JsonObject = {};
  for (const [name, attribute] of Object.entries(attributes)) {
    if (attribute.access === 'read-only' || attribute.writeOnly) continue;
    result[name] = echoValue(attribute, body[name] ?? attribute.default ?? null);
  }
  return result;
}

function echoValue(type: ValueType, value: Json): Json {
  if (value === null) return null;
  if (type.type === 'object') return echoObject(type.attributes, value as JsonObject);
  if (type.type === 'set') return (value as Json[]).map((item) => echoValue(type.items, item));
  return value;
}

function turnObject(attributes: Attributes, body: JsonObject): JsonObject {
  const entries = Object.entries(body).map(([name, value]): [string, Json] => {
    const attribute = attributes[name];
    return [name, attribute === undefined ? value : turnValue(attribute, value)];
  });
  return Object.fromEntries(entries.reverse());
}

function turnValue(type: ValueType, value: Json): Json {
  if (value === null) return null;
  if (type.type === 'object') return turnObject(type.attributes, value as JsonObject);
  if (type.type === 'set') return (value as Json[]).map((item) => turnValue(type.items, item)).reverse();
  if (type.type === 'map') return Object.fromEntries(Object.entries(value as JsonObject).reverse());
  return value;
}
