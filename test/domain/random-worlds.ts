/** Random organizations with random questions about them, and how they come about on a real store. */
import fc from 'fast-check';
import type { Answer } from '../../daemon/domain/api.ts';
import type { JsonObject } from '../../terraform-provider-spec/kind.ts';
import { type Fixture, secretOf } from '../support/service.ts';
import { type Holder, type Question, surroundings, type World } from './reference-decision.ts';

/** An organization as it is made, as it then becomes, and questions that are asked at the end. */
export interface Story {
  readonly before: World;
  readonly after: World;
  readonly questions: readonly (Question & { readonly spelling: 'short' | 'full' })[];
}

const PROJECT_DEPTH = 8;
export const PROJECTS = Array.from({ length: 12 }, (_, index) => `p${index}`);
export const TEAMS = ['red', 'green', 'blue'];
export const APPS = ['till', 'depot', 'atlas', 'radio'];
const ACCOUNTS = ['accounts/a', 'accounts/b', 'accounts/c', 'accounts/d', 'accounts/e'];
const USERS = ['users/ann', 'users/ben'];
export const CUSTOM_ROLES = ['builder', 'keeper'];
export const ROLES = ['owner', 'admin', 'team-admin', 'developer', 'viewer', 'none', ...CUSTOM_ROLES];
export const WANTED = ['builds.read', 'builds.write', 'apps.read', 'apps.write', 'accounts.read', 'accounts.write']
  .concat(['tokens.rotate', 'app-tokens.rotate', 'personal-tokens.read', 'settings.write', 'projects.read'])
  .concat(['owners.write', 'organizations.read', 'signing-keys.rotate']);
export const PATTERNS = [
  '*',
  '*.read',
  '*.write',
  '~.*',
  '~.read',
  'builds.*',
  'builds.read',
  'apps.write',
  'accounts.*',
].concat(['tokens.rotate', 'settings.*', 'owners.*', 'owners.write', 'signing-keys.rotate']);
const PLACES = [...PROJECTS.map((name) => `projects/${name}`), ...TEAMS.map((name) => `teams/${name}`)];
export const GRANTABLE = ['organization', ...PLACES, ...APPS.map((name) => `apps/${name}`)];
export const ASKABLE = [...GRANTABLE, ...ACCOUNTS, 'projects/none', 'teams/none', 'apps/none', 'accounts/none'];

const mostly = (value: boolean) => fc.integer({ min: 0, max: 19 }).map((one) => (one === 0 ? !value : value));
const teams = fc.subarray(TEAMS, { maxLength: 2 });
const grant = fc.record({ role: fc.constantFrom(...ROLES), scope: fc.constantFrom(...GRANTABLE) });

/** How far back in the list the parent of a project lies: a chain more often than not. */
const parents = fc.array(fc.option(fc.oneof(fc.constant(1), fc.integer({ min: 1, max: 4 })), { freq: 6 }), {
  minLength: PROJECTS.length,
  maxLength: PROJECTS.length,
});

/** What can change in an organization that is there. */
const layout = fc.record({
  isolated: fc.boolean(),
  projects: parents.map(treeOf),
  apps: fc.tuple(...APPS.map(() => fc.record({ project: fc.option(fc.constantFrom(...PROJECTS)), teams }))),
  roles: fc.tuple(...CUSTOM_ROLES.map(() => fc.uniqueArray(fc.constantFrom(...PATTERNS), { maxLength: 3 }))),
});

const holder = fc.record({
  home: fc.oneof({ weight: 2, arbitrary: fc.constant('organization') }, fc.constantFrom(...PLACES)),
  teams,
  laterTeams: teams,
  grants: fc.array(grant, { minLength: 1, maxLength: 5 }),
  canAct: mostly(true),
  narrowed: fc.option(fc.uniqueArray(fc.constantFrom(...PATTERNS), { maxLength: 3 }), { freq: 2 }),
  revoked: mostly(false),
});
type Drawn = (typeof holder extends fc.Arbitrary<infer Value> ? Value : never) & { readonly name: string };

export const NAMES = [...ACCOUNTS, ...USERS, ...APPS.map((name) => `apps/${name}`)];

/** Stories with that many questions each. */
export function stories(questions: number): fc.Arbitrary<Story> {
  const question = fc.record(
    {
      holder: fc.constantFrom(...NAMES),
      permission: fc.constantFrom(...WANTED),
      scope: fc.constantFrom(...ASKABLE),
      isOwn: mostly(true),
      spelling: fc.constantFrom('short' as const, 'full' as const),
      near: fc.option(fc.nat()),
    },
    { requiredKeys: ['holder', 'scope', 'isOwn', 'spelling', 'near'] },
  );
  return fc
    .record({
      first: layout,
      last: layout,
      holders: fc.tuple(...NAMES.map((name) => holder.map((drawn) => ({ ...drawn, name })))),
      questions: fc.array(question, { minLength: questions, maxLength: questions }),
    })
    .map(({ first, last, holders, questions: asked }) => {
      const after = worldOf(last, first, holders, true);
      return {
        before: worldOf(first, first, holders, false),
        after,
        questions: asked.map((one) => ({
          ...one,
          scope: one.near === null ? one.scope : reached(after, one, one.near),
        })),
      };
    });
}

