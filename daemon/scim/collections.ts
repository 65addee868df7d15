/** Users and Groups: how each is shown, read and looked up. */
import type { Json, JsonObject } from '../../terraform-provider-spec/kind.ts';
import type { Desired, Lookup, Provisioned, ProvisionedKind } from '../domain/provisioned.ts';
import type { ScimResourceType } from './attributes.ts';
import { type Filter, soughtText } from './filter.ts';
import { applyPatch } from './patch.ts';
import { groupNameOf, presentGroup, presentUser, readGroup, readUser, userNameOf } from './resources.ts';
import { GROUP_TYPE, USER_TYPE } from './schemas.ts';
import { slugs } from './slugs.ts';

export interface Collection {
  readonly kind: ProvisionedKind;
  readonly type: ScimResourceType;
  /** As SCIM shows it; `base` is the address under which SCIM is served. */
  present(resource: Provisioned, base: string): JsonObject;
  /** What a body wants it to be; of one that is there, the rest stays. Throws `ScimError`. */
  read(body: Json, current?: Provisioned): Desired;
  /** The names for the address of a new one, the best first. */
  names(desired: Desired): Iterable<string>;
  /** By what the matches of a filter can be looked up, if by anything. */
  lookup(filter: Filter): Lookup | undefined;
}

export const USERS: Collection = {
  kind: 'user',
  type: USER_TYPE,
  present: (user, base) =>
    presentUser(
      user,
      base,
      user.related.map((team) => ({ uid: team.uid, display: groupNameOf(team) })),
    ),
  read: (body, current) => readUser(body, current),
  names: ({ provisioned }) => slugs(String(provisioned.userName)),
  lookup: (filter) => lookupBy(filter, ['userName', 'externalId']),
};

export const GROUPS: Collection = {
  kind: 'team',
  type: GROUP_TYPE,
  present: (team, base) =>
    presentGroup(
      team,
      base,
      team.related.map((user) => ({ uid: user.uid, display: userNameOf(user) })),
    ),
  read: (body, current) => readGroup(body, current),
  names: ({ provisioned }) => slugs(String(provisioned.displayName), 'team'),
  lookup: (filter) => lookupBy(filter, ['displayName', 'externalId']),
};

/** What a PATCH makes of one that is there, as it is shown under `base` (RFC 7644, section 3.5.2). Throws `ScimError`. */
export function patched(collection: Collection, current: Provisioned, body: Json, base: string): Desired {
  const resource = applyPatch(collection.type, collection.present(current, base), body);
  return collection.read(resource, current);
}

function lookupBy(filter: Filter, names: readonly Exclude<Lookup['by'], 'uid'>[]): Lookup | undefined {
  const id = soughtText(filter, 'id');
  if (id !== undefined) return { by: 'uid', value: id };
  for (const by of names) {
    const value = soughtText(filter, by);
    if (value !== undefined) return { by, value };
  }
  return undefined;
}
