/**
 * Who may do what where, a second time: written from the description of the product alone and as plainly as can be. What
 * the daemon decides is held against it. Nothing here is shared with the daemon.
 */

export interface World {
  readonly isolated: boolean;
  /** The parent of each project. */
  readonly projects: Readonly<Record<string, string | null>>;
  readonly teams: readonly string[];
  readonly apps: Readonly<Record<string, { readonly project: string | null; readonly teams: readonly string[] }>>;
  /** The permissions of the custom roles. */
  readonly roles: Readonly<Record<string, readonly string[]>>;
  /** By the last part of their address: `accounts/x`, `users/x`, `apps/x`. */
  readonly holders: Readonly<Record<string, Holder>>;
}

export interface Holder {
  /** Where an account lives; the app itself for its tokens; `organization` for users. */
  readonly home: string;
  readonly teams: readonly string[];
  readonly grants: readonly { readonly role: string; readonly scope: string }[];
  /** Neither disabled nor inactive. */
  readonly canAct: boolean;
  /** What the holder's token leaves of its permissions; null for all of them. */
  readonly narrowed: readonly string[] | null;
  readonly revoked: boolean;
}

export interface Question {
  readonly holder: string;
  /** Only whether the token is good there, if left out. */
  readonly permission?: string;
  readonly scope: string;
  /** Whether it is asked in the organization of the token. */
  readonly isOwn: boolean;
}

/** Permissions that no wildcard but their own gives. */
const STRONG = ['organizations', 'owners', 'signing-keys'];
const PLAIN = 'settings projects teams apps roles token-profiles users accounts audit-events'.split(' ');
const RESERVED = [...STRONG, ...PLAIN, 'tokens', 'app-tokens', 'personal-tokens'];

const BUILT_IN: Readonly<Record<string, readonly string[]>> = {
  owner: ['*', ...STRONG.map((noun) => `${noun}.*`)],
  admin: ['*'],
  'team-admin': ['accounts.*', 'tokens.*', 'teams.read', 'apps.read'],
  developer: ['*.read', '~.*', 'apps.write', 'app-tokens.*'],
  viewer: ['*.read'],
  none: [],
};

/** The answer to a question about the one token of a holder. */
export function decide(world: World, { holder, permission, scope, isOwn }: Question): string {
  const who = world.holders[holder] as Holder;
  if (!who.canAct || who.revoked) return 'unauthenticated';
  // One organization is nothing to another, and what is not there is nobody's.
  const around = surroundings(world, scope);
  if (!isOwn || around === undefined) return 'forbidden';
  // Nothing is held outside of the project, team or app to which somebody belongs.
  if (!around.includes(who.home)) return 'forbidden';
  // With isolation, who has a team sees the apps of its teams alone.
  const teams = [...who.teams.map((team) => `teams/${team}`), who.home].filter((team) => team.startsWith('teams/'));
  const isConfined = world.isolated && !holder.startsWith('apps/') && teams.length > 0;
  if (isConfined && scope.startsWith('apps/') && !teams.some((team) => around.includes(team))) return 'forbidden';
  if (permission === undefined) return 'allowed';
  if (who.narrowed !== null && !matchesAny(who.narrowed, permission)) return 'forbidden';
  // The token of an app is for the services that serve it, not for the daemon's own resources.
  if (holder.startsWith('apps/')) return matchesAny(['~.*'], permission) ? 'allowed' : 'forbidden';
  const reaching = who.grants.filter((grant) => around.includes(grant.scope));
  const permissions = reaching.flatMap(({ role }) => BUILT_IN[role] ?? world.roles[role] ?? []);
  return matchesAny(permissions, permission) ? 'allowed' : 'forbidden';
}

/** All the scopes in which something lies, from itself to the organization; `undefined` if it is not there. */
export function surroundings(world: World, scope: string): string[] | undefined {
  const [collection, name = ''] = scope.split('/');
  if (collection === 'organization') return ['organization'];
  if (collection === 'teams') return world.teams.includes(name) ? [scope, 'organization'] : undefined;
  if (collection === 'projects') {
    const parent = world.projects[name];
    if (parent === undefined) return undefined;
    return [scope, ...(parent === null ? ['organization'] : (surroundings(world, `projects/${parent}`) ?? []))];
  }
  if (collection === 'accounts') return surroundings(world, world.holders[scope]?.home ?? '');
  const app = world.apps[name];
  if (collection !== 'apps' || app === undefined) return undefined;
  const above = surroundings(world, app.project === null ? 'organization' : `projects/${app.project}`) ?? [];
  return [scope, ...app.teams.map((team) => `teams/${team}`), ...above];
}

function matchesAny(patterns: readonly string[], permission: string): boolean {
  const [noun = '', verb] = permission.split('.');
  return patterns.some((pattern) => {
    const [one, other = '*'] = pattern.split('.');
    const fits = { [noun]: true, '*': !STRONG.includes(noun), '~': !RESERVED.includes(noun) }[one as string];
    return fits === true && (other === '*' || other === verb);
  });
}
