/** What core accepts as a plan for a configuration. */
import type { Schema, SchemaAttribute } from '../../../terraform-provider/plugin/messages.ts';
import { NESTING } from '../../../terraform-provider/plugin/messages.ts';
import { type CtyType, equalValues, isRecord, UNKNOWN, type Value } from '../../../terraform-provider/values/value.ts';
import { matchMembers } from './compatible.ts';
import { assertConforms, attributesOf, attributeType, elements, member, refuse } from './schema.ts';

/** Throws {@link RuleError} when the plan is not one that Terraform accepts for this configuration. */
export function assertPlanValid(schema: Schema, type: CtyType, prior: Value, config: Value, planned: Value): void {
  assertConforms(type, planned);
  refuse('Provider produced invalid plan', planProblems(schema, prior, config, planned));
}

function planProblems(schema: Schema, prior: Value, config: Value, planned: Value): string[] {
  if (config === null) return planned === null ? [] : ['existence is planned for what is not configured'];
  if (planned === null) return ['no existence is planned for what is configured'];
  return objectProblems(attributesOf(schema), { prior, config, planned }, '');
}

interface Planned {
  readonly prior: Value;
  readonly config: Value;
  readonly planned: Value;
}

function objectProblems(attributes: readonly SchemaAttribute[], values: Planned, path: string): string[] {
  return attributes.flatMap((attribute) => {
    const { name } = attribute;
    const [prior, config, planned] = [values.prior, values.config, values.planned].map((value) => member(value, name));
    const at = path === '' ? name : `${path}.${name}`;
    return attributeProblems(attribute, { prior: prior!, config: config!, planned: planned! }, at);
  });
}

function attributeProblems(attribute: SchemaAttribute, values: Planned, path: string): string[] {
  const { prior, config, planned } = values;
  const type = attributeType(attribute);
  if (attribute.write_only === true) return planned === null ? [] : [`${path} is write-only and not null in the plan`];
  if (equalValues(type, planned, config)) return [];
  // The provider says that the configured value means the same as the former one.
  if (config !== null && prior !== null && equalValues(type, planned, prior)) return [];
  if (config === null) {
    return attribute.computed === true ? [] : [`${path} is not configured and not computed, but planned`];
  }
  const nested = attribute.nested_type;
  if (nested !== undefined && config !== UNKNOWN && planned !== UNKNOWN) {
    if (planned === null) return [`${path} is configured and planned as null`];
    if (nested.nesting === NESTING.single) return objectProblems(nested.attributes, values, path);
    if (nested.nesting === NESTING.set) return memberProblems(nested.attributes, values, path);
    return elementProblems(nested.attributes, values, path);
  }
  return [`${path} is planned as neither its configuration nor its prior value`];
}

function elementProblems(attributes: readonly SchemaAttribute[], values: Planned, path: string): string[] {
  const [prior, config, planned] = [values.prior, values.config, values.planned].map(elements);
  if (config!.size !== planned!.size) return [`${path} is planned with another number of elements`];
  return [...config!].flatMap(([key, wanted]) => {
    const got = planned!.get(key);
    if (got === undefined) return [`${path}[${key}] is configured and not planned`];
    const one = { prior: prior!.get(key) ?? null, config: wanted, planned: got };
    return elementProblem(attributes, one, `${path}[${key}]`);
  });
}

function elementProblem(attributes: readonly SchemaAttribute[], values: Planned, path: string): string[] {
  if (isRecord(values.config) && isRecord(values.planned)) return objectProblems(attributes, values, path);
  return values.config === values.planned ? [] : [`${path} is planned as another value than configured`];
}

/** Members of a set have no key: each planned one must be what some configured one allows, and the other way round. */
function memberProblems(attributes: readonly SchemaAttribute[], { config, planned }: Planned, path: string): string[] {
  const [wanted, got] = [[...elements(config).values()], [...elements(planned).values()]];
  if (wanted.length !== got.length) return [`${path} is planned with another number of members`];
  const allows = (one: Value, item: Value) =>
    elementProblem(attributes, { prior: null, config: one, planned: item }, path).length === 0;
  return matchMembers(wanted, got, allows) ? [] : [`${path} is planned with a member that no configured one allows`];
}
