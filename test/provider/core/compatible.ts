/** What core accepts as a later account of what was planned: the plan of the apply phase, and the result of the apply. */
import type { Schema, SchemaAttribute } from '../../../terraform-provider/plugin/messages.ts';
import {
  type CtyType,
  containsUnknown,
  equalValues,
  UNKNOWN,
  type Value,
} from '../../../terraform-provider/values/value.ts';
import { assertConforms, attributesOf, attributeType, elements, member, refuse } from './schema.ts';

/** Throws {@link RuleError} when the plan of the apply phase changes anything that the first one had decided. */
export function assertReplanned(schema: Schema, type: CtyType, first: Value, second: Value): void {
  assertConforms(type, second);
  refuse('Provider produced inconsistent final plan', differences(schema, first, second));
}

/** Throws {@link RuleError} when a result is unknown anywhere, or not what was planned. */
export function assertApplied(schema: Schema, type: CtyType, planned: Value, result: Value): void {
  assertStorable(schema, type, result, 'invalid result object after apply');
  refuse('Provider produced inconsistent result after apply', differences(schema, planned, result));
}

/** Throws {@link RuleError} unless the object can be stored: nothing unknown, and nothing that is write-only. */
export function assertStorable(schema: Schema, type: CtyType, value: Value, what: string): void {
  assertConforms(type, value);
  refuse(`Provider produced ${what}`, [
    ...(containsUnknown(value) ? ['it holds an unknown value'] : []),
    ...writeOnlyProblems(attributesOf(schema), value, ''),
  ]);
}

/** Whether every one of each has its like in the other, as `alike` sees it. */
export function matchMembers(first: Value[], second: Value[], alike: (one: Value, other: Value) => boolean): boolean {
  return (
    second.every((other) => first.some((one) => alike(one, other))) &&
    first.every((one) => second.some((other) => alike(one, other)))
  );
}

function writeOnlyProblems(attributes: readonly SchemaAttribute[], value: Value, path: string): string[] {
  return attributes.flatMap((attribute) => {
    const item = member(value, attribute.name);
    const at = `${path}${attribute.name}`;
    if (attribute.write_only === true) return item === null ? [] : [`${at} is write-only and not null`];
    return writeOnlyProblems(attribute.nested_type?.attributes ?? [], item, `${at}.`);
  });
}

function differences(schema: Schema, planned: Value, actual: Value): string[] {
  if (planned === null || actual === null) return planned === actual ? [] : ['existence differs'];
  return attributesOf(schema).flatMap((attribute) => {
    const before = member(planned, attribute.name);
    const after = member(actual, attribute.name);
    if (compatible(attributeType(attribute), before, after)) return [];
    return [`${attribute.name} was ${show(attribute, before)} and is ${show(attribute, after)}`];
  });
}

/** What was unknown may be anything; what was known stays. */
function compatible(type: CtyType, planned: Value, actual: Value): boolean {
  if (planned === UNKNOWN) return true;
  if (!containsUnknown(planned) || typeof type === 'string') return equalValues(type, planned, actual);
  if (actual === null || actual === UNKNOWN) return false;
  const [before, after] = [elements(planned), elements(actual)];
  if (type[0] === 'set') {
    // Members that turn out to be equal become one; never are there more.
    const item = (one: Value, other: Value) => compatible(type[1], one, other);
    return after.size <= before.size && matchMembers([...before.values()], [...after.values()], item);
  }
  return (
    before.size === after.size &&
    [...before].every(([key, item]) => after.has(key) && compatible(elementType(type, key), item, after.get(key)!))
  );
}

function elementType(type: Exclude<CtyType, string>, key: string): CtyType {
  if (type[0] === 'object') return type[1][key] ?? 'dynamic';
  if (type[0] === 'tuple') return type[1][Number(key)] ?? 'dynamic';
  return type[1];
}

/** For messages: sensitive values are not shown. */
function show(attribute: SchemaAttribute, value: Value): string {
  if (value === UNKNOWN) return 'unknown';
  return attribute.sensitive === true ? 'a sensitive value' : JSON.stringify(value);
}
