/**
 * What a 404 means. Whoever holds rights at some scope only gets the same answer for what is gone and for what lies
 * elsewhere, so for such a token more has to be asked before a resource may leave the state.
 */
import type { Client, Self } from '../../client/client.ts';
import { ApiError } from '../../client/errors.ts';
import { organizationOf, parentOf, parseAddress } from '../../terraform-provider-spec/address.ts';
import { type TerraformSchema, terraformType } from '../../terraform-provider-spec/derive/terraform.ts';
import type { JsonObject, Kind } from '../../terraform-provider-spec/kind.ts';
import { kindNamed } from '../../terraform-provider-spec/kinds/index.ts';
import { allows } from '../../terraform-provider-spec/permission.ts';
import type { Diagnostic } from '../plugin/messages.ts';
import type { Value, ValueRecord } from '../values/value.ts';
import { error, pathTo } from './diagnostics.ts';
import type { Session } from './session.ts';

interface Question {
  readonly session: Session;
  readonly client: Client;
  readonly self: Self;
  readonly signal: AbortSignal | undefined;
}

/**
 * Whether the resource with that state, for which the daemon has answered 404, is gone: the provider's token is good, and
 * it would see the resource if it were there. Rejects like the client.
 */
export async function isGone(
  session: Session,
  client: Client,
  kind: Kind,
  state: ValueRecord,
  signal?: AbortSignal,
): Promise<boolean> {
  const self = await session.whoAmI(client, signal);
  const address = String(state.id);
  const gone = await answer({ session, client, self, signal }, kind, address, state);
  if (gone) session.gone.add(address);
  return gone;
}

async function answer(question: Question, kind: Kind, address: string, state: ValueRecord): Promise<boolean> {
  const { self } = question;
  const everywhere = allows(self.permissions, `${kind.noun}.read`);
  if (`organizations/${self.organization}` !== organizationOf(address)) {
    // Only owners of the installation see into other organizations.
    return everywhere && self.organization === 'default' && allows(self.permissions, 'owners.write');
  }
  if (everywhere && !(liesInApps(address) && (await isIsolated(question)))) return true;
  if (kind.token !== undefined) return tokenIsGone(question, address);
  if (await isFree(question, address, placements(kind, state))) return true;
  return kind.attributes.scope?.immutable === true && wouldBeSeen(question, kind, state.scope);
}

/**
 * Says of a creation which the daemon has answered with 404 that what it would lie in is not there; `undefined` for what lies
 * in nothing. Rejects like the client, above all where the endpoint leads to no API.
 */
export async function nowhere(
  session: Session,
  client: Client,
  { kind, attributes }: TerraformSchema,
  address: string,
  signal?: AbortSignal,
): Promise<Diagnostic | undefined> {
  await session.whoAmI(client, signal);
  if (kind.parent === undefined) return undefined;
  const above = kindNamed(kind.parent);
  const attribute = attributes.find(({ source }) => source.from === 'name' && source.parameter === above.parameter);
  return error(
    `No such ${above.title}`,
    `To create ${address}: there is no ${parentOf(address)}, or the provider's token may not see it. If this ` +
      `configuration is to make it, refer to it by an expression, such as ${terraformType(above)}.NAME.name, so that it is made first.`,
    attribute && pathTo(attribute.name),
  );
}

/** Why nothing at all would be found, whatever is asked for: the endpoint leads elsewhere, say. `undefined` where that is not so. */
export async function refusedAltogether(session: Session, client: Client, signal?: AbortSignal): Promise<unknown> {
  try {
    await session.whoAmI(client, signal);
    return undefined;
  } catch (cause) {
    return cause;
  }
}

/** A person's own tokens are in sight, and others where their holder is. */
async function tokenIsGone(question: Question, address: string): Promise<boolean> {
  const { session, client, self, signal } = question;
  const holder = parentOf(address);
  if (holder === self.address || session.gone.has(holder)) return true;
  const tokens = client.list(holder + address.slice(holder.length, address.lastIndexOf('/')), { limit: 1, signal });
  if (await passes(tokens.next())) return true;
  // The holder is gone, or out of sight like its tokens.
  const { kind } = parseAddress(holder);
  const places = self.permissionsByScope
    .filter(({ permissions }) => allows(permissions, `${kind.noun}.write`))
    .map(({ scope }) => scope);
  return isFree(
    question,
    holder,
    places.flatMap((scope) => placementAt(kind, scope)),
  );
}

