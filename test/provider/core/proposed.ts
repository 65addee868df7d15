/** The state that core proposes to a provider before it plans. */
import type { Schema, SchemaAttribute, SchemaObject } from '../../../terraform-provider/plugin/messages.ts';
import { NESTING } from '../../../terraform-provider/plugin/messages.ts';
import {
  equalValues,
  isRecord,
  UNKNOWN,
  type Value,
  type ValueRecord,
} from '../../../terraform-provider/values/value.ts';
import { attributesOf, attributeType, elements, member } from './schema.ts';

/** The configuration, with the prior value wherever a computed attribute is not configured; null for a deletion. */
export function proposedState(schema: Schema, prior: Value, config: Value): Value {
  return config === null ? null : proposedObject(attributesOf(schema), prior, config);
}

function proposedObject(attributes: readonly SchemaAttribute[], prior: Value, config: Value): ValueRecord {
  const proposed: ValueRecord = Object.create(null);
  for (const attribute of attributes) {
    const [before, wanted] = [member(prior, attribute.name), member(config, attribute.name)];
    proposed[attribute.name] = proposedValue(attribute, before, wanted);
  }
  return proposed;
}

function proposedValue(attribute: SchemaAttribute, prior: Value, config: Value): Value {
  const nested = attribute.nested_type;
  if (attribute.computed === true && config === null) {
    // What the configuration alone can have put there shows that it was taken out of the configuration.
    return attribute.optional === true && nested !== undefined && holdsConfigured(nested, prior) ? null : prior;
  }
  if (nested === undefined || config === null || config === UNKNOWN) return config;
  if (nested.nesting === NESTING.single) return proposedObject(nested.attributes, prior, config);
  if (nested.nesting === NESTING.set) return proposedMembers(nested, prior, config);
  const before = elements(prior);
  const proposed = [...elements(config)].map(([key, item]): [string, Value] => [
    key,
    item === null || item === UNKNOWN ? item : proposedObject(nested.attributes, before.get(key) ?? null, item),
  ]);
  return Array.isArray(config) ? proposed.map(([, item]) => item) : Object.fromEntries(proposed);
}

/** Members of a set have no key: a prior one belongs to the first configured one from which it can have come. */
function proposedMembers({ attributes }: SchemaObject, prior: Value, config: Value): Value {
  const left = [...elements(prior).values()];
  return [...elements(config).values()].map((wanted) => {
    if (!isRecord(wanted)) return wanted;
    const index = left.findIndex((before) => cameFrom(attributes, before, wanted));
    const [before = null] = index < 0 ? [] : left.splice(index, 1);
    return proposedObject(attributes, before, wanted);
  });
}

/** Whether the two differ only in what is computed and not configured. */
function cameFrom(attributes: readonly SchemaAttribute[], prior: Value, config: Value): boolean {
  return attributes.every((attribute) => {
    const [before, wanted] = [member(prior, attribute.name), member(config, attribute.name)];
    if (equalValues(attributeType(attribute), before, wanted)) return true;
    const nested = attribute.nested_type;
    if (nested?.nesting === NESTING.single && isRecord(before) && isRecord(wanted)) {
      return cameFrom(nested.attributes, before, wanted);
    }
    return nested === undefined && attribute.computed === true && wanted === null;
  });
}

function holdsConfigured({ attributes }: SchemaObject, value: Value): boolean {
  if (value === null || value === UNKNOWN) return false;
  const objects =
    isRecord(value) && attributes.some(({ name }) => name in value) ? [value] : [...elements(value).values()];
  return objects.some((object) =>
    attributes.some((inner) => {
      const item = member(object, inner.name);
      if (item === null) return false;
      return inner.computed !== true || (inner.nested_type !== undefined && holdsConfigured(inner.nested_type, item));
    }),
  );
}
