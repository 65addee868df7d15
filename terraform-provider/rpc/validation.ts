/** What can be said about a configuration without the daemon. Unknown values are never an error. */

import { AddressError, parseAddress, requireName } from '../../terraform-provider-spec/address.ts';
import { withArticle } from '../../terraform-provider-spec/article.ts';
import { pointerTo } from '../../terraform-provider-spec/derive/pointer.ts';
import type { TerraformSchema } from '../../terraform-provider-spec/derive/terraform.ts';
import { problemsTogether } from '../../terraform-provider-spec/derive/together.ts';
import { allAttributes, readAttributes, type Violation } from '../../terraform-provider-spec/derive/validate.ts';
import { FORMATS } from '../../terraform-provider-spec/formats.ts';
import type { Attributes, Json, JsonObject, Kind, ListFilter, ValueType } from '../../terraform-provider-spec/kind.ts';
import { TOKEN_KINDS, writtenKind } from '../../terraform-provider-spec/kinds/index.ts';
import { filterValues, isLabelFilter, LABEL_FILTER, LIST_FILTERS } from '../../terraform-provider-spec/list-filters.ts';
import { tokenKind } from '../../terraform-provider-spec/token.ts';
import type { Diagnostic } from '../plugin/messages.ts';
import { containsUnknown, isRecord, UNKNOWN, type Value, type ValueRecord } from '../values/value.ts';
import { error, invalidValues, pathTo } from './diagnostics.ts';
import { type Attributed, toApi } from './mapping.ts';
import { ownSecret, secretAttribute } from './planning.ts';

/** What is wrong with the names that make the address. */
export function invalidNames(schema: Attributed, config: ValueRecord): Diagnostic[] {
  return schema.attributes.flatMap(({ name, source }) => {
    const value = config[name] ?? null;
    if (source.from !== 'name' || typeof value !== 'string') return [];
    try {
      requireName(source.parameter, value);
      return [];
    } catch (cause) {
      if (!(cause instanceof AddressError)) throw cause;
      return [error('Invalid name', `${cause.message}.`, pathTo(name))];
    }
  });
}

/** What is wrong with what a list is to keep. */
export function invalidFilters({ kind, attributes }: TerraformSchema, config: ValueRecord): Diagnostic[] {
  return attributes.flatMap(({ name, source }) => {
    if (source.from !== 'filter') return [];
    const given = config[name] ?? null;
    const texts = (Array.isArray(given) ? given : [given]).filter((value) => typeof value === 'string');
    const wrong = texts.find((text) => filterShape(kind, source.filter, text) !== undefined);
    if (wrong === undefined) return [];
    const shape = filterShape(kind, source.filter, wrong);
    return [error('Invalid value', `${name}: ${JSON.stringify(wrong)} must be ${shape}.`, pathTo(name))];
  });
}

/** What a filter should look like that does not look like that. */
function filterShape(kind: Kind, filter: ListFilter | 'label', text: string): string | undefined {
  if (filter === 'label') return isLabelFilter(text) ? undefined : LABEL_FILTER.shape;
  if (LIST_FILTERS[filter].form === 'time') return FORMATS.timestamp.check(text) && FORMATS.timestamp.text;
  const values = filterValues(kind, filter);
  return values.includes(text) ? undefined : `one of ${values.map((value) => `"${value}"`).join(', ')}`;
}

/** What is wrong with the known values of a resource's configuration. */
export function invalidConfig(schema: TerraformSchema, config: ValueRecord): Diagnostic[] {
  return [
    ...invalidNames(schema, config),
    ...judged(schema, allAttributes(schema.kind), config, (desired) => problemsTogether(schema.kind, desired)),
    ...invalidSecret(schema, config),
    ...versionsAlone(schema, config),
  ];
}

/** What is wrong with the known values, by the description of the attributes. */
export function invalidValuesOf(schema: Attributed, attributes: Attributes, config: ValueRecord): Diagnostic[] {
  return judged(schema, attributes, config, () => []);
}

/** The same, and then what `together` finds in the desired state, of which what is not known is missing. */
function judged(
  schema: Attributed,
  attributes: Attributes,
  config: ValueRecord,
  together: (desired: JsonObject) => Violation[],
): Diagnostic[] {
  const body: JsonObject = {};
  const holes = new Set<string>();
  const known = new Set<string>();
  for (const { name, source, api } of schema.attributes) {
    if ((source.from !== 'api' && source.from !== 'write-only') || api === undefined) continue;
    if (api.access === 'read-only' || (source.from === 'write-only' && source.hashed)) continue;
    const given = config[name] ?? null;
    if (!containsUnknown(given)) known.add(source.attribute);
    const value = knownPart(api, given, pointerTo('', source.attribute), holes);
    if (value !== undefined && value !== null) body[source.attribute] = value;
  }
  const reading = readAttributes(attributes, body);
  const violations = reading.ok
    ? together(Object.fromEntries(Object.entries(reading.desired).filter(([name]) => known.has(name))))
    : reading.violations.filter(({ pointer }) => !holes.has(pointer));
  return invalidValues(schema, violations, { config, body });
}

