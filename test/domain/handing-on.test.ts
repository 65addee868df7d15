import { expect } from 'chai';
import fc from 'fast-check';
import type { JsonObject } from '../../terraform-provider-spec/kind.ts';
import { cases, caseTime } from '../support/cases.ts';
import { printedSeed } from '../support/seed.ts';
import { type Fixture, openFixture } from '../support/service.ts';
import {
  APPS,
  ASKABLE,
  build,
  CUSTOM_ROLES,
  GRANTABLE,
  NAMES,
  PATTERNS,
  PROJECTS,
  ROLES,
  type Story,
  stories,
  TEAMS,
  WANTED,
} from './random-worlds.ts';
import { decide, type Holder, type World } from './reference-decision.ts';

const WRITES = 40;

/** One write by one of the holders, with more drawn values than it needs. */
const writes = fc.array(
  fc.record({
    caller: fc.nat(),
    what: fc.constantFrom('role', 'holder', 'holder', 'project', 'app', 'settings', 'token', 'enrolment'),
    role: fc.constantFrom(...CUSTOM_ROLES),
    permissions: fc.uniqueArray(fc.constantFrom(...PATTERNS), { maxLength: 3 }),
    holder: fc.constantFrom(...NAMES),
    grants: fc.uniqueArray(fc.record({ role: fc.constantFrom(...ROLES), scope: fc.constantFrom(...GRANTABLE) }), {
      maxLength: 2,
      selector: ({ role, scope }) => `${role} ${scope}`,
    }),
    keepsGrants: fc.boolean(),
    canAct: fc.boolean(),
    teams: fc.subarray(TEAMS, { maxLength: 2 }),
    project: fc.constantFrom(...PROJECTS),
    parent: fc.option(fc.constantFrom(...PROJECTS), { freq: 5 }),
    app: fc.constantFrom(...APPS),
    isolated: fc.boolean(),
    narrowed: fc.option(fc.uniqueArray(fc.constantFrom(...PATTERNS), { maxLength: 3 })),
  }),
  { minLength: WRITES, maxLength: WRITES },
);
type Write = (typeof writes extends fc.Arbitrary<(infer Value)[]> ? Value : never) & { readonly number?: number };

/** What the write asks for, and the world that it would lead to; `undefined` for one that makes no sense. */
function planned(world: World, write: Write): { path: string; body: JsonObject; next: World } | undefined {
  const one = world.holders[write.holder] as Holder;
  const isUser = write.holder.startsWith('users/');
  switch (write.what) {
    case 'role': {
      const { role, permissions } = write;
      return {
        path: `roles/${role}`,
        body: { permissions },
        next: { ...world, roles: { ...world.roles, [role]: permissions } },
      };
    }
    case 'holder': {
      if (write.holder.startsWith('apps/')) return undefined;
      const { teams, canAct } = write;
      const grants = (write.keepsGrants ? one.grants : write.grants).map((each) => ({ ...each }));
      const shared = { teams, grants };
      const body = isUser ? { ...shared, active: canAct } : { ...shared, scope: one.home, disabled: !canAct };
      return { path: write.holder, body, next: withHolder(world, write.holder, { ...one, ...shared, canAct }) };
    }
    case 'project': {
      const { project, parent } = write;
      return {
        path: `projects/${project}`,
        body: { parent },
        next: { ...world, projects: { ...world.projects, [project]: parent } },
      };
    }
    case 'app': {
      const body = { project: write.parent, teams: write.teams };
      return { path: `apps/${write.app}`, body, next: { ...world, apps: { ...world.apps, [write.app]: body } } };
    }
    case 'settings':
      return {
        path: '',
        body: { settings: { team_isolation: write.isolated } },
        next: { ...world, isolated: write.isolated },
      };
    default:
      return undefined;
  }
}

function withHolder(world: World, name: string, holder: Holder): World {
  return { ...world, holders: { ...world.holders, [name]: holder } };
}

/** May write everything here, and is to be kept from making more of it than it is. */
const MANAGING = ['roles', 'users', 'accounts', 'projects', 'apps', 'settings', 'tokens', 'app-tokens'];

/** The same, with somebody in it who manages everything and holds little else. */
function managed({ before: first, after: last, questions }: Story): Story {
  const within = (world: World): World => {
    const ann = world.holders['users/ann'] as Holder;
    const grants = [...ann.grants, { role: 'manager', scope: 'organization' }];
    return {
      ...withHolder(world, 'users/ann', { ...ann, grants, canAct: true, narrowed: null, revoked: false }),
      roles: { ...world.roles, manager: MANAGING.map((noun) => `${noun}.*`) },
    };
  };
  return { before: within(first), after: within(last), questions };
}

