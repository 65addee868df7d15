/** What the operations of a PATCH do to a resource (RFC 7644, sections 3.5.2.1 to 3.5.2.3). */
import type { Json, JsonObject } from '../../terraform-provider-spec/kind.ts';
import type { ScimAttribute, ScimResourceType } from './attributes.ts';
import { ElementList } from './element-list.ts';
import { badRequest } from './errors.ts';
import { type Operation, readOperations } from './operations.ts';
import { type Comparison, valuesAt } from './paths.ts';
import { byAttribute, isObject, prefixOf, readValue, wholeOf } from './values.ts';

/**
 * `resource`, as SCIM shows it, after the PatchOp `body` (RFC 7644, section 3.5.2). All operations apply or none does.
 * `resource` must be whole: a group without its members would come out with only those that are added. A list that ends
 * up without values is left as an empty one, so that it differs from one that was never there.
 *
 * Throws `invalidSyntax`, `invalidPath`, `invalidFilter`, `invalidValue`, `noTarget` or `mutability`.
 */
export function applyPatch(type: ScimResourceType, resource: JsonObject, body: Json): JsonObject {
  const draft = structuredClone(resource);
  for (const operation of readOperations(type, body)) {
    if (changesNothing(draft, operation)) continue;
    const { op, path, at, value } = operation;
    if (op === 'remove') remove(draft, path.steps, path.where, value, at);
    else write(draft, path.steps, path.where, operation);
    const lost = type.attributes.find(({ name, required }) => required && draft[name] === undefined);
    if (lost !== undefined) throw badRequest('mutability', `${lost.name} is required and cannot be removed.`);
  }
  return draft;
}

/**
 * Whether `operation` says again what a read-only attribute already is: Okta names the id of a group that it renames.
 * Throws `mutability` if it would change one.
 */
function changesNothing(draft: JsonObject, { op, path, at, value }: Operation): boolean {
  const fixed = path.steps.find(({ mutability }) => mutability !== 'readWrite');
  if (fixed === undefined) return false;
  const [current] = path.steps.at(-1)?.multiValued ? [valuesAt(draft, path)] : valuesAt(draft, path);
  if (op !== 'remove' && repeats(value, current ?? null)) return true;
  throw badRequest('mutability', `${at} cannot be changed.`);
}

/** Whether everything in `value` is in `current`. */
function repeats(value: Json, current: Json): boolean {
  if (Array.isArray(value)) {
    return Array.isArray(current) && value.every((part) => current.some((one) => repeats(part, one)));
  }
  if (isObject(value)) {
    return isObject(current) && Object.entries(value).every(([name, part]) => repeats(part, current[name] ?? null));
  }
  return value === current;
}

type Where = readonly Comparison[] | undefined;
type Write = Pick<Operation, 'op' | 'at' | 'value'>;

/** Adds or replaces at the end of `steps` below `target`. */
function write(target: JsonObject, steps: readonly ScimAttribute[], where: Where, operation: Write): void {
  const [attribute, ...rest] = steps as [ScimAttribute, ...ScimAttribute[]];
  if (attribute.multiValued) {
    if (rest.length === 0 && where === undefined) writeList(target, attribute, operation);
    else writeElements(target, attribute, rest, where, operation);
  } else if (attribute.type === 'complex') {
    const child = isObject(target[attribute.name]) ? (target[attribute.name] as JsonObject) : {};
    if (rest.length > 0) write(child, rest, undefined, operation);
    else writeParts(child, attribute, operation);
    assign(target, attribute, Object.keys(child).length === 0 ? undefined : child);
  } else {
    assign(target, attribute, readValue(attribute, operation.value, operation.at));
  }
}

/** Sub-attributes that are not sent stay as they are, also when replacing (RFC 7644, section 3.5.2.3). */
function writeParts(target: JsonObject, attribute: ScimAttribute, { op, at, value }: Write): void {
  const whole = wholeOf(attribute, value);
  // Whoever sends nothing, or the bare identifier of another manager, leaves nothing of the one before.
  if (whole === null || whole !== value) empty(target);
  if (whole === null) return;
  if (!isObject(whole)) throw badRequest('invalidValue', `${at} must be an object.`);
  for (const [sub, part] of byAttribute(attribute.subAttributes ?? [], whole, prefixOf(attribute, at))) {
    if (sub.mutability === 'readOnly') continue;
    write(target, [sub], undefined, { op, at: `${prefixOf(attribute, at)}${sub.name}`, value: part });
  }
}

