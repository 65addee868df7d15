/** Terraform values to and from the JSON of the API, by the kinds' own descriptions. */
import { createHash } from 'node:crypto';
import { parseAddress } from '../../terraform-provider-spec/address.ts';
import {
  objectType,
  type TerraformAttribute,
  type TerraformSchema,
} from '../../terraform-provider-spec/derive/terraform.ts';
import type { Json, JsonObject, ValueType } from '../../terraform-provider-spec/kind.ts';
import type { DynamicValue } from '../plugin/messages.ts';
import {
  decodeDynamic,
  encodeDynamic,
  isRecord,
  NumberText,
  UNKNOWN,
  type Value,
  type ValueRecord,
} from '../values/value.ts';

/** Whatever has attributes: a resource, a data source, an ephemeral resource. */
export type Attributed = Pick<TerraformSchema, 'attributes'>;

/** The attributes of a resource or data source; null for one that is not there. */
export function decodeState(schema: Attributed, value: DynamicValue | undefined): ValueRecord | null {
  const decoded = decodeDynamic(objectType(schema.attributes), value);
  return isRecord(decoded) ? decoded : null;
}

/** The inverse of `decodeState`. */
export function encodeState(schema: Attributed, state: ValueRecord | null): DynamicValue {
  return encodeDynamic(objectType(schema.attributes), state);
}

/** The attributes of the API that say which creation an instance comes from. */
const [CLAIM, UID] = ['claim', 'uid'];

/** A known value as the API takes it. */
export function toApi(type: ValueType, value: Value): Json {
  if (value === null) return null;
  if (value === UNKNOWN) throw new TypeError('an unknown value cannot be sent');
  switch (type.type) {
    case 'integer':
      return value instanceof NumberText ? Number(value.text) : (value as number);
    case 'set':
      return (value as Value[]).map((item) => toApi(type.items, item));
    case 'map':
      return Object.fromEntries(
        Object.entries(value as ValueRecord).map(([key, item]) => [key, toApi(type.values, item)]),
      );
    case 'object':
      return Object.fromEntries(
        Object.entries(type.attributes)
          .map(([name, attribute]): [string, Json] => [name, toApi(attribute, (value as ValueRecord)[name] ?? null)])
          .filter(([, item]) => item !== null),
      );
    default:
      return value as Json;
  }
}

/** A value of the API as Terraform takes it; what the type does not know is left out. */
export function fromApi(type: ValueType, json: Json | undefined): Value {
  if (json === null || json === undefined) return null;
  switch (type.type) {
    case 'set':
      return Array.isArray(json) ? json.map((item) => fromApi(type.items, item)) : (json as Value);
    case 'map':
      return Object.fromEntries(
        Object.entries(json as JsonObject).map(([key, item]) => [key, fromApi(type.values, item)]),
      );
    case 'object':
      return Object.fromEntries(
        Object.entries(type.attributes).map(([name, attribute]) => [
          name,
          fromApi(attribute, (json as JsonObject)[name]),
        ]),
      );
    default:
      return json as Value;
  }
}

/**
 * The state of a resource as the API answers it. What the API does not know (triggers, options, versions) comes from
 * `kept`, an earlier or planned state, and so do a secret that the answer does not hold and, once there is an instance,
 * its claim.
 */
export function stateOf(
  schema: TerraformSchema,
  resource: JsonObject,
  address: string,
  kept: ValueRecord,
): ValueRecord {
  const { names } = parseAddress(address);
  const valueFor = ({ name, source, api }: TerraformAttribute): Value => {
    switch (source.from) {
      case 'address':
        return address;
      case 'name':
        return names[source.parameter] ?? null;
      case 'api': {
        const answered = resource[source.attribute];
        // The daemon's claim is that of whoever came last to the address, which may be the successor of this instance.
        if (source.attribute === CLAIM && typeof kept[UID] === 'string') return known(kept[name]);
        if (api?.once && answered === undefined) return known(kept[name]);
        return fromApi(api as ValueType, answered);
      }
      case 'write-only':
        return null;
      case 'option':
        return known(kept[name]) ?? source.default;
      default:
        return known(kept[name]);
    }
  };
  return Object.fromEntries(schema.attributes.map((attribute) => [attribute.name, valueFor(attribute)]));
}

/**
 * The result of an apply: what the plan knew of the daemon's own values stays as planned. Since then others may have moved one
 * (rotated the token, say): Terraform takes that for a defect of the provider, and the next refresh shows it for what it is.
 */
export function asPlanned({ attributes }: Attributed, state: ValueRecord, planned: ValueRecord): ValueRecord {
  const ofTheDaemon = attributes.filter(({ api, source }) => source.from === 'api' && api?.access === 'read-only');
  const kept = ofTheDaemon.flatMap(({ name }): [string, Value][] => {
    const value = planned[name] ?? null;
    return value === UNKNOWN ? [] : [[name, value]];
  });
  return { ...state, ...Object.fromEntries(kept) };
}

/** The marker that stands for a map of triggers: the same map gives the same marker, whatever its order. */
export function triggersHash(triggers: ValueRecord): string {
  const entries = Object.entries(triggers).sort(([a], [b]) => (a < b ? -1 : 1));
  return createHash('sha256').update(JSON.stringify(entries), 'utf8').digest('hex');
}

function known(value: Value | undefined): Value {
  return value === undefined || value === UNKNOWN ? null : value;
}
