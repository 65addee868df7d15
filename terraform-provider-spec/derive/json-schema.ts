/** JSON Schema (2020-12) of what is sent and answered. Never stricter than the daemon; the few rules that it cannot say, only the daemon checks. */
import { FORMATS } from '../formats.ts';
import type { Attribute, Attributes, Json, JsonObject, Kind, ValueType } from '../kind.ts';
import { allAttributes } from './attributes.ts';
import { DEFAULT_MAX_ITEMS, DEFAULT_MAX_LENGTH } from './validate.ts';

/** Free text: no control characters but line feed and tab. */
const FREE_TEXT = '^[\\P{Cc}\\n\\t]*$';

/** The body of a PUT: unknown attributes are refused, read-only ones may hold anything, null is the same as missing. */
export function requestSchema(kind: Kind): JsonObject {
  return requestObjectSchema(allAttributes(kind));
}

/** Like `requestSchema`, for a body or an object that is described by its attributes alone. */
export function requestObjectSchema(attributes: Attributes): JsonObject {
  const entries = Object.entries(attributes);
  const required = entries.filter(([, { access }]) => access === 'required').map(([name]) => name);
  const conflicts = conflictsOf(attributes);
  return {
    type: 'object',
    properties: properties(entries, requestAttribute),
    ...(required.length > 0 && { required }),
    additionalProperties: false,
    ...(conflicts.length > 0 && { allOf: conflicts.map(notBoth) }),
  };
}

/** The resource in an answer. More attributes can come with a later release. */
export function answerSchema(kind: Kind): JsonObject {
  return answerObjectSchema(allAttributes(kind));
}

/** Like `answerSchema`, for an object that is described by its attributes alone. */
export function answerObjectSchema(attributes: Attributes): JsonObject {
  const entries = Object.entries(attributes).filter(([, { writeOnly }]) => writeOnly !== true);
  const required = entries.filter(([, { once, volatile }]) => !once && !volatile).map(([name]) => name);
  return { type: 'object', properties: properties(entries, answerAttribute), required };
}

/** A value of that type; inside objects as a request (default) or as an answer holds them. */
export function valueSchema(type: ValueType, objectSchema = requestObjectSchema): JsonObject {
  switch (type.type) {
    case 'string':
      return stringSchema(type);
    case 'set':
      return {
        type: 'array',
        items: valueSchema(type.items, objectSchema),
        uniqueItems: true,
        maxItems: type.maxItems ?? DEFAULT_MAX_ITEMS,
      };
    case 'map':
      return {
        type: 'object',
        propertyNames: FORMATS[type.keys].schema,
        additionalProperties: valueSchema(type.values, objectSchema),
        maxProperties: type.maxItems ?? DEFAULT_MAX_ITEMS,
      };
    case 'object':
      return objectSchema(type.attributes);
    case 'integer':
      return { type: 'integer', ...(type.minimum !== undefined && { minimum: type.minimum }) };
    default:
      return { type: type.type };
  }
}

function stringSchema(type: ValueType & { type: 'string' }): JsonObject {
  if (type.enum !== undefined) return { type: 'string', enum: [...type.enum] };
  const rule = type.format === undefined ? undefined : FORMATS[type.format].schema;
  const maximum = type.maxLength ?? (rule === undefined ? DEFAULT_MAX_LENGTH : undefined);
  return {
    type: 'string',
    ...(rule ?? { pattern: FREE_TEXT }),
    ...(maximum !== undefined && { maxLength: maximum }),
  };
}

function requestAttribute(attribute: Attribute): JsonObject {
  const { access, description, writeOnly, default: missing } = attribute;
  if (access === 'read-only') return { description, readOnly: true };
  const schema = valueSchema(attribute);
  return {
    ...(access === 'optional' ? nullable(schema) : schema),
    description,
    ...(missing !== undefined && { default: missing }),
    ...(writeOnly && { writeOnly }),
  };
}

function answerAttribute(attribute: Attribute): JsonObject {
  const schema = valueSchema(attribute, answerObjectSchema);
  const readOnly = attribute.access === 'read-only';
  const canBeNull = readOnly ? attribute.nullable === true : attribute.access === 'optional' && !hasDefault(attribute);
  return {
    ...(canBeNull ? nullable(schema) : schema),
    description: attribute.description,
    ...(readOnly && { readOnly }),
  };
}

function hasDefault({ default: missing }: Attribute): boolean {
  return missing !== undefined && missing !== null;
}

function properties(
  entries: readonly [string, Attribute][],
  schemaOf: (attribute: Attribute) => JsonObject,
): JsonObject {
  return Object.fromEntries(entries.map(([name, attribute]) => [name, schemaOf(attribute)]));
}

/** `schema`, with null allowed too. */
export function nullable(schema: JsonObject): JsonObject {
  return {
    ...schema,
    type: [schema.type as string, 'null'],
    ...(schema.enum !== undefined && { enum: [...(schema.enum as Json[]), null] }),
  };
}

/** The pairs of attributes that exclude each other, each pair once. */
function conflictsOf(attributes: Attributes): [string, string][] {
  const names = Object.keys(attributes);
  return names.flatMap((earlier, index) =>
    names
      .slice(index + 1)
      .filter(
        (later) =>
          attributes[earlier]?.conflictsWith?.includes(later) || attributes[later]?.conflictsWith?.includes(earlier),
      )
      .map((later): [string, string] => [earlier, later]),
  );
}

function notBoth(pair: [string, string]): JsonObject {
  const given = Object.fromEntries(pair.map((name) => [name, { not: { type: 'null' } }]));
  return { not: { required: [...pair], properties: given } };
}
