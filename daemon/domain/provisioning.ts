/** Users and teams as an identity provider keeps them: found by other names than their addresses, changed as a whole. */
import { parentOf } from '../../terraform-provider-spec/address.ts';
import { readBody } from '../../terraform-provider-spec/derive/validate.ts';
import type { JsonObject, Kind } from '../../terraform-provider-spec/kind.ts';
import { kindNamed } from '../../terraform-provider-spec/kinds/index.ts';
import type { Answer, DeleteRequest } from './api.ts';
import { notFound, requireOrganizationPermission, requirePowerOver } from './authority.ts';
import { type Convergence, invalid } from './convergence.ts';
import { remove } from './delete.ts';
import type { Ambient } from './identity.ts';
import { provisionedKey } from './keys.ts';
import { mapLoaded } from './loading.ts';
import type { Resource } from './model.ts';
import { Problem } from './problem.ts';
import type { Desired, Kept, Lookup, Provisioned, ProvisioningScope, ProvisioningTarget } from './provisioned.ts';
import { converge } from './put.ts';
import { authenticated } from './read.ts';
import { type Operation, type Reader, type Snapshot, uidKey } from './snapshot.ts';
import { type Context, type Effect, type WriteSpec, writeOperation } from './write.ts';

/** An operation that finds what has that name, or the one with that uid. */
export function lookUpOperation(
  ambient: Ambient,
  { caller, organization, kind }: ProvisioningScope,
  { by, value }: Lookup,
): Pick<Operation<Provisioned[]>, 'needs' | 'decide'> {
  const { collection, noun } = kindNamed(kind);
  const key = by === 'uid' ? undefined : provisionedKey(`${organization}/${collection}`, by, value);
  const needs = key === undefined ? { uids: [uidKey(organization, value)] } : { keys: [key] };
  return authenticated(ambient, caller, needs, (snapshot, principal) => {
    requireOrganizationPermission(principal, organization, `${noun}.read`);
    const rows = key === undefined ? [snapshot.withUid(organization, value)] : snapshot.withKey(key);
    return mapLoaded(
      rows.filter((row): row is Resource => row?.kind === kind),
      (row) => provisioned(snapshot, row),
    );
  });
}

const READ_AT_A_TIME = 1000;

/** The rows of all users or teams, by address; who may see them is for `showOperation`. */
export async function everyone(reader: Reader, { organization, kind }: ProvisioningScope): Promise<Resource[]> {
  const rows: Resource[] = [];
  for (let after = ''; ; ) {
    const page = await reader.list({ kinds: [kind], parent: organization, after, limit: READ_AT_A_TIME });
    rows.push(...page);
    if (page.length < READ_AT_A_TIME) return rows;
    after = page.at(-1)?.address ?? '';
  }
}

/** An operation that shows rows of a list, for whoever may read them. */
export function showOperation(
  ambient: Ambient,
  { caller, organization, kind }: ProvisioningScope,
  rows: readonly Resource[],
): Pick<Operation<Provisioned[]>, 'needs' | 'decide'> {
  return authenticated(ambient, caller, { keys: rows.map(({ address }) => address) }, (snapshot, principal) => {
    requireOrganizationPermission(principal, organization, `${kindNamed(kind).noun}.read`);
    return mapLoaded(rows, (row) => provisioned(snapshot, row));
  });
}

/** The operation that creates a user or team under the first of `names` that is free. Throws `user-name-taken`. */
export function createOperation(
  ambient: Ambient,
  scope: ProvisioningScope,
  names: () => Iterable<string>,
  desired: Desired,
): Operation<Answer> {
  return operation(ambient, scope, 'PUT', 'write', (context) => {
    const collection = `${scope.organization}/${kindNamed(scope.kind).collection}`;
    const address = `${collection}/${firstFree(context.draft, collection, names())}`;
    return write(context, scope, address, undefined, desired);
  });
}

/**
 * The first name that nothing in the collection has. Some have been given very often, so twice as many are looked at
 * each time: one by one, each would be a round to the database.
 */
