/** Random valid bodies of any kind, made from its description alone. */
import fc from 'fast-check';
import { writableAttributes } from '../../terraform-provider-spec/derive/validate.ts';
import { formatTimestamp } from '../../terraform-provider-spec/formats.ts';
import type {
  Attribute,
  Attributes,
  Format,
  Json,
  JsonObject,
  Kind,
  ValueType,
} from '../../terraform-provider-spec/kind.ts';

/** What values are taken from, where a daemon is to take them: what it has, and what its rules about several of them allow. */
export interface World {
  /** By kind, the names that there are. */
  readonly names?: Readonly<Record<string, readonly string[]>>;
  /** In place of any value of the format. */
  readonly formats?: Readonly<Partial<Record<Format, fc.Arbitrary<string>>>>;
}

/** Bodies that the description of `kind` allows, some attributes missing or null. */
export function bodies(kind: Kind, world: World = {}): fc.Arbitrary<JsonObject> {
  return objects(writableAttributes(kind), world);
}

const name = fc.stringMatching(/^[a-z0-9]([a-z0-9._-]{0,6}[a-z0-9])?$/);
const duration = fc
  .tuple(fc.integer({ min: 1, max: 36_000 }), fc.constantFrom('d', 'h', 'm', 's'))
  .map((parts) => parts.join(''));
const wholeBytes = fc.tuple(fc.integer({ min: 0, max: 255 }), fc.integer({ min: 0, max: 255 }));

const FORMATTED: Readonly<Record<Exclude<Format, 'address'>, fc.Arbitrary<string>>> = {
  name,
  duration,
  'duration-or-zero': fc.oneof(duration, fc.constant('0s')),
  timestamp: fc.integer({ min: 0, max: 253_402_300_799_999 }).map(formatTimestamp),
  domain: fc
    .array(fc.stringMatching(/^[a-z]([a-z0-9-]{0,6}[a-z0-9])?$/), { minLength: 1, maxLength: 4 })
    .map((labels) => labels.join('.')),
  scope: fc.oneof(
    fc.constant('organization'),
    fc.tuple(fc.constantFrom('projects', 'teams', 'apps'), name).map((parts) => parts.join('/')),
  ),
  home: fc.oneof(
    fc.constant('organization'),
    fc.tuple(fc.constantFrom('projects', 'teams'), name).map((parts) => parts.join('/')),
  ),
  email: name.map((local) => `${local}@example.com`),
  permission: fc.constantFrom('*', 'accounts.read', 'tokens.*', '*.read', 'builds.write', 'signing-keys.rotate'),
  cidr: fc.oneof(
    wholeBytes.map(([high, low]) => `${high}.${low}.0.0/16`),
    wholeBytes.map(([high, low]) => `2001:${high.toString(16)}:${low.toString(16)}::/48`),
  ),
  'secret-hash': fc.stringMatching(/^[0-9a-f]{64}$/).map((hash) => `sha256:${hash}`),
  'label-value': fc.string({ unit: fc.constantFrom('a', 'Z', ' ', 'é', '🚀', '"', '\\'), maxLength: 20 }),
};

function objects(attributes: Attributes, world: World): fc.Arbitrary<JsonObject> {
  const members = Object.entries(attributes).map(([key, attribute]) => [key, member(attribute, world)] as const);
  return fc
    .record(Object.fromEntries(members), { requiredKeys: required(attributes) })
    .map((object) => withoutConflicts(attributes, object as JsonObject));
}

function required(attributes: Attributes): string[] {
  return Object.keys(attributes).filter((key) => attributes[key]?.access === 'required');
}

function member(attribute: Attribute, world: World): fc.Arbitrary<Json> {
  const value = values(attribute, world);
  return attribute.access === 'required' ? value : fc.option(value, { nil: null, freq: 5 });
}

function values(type: ValueType, world: World): fc.Arbitrary<Json> {
  switch (type.type) {
    case 'string':
      if (type.enum !== undefined) return fc.constantFrom(...type.enum);
      if (type.references !== undefined && world.names !== undefined) {
        return fc.constantFrom(...(world.names[type.references] ?? []));
      }
      if (type.format !== undefined) {
        return world.formats?.[type.format] ?? FORMATTED[type.format as Exclude<Format, 'address'>];
      }
      return fc.string({ unit: fc.constantFrom('a', '\n', '\t', 'é', '🚀', '/', '~'), maxLength: 30 });
    case 'boolean':
      return fc.boolean();
    case 'integer':
      return fc.integer({ min: type.minimum ?? Number.MIN_SAFE_INTEGER, max: Number.MAX_SAFE_INTEGER });
    case 'set':
      // Members differ in what they mean, not only in how they are written, so that no default makes two the same.
      return fc.uniqueArray(values(type.items, world), { maxLength: 4, selector: firstValue });
    case 'map':
      return fc.dictionary(FORMATTED[type.keys as 'name'], values(type.values, world), { maxKeys: 4 });
    case 'object':
      return objects(type.attributes, world);
  }
}

function firstValue(member: Json): string {
  return JSON.stringify(typeof member === 'object' && member !== null ? Object.values(member)[0] : member);
}

function withoutConflicts(attributes: Attributes, object: JsonObject): JsonObject {
  const kept: JsonObject = {};
  for (const [key, value] of Object.entries(object)) {
    const excluded = attributes[key]?.conflictsWith?.some((other) => (kept[other] ?? null) !== null);
    if (!excluded) kept[key] = value;
  }
  return kept;
}
