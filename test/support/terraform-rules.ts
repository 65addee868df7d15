/** The rules of Terraform's core about what a provider may plan and return, as far as schemas without nested blocks need them. */
import type { Schema, SchemaAttribute } from '../../terraform-provider/plugin/messages.ts';
import { NESTING } from '../../terraform-provider/plugin/messages.ts';
import {
  type CtyType,
  containsUnknown,
  equalValues,
  isRecord,
  UNKNOWN,
  type Value,
  type ValueRecord,
} from '../../terraform-provider/values/value.ts';

/** The provider broke a rule; Terraform would say "Provider produced …". */
export class RuleError extends Error {
  override readonly name = 'RuleError';
}

/** The object type that a schema describes. Throws for schemas with nested blocks, which this provider does not use. */
export function schemaType(schema: Schema): CtyType {
  if ((schema.block.block_types ?? []).length > 0) throw new Error('Nested blocks are not supported here.');
  return objectType(schema.block.attributes ?? []);
}

/** What Terraform proposes: the configuration, and the prior value where a computed attribute is not configured. */
export function proposedState(schema: Schema, prior: Value, config: Value): Value {
  return config === null ? null : proposedObject(schema.block.attributes ?? [], prior, config);
}

/** Throws {@link RuleError} when the plan is not one that Terraform accepts for this configuration. */
export function assertPlanValid(schema: Schema, type: CtyType, prior: Value, config: Value, planned: Value): void {
  assertConforms(type, planned);
  if ((config === null) !== (planned === null)) throw new RuleError('planned existence differs from the configuration');
  if (config !== null) planObject(schema.block.attributes ?? [], prior, config, planned, '');
}

/** Throws {@link RuleError} when the plan of the apply phase changes anything that the first one had decided. */
export function assertReplanned(schema: Schema, type: CtyType, first: Value, second: Value): void {
  assertConforms(type, second);
  assertCompatible(schema, first, second, 'inconsistent final plan');
}

/** Throws {@link RuleError} when a result is unknown anywhere, or not what was planned. */
export function assertApplied(schema: Schema, type: CtyType, planned: Value, result: Value): void {
  assertConforms(type, result);
  if (containsUnknown(result)) throw new RuleError('the result after apply holds an unknown value');
  assertCompatible(schema, planned, result, 'inconsistent result after apply');
  for (const attribute of schema.block.attributes ?? []) {
    if (attribute.write_only === true && isRecord(result) && result[attribute.name] !== null) {
      throw new RuleError(`${attribute.name} is write-only and not null in the result`);
    }
  }
}

function assertConforms(type: CtyType, value: Value): void {
  try {
    equalValues(type, value, value);
  } catch (cause) {
    throw new RuleError('the answer does not conform to the schema', { cause });
  }
}

function planObject(attributes: SchemaAttribute[], prior: Value, config: Value, planned: Value, path: string): void {
  for (const attribute of attributes) {
    const at = path === '' ? attribute.name : `${path}.${attribute.name}`;
    planAttribute(
      attribute,
      member(prior, attribute.name),
      member(config, attribute.name),
      member(planned, attribute.name),
      at,
    );
  }
}

function planAttribute(attribute: SchemaAttribute, prior: Value, config: Value, planned: Value, path: string): void {
  const type = attributeType(attribute);
  if (attribute.write_only === true) {
    if (planned !== null) throw new RuleError(`${path} is write-only and not null in the plan`);
    return;
  }
  if (equalValues(type, planned, config)) return;
  if (config !== null && prior !== null && equalValues(type, planned, prior)) return;
  if (config === null) {
    if (attribute.computed === true) return;
    throw new RuleError(`${path} is not configured and not computed, but planned`);
  }
  const nested = attribute.nested_type;
  if (nested !== undefined && config !== UNKNOWN && planned !== null && planned !== UNKNOWN) {
    if (nested.nesting === NESTING.single) {
      planObject(nested.attributes, prior, config, planned, path);
      return;
    }
    if (nested.nesting === NESTING.set) planMembers(nested.attributes, config, planned, path);
    else planElements(nested.attributes, prior, config, planned, path);
    return;
  }
  throw new RuleError(`${path} is planned as neither its configuration nor its prior value`);
}

