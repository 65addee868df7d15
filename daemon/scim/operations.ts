/** The operations of a PatchOp, read (RFC 7644, section 3.5.2). What they do is in `patch.ts`. */
import type { Json, JsonObject } from '../../terraform-provider-spec/kind.ts';
import type { ScimResourceType } from './attributes.ts';
import { badRequest, type ScimError } from './errors.ts';
import { type AttributePath, PathReader, stepsOf, unqualified } from './paths.ts';
import { isObject } from './values.ts';

export const PATCH_SCHEMA = 'urn:ietf:params:scim:api:messages:2.0:PatchOp';

/** One change of one target. */
export interface Operation {
  readonly op: 'add' | 'replace' | 'remove';
  readonly path: AttributePath;
  /** The target as the client wrote it, for messages. */
  readonly at: string;
  /** What was sent; null if nothing was, which is the same as unassigned (RFC 7643, section 2.5). */
  readonly value: Json;
}

/**
 * The operations in the body of a PATCH (RFC 7644, section 3.5.2), in their order. One without a path becomes one for
 * each attribute in its value, whose names can be paths: Entra ID sends `name.givenName` and names qualified by a schema
 * there. Throws `invalidSyntax`, `invalidPath`, `invalidFilter`, `invalidValue` or `noTarget`.
 */
export function readOperations(type: ScimResourceType, body: Json): Operation[] {
  if (!isObject(body)) throw badRequest('invalidSyntax', 'The body must be an object.');
  const { schemas, operations } = member(body, ['schemas', 'operations']);
  if (schemas !== undefined && !namesPatch(schemas)) {
    throw badRequest('invalidSyntax', `schemas must hold ${PATCH_SCHEMA}.`);
  }
  if (!Array.isArray(operations) || operations.length === 0) {
    throw badRequest('invalidSyntax', 'Operations must be a list of one or more operations.');
  }
  return operations.flatMap((operation) => readOperation(type, operation));
}

function readOperation(type: ScimResourceType, operation: Json): Operation[] {
  if (!isObject(operation)) throw badRequest('invalidSyntax', 'Every operation must be an object.');
  const { op: sent, path, value } = member(operation, ['op', 'path', 'value']);
  const op = typeof sent === 'string' ? sent.toLowerCase() : undefined;
  if (op !== 'add' && op !== 'replace' && op !== 'remove') {
    throw badRequest('invalidSyntax', 'op must be "add", "replace" or "remove".');
  }
  if (path !== undefined && path !== null) {
    if (typeof path !== 'string') throw badRequest('invalidPath', 'path must be a string.');
    if (op !== 'remove' && value === undefined) throw badRequest('invalidValue', `A value is needed to ${op}.`);
    return isIgnored(type, path) ? [] : [{ op, path: readPath(type, path), at: path, value: value ?? null }];
  }
  if (op === 'remove') throw badRequest('noTarget', 'A path is needed to remove.');
  if (!isObject(value)) throw badRequest('invalidValue', 'Without a path, value must be an object.');
  return Object.entries(value)
    .filter(([name]) => isKnown(type, name))
    .map(([name, part]) => ({ op, path: readPath(type, name), at: name, value: part }));
}

function readPath(type: ScimResourceType, text: string): AttributePath {
  const reader = new PathReader(type, text);
  const path = reader.path(invalidPath);
  if (!reader.atEnd()) throw invalidPath('After a path, nothing more is expected');
  return path;
}

/** What is unknown is ignored in a value as in any body (RFC 7644, section 3.3); a path must name something. */
function isKnown(type: ScimResourceType, name: string): boolean {
  return stepsOf(type, name.split('[', 1)[0]?.trim() ?? '') !== undefined;
}

function isIgnored(type: ScimResourceType, name: string): boolean {
  return type.ignored.includes(unqualified(type, name).toLowerCase());
}

function namesPatch(schemas: Json): boolean {
  return (
    Array.isArray(schemas) && schemas.some((schema) => String(schema).toLowerCase() === PATCH_SCHEMA.toLowerCase())
  );
}

/** The values of `body` under `names`, which are in lower case and compared without (RFC 7643, section 2.1). */
function member<Name extends string>(body: JsonObject, names: readonly Name[]): Partial<Record<Name, Json>> {
  const found: Partial<Record<Name, Json>> = {};
  for (const [key, value] of Object.entries(body)) {
    const name = names.find((candidate) => candidate === key.toLowerCase());
    if (name !== undefined) found[name] = value;
  }
  return found;
}

function invalidPath(what: string): ScimError {
  return badRequest('invalidPath', `${what}.`);
}
