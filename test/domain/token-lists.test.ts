import { expect } from 'chai';
import type { Filters } from '../../daemon/domain/api.ts';
import type { JsonObject, ListFilter } from '../../terraform-provider-spec/kind.ts';
import { TOKEN_KINDS } from '../../terraform-provider-spec/kinds/index.ts';
import { DAY, type Fixture, openFixture, refused, secretOf } from '../support/service.ts';

const ORGANIZATION = 'organizations/default';
const KINDS = TOKEN_KINDS.map(({ kind }) => kind);
const BOOTSTRAP = 'accounts/root/tokens/bootstrap';

/** When each was last used, in days after the start; `null` for never. All of it is looked at on day 10. */
const TOKENS: Readonly<Record<string, { body: JsonObject; usedOn: number | null }>> = {
  'accounts/ci/tokens/forever': { body: { labels: { env: 'live', team: 'red' } }, usedOn: 9 },
  'accounts/ci/tokens/fortnight': { body: { expires_in: '14d' }, usedOn: null },
  'accounts/ci/tokens/month': { body: { expires_in: '30d', labels: { env: 'test' } }, usedOn: 2 },
  'accounts/ci/tokens/over': { body: { expires_in: '5d', labels: { env: 'live' } }, usedOn: 4 },
  'accounts/ci/tokens/scim': { body: { expires_in: '20d', purpose: 'scim' }, usedOn: null },
  'accounts/off/tokens/year': { body: { expires_in: '365d' }, usedOn: null },
  'apps/till/tokens/a': { body: { expires_in: '14d' }, usedOn: 1 },
  'apps/till/tokens/b': { body: { expires_in: '28d', state: 'revoked' }, usedOn: null },
  'apps/till/tokens/twin': { body: { expires_in: '14d' }, usedOn: null },
  'users/ann/tokens/laptop': { body: { expires_in: '30d' }, usedOn: 9 },
};
const ALL = Object.keys(TOKENS);

