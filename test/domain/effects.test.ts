import { expect } from 'chai';
import type { JsonObject } from '../../terraform-provider-spec/kind.ts';
import { type Fixture, openFixture, refused, secretOf } from '../support/service.ts';

const ORGANIZATION = 'organizations/default';

/** What is there at first; every change below puts one of these again, differently. */
const FIRST: Readonly<Record<string, JsonObject>> = {
  '': {},
  'teams/red': {},
  'teams/blue': {},
  'projects/top': {},
  'projects/below': { parent: 'top' },
  'projects/beside': {},
  'apps/till': { project: 'below', teams: ['red'] },
  'roles/builder': { permissions: ['builds.read'] },
  'token-profiles/own': {},
  'accounts/ci': { teams: ['red'], grants: [{ role: 'builder', scope: 'projects/top' }] },
  'accounts/ci/tokens/t': { profile: 'own' },
  'accounts/red-bot': { scope: 'teams/red', grants: [{ role: 'builder', scope: 'teams/red' }] },
  'accounts/red-bot/tokens/t': {},
  'users/ann': { teams: ['red'], grants: [{ role: 'builder' }] },
};
const TILL = { project: 'below', teams: ['red'] };
const CI = { teams: ['red'], grants: [{ role: 'builder', scope: 'projects/top' }] };
const ANN = { teams: ['red'], grants: [{ role: 'builder' }] };
const ISOLATED = { '': { settings: { team_isolation: true } } };

interface Effect {
  /** Puts that come before, on top of what is there at first. */
  readonly given?: Readonly<Record<string, JsonObject>>;
  readonly put: readonly [path: string, body: JsonObject];
  /** Whose token is asked about; that of the account `ci` by default. */
  readonly of?: 'ci' | 'red-bot' | 'ann';
  /** `builds.read` by default. */
  readonly permission?: string;
  /** `apps/till` by default. */
  readonly scope?: string;
  readonly scheme?: 'basic';
  /** What it is before the change, and again when it is taken back. */
  readonly before: 'allowed' | 'forbidden' | 'unauthenticated';
  readonly after: 'allowed' | 'forbidden' | 'unauthenticated';
}

const gains = { before: 'forbidden', after: 'allowed' } as const;
const loses = { before: 'allowed', after: 'forbidden' } as const;
const ends = { before: 'allowed', after: 'unauthenticated' } as const;

const EFFECTS: Readonly<Record<string, Effect>> = {
  'a permission that a role gains': {
    put: ['roles/builder', { permissions: ['builds.read', 'builds.write'] }],
    permission: 'builds.write',
    ...gains,
  },
  'a permission that a role loses': { put: ['roles/builder', { permissions: [] }], ...loses },
  'a permission that a role loses, for people': { put: ['roles/builder', {}], of: 'ann', ...loses },
  'a grant that is added': {
    put: ['accounts/ci', { ...CI, grants: [{ role: 'builder' }] }],
    scope: 'projects/beside',
    ...gains,
  },
  'a grant that is taken away': { put: ['accounts/ci', { ...CI, grants: [] }], ...loses },
  'a grant that goes elsewhere': {
    put: ['accounts/ci', { ...CI, grants: [{ role: 'builder', scope: 'projects/beside' }] }],
    ...loses,
  },
  'an account that is disabled': { put: ['accounts/ci', { ...CI, disabled: true }], ...ends },
  'a user who is no longer active': { put: ['users/ann', { ...ANN, active: false }], of: 'ann', ...ends },
  'a token that is narrowed': {
    put: ['accounts/ci/tokens/t', { profile: 'own', permissions: ['builds.write'] }],
    ...loses,
  },
  'a token that is declared as revoked': {
    put: ['accounts/ci/tokens/t', { profile: 'own', state: 'revoked' }],
    ...ends,
  },
  'networks that leave the asking address out': {
    put: ['accounts/ci/tokens/t', { profile: 'own', allowed_cidrs: ['10.0.0.0/8'] }],
    ...ends,
  },
  'a profile that no longer takes a scheme': {
    put: ['token-profiles/own', { schemes: ['bearer'] }],
    scheme: 'basic',
    ...ends,
  },
  'team isolation, for who has another team': {
    given: { 'accounts/ci': { ...CI, teams: ['blue'] } },
    put: ['', { settings: { team_isolation: true } }],
    ...loses,
  },
  'another team of an account, with isolation': {
    given: ISOLATED,
    put: ['accounts/ci', { ...CI, teams: ['blue'] }],
    ...loses,
  },
  'no team of an account any more, with isolation': {
    given: { ...ISOLATED, 'accounts/ci': { ...CI, teams: ['blue'] } },
    put: ['accounts/ci', { ...CI, teams: [] }],
    ...gains,
  },
  'another team of a user, with isolation': {
    given: ISOLATED,
    put: ['users/ann', { ...ANN, teams: ['blue'] }],
    of: 'ann',
    ...loses,
  },
  'another team of an app, with isolation': {
    given: ISOLATED,
    put: ['apps/till', { ...TILL, teams: ['blue'] }],
    ...loses,
  },
  'a team that an app leaves': { put: ['apps/till', { ...TILL, teams: [] }], of: 'red-bot', ...loses },
  'an app that goes to another project': { put: ['apps/till', { ...TILL, project: 'beside' }], ...loses },
  'an app that leaves its project': { put: ['apps/till', { ...TILL, project: null }], ...loses },
  'a project that goes elsewhere, with what is in it': { put: ['projects/below', { parent: 'beside' }], ...loses },
  'a project that comes below another': {
    given: { 'apps/till': { ...TILL, project: 'beside' } },
    put: ['projects/beside', { parent: 'below' }],
    ...gains,
  },
};

