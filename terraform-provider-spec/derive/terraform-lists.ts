/** What the data source of a list has besides what it finds: where it looks, and what it keeps. */
import type { Kind, ListFilter } from '../kind.ts';
import { kindNamed } from '../kinds/index.ts';
import { filterValues, LABEL_FILTER, LIST_FILTERS } from '../list-filters.ts';
import type { TerraformAttribute } from './terraform.ts';

/**
 * The names above those that are listed, out of the attributes of the single data source. What lies below something else
 * than the organization can be listed for the whole of it, as the API lists it.
 */
export function placeAttributes(kind: Kind, single: readonly TerraformAttribute[]): TerraformAttribute[] {
  return single
    .filter(({ source }) => source.from === 'name' && !source.own)
    .map((attribute) => ({
      ...attribute,
      immutable: false,
      ...(attribute.required && {
        required: false,
        optional: true,
        description: `The name of the ${kindNamed(kind.parent ?? '').title} whose ${kind.title}s are listed; all of the organization if left out.`,
      }),
    }));
}

/** The filters of a list, under the names that they have in the API. */
export function filterAttributes(kind: Kind): TerraformAttribute[] {
  const label = filterAttribute('label', LABEL_FILTER.description, ['set', 'string']);
  return [
    label,
    ...(kind.filters ?? []).map((filter) => {
      const { form, description } = LIST_FILTERS[filter];
      const values = filterValues(kind, filter).map((value) => `\`${value}\``);
      const choice =
        form !== 'attribute' || description.includes(values[0] ?? '') ? '' : ` One of ${values.join(', ')}.`;
      return filterAttribute(filter, description + choice, form === 'flag' ? 'bool' : 'string');
    }),
  ];
}

/** What was found, each with the attributes of the single data source. */
export function itemsAttribute(kind: Kind, single: readonly TerraformAttribute[]): TerraformAttribute {
  return {
    ...NEITHER,
    name: 'items',
    nested: { nesting: 'list', attributes: single.map(found) },
    description: `The ${kind.title}s, in the order of their addresses.`,
    computed: true,
    source: { from: 'items' },
  };
}

const NEITHER = {
  required: false,
  optional: false,
  computed: false,
  sensitive: false,
  writeOnly: false,
  immutable: false,
} as const;

function filterAttribute(
  filter: ListFilter | 'label',
  description: string,
  type: TerraformAttribute['type'] & {},
): TerraformAttribute {
  return { ...NEITHER, name: filter, type, description, optional: true, source: { from: 'filter', filter } };
}

function found(attribute: TerraformAttribute): TerraformAttribute {
  const { nested } = attribute;
  return {
    ...attribute,
    ...NEITHER,
    computed: true,
    ...(nested && { nested: { ...nested, attributes: nested.attributes.map(found) } }),
  };
}
