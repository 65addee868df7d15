/** The identity of a resource, in which Terraform 1.12 and later finds the names along its address. */
import { formatAddress, parseAddress } from '../../terraform-provider-spec/address.ts';
import type { TerraformSchema } from '../../terraform-provider-spec/derive/terraform.ts';
import { IDENTITY_SCHEMAS, type IdentitySchema } from '../../terraform-provider-spec/derive/terraform-identity.ts';
import type { ResourceIdentityData } from '../plugin/messages.ts';
import { decodeDynamic, encodeDynamic, isRecord, type Unknown, type Value } from '../values/value.ts';

/** The identity schema of a resource type. Throws a `RangeError` for an unknown one. */
export function identitySchemaOf(type: string): IdentitySchema {
  const schema = IDENTITY_SCHEMAS.get(type);
  if (schema === undefined) throw new RangeError(`there is no resource ${type}`);
  return schema;
}

/** The identity of the resource at an address; `undefined` while that is not known. */
export function identityOf({ type }: TerraformSchema, address: Value | undefined): ResourceIdentityData | undefined {
  if (typeof address !== 'string') return undefined;
  const schema = identitySchemaOf(type);
  const { names } = parseAddress(address);
  const values = schema.attributes.map(({ name, source }): [string, string | null] => [
    name,
    source.from === 'name' ? (names[source.parameter] ?? null) : null,
  ]);
  return { identity_data: encodeDynamic(schema.type, Object.fromEntries(values)) };
}

/**
 * The address of the resource with that identity, in the provider's organization if it names none. Throws `AddressError`,
 * also while that organization is unknown.
 */
export function addressOfIdentity(
  { type, kind }: TerraformSchema,
  identity: ResourceIdentityData,
  organization: string | Unknown,
): string {
  const schema = identitySchemaOf(type);
  const given = decodeDynamic(schema.type, identity.identity_data);
  const names: Record<string, string> = {};
  for (const { name, source, optional } of schema.attributes) {
    const own = isRecord(given) ? given[name] : null;
    const value = own ?? (optional ? organization : null);
    if (source.from === 'name' && typeof value === 'string') names[source.parameter] = value;
  }
  return formatAddress(kind, names);
}
