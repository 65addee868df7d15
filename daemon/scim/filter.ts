/** Filters (RFC 7644, section 3.4.2.2): conditions with `eq`, joined by `and`. */
import type { JsonObject } from '../../terraform-provider-spec/kind.ts';
import { type ScimAttribute, type ScimResourceType, subAttributeNamed } from './attributes.ts';
import { type AttributePath, invalidFilter, PathReader, quoted, valuesAt } from './paths.ts';
import { sameValue } from './values.ts';

/** Conditions that must all hold. */
export type Filter = readonly Condition[];

/** That one of the values along `path` is `value`; with `undefined`, that there is any. */
export interface Condition {
  readonly path: AttributePath;
  readonly value: string | boolean | undefined;
}

/**
 * The conditions of a filter (RFC 7644, section 3.4.2.2). Supported are `eq` on every attribute of the resource type that
 * has texts or booleans, `emails[type eq "work"]` with and without a sub-attribute behind it, and `and`. Throws
 * `invalidFilter` for everything else: an answer to half a filter would be taken for one to the whole.
 */
export function parseFilter(type: ScimResourceType, text: string): Filter {
  const reader = new PathReader(type, text);
  const conditions: Condition[] = [];
  do conditions.push(readCondition(reader));
  while (reader.keyword('and'));
  if (!reader.atEnd()) {
    const next = reader.word();
    throw invalidFilter(
      `After a condition, only "and" is supported${next === undefined ? '' : `, not ${quoted(next)}`}`,
    );
  }
  return conditions;
}

function readCondition(reader: PathReader): Condition {
  if (reader.symbol('(')) throw invalidFilter('Parentheses are not supported');
  const path = reader.path(invalidFilter);
  const last = path.steps.at(-1) as ScimAttribute;
  if (path.where !== undefined && path.steps.length === 1) return { path, value: undefined };
  reader.equals();
  if (last.type !== 'complex') return { path, value: reader.literal(last) };
  // A complex attribute that is compared stands for its `value` (RFC 7643, section 2.4).
  const value = subAttributeNamed(last, 'value');
  if (value === undefined) throw invalidFilter(`${quoted(last.name)} is compared by one of its sub-attributes`);
  return { path: { ...path, steps: [...path.steps, value] }, value: reader.literal(value) };
}

/** Whether `resource`, as SCIM shows it, fulfils every condition. */
export function matches(filter: Filter, resource: JsonObject): boolean {
  return filter.every(({ path, value }) => {
    const found = valuesAt(resource, path);
    if (value === undefined) return found.length > 0;
    const attribute = path.steps.at(-1) as ScimAttribute;
    return found.some((stored) => sameValue(attribute, stored, value));
  });
}

/** The text that a top-level attribute must have for the filter to hold, so that the resource can be looked up by it. */
export function soughtText(filter: Filter, name: string): string | undefined {
  for (const { path, value } of filter) {
    if (path.steps.length === 1 && path.steps[0]?.name === name && typeof value === 'string') return value;
  }
  return undefined;
}