describe('what is changed takes effect on live tokens with the very next decision', () => {
  let f: Fixture;
  beforeEach(async () => {
    f = await openFixture();
  });
  afterEach(() => f.close());

  const put = (path: string, body: JsonObject) => f.put(path === '' ? ORGANIZATION : `${ORGANIZATION}/${path}`, body);

  for (const [what, effect] of Object.entries(EFFECTS)) {
    it(`${what}: ${effect.before}, then ${effect.after}, then ${effect.before}`, async () => {
      const secrets = await firstSecrets(f);
      for (const [path, body] of Object.entries(effect.given ?? {})) await put(path, body);
      const token = secrets[effect.of ?? 'ci'] as string;
      const ask = async () => {
        const { permission = 'builds.read', scope = 'apps/till', scheme = 'bearer' } = effect;
        const credential = { scheme, token } as const;
        return (await f.service.verify({ credential, ip: '127.0.0.1', permission, scope }, 'question')).decision;
      };
      const [path, changed] = effect.put;
      const unchanged = { ...FIRST, ...effect.given }[path] as JsonObject;
      expect(await ask()).to.equal(effect.before);
      for (const [body, decision] of [
        [changed, effect.after],
        [unchanged, effect.before],
      ] as const) {
        // Decisions that are under way while it changes can be either; none that begins after the answer is.
        const during = Promise.all(Array.from({ length: 10 }, ask));
        await put(path, body);
        const afterwards = await Promise.all(Array.from({ length: 10 }, ask));
        expect([...new Set(afterwards)]).to.deep.equal([decision]);
        expect([effect.before, effect.after]).to.include.members(await during);
      }
    });
  }

  it('a deleted token, account or user', async () => {
    const secrets = await firstSecrets(f);
    await f.delete(`${ORGANIZATION}/accounts/ci/tokens/t`);
    expect(await f.decision(secrets.ci as string)).to.equal('unauthenticated');
    await f.delete(`${ORGANIZATION}/accounts/red-bot`);
    expect(await f.decision(secrets['red-bot'] as string)).to.equal('unauthenticated');
    await f.delete(`${ORGANIZATION}/users/ann`);
    expect(await f.decision(secrets.ann as string)).to.equal('unauthenticated');
  });

  it('what is changed, for whoever calls the API: the next request is decided by it', async () => {
    const admin = await f.account('helper', ['admin']);
    const read = () => f.service.get({ caller: f.as(admin), address: `${ORGANIZATION}/accounts/helper` });
    await read();
    await f.put(`${ORGANIZATION}/accounts/helper`, { grants: [] });
    await refused(read(), 'forbidden');
    await f.put(`${ORGANIZATION}/accounts/helper`, { grants: [], disabled: true });
    await refused(read(), 'unauthenticated');
  });
});

/** Puts what is there at first, and answers the secret of each holder. */
async function firstSecrets(f: Fixture): Promise<Record<string, string>> {
  const answers = await Promise.all(
    Object.entries(FIRST).map(([path, body]) => f.put(path === '' ? ORGANIZATION : `${ORGANIZATION}/${path}`, body)),
  );
  const made = (path: string) => secretOf(answers[Object.keys(FIRST).indexOf(path)] as (typeof answers)[number]);
  const enrolment = await f.service.enrol({ caller: f.as(f.root), address: `${ORGANIZATION}/users/ann`, body: null });
  const ann = await f.put(`${ORGANIZATION}/users/ann/tokens/t`, {}, { caller: f.as(secretOf(enrolment)) });
  return { ci: made('accounts/ci/tokens/t'), 'red-bot': made('accounts/red-bot/tokens/t'), ann: secretOf(ann) };
}