function firstFree(snapshot: Snapshot, collection: string, names: Iterable<string>): string {
  const rest = names[Symbol.iterator]();
  for (let size = 1; ; size *= 2) {
    const some = Array.from({ length: size }, () => rest.next().value as string | undefined);
    const candidates = some.filter((name) => name !== undefined);
    const found = mapLoaded(candidates, (name) => snapshot.resource(`${collection}/${name}`));
    const free = candidates[found.indexOf(undefined)];
    if (free !== undefined) return free;
    if (candidates.length < size) throw new Problem('internal', 'There was no free name.');
  }
}

/** The operation that makes the one with that uid what `change` says. Throws `not-found`, and what `check` throws. */
export function updateOperation(
  ambient: Ambient,
  scope: ProvisioningScope,
  target: ProvisioningTarget,
  change: (current: Provisioned) => Desired,
): Operation<Answer> {
  return operation(ambient, scope, 'PUT', 'write', (context) => {
    const stored = find(context, scope, target);
    return write(context, scope, stored.address, stored, change(provisioned(context.draft, stored)));
  });
}

/** The operation that deletes the one with that uid, a user together with all tokens. Throws as `updateOperation`. */
export function removeOperation(
  ambient: Ambient,
  scope: ProvisioningScope,
  target: ProvisioningTarget,
): Operation<Answer> {
  return operation(ambient, scope, 'DELETE', 'delete', (context) => {
    const stored = find(context, scope, target);
    const left = scope.kind === 'team' ? leave(context, stored) : [];
    const request: DeleteRequest = { ...context.options, address: stored.address };
    const effect = remove(context, stored, request);
    return {
      ...effect,
      address: stored.address,
      touched: [...effect.touched, ...left],
      alongWith: [...(effect.alongWith ?? []), ...left.map(asUpdated)],
    };
  });
}

function operation(
  ambient: Ambient,
  { caller, organization, kind }: ProvisioningScope,
  method: WriteSpec['method'],
  verb: 'write' | 'delete',
  decide: (context: Context) => Effect,
): Operation<Answer> {
  return writeOperation(ambient, {
    method,
    address: organization,
    action: verb === 'write' ? 'put' : 'delete',
    body: null,
    // Whoever declares a user, a leaver must be switched off: the manager stays, and does not stand in the way.
    options: { caller, adopt: true },
    needs: { resources: [organization] },
    authorize: (_snapshot, principal) =>
      requireOrganizationPermission(principal, organization, `${kindNamed(kind).noun}.${verb}`),
    decide,
  });
}

function find(
  { draft, principal }: Context,
  { organization, kind }: ProvisioningScope,
  { uid, check }: ProvisioningTarget,
): Resource {
  const stored = draft.withUid(organization, uid);
  if (stored?.kind !== kind) throw notFound(`${organization}/${kindNamed(kind).collection}/${uid}`);
  if (kind === 'user') requirePowerOver(draft, principal, stored);
  check?.(provisioned(draft, stored));
  return stored;
}

function write(
  context: Context,
  scope: ProvisioningScope,
  address: string,
  stored: Resource | undefined,
  { attributes, provisioned: kept, members }: Desired,
): Effect {
  if (scope.kind === 'user') requireOwnUserName(context, address, stored, kept);
  const effect = put(context, address, stored, attributes, kept);
  const joined = members === undefined ? [] : join(context, scope, address, members);
  const isChanged = effect.answer.outcome !== 'unchanged' || joined.length > 0;
  const row = context.draft.resource(address) as Resource;
  return {
    ...effect,
    address,
    answer: {
      ...effect.answer,
      outcome: effect.answer.outcome === 'unchanged' && isChanged ? 'updated' : effect.answer.outcome,
      resource: provisioned(context.draft, row) as unknown as JsonObject,
    },
    touched: [...effect.touched, ...joined],
    changed: joined.length > 0 ? [...effect.changed, '/members'] : effect.changed,
    alongWith: joined.map(asUpdated),
  };
}

/**
 * `userName` is unique in the organization and compared without case (RFC 7643, section 4.1.1). One that the user has
 * already is not looked at: the API may have given it to another one as well, and that must not keep a leaver in.
 */