/** A place that a grant of whoever asks reaches: chosen at random from all places, few would be. */
function reached(world: World, { holder: name, scope }: Question, pick: number): string {
  const { home, grants } = world.holders[name] as Holder;
  const scopes = [home, ...grants.map((each) => each.scope)];
  const places = ASKABLE.filter((place) => surroundings(world, place)?.some((wider) => scopes.includes(wider)));
  return places[pick % places.length] ?? scope;
}

type Layout = typeof layout extends fc.Arbitrary<infer Value> ? Value : never;

function treeOf(steps: readonly (number | null)[]): Readonly<Record<string, string | null>> {
  const tree: Record<string, string | null> = {};
  const depth = (name: string | null): number => (name === null ? 0 : 1 + depth(tree[name] ?? null));
  for (const [index, name] of PROJECTS.entries()) {
    const parent = PROJECTS[index - (steps[index] ?? PROJECTS.length)] ?? null;
    tree[name] = depth(parent) < PROJECT_DEPTH ? parent : null;
  }
  return tree;
}

/** Grants are made in the `first` layout, where those of an account must lie within its home; later it may be another. */
function worldOf(layout: Layout, first: Layout, drawn: readonly Drawn[], isLater: boolean): World {
  const named = <Value>(names: readonly string[], values: readonly Value[]) =>
    Object.fromEntries(names.map((name, index) => [name, values[index] as Value]));
  const places = (of: Layout): World => ({
    isolated: of.isolated,
    projects: of.projects,
    teams: TEAMS,
    apps: named(APPS, of.apps),
    roles: named(CUSTOM_ROLES, of.roles),
    holders: {},
  });
  const origin = places(first);
  const holders = drawn.map((one): [string, Holder] => {
    const isApp = one.name.startsWith('apps/');
    const home = isApp ? one.name : one.name.startsWith('users/') ? 'organization' : one.home;
    const grants = one.grants.map(({ role, scope }) => {
      const isWithin = surroundings(origin, scope)?.includes(home) === true;
      return { role, scope: isWithin ? scope : home };
    });
    const distinct = new Map(grants.map((each) => [`${each.role} ${each.scope}`, each]));
    return [
      one.name,
      {
        home,
        teams: isApp ? [] : isLater ? one.laterTeams : one.teams,
        grants: isApp ? [] : [...distinct.values()],
        canAct: isApp || !isLater || one.canAct,
        narrowed: one.narrowed,
        revoked: isLater && one.revoked,
      },
    ];
  });
  return { ...places(layout), holders: Object.fromEntries(holders) };
}

/** Makes the organization of a story, in one that is free, and answers the secret of each holder. */
export async function build(f: Fixture, organization: string, { before, after }: Story): Promise<Map<string, string>> {
  // Writes take effect in the order in which they are sent, and those that wait share a transaction.
  const sent: Promise<Answer>[] = [];
  const put = (path: string, body: JsonObject) => {
    const answer = f.put(`organizations/${organization}${path}`, body);
    sent.push(answer);
    return answer;
  };
  const secrets = new Map<string, string>();
  putLayout(put, before);
  for (const [name, one] of Object.entries(before.holders)) putHolder(put, name, one);
  const minted = Object.entries(before.holders).map(async ([name, one]) => {
    const token = `organizations/${organization}/${name}/tokens/t`;
    const body = { permissions: one.narrowed as string[] | null };
    secrets.set(name, name.startsWith('users/') ? await enrolled(f, token, body) : secretOf(await f.put(token, body)));
  });
  await Promise.all([...sent, ...minted]);

  for (const [name, one] of Object.entries(after.holders)) putHolder(put, name, one);
  for (const [name, parent] of Object.entries(after.projects)) {
    if (parent !== before.projects[name]) put(`/projects/${name}`, { parent: null });
  }
  putLayout(put, after);
  const revoked = Object.entries(after.holders).filter(([, one]) => one.revoked);
  await Promise.all([
    ...sent,
    ...revoked.map(([name]) =>
      f.service.revoke({
        caller: f.as(f.root),
        address: `organizations/${organization}/${name}/tokens/t`,
        body: { reason: 'other' },
      }),
    ),
  ]);
  return secrets;
}

type Put = (path: string, body: JsonObject) => unknown;

function putLayout(put: Put, { isolated, projects, teams: names, apps, roles }: World): void {
  put('', { settings: { team_isolation: isolated } });
  for (const [name, parent] of Object.entries(projects)) put(`/projects/${name}`, { parent });
  for (const name of names) put(`/teams/${name}`, {});
  for (const [name, app] of Object.entries(apps)) put(`/apps/${name}`, { ...app, teams: [...app.teams] });
  for (const [name, permissions] of Object.entries(roles)) put(`/roles/${name}`, { permissions: [...permissions] });
}

function putHolder(put: Put, name: string, { home, teams: own, grants, canAct }: Holder): void {
  if (name.startsWith('apps/')) return;
  const shared = { teams: [...own], grants: grants.map((each) => ({ ...each })) };
  put(
    `/${name}`,
    name.startsWith('users/') ? { ...shared, active: canAct } : { ...shared, scope: home, disabled: !canAct },
  );
}

/** A personal token is made by the user, whom an administrator lets in. */
async function enrolled(f: Fixture, token: string, body: JsonObject): Promise<string> {
  const user = token.slice(0, token.indexOf('/tokens/'));
  const enrolment = await f.service.enrol({ caller: f.as(f.root), address: user, body: null });
  return secretOf(await f.put(token, body, { caller: f.as(secretOf(enrolment)) }));
}
