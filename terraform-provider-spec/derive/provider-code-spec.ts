/**
 * HashiCorp's Provider Code Specification, version 0.1: the Terraform schema in the form that their Go generators read.
 * It has no word for write-only attributes (they are sensitive here, and their text says so) nor for immutable ones
 * (a plan modifier says it in Go).
 */
import type { Json, JsonObject } from '../kind.ts';
import { PROVIDER_SETTINGS } from './provider-settings.ts';
import {
  DATA_SOURCE_SCHEMAS,
  RESOURCE_SCHEMAS,
  type TerraformAttribute,
  type TerraformSchema,
  type TerraformType,
} from './terraform.ts';

const PLAN_MODIFIERS = 'github.com/hashicorp/terraform-plugin-framework/resource/schema';

/** The specification of the provider with all its resources and data sources. */
export function providerCodeSpec(): JsonObject {
  return {
    version: '0.1',
    provider: {
      name: 'accredit',
      schema: {
        attributes: PROVIDER_SETTINGS.map(({ name, type, description, sensitive }) => ({
          name,
          [type]: { optional_required: 'optional', description, ...(sensitive && { sensitive }) },
        })),
      },
    },
    resources: [...RESOURCE_SCHEMAS.values()].map((schema) => entry(schema, 'resource')),
    datasources: [...DATA_SOURCE_SCHEMAS.values()].map((schema) => entry(schema, 'data source')),
  };
}

/** Only resources have defaults and plan modifiers. */
type Place = 'resource' | 'data source';

function entry({ type, description, attributes }: TerraformSchema, place: Place): JsonObject {
  return {
    name: type.replace(/^accredit_/, ''),
    schema: { description, attributes: attributes.map((attribute) => attributeOf(attribute, place)) },
  };
}

function attributeOf(attribute: TerraformAttribute, place: Place): JsonObject {
  const { name, nested, type, sensitive, writeOnly } = attribute;
  const description = writeOnly ? `Write-only. ${attribute.description}` : attribute.description;
  const common: JsonObject = {
    computed_optional_required: presenceOf(attribute),
    description,
    ...(sensitive && { sensitive }),
  };
  if (nested !== undefined) {
    const attributes = nested.attributes.map((inner) => attributeOf(inner, place));
    if (nested.nesting === 'single') return { name, single_nested: { ...common, attributes } };
    return { name, [`${nested.nesting}_nested`]: { ...common, nested_object: { attributes } } };
  }
  const [word, element] = typeOf(type as TerraformType);
  return { name, [word]: { ...common, ...element, ...(place === 'resource' && resourceTraits(attribute, word)) } };
}

function presenceOf({ required, optional, computed }: TerraformAttribute): string {
  if (required) return 'required';
  if (optional) return computed ? 'computed_optional' : 'optional';
  return 'computed';
}

function resourceTraits(attribute: TerraformAttribute, word: string): JsonObject {
  const fallback = defaultOf(attribute);
  return {
    ...(isScalar(fallback) && { default: { static: fallback } }),
    ...(attribute.immutable && { plan_modifiers: [requiresReplace(word)] }),
  };
}

/** The default that is the same in every configuration; the provider's organization is not. */
function defaultOf({ source, api }: TerraformAttribute): Json {
  if (source.from === 'option') return source.default;
  return source.from === 'api' && api?.access === 'optional' ? (api.default ?? null) : null;
}

/** Defaults of other types can only be given as Go source. */
function isScalar(value: Json): value is string | number | boolean {
  return value !== null && typeof value !== 'object';
}

function requiresReplace(word: string): JsonObject {
  return {
    custom: {
      imports: [{ path: `${PLAN_MODIFIERS}/${word}planmodifier` }],
      schema_definition: `${word}planmodifier.RequiresReplace()`,
    },
  };
}

/** The word for a type, and what more the type needs to be said. */
function typeOf(type: TerraformType): [word: string, more: JsonObject] {
  if (type === 'number') return ['int64', {}];
  if (typeof type === 'string') return [type, {}];
  const [word, inner] = type;
  if (word !== 'object') return [word, { element_type: typeObject(inner) }];
  const types = Object.entries(inner).map(([name, value]) => ({ name, ...typeObject(value) }));
  return ['object', { attribute_types: types }];
}

function typeObject(type: TerraformType): JsonObject {
  const [word, more] = typeOf(type);
  return { [word]: more };
}