/**
 * Whether nothing is at the address. The caller may create something there if, with one of these bodies, it comes to lie
 * where the caller may write; of what is there and out of sight, a dry run says what it says of what is none of its business.
 */
async function isFree({ client, signal }: Question, address: string, bodies: readonly JsonObject[]): Promise<boolean> {
  for (const body of bodies) {
    if (await passes(client.planPut(address, body, { onlyCreate: true, signal }))) return true;
  }
  return false;
}

/** Whether a request gets past the question of who asks. Rejects when that is not what it was refused for. */
async function passes(request: Promise<unknown>): Promise<boolean> {
  try {
    await request;
    return true;
  } catch (cause) {
    if (!(cause instanceof ApiError)) throw cause;
    // Anything else that is wrong with the state is found out behind that question.
    if (cause.status === 422 || cause.status === 409) return true;
    if (cause.code === 'not-found' || cause.code === 'forbidden' || cause.code === 'precondition-failed') return false;
    throw cause;
  }
}

/**
 * Whether a resource that cannot move from its scope would be seen there: then whatever has its address now is another.
 * Only for whoever writes nowhere, and so cannot find out by writing.
 */
function wouldBeSeen({ self }: Question, { noun }: Kind, scope: Value | undefined): boolean {
  const { permissionsByScope, confinedTo } = self;
  if (permissionsByScope.some(({ permissions }) => allows(permissions, `${noun}.write`))) return false;
  // Beyond its home, a grant reaches as far as the two overlap, which may have changed.
  if (confinedTo !== 'organization' && confinedTo !== scope) return false;
  return permissionsByScope.some((held) => held.scope === scope && allows(held.permissions, `${noun}.read`));
}

/** With team isolation, whoever has teams sees the apps of those and no others. */
async function isIsolated(question: Question): Promise<boolean> {
  const organization = await lookUp(question, `organizations/${question.self.organization}`);
  if ((organization?.settings as JsonObject | undefined)?.team_isolation === false) return false;
  const caller = await lookUp(question, question.self.address);
  if (caller === undefined) return true;
  const { scope, teams } = caller;
  return (Array.isArray(teams) && teams.length > 0) || (typeof scope === 'string' && scope.startsWith('teams/'));
}

/** The resource at an address, if the caller may see it. */
async function lookUp({ client, signal }: Question, address: string): Promise<JsonObject | undefined> {
  try {
    return (await client.get(address, { signal })).resource;
  } catch (cause) {
    if (cause instanceof ApiError && (cause.code === 'not-found' || cause.code === 'forbidden')) return undefined;
    throw cause;
  }
}

function liesInApps(address: string): boolean {
  return address.split('/')[2] === 'apps';
}

/** Bodies that put a resource where one with that state lay, one for each scope. */
function placements(kind: Kind, { scope, project, parent, teams }: ValueRecord): JsonObject[] {
  const scopes = [
    scope,
    ...[project, parent].map((name) => (typeof name === 'string' ? `projects/${name}` : null)),
    ...(Array.isArray(teams) ? teams.map((team) => `teams/${team}`) : []),
  ];
  return scopes.flatMap((each) => (typeof each === 'string' ? placementAt(kind, each) : []));
}

/** The body with which a resource of that kind comes to lie at the scope, if there is one. */
function placementAt({ kind }: Kind, scope: string): JsonObject[] {
  const [collection, name] = scope.split('/');
  if (name === undefined) return [];
  if (kind === 'service_account') return [{ scope }];
  if (kind === 'app') return [collection === 'projects' ? { project: name } : { teams: [name] }];
  return kind === 'project' && collection === 'projects' ? [{ parent: name }] : [];
}