/** One of those who may write there at all, chosen by `pick`; `undefined` if nobody may. */
function callerOf(world: World, { what, holder, project, app, caller: pick }: Write): string | undefined {
  const isUser = holder.startsWith('users/');
  const [scope, permission] = {
    role: ['organization', 'roles.write'],
    holder: isUser ? ['organization', 'users.write'] : [holder, 'accounts.write'],
    project: [`projects/${project}`, 'projects.write'],
    app: [`apps/${app}`, 'apps.write'],
    settings: ['organization', 'settings.write'],
    token: [holder, holder.startsWith('apps/') ? 'app-tokens.write' : 'tokens.write'],
    enrolment: ['organization', 'users.enrol'],
  }[what] as [string, string];
  const able = NAMES.filter((name) => decide(world, { holder: name, permission, scope, isOwn: true }) === 'allowed');
  return able[pick % able.length];
}

/** What was found of a world. None is ever changed, and what follows a write is where the next one begins. */
const found = new WeakMap<World, Map<string, ReadonlySet<string>>>();

/** Everything that the token of a holder opens, as `permission at scope`. */
function opened(world: World, holder: string): ReadonlySet<string> {
  const known = found.get(world) ?? new Map<string, ReadonlySet<string>>();
  found.set(world, known);
  const all = known.get(holder) ?? findOpened(world, holder);
  known.set(holder, all);
  return all;
}

function findOpened(world: World, holder: string): ReadonlySet<string> {
  const all = ASKABLE.flatMap((scope) =>
    WANTED.filter((permission) => decide(world, { holder, permission, scope, isOwn: true }) === 'allowed').map(
      (permission) => `${permission} at ${scope}`,
    ),
  );
  return new Set(all);
}

describe('nobody hands on more than they hold', () => {
  let f: Fixture;
  before(async () => {
    f = await openFixture();
  });
  after(() => f.close());

  it('by any write to roles, grants, teams, projects, apps, settings and tokens in a random organization', async function () {
    this.timeout(caseTime(120_000));
    const counts = { refused: 0, done: 0, widening: 0 };
    let organizations = 0;
    const property = fc.asyncProperty(stories(1).map(managed), writes, async (story, list) => {
      organizations += 1;
      const organization = `organizations/random-${organizations}`;
      const secrets = await build(f, `random-${organizations}`, story);
      let world = story.after;
      for (const [number, write] of list.entries()) {
        const caller = callerOf(world, write);
        if (caller === undefined) continue;
        const held = opened(world, caller);
        const gained = await gainedBy(f, world, write, { organization, secret: secrets.get(caller) as string, number });
        if (gained === undefined) {
          counts.refused += 1;
          continue;
        }
        counts.done += 1;
        if (gained.rights.size > 0) counts.widening += 1;
        const tooMuch = [...gained.rights].filter((right) => !held.has(right));
        expect(tooMuch, JSON.stringify({ write, caller, who: world.holders[caller], world })).to.deep.equal([]);
        world = gained.world;
      }
    });
    await fc.assert(property, { seed: printedSeed('handing on'), numRuns: cases(25), endOnFailure: true });
    console.log(
      `    ${counts.refused + counts.done} writes in ${organizations} organizations: ${JSON.stringify(counts)}`,
    );
    expect(counts.widening, 'enough of them give somebody something').to.be.above(cases(10));
  });
});

/** What anybody can do afterwards that they could not before; `undefined` if the write is refused or makes no sense. */
async function gainedBy(
  f: Fixture,
  world: World,
  write: Write,
  { organization, secret, number }: { organization: string; secret: string; number: number },
): Promise<{ rights: ReadonlySet<string>; world: World } | undefined> {
  const caller = f.as(secret);
  const done = async (promise: Promise<unknown>) =>
    promise.then(
      () => true,
      () => false,
    );
  const one = world.holders[write.holder] as Holder;
  const isUser = write.holder.startsWith('users/');
  if (write.what === 'token' || write.what === 'enrolment') {
    // Whoever makes a secret has it: all that it opens, once its holder can act, is given away.
    if (isUser !== (write.what === 'enrolment')) return undefined;
    const address = `${organization}/${write.holder}`;
    const narrowed = isUser ? null : write.narrowed;
    const attempt = isUser
      ? f.service.enrol({ caller, address, body: null })
      : f.put(`${address}/tokens/more-${number}`, { permissions: narrowed }, { caller });
    if (!(await done(attempt))) return undefined;
    const made = withHolder(world, write.holder, { ...one, canAct: true, revoked: false, narrowed });
    return { rights: opened(made, write.holder), world };
  }
  const plan = planned(world, write);
  if (plan === undefined) return undefined;
  const address = plan.path === '' ? organization : `${organization}/${plan.path}`;
  if (!(await done(f.put(address, plan.body, { caller, allowSelf: true })))) return undefined;
  const rights = new Set<string>();
  for (const holder of NAMES) {
    const before = opened(world, holder);
    for (const right of opened(plan.next, holder)) if (!before.has(right)) rights.add(right);
  }
  return { rights, world: plan.next };
}
