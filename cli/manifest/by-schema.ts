/**
 * Checks a value against a JSON Schema of the few keywords in which the contract describes what only manifest files have,
 * so that the description for editors and the check are one.
 */
import { NAME_PATTERN } from '../../terraform-provider-spec/address.ts';
import { closest } from '../../terraform-provider-spec/derive/closest.ts';
import { pointerTo } from '../../terraform-provider-spec/derive/pointer.ts';
import type { Violation } from '../../terraform-provider-spec/derive/validate.ts';
import { FORMATS } from '../../terraform-provider-spec/formats.ts';
import type { Json, JsonObject } from '../../terraform-provider-spec/kind.ts';
import { isObject } from './json.ts';

/** What is wrong with `value` at `pointer`. Throws an `Error` for a keyword that it does not know: nothing goes unchecked. */
export function violationsOf(schema: JsonObject, value: Json, pointer: string): Violation[] {
  for (const keyword of Object.keys(schema)) {
    if (!KEYWORDS.has(keyword)) throw new Error(`the description of manifest files uses "${keyword}"`);
  }
  const { type } = schema;
  if (typeof type === 'string' && typeOf(value) !== type) {
    return [{ pointer, detail: `must be ${TYPES[type]}, not ${TYPES[typeOf(value)]}` }];
  }
  if (schema.const !== undefined && value !== schema.const) {
    return [{ pointer, detail: `must be ${JSON.stringify(schema.const)}` }];
  }
  if (typeof value === 'string') return ofText(schema, value, pointer);
  if (Array.isArray(value)) return ofList(schema, value, pointer);
  return isObject(value) ? ofObject(schema, value, pointer) : [];
}

const KEYWORDS = new Set([
  ...['type', 'const', 'pattern', 'minLength', 'items', 'minItems', 'uniqueItems', 'properties', 'required'],
  ...['additionalProperties', 'minProperties', 'maxProperties', 'description', 'default'],
]);

const TYPES: Readonly<Record<string, string>> = {
  object: 'an object',
  array: 'an array',
  string: 'a string',
  boolean: 'true or false',
  number: 'a number',
  null: 'null',
};

/** What the patterns of the files say, in words. */
const PATTERNS: Readonly<Record<string, string>> = {
  [NAME_PATTERN.source]: `must be ${FORMATS.name.text}`,
  '^[A-Za-z_][A-Za-z0-9_]*$': 'must consist of letters, digits and "_", with no digit at the front',
  '^[A-Za-z_][A-Za-z0-9_-]*$': 'must consist of letters, digits, "_" and "-", with no digit or "-" at the front',
};

function ofText(schema: JsonObject, value: string, pointer: string): Violation[] {
  if (typeof schema.minLength === 'number' && value.length < schema.minLength) {
    return [{ pointer, detail: 'must not be empty' }];
  }
  if (typeof schema.pattern === 'string' && !new RegExp(schema.pattern, 'u').test(value)) {
    return [{ pointer, detail: PATTERNS[schema.pattern] ?? `must match ${schema.pattern}` }];
  }
  return [];
}

function ofList(schema: JsonObject, value: readonly Json[], pointer: string): Violation[] {
  if (typeof schema.minItems === 'number' && value.length < schema.minItems) {
    return [{ pointer, detail: 'must not be empty' }];
  }
  const wrong = value.flatMap((item, index) =>
    schema.items === undefined ? [] : violationsOf(schema.items as JsonObject, item, pointerTo(pointer, index)),
  );
  if (schema.uniqueItems === true) {
    const texts = value.map((item) => JSON.stringify(item));
    texts.forEach((text, index) => {
      const first = texts.indexOf(text);
      if (first < index) wrong.push({ pointer: pointerTo(pointer, index), detail: `is the same as member ${first}` });
    });
  }
  return wrong;
}

function ofObject(schema: JsonObject, value: JsonObject, pointer: string): Violation[] {
  const properties = (schema.properties ?? {}) as Readonly<Record<string, JsonObject>>;
  const keys = Object.keys(value);
  const wrong = keys.flatMap((key) => {
    const known = Object.hasOwn(properties, key) ? properties[key] : undefined;
    if (known !== undefined) return violationsOf(known, value[key] as Json, pointerTo(pointer, key));
    if (schema.additionalProperties !== false) return [];
    return [{ pointer: pointerTo(pointer, key), detail: unknownKey(key, Object.keys(properties)) }];
  });
  if (wrong.length > 0) return wrong;
  for (const key of (schema.required ?? []) as string[]) {
    if (!Object.hasOwn(value, key)) wrong.push({ pointer, detail: `lacks "${key}"` });
  }
  const [fewest, most] = [schema.minProperties ?? 0, schema.maxProperties ?? Number.POSITIVE_INFINITY];
  if (keys.length < Number(fewest) || keys.length > Number(most)) {
    wrong.push({ pointer, detail: `must have one of the keys ${Object.keys(properties).join(', ')}` });
  }
  return wrong;
}

/** Says that there is no such key, and which one may have been meant. */
export function unknownKey(key: string, known: readonly string[]): string {
  const meant = closest(key, known);
  return `there is no such key; ${meant === undefined ? `there are ${known.join(', ')}` : `did you mean "${meant}"?`}`;
}

function typeOf(value: Json): string {
  if (value === null) return 'null';
  return Array.isArray(value) ? 'array' : typeof value;
}
