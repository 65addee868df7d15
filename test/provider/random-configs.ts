/** Random configurations of any resource: such as a daemon takes, such as it does not, and with what is not known yet. */
import fc from 'fast-check';
import { NumberText, UNKNOWN, type Value, type ValueRecord } from '../../terraform-provider/values/value.ts';
import {
  attributeType,
  type TerraformAttribute,
  type TerraformSchema,
  type TerraformType,
} from '../../terraform-provider-spec/derive/terraform.ts';
import type { JsonObject } from '../../terraform-provider-spec/kind.ts';
import { tokenOf } from '../../terraform-provider-spec/token.ts';
import { bodies, type World } from '../spec/bodies.ts';

/** The names along the address; `name` is the resource's own. */
export type Names = Readonly<Record<string, string>>;

/** Configurations that a daemon may take: the description of the kind allows them. */
export function sensible(schema: TerraformSchema, names: Names, world: World): fc.Arbitrary<ValueRecord> {
  const own = fc.record({
    triggers: fc.option(fc.dictionary(word, text, { maxKeys: 2 }), { nil: null }),
    version: fc.option(word, { nil: null }),
    option: fc.option(fc.boolean(), { nil: null }),
    /** The caller makes the secret itself, and gives it rather than its hash. */
    secret: fc.option(fc.array(fc.nat({ max: 61 }), { minLength: 40, maxLength: 40 }), { nil: null, freq: 3 }),
  });
  return fc.tuple(bodies(schema.kind, world), own).map(([body, given]) => {
    const config: ValueRecord = {};
    const hasSecret = (version: string) =>
      given.secret !== null &&
      schema.attributes.some(
        ({ source }) => source.from === 'write-only' && source.hashed && source.version === version,
      );
    for (const attribute of schema.attributes) {
      const { name, source } = attribute;
      if (source.from === 'name') config[name] = names[name] ?? null;
      else if (source.from === 'triggers') config[name] = given.triggers as Value;
      else if (source.from === 'write-only-version') config[name] = hasSecret(name) ? given.version : null;
      else if (source.from === 'option') config[name] = given.option;
      else if (source.from === 'write-only' && (source.hashed || given.secret !== null)) {
        config[name] = source.hashed && given.secret !== null ? secretOf(schema, body, given.secret) : null;
      } else if ('attribute' in source && isConfigurable(attribute)) config[name] = valueIn(body, source.attribute);
    }
    return config;
  });
}

/** The configuration that gives no more than it must: the names, and of what is required the values of another one. */
export function least(
  { attributes }: Pick<TerraformSchema, 'attributes'>,
  names: Names,
  other: ValueRecord,
): ValueRecord {
  const given = attributes.filter(isConfigurable).map(({ name, source, required }): [string, Value] => {
    if (source.from === 'name') return [name, names[name] ?? null];
    return [name, required ? (other[name] ?? null) : null];
  });
  return Object.fromEntries(given);
}

function secretOf({ kind }: TerraformSchema, { purpose }: JsonObject, digits: readonly number[]): string {
  const left = [...digits];
  const secretKind = purpose === 'scim' ? 'scim' : (kind.token?.secretKind ?? 'sa');
  return tokenOf(secretKind, () => left.pop() as number);
}

/** Configurations of which nothing is right but the types. */
export function senseless(schema: Pick<TerraformSchema, 'attributes'>, names: Names): fc.Arbitrary<ValueRecord> {
  const attributes = schema.attributes.filter(isConfigurable);
  const entries = attributes.map((attribute): [string, fc.Arbitrary<Value>] => {
    const any = anything(attribute);
    if (attribute.source.from === 'name') {
      return [attribute.name, fc.oneof({ weight: 5, arbitrary: fc.constant(names[attribute.name] ?? null) }, any)];
    }
    return [attribute.name, attribute.required ? any : fc.option(any, { nil: null })];
  });
  return fc.record(Object.fromEntries(entries));
}

/** One configuration with a single attribute out of another. */
export function spoilt(good: fc.Arbitrary<ValueRecord>, bad: fc.Arbitrary<ValueRecord>): fc.Arbitrary<ValueRecord> {
  return fc.tuple(good, bad, fc.nat()).map(([config, other, at]) => {
    const names = Object.keys(other);
    const name = names[at % names.length] as string;
    return { ...config, [name]: other[name] as Value };
  });
}

