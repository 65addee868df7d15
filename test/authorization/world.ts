/** Two organizations full of people who hold little, and of things that others hold: where escalations are attempted. */
import type { Answer, Caller, Service, WriteOptions } from '../../daemon/domain/api.ts';
import type { Resource, StoredAuditEvent } from '../../daemon/domain/model.ts';
import type { Desired } from '../../daemon/domain/provisioned.ts';
import { organizationOf, parseAddress } from '../../terraform-provider-spec/address.ts';
import type { Json, JsonObject } from '../../terraform-provider-spec/kind.ts';
import { KINDS } from '../../terraform-provider-spec/kinds/index.ts';
import { DAY, type Fixture, openFixture, secretOf } from '../support/service.ts';

/** The organization that administers the installation. */
export const D = 'organizations/default';
/** A tenant with team isolation. */
export const A = 'organizations/acme';

export type Options = Partial<WriteOptions>;

/** What everybody's credential is called. */
export type Who =
  | 'root'
  | 'admin'
  | 'admin-narrow'
  | 'clerk'
  | 'clerk-narrow'
  | 'porter'
  | 'viewer'
  | 'guardian'
  | 'janitor'
  | 'lead'
  | 'keeper'
  | 'mason'
  | 'nomad'
  | 'alice'
  | 'alice-narrow'
  | 'enrolled'
  | 'till'
  | 'scim'
  | 'hr'
  | 'boss'
  | 'insider';

const EVERYTHING = { resources: KINDS.map(({ kind }) => kind), limit: 100_000 };

export class World {
  readonly f: Fixture;
  readonly secrets = new Map<Who, string>();

  constructor(f: Fixture) {
    this.f = f;
    this.secrets.set('root', f.root);
  }

  get service(): Service {
    return this.f.service;
  }

  as(who: Who): Caller {
    const secret = this.secrets.get(who);
    if (secret === undefined) throw new Error(`nobody made a credential for ${who}`);
    return this.f.as(secret);
  }

  put(address: string, body: JsonObject, options: Options = {}): Promise<Answer> {
    return this.f.put(address, body, options);
  }

  delete(address: string, options: Options = {}): Promise<Answer> {
    return this.f.delete(address, options);
  }

  get(address: string, { caller = this.as('root') }: Options = {}): Promise<unknown> {
    return this.service.get({ caller, address });
  }

  list(kind: string, parent: string, { caller = this.as('root') }: Options = {}): Promise<unknown> {
    return this.service.list({ caller, kinds: [kind], parent, limit: 10 });
  }

  rotate(address: string, body: Json, options: Options = {}): Promise<Answer> {
    return this.service.rotate({ caller: this.as('root'), ...options, address, body });
  }

  revoke(address: string, options: Options = {}): Promise<Answer> {
    return this.service.revoke({ caller: this.as('root'), ...options, address, body: { reason: 'compromised' } });
  }

  restore(address: string, options: Options = {}): Promise<Answer> {
    return this.service.restore({ caller: this.as('root'), ...options, address });
  }

  enrol(address: string, options: Options = {}): Promise<Answer> {
    return this.service.enrol({ caller: this.as('root'), ...options, address, body: null });
  }

  async uid(address: string): Promise<string> {
    const { resource } = await this.service.get({ caller: this.as('root'), address });
    return String(resource.uid);
  }

  /** Changes a user or team as an identity provider does. */
  async provision(address: string, change: Partial<Desired>, { caller = this.as('root') }: Options): Promise<unknown> {
    const uid = await this.uid(address);
    const kind = parseAddress(address).kind.kind as 'user' | 'team';
    const scope = { caller: { ...caller, audience: 'scim' }, organization: organizationOf(address), kind } as const;
    return this.service.reprovision(scope, { uid }, ({ attributes }) => ({
      attributes: { ...attributes, ...change.attributes },
      provisioned: {},
      ...(change.members && { members: change.members }),
    }));
  }

  /** An account with a token, whose secret is that of `who`. */
  async credential(who: Who, account: string, body: JsonObject, token: JsonObject = {}): Promise<void> {
    await this.put(account, body);
    this.secrets.set(who, secretOf(await this.put(`${account}/tokens/main`, token)));
  }

  /** Every row of both organizations, and every revocation: whatever a refused attempt could have changed. */
  async rows(): Promise<unknown> {
    const { reader } = this.f.store;
    const { resources: kinds, limit } = EVERYTHING;
    const rows: Resource[] = [];
    for (const organization of [D, A]) rows.push(...(await reader.list({ kinds, organization, limit })));
    rows.push(...(await reader.list({ kinds: ['organization'], parent: '', limit })));
    const revocations = await reader.read({
      needs: { revocations: rows.map(({ address }) => address) },
      decide: (snapshot) => rows.map(({ address }) => snapshot.revocation(address)).filter((each) => each),
    });
    return { rows, revocations };
  }

