/**
 * HashiCorp's Provider Code Specification, version 0.1: the Terraform schema in the form that their Go generators read.
 * It has no word for write-only attributes (they are sensitive here, and their text says so) nor for immutable ones
 * (a plan modifier says it in Go).
 */
import type { Json, JsonObject } from '../kind.ts';
import { KINDS } from '../kinds/index.ts';
import {
  DATA_SOURCE_SCHEMAS,
  PROVIDER_SETTINGS,
  RESOURCE_SCHEMAS,
  type TerraformAttribute,
  type TerraformSchema,
  type TerraformType,
  terraformType,
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
    resources: KINDS.flatMap((kind) => entry(RESOURCE_SCHEMAS.get(terraformType(kind)), 'resource')),
    datasources: KINDS.flatMap((kind) => entry(DATA_SOURCE_SCHEMAS.get(terraformType(kind)), 'data source')),
  };
}

/** Only resources have defaults and plan modifiers. */
type Place = 'resource' | 'data source';

function entry(schema: TerraformSchema | undefined, place: Place): JsonObject[] {
  if (schema === undefined) return [];
  const attributes = schema.attributes.map((attribute) => attributeOf(attribute, place));
  return [{ name: schema.kind.kind, schema: { description: schema.description, attributes } }];
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
    return { name, set_nested: { ...common, nested_object: { attributes } } };
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
