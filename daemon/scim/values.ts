/** JSON values held to the description of their attributes (RFC 7643, sections 2.1 to 2.5). */
import type { Json, JsonObject } from '../../terraform-provider-spec/kind.ts';
import { attributeNamed, type ScimAttribute, subAttributeNamed } from './attributes.ts';
import { badRequest, type ScimError } from './errors.ts';

/** No attribute is longer for a reason, and each is stored and answered again and again. */
const LONGEST_TEXT = 4096;

/**
 * The value of `attribute` that `value` stands for, under canonical names; `undefined` if it is unassigned, which null
 * and the empty list say as well (RFC 7643, section 2.5). Throws `invalidValue` that names the attribute as `at`.
 */
export function readValue(attribute: ScimAttribute, value: Json, at: string): Json | undefined {
  if (value === null) return undefined;
  return attribute.multiValued ? readList(attribute, value, at) : readSingle(attribute, value, at);
}

/**
 * What is in `body` of `attributes`. Names are compared without case; unknown and read-only attributes are ignored
 * (RFC 7644, section 3.3). Throws `invalidValue` for wrong types and for what is required and missing.
 */
export function readAttributes(attributes: readonly ScimAttribute[], body: JsonObject, prefix = ''): JsonObject {
  const sent = byAttribute(attributes, body, prefix);
  const read: JsonObject = {};
  for (const attribute of attributes) {
    if (attribute.mutability === 'readOnly') continue;
    const at = `${prefix}${attribute.name}`;
    const value = readValue(attribute, sent.get(attribute) ?? null, at);
    if (value !== undefined) read[attribute.name] = value;
    else if (attribute.required) throw badRequest('invalidValue', `${at} is required.`);
  }
  return read;
}

/** The values in `body` by the attribute that they are of. Throws `invalidValue` for names that differ only in case. */
export function byAttribute(
  attributes: readonly ScimAttribute[],
  body: JsonObject,
  prefix = '',
): ReadonlyMap<ScimAttribute, Json> {
  const sent = new Map<ScimAttribute, Json>();
  for (const [name, value] of Object.entries(body)) {
    const attribute = attributeNamed(attributes, name);
    if (attribute === undefined) continue;
    if (sent.has(attribute)) throw badRequest('invalidValue', `${prefix}${attribute.name} is given twice.`);
    sent.set(attribute, value);
  }
  return sent;
}

/** Whether a stored value is the one sought, in the case that the attribute demands. */
export function sameValue(attribute: ScimAttribute, stored: Json | undefined, sought: Json | undefined): boolean {
  if (stored === sought) return true;
  // Before anything else: a large group compares many ids.
  if (attribute.caseExact) return false;
  return typeof stored === 'string' && typeof sought === 'string' && stored.toLowerCase() === sought.toLowerCase();
}

/** A boolean, also as Entra ID writes it: "True", "False". `undefined` for anything else. */
export function readBoolean(value: Json): boolean | undefined {
  if (typeof value === 'boolean') return value;
  if (typeof value !== 'string' || !/^(true|false)$/i.test(value)) return undefined;
  return value.toLowerCase() === 'true';
}

export function isObject(value: Json | undefined): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** What stands before the names of sub-attributes in paths: a colon after a schema, else a dot (RFC 7644, section 3.10). */
export function prefixOf(attribute: ScimAttribute, at: string): string {
  return attribute.name.startsWith('urn:') ? `${at}:` : `${at}.`;
}

function readList(attribute: ScimAttribute, value: Json, at: string): Json | undefined {
  if (!Array.isArray(value)) throw badRequest('invalidValue', `${at} must be a list.`);
  if (attribute.maxItems !== undefined && value.length > attribute.maxItems) throw tooMany(at, attribute.maxItems);
  const read = value.map((element) => readSingle(attribute, element, at)).filter((element) => element !== undefined);
  if (read.filter((element) => isObject(element) && element.primary === true).length > 1) {
    throw badRequest('invalidValue', `${at} must not have more than one primary value.`);
  }
  return read.length === 0 ? undefined : read;
}

/** The refusal of a list that is too long. */
export function tooMany(at: string, limit: number): ScimError {
  return badRequest('invalidValue', `${at} must not have more than ${limit} values.`);
}

function readSingle(attribute: ScimAttribute, value: Json, at: string): Json | undefined {
  switch (attribute.type) {
    case 'boolean': {
      const read = readBoolean(value);
      if (read === undefined) throw badRequest('invalidValue', `${at} must be true or false.`);
      return read;
    }
    case 'complex':
      return readComplex(attribute, value, at);
    default:
      return readText(attribute, value, at);
  }
}

function readComplex(attribute: ScimAttribute, value: Json, at: string): JsonObject | undefined {
  const whole = wholeOf(attribute, value);
  if (whole === null) return undefined;
  if (!isObject(whole)) throw badRequest('invalidValue', `${at} must be an object.`);
  const read = readAttributes(attribute.subAttributes ?? [], whole, prefixOf(attribute, at));
  return Object.keys(read).length === 0 ? undefined : read;
}

/**
 * `value` as the object that it stands for. Entra ID sends a manager as the bare identifier, and an empty one to take
 * the manager away.
 */
export function wholeOf(attribute: ScimAttribute, value: Json): Json {
  const bare = typeof value === 'string' && !attribute.multiValued && subAttributeNamed(attribute, 'value');
  if (!bare) return value;
  return value === '' ? null : { value };
}

function readText(attribute: ScimAttribute, value: Json, at: string): string {
  if (typeof value !== 'string') throw badRequest('invalidValue', `${at} must be a string.`);
  if (value.length > LONGEST_TEXT) {
    throw badRequest('invalidValue', `${at} must not be longer than ${LONGEST_TEXT} characters.`);
  }
  // Neither can be stored by every database.
  if (/\p{Cs}|\0/u.test(value)) throw badRequest('invalidValue', `${at} must be well-formed Unicode without NUL.`);
  if (attribute.required && value.trim() === '') throw badRequest('invalidValue', `${at} must not be empty.`);
  return value;
}