  /** The newest events of both organizations, the newest first. */
  async events(limit = 20): Promise<StoredAuditEvent[]> {
    const { reader } = this.f.store;
    const pages = await Promise.all([D, A].map((organization) => reader.audit({ organization, limit })));
    return pages.flat().sort((left, right) => right.id - left.id);
  }
}

/** Builds it. Close `f` afterwards. */
export async function openWorld(): Promise<World> {
  const world = new World(await openFixture());
  await roles(world);
  await places(world);
  await holders(world);
  await tokens(world);
  await tenant(world);
  return world;
}

/** Writes and reads of whatever holds power, but nothing of what services ask about. */
const CLERK = ['accounts', 'tokens', 'users', 'roles', 'apps', 'app-tokens', 'projects', 'teams', 'settings'];

async function roles({ f }: World): Promise<void> {
  const all: Record<string, string[]> = {
    clerk: CLERK.map((noun) => `${noun}.*`),
    builder: ['builds.*'],
    reader: ['accounts.read'],
    empty: [],
    porter: ['projects.read', 'projects.write', 'apps.read', 'apps.write'],
    keeper: ['accounts.*', 'tokens.*', 'apps.write'],
    guardian: ['*', 'owners.*'],
    janitor: ['accounts.*', 'tokens.*', 'owners.*'],
  };
  await Promise.all(Object.entries(all).map(([name, permissions]) => f.put(`${D}/roles/${name}`, { permissions })));
  const once = { expiry: 'optional', regenerate: 'forbidden', max_overlap: '0s' };
  await f.put(`${D}/token-profiles/once`, once);
}

async function places({ f }: World): Promise<void> {
  await Promise.all(['blue', 'green'].map((team) => f.put(`${D}/teams/${team}`)));
  await f.put(`${D}/projects/mine`);
  await f.put(`${D}/projects/theirs`);
  await f.put(`${D}/projects/camp`);
  await f.put(`${D}/projects/annex`, { parent: 'camp' });
  await f.put(`${D}/projects/inner`, { parent: 'mine' });
  await f.put(`${D}/apps/till`, { teams: ['blue'] });
  await f.put(`${D}/apps/shelf`, { project: 'mine' });
  await f.put(`${D}/apps/vault`, { project: 'theirs' });
}

async function holders(world: World): Promise<void> {
  const { f } = world;
  const role = (name: string, scope = 'organization') => ({ grants: [{ role: name, scope }] });
  await world.credential('admin', `${D}/accounts/admin`, role('admin'));
  await world.credential('clerk', `${D}/accounts/clerk`, role('clerk'));
  await world.credential('porter', `${D}/accounts/porter`, role('porter'));
  await world.credential('viewer', `${D}/accounts/viewer`, role('viewer'));
  await world.credential('guardian', `${D}/accounts/guardian`, role('guardian'));
  await world.credential('janitor', `${D}/accounts/janitor`, role('janitor'));
  await world.credential('lead', `${D}/accounts/lead`, role('team-admin', 'teams/blue'));
  await world.credential('keeper', `${D}/accounts/keeper`, role('keeper', 'projects/mine'));
  await world.credential('mason', `${D}/accounts/mason`, {
    grants: [
      { role: 'keeper', scope: 'projects/mine' },
      { role: 'viewer', scope: 'projects/theirs' },
    ],
  });
  await world.credential('scim', `${D}/accounts/scim`, role('admin'), { purpose: 'scim' });
  await f.put(`${D}/accounts/strong`, role('builder'));
  await f.put(`${D}/accounts/weak`, role('reader'));
  await f.put(`${D}/accounts/stopped`, { ...role('builder'), disabled: true });
  await f.put(`${D}/accounts/local`, role('builder', 'projects/mine'));
  await f.put(`${D}/accounts/member`, { scope: 'teams/blue' });
  await f.put(`${D}/accounts/stranger`, { scope: 'teams/green' });
  await f.put(`${D}/accounts/neighbour`, { scope: 'projects/theirs', ...role('builder', 'projects/theirs') });
  await f.put(`${D}/accounts/crew`, { grants: [{ role: 'builder', scope: 'teams/green' }] });
  // Its grant reached nothing beyond its home since the annex was moved away, and would again if it came back.
  await f.put(`${D}/accounts/settler`, { scope: 'projects/camp', ...role('builder', 'projects/annex') });
  await world.credential('nomad', `${D}/accounts/nomad`, {
    scope: 'projects/camp',
    ...role('keeper', 'projects/annex'),
  });
  await f.put(`${D}/accounts/annexed`, { scope: 'projects/annex' });
  await f.put(`${D}/projects/annex`);
  await f.put(`${D}/users/alice`, role('viewer'));
  await f.put(`${D}/users/bob`, role('builder'));
  await f.put(`${D}/users/carol`, { ...role('builder'), active: false });
}