/** The whole list: replaced, or joined by values that are not in it yet. */
function writeList(target: JsonObject, attribute: ScimAttribute, { op, at, value }: Write): void {
  const given = readElements(attribute, value, at);
  if (op === 'replace') {
    target[attribute.name] = given;
    return;
  }
  const list = ElementList.in(target, attribute);
  list.keepOnePrimary(given.map((element) => list.merge(element)));
}

/** The elements that fulfil the conditions, or all of them without conditions. */
function writeElements(
  target: JsonObject,
  attribute: ScimAttribute,
  rest: readonly ScimAttribute[],
  where: Where,
  operation: Write,
): void {
  const list = ElementList.in(target, attribute);
  const chosen = where === undefined ? list.all() : list.select(where);
  if (chosen.length === 0) {
    if (operation.op === 'replace' && where !== undefined) {
      throw badRequest('noTarget', `There is no value at ${operation.at}.`);
    }
    // Entra ID adds the value of an e-mail address of type "work" and means that there is to be one.
    chosen.push(list.append(fulfilling(where)));
  }
  for (const element of chosen) {
    if (rest.length > 0) write(element, rest, undefined, operation);
    else writeElement(element, attribute, where, operation);
  }
  list.keepOnePrimary(chosen);
  list.changed(chosen);
}

function writeElement(element: JsonObject, attribute: ScimAttribute, where: Where, operation: Write): void {
  const [given, more] = readElements(attribute, operation.value, operation.at);
  if (more !== undefined) throw badRequest('invalidValue', `${operation.at} takes one value.`);
  if (operation.op === 'replace') empty(element);
  if (given !== undefined) Object.assign(element, fulfilling(where), given);
}

/** What is sent for a list: a single value may stand for a list of one. */
function readElements(attribute: ScimAttribute, value: Json, at: string): JsonObject[] {
  return (readValue(attribute, isObject(value) ? [value] : value, at) ?? []) as JsonObject[];
}

function remove(target: JsonObject, steps: readonly ScimAttribute[], where: Where, value: Json, at: string): void {
  const [attribute, ...rest] = steps as [ScimAttribute, ...ScimAttribute[]];
  const present = target[attribute.name];
  // Removing what is not there is done already: clients repeat requests whose answers they lost.
  if (present === undefined) return;
  if (attribute.multiValued) {
    removeElements(ElementList.in(target, attribute), rest, where, value, at);
  } else if (rest.length === 0) {
    delete target[attribute.name];
  } else if (isObject(present)) {
    remove(present, rest, undefined, null, at);
    if (Object.keys(present).length === 0) delete target[attribute.name];
  }
}

function removeElements(
  list: ElementList,
  rest: readonly ScimAttribute[],
  where: Where,
  value: Json,
  at: string,
): void {
  if (rest.length === 0 && where === undefined && value !== null) {
    // Entra ID lists the members that are to go. An empty list names none of them, and certainly not all.
    list.discard(valuesIn(value, at).flatMap((named) => list.withValue(named)));
    return;
  }
  const chosen = where === undefined ? list.all() : list.select(where);
  if (rest.length === 0) {
    list.discard(chosen);
  } else {
    for (const element of chosen) remove(element, rest, undefined, null, at);
    list.changed(chosen);
  }
}

function valuesIn(value: Json, at: string): string[] {
  return (Array.isArray(value) ? value : [value]).map((one) => {
    const named = isObject(one) ? one.value : one;
    if (typeof named !== 'string') throw badRequest('invalidValue', `What is to be removed from ${at} has no value.`);
    return named;
  });
}

/** An element that `where` would choose. */
function fulfilling(where: Where): JsonObject {
  return Object.fromEntries((where ?? []).map(({ attribute, value }) => [attribute.name, value]));
}

function assign(target: JsonObject, attribute: ScimAttribute, value: Json | undefined): void {
  if (value === undefined) delete target[attribute.name];
  else target[attribute.name] = value;
}

function empty(target: JsonObject): void {
  for (const name of Object.keys(target)) delete target[name];
}
