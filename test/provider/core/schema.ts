/** Schemas as core reads them: the types that they imply, and the checks that a provider's schemas have to pass. */
import type { DynamicValue, Schema, SchemaAttribute } from '../../../terraform-provider/plugin/messages.ts';
import { NESTING } from '../../../terraform-provider/plugin/messages.ts';
import {
  type CtyType,
  decodeDynamic,
  encodeDynamic,
  isRecord,
  type Value,
} from '../../../terraform-provider/values/value.ts';

/** The provider broke a rule; Terraform would say "Provider produced …". */
export class RuleError extends Error {
  override readonly name = 'RuleError';
}

/** Throws {@link RuleError} with all the problems, if there are any. */
export function refuse(what: string, problems: readonly string[]): void {
  if (problems.length > 0) throw new RuleError(`${what}: ${problems.join('; ')}`);
}

/** The object type that a schema describes. Throws for schemas with nested blocks, which this provider does not use. */
export function schemaType(schema: Schema): CtyType {
  if ((schema.block.block_types ?? []).length > 0) throw new Error('Nested blocks are not supported here.');
  return objectType(attributesOf(schema));
}

/** The attributes of a schema's block. */
export function attributesOf(schema: Schema): SchemaAttribute[] {
  return schema.block.attributes ?? [];
}

/** The type of an attribute's values. */
export function attributeType(attribute: SchemaAttribute): CtyType {
  const nested = attribute.nested_type;
  if (nested === undefined) return JSON.parse(Buffer.from(attribute.type ?? []).toString('utf8')) as CtyType;
  const object = objectType(nested.attributes);
  if (nested.nesting === NESTING.single) return object;
  if (nested.nesting === NESTING.list) return ['list', object];
  return nested.nesting === NESTING.set ? ['set', object] : ['map', object];
}

function objectType(attributes: SchemaAttribute[]): CtyType {
  return ['object', Object.fromEntries(attributes.map((attribute) => [attribute.name, attributeType(attribute)]))];
}

/** What a provider answered, as a value of the type. Throws {@link RuleError} when it is none. */
export function answered(type: CtyType, value: DynamicValue | undefined): Value {
  try {
    return decodeDynamic(type, value);
  } catch (cause) {
    throw new RuleError(`the answer does not conform to the schema: ${(cause as Error).message}`, { cause });
  }
}

/** Throws {@link RuleError} unless the value is one of the type. */
export function assertConforms(type: CtyType, value: Value): void {
  try {
    encodeDynamic(type, value);
  } catch (cause) {
    throw new RuleError('the answer does not conform to the schema', { cause });
  }
}

/** The value of an attribute; null of what is no object. */
export function member(value: Value, name: string): Value {
  return isRecord(value) ? (value[name] ?? null) : null;
}

/** The elements of a collection by key; none of null and of an unknown value. */
export function elements(value: Value): Map<string, Value> {
  return typeof value === 'object' && value !== null && (Array.isArray(value) || isRecord(value))
    ? new Map(Object.entries(value))
    : new Map();
}

/** What is wrong with a schema; `kind` decides whether write-only attributes are possible. */
export function schemaProblems(schema: Schema, kind: 'resource' | 'other'): string[] {
  return attributesOf(schema).flatMap((attribute) => attributeProblems(attribute, attribute.name, kind, false));
}

function attributeProblems(attribute: SchemaAttribute, path: string, kind: string, inSet: boolean): string[] {
  const { name, type, nested_type: nested } = attribute;
  const { required = false, optional = false, computed = false, write_only: writeOnly = false } = attribute;
  const problems = [
    ...(/^[a-z0-9_]+$/.test(name) ? [] : ['has a name that is no identifier']),
    ...(required || optional || computed ? [] : ['is neither required nor optional nor computed']),
    ...(required && optional ? ['is required and optional'] : []),
    ...(required && computed ? ['is required and computed'] : []),
    ...((type?.length ?? 0) > 0 === (nested !== undefined) ? ['has not exactly one type'] : []),
    ...(writeOnly && computed ? ['is write-only and computed'] : []),
    ...(writeOnly && inSet ? ['is write-only inside a set'] : []),
    ...(writeOnly && kind !== 'resource' ? ['is write-only in what is no managed resource'] : []),
    ...(inSet && Buffer.from(type ?? []).includes('"dynamic"') ? ['is dynamic inside a set'] : []),
  ].map((problem) => `${path} ${problem}`);
  const isInSet = inSet || nested?.nesting === NESTING.set;
  const below = (nested?.attributes ?? []).flatMap((inner) =>
    attributeProblems(inner, `${path}.${inner.name}`, kind, isInSet),
  );
  return [...problems, ...below];
}