async function tokens(world: World): Promise<void> {
  const { f, secrets } = world;
  const strong = `${D}/accounts/strong/tokens`;
  await f.put(`${strong}/main`);
  await f.put(`${strong}/revoked`, { state: 'revoked' });
  await f.put(`${strong}/latched`);
  await world.revoke(`${strong}/latched`);
  await f.put(`${strong}/fenced`, { allowed_cidrs: ['10.0.0.0/8'] });
  await f.put(`${strong}/ending`, { expires_in: '365d' });
  await f.put(`${strong}/expired`, { expires_in: '1d' });
  await f.put(`${strong}/once`, { profile: 'once' }, { claim: 'first' });
  await f.put(`${D}/accounts/mixed`, { grants: [{ role: 'builder' }, { role: 'reader' }] });
  await f.put(`${D}/accounts/mixed/tokens/narrow`, { permissions: ['accounts.read'] });
  await f.put(`${D}/accounts/neighbour/tokens/main`);
  f.clock.advance(2 * DAY);

  const narrow = { permissions: ['accounts.*', 'tokens.*', 'roles.*', 'users.*'] };
  secrets.set('admin-narrow', secretOf(await f.put(`${D}/accounts/admin/tokens/narrow`, narrow)));
  secrets.set('clerk-narrow', secretOf(await f.put(`${D}/accounts/clerk/tokens/narrow`, narrow)));
  secrets.set('till', secretOf(await f.put(`${D}/apps/till/tokens/main`)));
  secrets.set('alice', await personal(world, 'alice', 'main', {}));
  const reading = { permissions: ['users.read'] };
  secrets.set('alice-narrow', await personal(world, 'alice', 'narrow', reading));
  secrets.set('enrolled', secretOf(await world.enrol(`${D}/users/alice`)));
  // Of what the wide token made, the narrow one of the same account asks for the answer again.
  const options = { caller: world.as('admin'), idempotencyKey: 'wide' };
  await world.put(`${strong}/replayed`, {}, options);
  await world.rotate(`${strong}/main`, { overlap: '1h' }, options);
  await world.enrol(`${D}/users/bob`, options);
}

async function personal(world: World, user: string, name: string, body: JsonObject): Promise<string> {
  const enrolment = secretOf(await world.enrol(`${D}/users/${user}`));
  return secretOf(await world.put(`${D}/users/${user}/tokens/${name}`, body, { caller: world.f.as(enrolment) }));
}

async function tenant(world: World): Promise<void> {
  const { f } = world;
  await f.put(A);
  await Promise.all(['blue', 'green'].map((team) => f.put(`${A}/teams/${team}`)));
  await f.put(`${A}/apps/seen`, { teams: ['blue'] });
  await f.put(`${A}/projects/shop`);
  await f.put(`${A}/projects/depot`);
  await f.put(`${A}/apps/unseen`, { teams: ['green'], project: 'depot' });
  await f.put(`${A}/roles/empty`, { permissions: [] });
  await f.put(`${A}/roles/builder`, { permissions: ['builds.read'] });
  await world.credential('boss', `${A}/accounts/boss`, { grants: [{ role: 'owner' }] });
  await world.credential('insider', `${A}/accounts/insider`, { grants: [{ role: 'admin' }], teams: ['blue'] });
  await f.put(`${A}/accounts/outsider`, { grants: [{ role: 'empty' }] });
  await f.put(`${A}/accounts/outsider/tokens/main`);
  await f.put(`${A}/accounts/open`, { grants: [{ role: 'builder' }] });
  await f.put(`${A}/accounts/seller`, { grants: [{ role: 'builder', scope: 'projects/shop' }] });
  await f.put(`${A}/users/dave`, { grants: [{ role: 'builder' }] });
  await f.put(`${A}/users/erin`, { grants: [{ role: 'builder' }], teams: ['green'] });
  await f.put(`${A}/users/frank`, { grants: [{ role: 'builder' }], active: false });
  await f.put(`${A}/users/grace`, { grants: [{ role: 'owner' }] });
  await f.put(`${A}/roles/hr`, { permissions: ['users.*', 'teams.*'] });
  await world.credential('hr', `${A}/accounts/hr`, { grants: [{ role: 'hr' }] }, { purpose: 'scim' });
  await f.put(A, { settings: { team_isolation: true } });
}