function planElements(attributes: SchemaAttribute[], prior: Value, config: Value, planned: Value, path: string): void {
  const [wanted, got] = [elements(config), elements(planned)];
  if (wanted.size !== got.size) throw new RuleError(`${path} is planned with another number of elements`);
  for (const [key, item] of wanted) {
    planObject(attributes, elements(prior).get(key) ?? null, item, got.get(key) ?? null, `${path}[${key}]`);
  }
}

/** Members of a set have no key: each planned one must be what some configured one allows. */
function planMembers(attributes: SchemaAttribute[], config: Value, planned: Value, path: string): void {
  const [wanted, got] = [[...elements(config).values()], [...elements(planned).values()]];
  if (wanted.length !== got.length) throw new RuleError(`${path} is planned with another number of members`);
  for (const item of got) {
    const allowed = wanted.some((one) => {
      if (one === UNKNOWN || item === UNKNOWN) return one === item;
      try {
        planObject(attributes, null, one, item, path);
        return true;
      } catch (error) {
        if (error instanceof RuleError) return false;
        throw error;
      }
    });
    if (!allowed) throw new RuleError(`${path} is planned with a member that no configured one allows`);
  }
}

function assertCompatible(schema: Schema, planned: Value, actual: Value, what: string): void {
  if ((planned === null) !== (actual === null)) throw new RuleError(`${what}: existence differs`);
  for (const attribute of schema.block.attributes ?? []) {
    const before = member(planned, attribute.name);
    const after = member(actual, attribute.name);
    if (!compatible(attributeType(attribute), before, after)) {
      throw new RuleError(`${what}: ${attribute.name} was ${show(attribute, before)} and is ${show(attribute, after)}`);
    }
  }
}

/** What was unknown may be anything; what was known stays. */
function compatible(type: CtyType, planned: Value, actual: Value): boolean {
  if (planned === UNKNOWN) return true;
  if (!containsUnknown(planned)) return equalValues(type, planned, actual);
  if (typeof type === 'string') return equalValues(type, planned, actual);
  // Which element of a set a partly unknown one turned into cannot be told: at most the number can be wrong.
  if (type[0] === 'set') return elements(actual).size <= elements(planned).size && elements(actual).size > 0;
  const [before, after] = [elements(planned), elements(actual)];
  if (before.size !== after.size) return false;
  return [...before].every(
    ([key, item]) => after.has(key) && compatible(elementType(type, key), item, after.get(key)!),
  );
}

function elementType(type: Exclude<CtyType, string>, key: string): CtyType {
  if (type[0] === 'object') return type[1][key] ?? 'dynamic';
  if (type[0] === 'tuple') return type[1][Number(key)] ?? 'dynamic';
  return type[1];
}

function proposedObject(attributes: SchemaAttribute[], prior: Value, config: Value): ValueRecord {
  const proposed: ValueRecord = Object.create(null);
  for (const attribute of attributes) {
    const [before, wanted] = [member(prior, attribute.name), member(config, attribute.name)];
    if (attribute.computed === true && wanted === null) proposed[attribute.name] = before;
    else if (attribute.nested_type?.nesting === NESTING.single && isRecord(wanted)) {
      proposed[attribute.name] = proposedObject(attribute.nested_type.attributes, before, wanted);
    } else proposed[attribute.name] = wanted;
  }
  return proposed;
}

function objectType(attributes: SchemaAttribute[]): CtyType {
  return ['object', Object.fromEntries(attributes.map((attribute) => [attribute.name, attributeType(attribute)]))];
}

function attributeType(attribute: SchemaAttribute): CtyType {
  const nested = attribute.nested_type;
  if (nested === undefined) return JSON.parse(Buffer.from(attribute.type ?? []).toString('utf8')) as CtyType;
  const object = objectType(nested.attributes);
  if (nested.nesting === NESTING.single) return object;
  if (nested.nesting === NESTING.list) return ['list', object];
  return nested.nesting === NESTING.set ? ['set', object] : ['map', object];
}

function member(value: Value, name: string): Value {
  return isRecord(value) ? (value[name] ?? null) : null;
}

function elements(value: Value): Map<string, Value> {
  return typeof value === 'object' && value !== null && (Array.isArray(value) || isRecord(value))
    ? new Map(Object.entries(value))
    : new Map();
}

/** For messages: sensitive values are not shown. */
function show(attribute: SchemaAttribute, value: Value): string {
  if (value === UNKNOWN) return 'unknown';
  return attribute.sensitive === true ? 'a sensitive value' : JSON.stringify(value);
}