describe('lists of tokens', () => {
  let f: Fixture;
  before(async () => {
    f = await openFixture();
    await Promise.all(
      ['accounts/ci', 'accounts/off', 'apps/till', 'users/ann'].map((path) => f.put(`${ORGANIZATION}/${path}`)),
    );
    const secrets = new Map<string, string>();
    for (const path of ALL) {
      const user = path.startsWith('users/') ? path.split('/tokens/')[0] : undefined;
      const enrolment =
        user && (await f.service.enrol({ caller: f.as(f.root), address: `${ORGANIZATION}/${user}`, body: null }));
      const by = enrolment ? { caller: f.as(secretOf(enrolment)) } : {};
      secrets.set(path, secretOf(await f.put(`${ORGANIZATION}/${path}`, TOKENS[path]?.body, by)));
    }
    await f.put(`${ORGANIZATION}/accounts/off`, { disabled: true });
    for (let day = 0; day < 10; day += 1) {
      for (const path of ALL) {
        const token = secrets.get(path) as string;
        const scope = path.startsWith('apps/') ? 'apps/till' : undefined;
        const question = { credential: { scheme: 'bearer', token } as const, ip: '10.0.0.1', scope };
        if (TOKENS[path]?.usedOn === day) {
          expect((await f.service.verify(question, 'q')).decision, path).to.equal('allowed');
        }
      }
      f.clock.advance(DAY);
    }
  });
  after(() => f.close());

  const list = async (query: Filters & { kinds?: readonly string[]; parent?: string; limit?: number; by?: string }) => {
    const { parent, by = f.root, kinds = KINDS, limit = 1000, ...filters } = query;
    const found: string[] = [];
    for (let cursor: string | undefined; ; ) {
      const page = await f.service.list({
        caller: f.as(by),
        kinds,
        parent: parent === undefined ? ORGANIZATION : `${ORGANIZATION}/${parent}`,
        everywhere: parent === undefined,
        limit,
        cursor,
        ...filters,
      });
      expect(page.items.length).to.be.at.most(limit);
      found.push(...page.items.map((item) => String(item.address).slice(ORGANIZATION.length + 1)));
      if (page.next_cursor === null) return found;
      cursor = page.next_cursor;
    }
  };
  const count = async (filters: Filters = {}, by = f.root) =>
    f.service.count({ caller: f.as(by), organization: ORGANIZATION, ...filters });

  it('of all kinds in an organization come in one order, whatever the size of the pages', async () => {
    const expected = [...ALL, BOOTSTRAP].sort();
    for (let limit = 1; limit <= expected.length + 1; limit += 1) expect(await list({ limit })).to.deep.equal(expected);
    expect(await list({ kinds: ['app_token'] })).to.deep.equal(ALL.filter((path) => path.startsWith('apps/')));
    expect(await list({ parent: 'apps/till', kinds: ['app_token'] })).to.deep.equal(
      ALL.filter((path) => path.startsWith('apps/')),
    );
  });

  /** What each filter keeps; its opposite keeps the rest. */
  const FILTERS: readonly (readonly [filter: ListFilter, value: string, kept: readonly string[]])[] = [
    ['never_expires', 'true', ['accounts/ci/tokens/forever', BOOTSTRAP]],
    [
      'without_successor',
      'true',
      ['accounts/ci/tokens/forever', 'accounts/ci/tokens/scim', 'accounts/off/tokens/year', BOOTSTRAP].concat([
        'apps/till/tokens/a',
        'apps/till/tokens/b',
        'apps/till/tokens/twin',
        'users/ann/tokens/laptop',
      ]),
    ],
    ['usage', 'used', ALL.filter((path) => TOKENS[path]?.usedOn !== null)],
    ['usage', 'never', [...ALL.filter((path) => TOKENS[path]?.usedOn === null), BOOTSTRAP]],
    ['status', 'expired', ['accounts/ci/tokens/over']],
    ['status', 'revoked', ['apps/till/tokens/b']],
    ['status', 'disabled', ['accounts/off/tokens/year']],
    ['expires_before', '2030-01-15T00:00:00Z', ['accounts/ci/tokens/over']],
    [
      'expires_before',
      '2030-01-15T00:00:00.001Z',
      ['accounts/ci/tokens/fortnight', 'accounts/ci/tokens/over', 'apps/till/tokens/a', 'apps/till/tokens/twin'],
    ],
    ['exceeds_max_lifetime', 'true', []],
  ];
  for (const [filter, value, kept] of FILTERS) {
    it(`are filtered by ${filter}=${value}, and counted alike`, async () => {
      const filters = { [filter]: value };
      expect(await list({ filters })).to.deep.equal([...kept].sort());
      expect((await count({ filters })).total).to.equal(kept.length);
      if (value !== 'true') return;
      const rest = [...ALL, BOOTSTRAP].filter((path) => !kept.includes(path)).sort();
      expect(await list({ filters: { [filter]: 'false' } })).to.deep.equal(rest);
    });
  }

  it('are filtered by unused_since: last used before that, or never', async () => {
    const since = (days: number) => new Date(Date.UTC(2030, 0, 1 + days)).toISOString();
    for (const days of [0, 1, 2, 3, 9, 10]) {
      const expected = ALL.filter((path) => (TOKENS[path]?.usedOn ?? -1) < days);
      const found = await list({ filters: { unused_since: since(days) } });
      expect(
        found.filter((path) => path !== BOOTSTRAP),
        `${days} days`,
      ).to.deep.equal(expected);
    }
  });

  it('are filtered by everything that is given, labels included', async () => {
    expect(await list({ labels: ['env'] })).to.deep.equal(
      ['forever', 'month', 'over'].map((name) => `accounts/ci/tokens/${name}`),
    );
    expect(await list({ labels: ['env:live', 'team:red'] })).to.deep.equal(['accounts/ci/tokens/forever']);
    expect(await list({ labels: ['env:live'], filters: { status: 'active' } })).to.deep.equal([
      'accounts/ci/tokens/forever',
    ]);
    const ending = { expires_before: '2030-01-31T00:00:00.001Z', without_successor: 'true', status: 'active' };
    expect(await list({ filters: ending })).to.deep.equal([
      'accounts/ci/tokens/scim',
      'apps/till/tokens/a',
      'apps/till/tokens/twin',
      'users/ann/tokens/laptop',
    ]);
    const never = { usage: 'never', never_expires: 'false', status: 'active' };
    expect(await list({ filters: never })).to.deep.equal([
      'accounts/ci/tokens/fortnight',
      'accounts/ci/tokens/scim',
      'apps/till/tokens/twin',
    ]);
  });

  it('show the use only in full, and never a secret', async () => {
    const page = async (view?: 'full') =>
      (
        await f.service.list({
          caller: f.as(f.root),
          kinds: KINDS,
          parent: ORGANIZATION,
          everywhere: true,
          limit: 100,
          view,
        })
      ).items;
    for (const item of await page()) {
      expect(item).not.to.have.any.keys('secret', 'secret_hash', 'usage', 'last_used_at', 'last_used_ip');
    }
    for (const item of await page('full')) {
      expect(item).not.to.have.any.keys('secret', 'secret_hash');
      expect(item).to.have.all.keys(...Object.keys(item), 'usage', 'last_used_at', 'last_used_ip');
    }
    const month = (await page('full')).find(({ name }) => name === 'month');
    expect(month).to.include({ usage: 'used', last_used_at: '2030-01-03T00:00:00Z', last_used_ip: '10.0.0.1' });
  });

  it('are summed up by kind, status and use', async () => {
    expect(await count()).to.deep.equal({
      total: 11,
      never_expires: 2,
      never_used: 6,
      by_kind: { service_account_token: 7, app_token: 3, personal_access_token: 1 },
      by_status: { active: 8, expired: 1, revoked: 1, disabled: 1 },
    });
    const labelled = await count({ labels: ['env:live'] });
    expect(labelled).to.deep.include({
      total: 2,
      by_kind: { service_account_token: 2, app_token: 0, personal_access_token: 0 },
    });
  });

  it('refuse a filter that not all of their kinds have, and a time that is none', async () => {
    const kinds = ['service_account'];
    await refused(list({ kinds, filters: { status: 'active' } }), 'invalid-query');
    await refused(list({ kinds: ['app_token', 'app'], filters: { usage: 'never' } }), 'invalid-query');
    await refused(list({ filters: { unused_since: 'yesterday' } }), 'invalid-query');
    await refused(list({ filters: { expires_before: '2030-02-30T00:00:00Z' } }), 'invalid-query');
  });
});