/** What is wrong with a well-formed address that is to be that of a token; an unknown one may be. */
export function noTokenAddress(address: Value | undefined): Diagnostic[] {
  if (typeof address !== 'string') return [];
  const { kind } = parseAddress(address);
  if (TOKEN_KINDS.includes(kind)) return [];
  const detail = `It is the address of ${withArticle(kind.title)}, which holds no secret. Give that of one of its tokens.`;
  return [error('Not the address of a token', detail, pathTo('address'))];
}

/** What is wrong with a secret that the caller made. Nothing of it is repeated: whoever sees the error may not be to see it. */
function invalidSecret({ attributes, kind }: TerraformSchema, config: ValueRecord): Diagnostic[] {
  const given = attributes.filter(({ name, source }) => source.from === 'write-only' && isGiven(config[name]));
  const [first, second] = given.map(({ name }) => name);
  if (second !== undefined) {
    return [error('Invalid value', `${second}: cannot be given together with "${first}".`, pathTo(second))];
  }
  return given.flatMap(({ name, source }) => {
    if (source.from !== 'write-only' || !source.hashed) return [];
    const detail = wrongToken(String(config[name]), kind, config.purpose);
    return detail === undefined ? [] : [error('Invalid value', `${name}: ${detail}.`, pathTo(name))];
  });
}

/** A version is what has a secret sent, so one without a secret would do nothing, and nobody would notice. */
function versionsAlone({ attributes }: TerraformSchema, config: ValueRecord): Diagnostic[] {
  return attributes.flatMap(({ name, source }) => {
    if (source.from !== 'write-only' || (config[name] ?? null) !== null || !isGiven(config[source.version])) return [];
    const detail = `${source.version}: is given without "${name}", so nothing is sent.`;
    return [error('Invalid value', detail, pathTo(source.version))];
  });
}

function isGiven(value: Value | undefined): boolean {
  return value !== undefined && value !== null && value !== UNKNOWN;
}

/** Why a text is no secret of a token of that kind. */
function wrongToken(text: string, kind: Kind, purpose: Value | undefined): string | undefined {
  const written = tokenKind(text);
  if (written === undefined) {
    return (
      'must be a well-formed token, as the ephemeral resource accredit_generated_secret makes one and `npx accredit token` ' +
      'prints one: the daemon would know any other text only by its hash, and refuse it whenever it is used'
    );
  }
  const fitting = (purpose === UNKNOWN ? ['api', 'scim'] : [purpose]).map((each) => writtenKind(kind, each));
  if (fitting.includes(written)) return undefined;
  return `must be a token that begins with acr_${fitting.join('_ or acr_')}_, and this one begins with acr_${written}_`;
}

/** The error of a configuration that would put a secret into the state although the provider is told not to. */
export function secretInState(schema: TerraformSchema, config: ValueRecord): Diagnostic[] {
  const own = ownSecret(schema, config);
  if (own === undefined || secretAttribute(schema) === undefined) return [];
  if ((config[own.name] ?? null) !== null) return [];
  const ways = schema.attributes.flatMap(({ name, source }) => (source.from === 'write-only' ? [name] : []));
  return [
    error(
      'A secret would be stored in the Terraform state',
      'The provider is configured with forbid_secrets_in_state. Make the secret yourself, with the ephemeral resource ' +
        `accredit_generated_secret for one, and give it in ${ways.join(' or ')}, which Terraform does not store.`,
      pathTo(own.name),
    ),
  ];
}

/** Terraform before 1.11 would store write-only values. */
export function writeOnlyUnsupported(schema: TerraformSchema, config: ValueRecord): Diagnostic[] {
  return schema.attributes
    .filter(({ name, writeOnly }) => writeOnly && (config[name] ?? null) !== null)
    .map(({ name }) =>
      error(
        'Terraform is too old for this attribute',
        `${name} is write-only, which needs Terraform 1.11.`,
        pathTo(name),
      ),
    );
}

/**
 * The value without what is unknown in it; `undefined` for an unknown one. The JSON pointers of what is left out are
 * added to `holes`.
 */
function knownPart(type: ValueType, value: Value, at: string, holes: Set<string>): Json | undefined {
  if (value === UNKNOWN) {
    holes.add(at);
    return undefined;
  }
  if (value === null) return null;
  if (type.type === 'set') {
    // A member that is known in part can turn out to differ from another one, so only whole ones are judged. Members
    // cannot be named in a diagnostic: it does no harm that their numbers shift.
    return (value as Value[]).filter((item) => !containsUnknown(item)).map((item) => toApi(type.items, item));
  }
  if (type.type === 'map' || type.type === 'object') {
    if (!isRecord(value)) return toApi(type, value);
    const inner = (name: string): ValueType | undefined => (type.type === 'map' ? type.values : type.attributes[name]);
    const known = Object.entries(value).flatMap(([name, item]): [string, Json][] => {
      const part = knownPart(inner(name) as ValueType, item, pointerTo(at, name), holes);
      // In a map null is a value, and a wrong one; in an object it stands for an attribute that was not given.
      return part === undefined || (part === null && type.type === 'object') ? [] : [[name, part]];
    });
    return Object.fromEntries(known);
  }
  return toApi(type, value);
}