function requireOwnUserName(
  { draft }: Context,
  address: string,
  stored: Resource | undefined,
  { userName }: JsonObject,
): void {
  if (typeof userName !== 'string') return;
  const key = provisionedKey(parentCollection(address), 'userName', userName);
  if (stored?.keys.includes(key)) return;
  const others = draft.withKey(key);
  if (others.every((other) => other.address === address)) return;
  throw new Problem('user-name-taken', 'Another user has this user name.');
}

function put(
  context: Context,
  address: string,
  stored: Resource | undefined,
  attributes: JsonObject,
  kept?: JsonObject,
): Effect {
  const kind: Kind = kindNamed(address.split('/').at(-2) === 'users' ? 'user' : 'team');
  const body = readBody(kind, attributes);
  if (!body.ok) throw invalid(body.violations);
  const convergence: Convergence = {
    kind,
    address,
    stored,
    desired: body.desired,
    ...(kept !== undefined && { provisioned: kept }),
  };
  return converge(context, convergence);
}

function asUpdated({ address }: Resource) {
  return { address, outcome: 'updated' } as const;
}

/** Lets exactly these users be in the team; answers those that change, as they were. */
function join(
  context: Context,
  { organization }: ProvisioningScope,
  team: string,
  uids: readonly string[],
): Resource[] {
  const { draft, principal } = context;
  const members = mapLoaded([...new Set(uids)], (uid) => draft.withUid(organization, uid));
  const missing = members.findIndex((member) => member?.kind !== 'user');
  if (missing >= 0) throw invalid([{ pointer: `/members/${missing}/value`, detail: 'is not the id of a user' }]);
  const wanted = new Set(members.map((member) => member?.address));
  const present = membersOf(draft, team);
  const here = new Set(present.map(({ address }) => address));
  const joining = (members as Resource[]).filter(({ address }) => !here.has(address));
  const leaving = present.filter(({ address }) => !wanted.has(address));
  if (joining.length + leaving.length === 0) return [];
  requireOrganizationPermission(principal, organization, 'users.write');
  const name = team.slice(team.lastIndexOf('/') + 1);
  mapLoaded(joining, (user) => move(context, user, [...teamsOfUser(user), name]));
  mapLoaded(leaving, (user) => move(context, user, teamsWithout(user, name)));
  return [...joining, ...leaving];
}

/** Lets everybody leave a team that goes, users that an identity provider cannot see included. */
function leave(context: Context, team: Resource): Resource[] {
  const members = membersOf(context.draft, team.address);
  if (members.length > 0) requireOrganizationPermission(context.principal, team.organization, 'users.write');
  mapLoaded(members, (user) => move(context, user, teamsWithout(user, team.name)));
  return members;
}

function move(context: Context, user: Resource, teams: readonly string[]): void {
  requirePowerOver(context.draft, context.principal, user);
  put(context, user.address, user, { ...user.attributes, teams: [...teams] });
}

function provisioned(snapshot: Snapshot, row: Resource): Provisioned {
  const related =
    row.kind === 'team'
      ? membersOf(snapshot, row.address)
      : mapLoaded(teamsOfUser(row), (name) => snapshot.resource(`${parentOf(row.address)}/teams/${name}`));
  return { ...keptOf(row), related: related.filter((each) => each !== undefined).map(keptOf) };
}

function membersOf(snapshot: Snapshot, team: string): Resource[] {
  const name = team.slice(team.lastIndexOf('/') + 1);
  // A grant at the team refers to it as well, and makes nobody a member.
  return snapshot.withKey(team).filter((row) => row.kind === 'user' && teamsOfUser(row).includes(name));
}

function teamsOfUser({ attributes }: Resource): string[] {
  return (attributes.teams ?? []) as string[];
}

function teamsWithout(user: Resource, team: string): string[] {
  return teamsOfUser(user).filter((name) => name !== team);
}

function keptOf({ address, name, uid, revision, created_at, updated_at, attributes, state }: Resource): Kept {
  const known = (state.provisioned ?? null) as JsonObject | null;
  return { address, name, uid, revision, created_at, updated_at, attributes, provisioned: known };
}

function parentCollection(address: string): string {
  return address.slice(0, address.lastIndexOf('/'));
}
