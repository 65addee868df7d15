/** By what else than their addresses resources are found. */
import { organizationOf } from '../../terraform-provider-spec/address.ts';
import type { Json, JsonObject, Kind } from '../../terraform-provider-spec/kind.ts';
import { referencedBy } from './references.ts';

/** The names by which an identity provider looks users and teams up (RFC 7643, sections 3.1 and 4). */
export type ProvisionedName = 'userName' | 'displayName' | 'externalId';

/** The key of what an identity provider calls by that name. `userName` and `displayName` are compared without case. */
export function provisionedKey(collection: string, name: ProvisionedName, value: string): string {
  const text = name === 'externalId' ? value : value.toLowerCase();
  return `${collection}?${name}=${text}`;
}

/** Everything by which a resource with these attributes and this state is found: what it refers to, and its other names. */
export function keysOf(kind: Kind, address: string, attributes: JsonObject, state: JsonObject): string[] {
  const organization = organizationOf(address);
  return [...referencedBy(kind, organization, attributes), ...provisionedKeys(kind, address, attributes, state)];
}

function provisionedKeys(kind: Kind, address: string, attributes: JsonObject, state: JsonObject): string[] {
  if (kind.kind !== 'user' && kind.kind !== 'team') return [];
  const provisioned = (state.provisioned ?? {}) as JsonObject;
  const name = address.slice(address.lastIndexOf('/') + 1);
  const names: [ProvisionedName, Json | undefined][] = [
    kind.kind === 'user'
      ? ['userName', provisioned.userName ?? attributes.email ?? name]
      : ['displayName', attributes.display_name ?? name],
    ['externalId', provisioned.externalId],
  ];
  return names
    .filter((entry): entry is [ProvisionedName, string] => typeof entry[1] === 'string')
    .map(([called, value]) => provisionedKey(parentCollection(address), called, value));
}

function parentCollection(address: string): string {
  return address.slice(0, address.lastIndexOf('/'));
}