/** The same configuration with parts, at any depth, not known; never its own name, by which it is found. */
export function obscured(schema: TerraformSchema, config: ValueRecord, choices: readonly boolean[]): ValueRecord {
  let next = 0;
  const hides = () => choices.length > 0 && choices[next++ % choices.length] === true;
  const hide = (value: Value): Value => {
    if (hides()) return UNKNOWN;
    if (Array.isArray(value)) return value.map(hide);
    if (typeof value !== 'object' || value === null || value instanceof NumberText) return value;
    return Object.fromEntries(Object.entries(value as ValueRecord).map(([key, item]) => [key, hide(item)]));
  };
  const isHideable = (name: string) => schema.attributes.some((one) => one.name === name && one.source.from !== 'name');
  return Object.fromEntries(
    Object.entries(config).map(([name, value]) => [name, isHideable(name) ? hide(value) : value]),
  );
}

/** The same configuration as somebody else might write it: strings in another normal form, members of sets twice. */
export function rewritten(schema: TerraformSchema, config: ValueRecord): ValueRecord {
  const types = new Map(schema.attributes.map((attribute) => [attribute.name, attributeType(attribute)]));
  return Object.fromEntries(Object.entries(config).map(([name, value]) => [name, otherwise(types.get(name), value)]));
}

function otherwise(type: TerraformType | undefined, value: Value): Value {
  if (typeof value === 'string') return value.normalize('NFD');
  if (typeof type === 'string' || type === undefined || value === null) return value;
  if (Array.isArray(value) && type[0] === 'set') {
    const members = value.map((item) => otherwise(type[1], item)).reverse();
    return [...members, ...members];
  }
  if (typeof value !== 'object' || value instanceof NumberText || Array.isArray(value)) return value;
  const entries = Object.entries(value as ValueRecord).map(([key, item]): [string, Value] => [
    key,
    otherwise(type[0] === 'object' ? type[1][key] : (type[1] as TerraformType), item),
  ]);
  return Object.fromEntries(entries.reverse());
}

const word = fc.constantFrom('a', 'b', 'c1');
const text = fc.string({ unit: fc.constantFrom('a', 'é', 'e\u0301', '🚀', '"', '\\', '\n', '$'), maxLength: 6 });
const number = fc.oneof<fc.Arbitrary<Value>[]>(
  fc.integer(),
  fc.double({ noNaN: true, noDefaultInfinity: true }),
  fc
    .constantFrom('12345678901234567890123', '0.1', '-1', '3.14159265358979323846', '1e40')
    .map((digits) => new NumberText(digits)),
);

function anything(attribute: TerraformAttribute): fc.Arbitrary<Value> {
  return ofType(attributeType(attribute));
}

function ofType(type: TerraformType): fc.Arbitrary<Value> {
  if (type === 'bool') return fc.boolean();
  if (type === 'number') return number;
  if (type === 'string') return fc.oneof(text, word, fc.constantFrom('30d', '2091-01-01T00:00:00Z', 'organization'));
  if (type[0] === 'map') {
    const key = fc.oneof(word, text, fc.constantFrom('__proto__', 'constructor', ''));
    return fc.array(fc.tuple(key, withHoles(type[1])), { maxLength: 3 }).map((entries) => {
      const map: ValueRecord = Object.create(null);
      for (const [name, value] of entries) map[name] = value;
      return map;
    });
  }
  if (type[0] === 'object') {
    return fc.record(Object.fromEntries(Object.entries(type[1]).map(([name, inner]) => [name, withHoles(inner)])));
  }
  return fc.array(withHoles(type[1] as TerraformType), { maxLength: 3 });
}

/** Terraform has null wherever it has a value, also as a member of a set. */
function withHoles(type: TerraformType): fc.Arbitrary<Value> {
  return fc.option(ofType(type), { nil: null, freq: 4 });
}

function isConfigurable({ required, optional }: TerraformAttribute): boolean {
  return required || optional;
}

function valueIn(body: JsonObject, attribute: string): Value {
  return (body[attribute] ?? null) as Value;
}
