/** Random trees over a few names: two of them share much, and what one refers to the other may have elsewhere or not at all. */
import fc from 'fast-check';
import type { JsonObject } from '../../terraform-provider-spec/kind.ts';
import { mintToken, secretHash } from '../../terraform-provider-spec/token.ts';

type Names = readonly string[];

/** A subset of the names. */
const some = (names: Names) => fc.subarray([...names]);
const maybe = <T>(value: fc.Arbitrary<T>) => fc.option(value, { nil: null });
const text = () => fc.constantFrom(null, 'one', 'two');
const byName = (names: Names, make: (name: string) => fc.Arbitrary<JsonObject>): fc.Arbitrary<JsonObject> =>
  fc.record(Object.fromEntries(names.map((name) => [name, make(name)]))) as fc.Arbitrary<JsonObject>;

/** What is there and belongs to another manager: trees refer to it, and none may touch it. */
export const THEIRS = { role: 'theirs', team: 'theirs', project: 'theirs' } as const;

/** A tree that is valid by itself, whatever was there before. */
export function trees(): fc.Arbitrary<JsonObject> {
  return fc
    .record({
      // In a random order, and each below one before it: a forest.
      projects: fc.shuffledSubarray(['alpha', 'beta', 'gamma', 'delta']),
      teams: some(['blue', 'red']),
      roles: some(['reader', 'writer', 'nobody']),
      profiles: some(['brief']),
      apps: some(['till', 'shelf']),
      users: some(['alice']),
      accounts: some(['ci', 'cd', 'bot']),
    })
    .chain(({ projects, teams, roles, profiles, apps, users, accounts }) => {
      const project = maybe(fc.constantFrom(...projects, THEIRS.project));
      const members = some([...teams, THEIRS.team]);
      const grants = fc.uniqueArray(
        fc.record({
          role: fc.constantFrom(...roles, THEIRS.role, 'viewer'),
          scope: fc.constantFrom('organization', ...projects.map((name) => `projects/${name}`), `teams/${THEIRS.team}`),
        }),
        { maxLength: 3, selector: ({ role, scope }) => `${role} ${scope}` },
      );
      return fc.record({
        projects: byName(projects, (name) =>
          fc.record({
            display_name: text(),
            parent: maybe(fc.constantFrom(THEIRS.project, ...projects.slice(0, projects.indexOf(name)))),
          }),
        ),
        teams: byName(teams, () => fc.record({ description: text() })),
        roles: byName(roles, () => fc.record({ permissions: some(['builds.read', 'builds.write', 'apps.read']) })),
        'token-profiles': byName(profiles, () => fc.record({ max_lifetime: fc.constantFrom('90d', '100d') })),
        apps: byName(apps, () => fc.record({ project, teams: members, tokens: tokens(profiles) })),
        users: byName(users, () => fc.record({ teams: members, grants })),
        accounts: byName(accounts, () =>
          fc.record({ teams: members, grants, disabled: fc.boolean(), tokens: tokens(profiles) }),
        ),
      }) as fc.Arbitrary<JsonObject>;
    });
}

/** Where a secret is to be that is made anew each time. */
const OWN = 'own';

/**
 * Of those under `static` there can be one: to put another in its place, the first has to go before. Its secret is always brought, and
 * never confirmed, so that another one replaces the token.
 */
function tokens(profiles: Names): fc.Arbitrary<JsonObject> {
  const plain = fc.record({
    display_name: text(),
    expires_in: fc.constantFrom('30d', '60d', null),
    rotation: fc.constantFrom('1', '2'),
    overlap: fc.constantFrom('0s', '1h'),
    state: fc.constantFrom('active', 'revoked'),
    rotate_every: fc.constantFrom(null, '30s', '300d'),
    secret_hash: fc.constantFrom(null, OWN),
  });
  const fixed = { profile: 'static', secret_hash: OWN };
  const single = fc.constantFrom<JsonObject>({}, { first: fixed }, { second: fixed });
  const brief =
    profiles.length === 0
      ? fc.constant<JsonObject>({})
      : fc.constantFrom<JsonObject>(
          {},
          { brief: { profile: 'brief', expires_in: '60d', rotate_before_expiry: '50d' } },
        );
  return fc
    .tuple(
      some(['main', 'spare']).chain((names) => byName(names, () => plain)),
      single,
      brief,
    )
    .map(([named, one, other]) => ({ ...named, ...one, ...other }));
}

/** The tree with a new secret wherever there is to be one. */
export function withSecrets<T>(value: T): T {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value;
  const filled = Object.entries(value).map(([key, inner]) => {
    const isWanted = key === 'secret_hash' && inner === OWN;
    return [key, isWanted ? secretHash(mintToken('sa')) : withSecrets(inner)];
  });
  return Object.fromEntries(filled) as T;
}

/** The same tree with the members of every object in another order, by `seed`. */
export function shuffled<T>(value: T, seed: number): T {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value;
  const entries = Object.entries(value).map(([key, inner], index) => ({
    key,
    inner,
    place: (index * 7919 + seed) % 31,
  }));
  entries.sort((left, right) => left.place - right.place || (left.key < right.key ? 1 : -1));
  return Object.fromEntries(entries.map(({ key, inner }) => [key, shuffled(inner, seed)])) as T;
}
