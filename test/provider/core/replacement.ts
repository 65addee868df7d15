/** When core replaces a resource, and what else it makes of a plan. */
import type { AttributePath, Schema } from '../../../terraform-provider/plugin/messages.ts';
import {
  type CtyType,
  containsUnknown,
  equalValues,
  isRecord,
  type Value,
} from '../../../terraform-provider/values/value.ts';
import { attributesOf, attributeType, RuleError } from './schema.ts';

export type Action = 'create' | 'update' | 'replace' | 'delete' | 'no-op';

/** What core does for a plan of a resource that exists. */
export function actionOf(type: CtyType, prior: Value, planned: Value, replacing: readonly AttributePath[]): Action {
  if (!containsUnknown(planned) && equalValues(type, prior, planned)) return 'no-op';
  return replacing.length > 0 ? 'replace' : 'update';
}

/**
 * The paths for whose sake the resource is really replaced: only where the value changes or is unknown, and always for what is
 * write-only. Throws {@link RuleError} for a path to what is in neither value.
 */
export function replacingPaths(
  schema: Schema,
  paths: readonly AttributePath[],
  prior: Value,
  planned: Value,
): AttributePath[] {
  if (prior === null) return [];
  return paths.filter((path) => {
    const attribute = attributesOf(schema).find(({ name }) => name === path.steps[0]?.attribute_name);
    if (attribute === undefined)
      throw new RuleError(`Provider produced invalid plan: ${said(path)} forces replacement`);
    if (attribute.write_only === true) return true;
    const [before, after] = [follow(path, prior), follow(path, planned)];
    if (before === undefined && after === undefined) {
      throw new RuleError(`Provider produced invalid plan: ${said(path)} is nowhere, and forces replacement`);
    }
    if (before === undefined || after === undefined || containsUnknown(after)) return true;
    // Below an attribute the type is not told by the value: the values of both have the same.
    return path.steps.length > 1 ? !sameText(before, after) : !equalValues(attributeType(attribute), before, after);
  });
}

function follow({ steps }: AttributePath, value: Value): Value | undefined {
  let at: Value | undefined = value;
  for (const { attribute_name, element_key_string, element_key_int } of steps) {
    if (at === undefined || at === null) return undefined;
    if (Array.isArray(at)) at = element_key_int === undefined ? undefined : at[Number(element_key_int)];
    else at = isRecord(at) ? at[attribute_name ?? element_key_string ?? ''] : undefined;
  }
  return at;
}

function sameText(one: Value, other: Value): boolean {
  return JSON.stringify(one) === JSON.stringify(other);
}

function said({ steps }: AttributePath): string {
  return steps.map((step) => step.attribute_name ?? step.element_key_string ?? step.element_key_int).join('.');
}
