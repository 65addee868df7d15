/** What every organization has without a row: the built-in roles and token profiles. Nothing can edit them away. */
import { organizationOf } from '../../terraform-provider-spec/address.ts';
import { readBody } from '../../terraform-provider-spec/derive/validate.ts';
import type { JsonObject, Kind } from '../../terraform-provider-spec/kind.ts';
import { kindNamed } from '../../terraform-provider-spec/kinds/index.ts';
import { uidFrom } from './identity.ts';
import type { Resource } from './model.ts';
import { BUILT_IN_PROFILES } from './profiles.ts';
import { BUILT_IN_ROLES } from './roles.ts';

/** The attributes by name, by kind. */
const BUILT_IN: Readonly<Record<string, ReadonlyMap<string, JsonObject>>> = {
  role: BUILT_IN_ROLES,
  token_profile: BUILT_IN_PROFILES,
};

/** The names of the built-in resources of a kind, sorted. */
export function builtInNames(kind: Kind): readonly string[] {
  return [...(BUILT_IN[kind.kind]?.keys() ?? [])].sort();
}

/** Whether a built-in resource has that address; the organization need not exist. */
export function isBuiltIn(kind: Kind, address: string): boolean {
  return BUILT_IN[kind.kind]?.has(nameIn(kind, address)) === true;
}

/** The same for whatever lies at a good address. */
export function isBuiltInAddress(address: string): boolean {
  const [, , collection, name, below] = address.split('/', 5);
  if (below !== undefined || name === undefined) return false;
  return BY_COLLECTION.some((each) => each.collection === collection && each.names.has(name));
}

const BY_COLLECTION = Object.entries(BUILT_IN).map(([kind, names]) => ({
  collection: kindNamed(kind).collection,
  names: names as ReadonlyMap<string, unknown>,
}));

/** The built-in resource of `organization` at `address`, or `undefined` when there is none. */
export function builtInResource(organization: Resource, kind: Kind, address: string): Resource | undefined {
  const name = nameIn(kind, address);
  const body = BUILT_IN[kind.kind]?.get(name);
  if (body === undefined || organizationOf(address) !== organization.address) return undefined;
  return {
    address,
    kind: kind.kind,
    organization: organization.address,
    parent: organization.address,
    name,
    uid: uidFrom(organization.uid, address),
    revision: 1,
    created_at: organization.created_at,
    created_by: 'accredit',
    updated_at: organization.created_at,
    managed_by: null,
    claim: null,
    attributes: withDefaults(kind, body),
    state: {},
    keys: [],
    owner: false,
    valid_until: null,
  };
}

/** `body` with the defaults of its kind. */
export function withDefaults(kind: Kind, body: JsonObject): JsonObject {
  const reading = readBody(kind, body);
  if (reading.ok) return reading.desired;
  throw new Error(`the attributes of a built-in ${kind.kind} are not valid: ${JSON.stringify(reading.violations)}`);
}

/** Also for `organizations/…` paths of another shape, which then name nothing. */
function nameIn(kind: Kind, address: string): string {
  const [, , collection, name = '', ...rest] = address.split('/');
  return collection === kind.collection && rest.length === 0 ? name : '';
}
