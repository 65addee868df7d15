import { expect } from 'chai';
import type { ListRequest } from '../../daemon/domain/api.ts';
import { type Fixture, openFixture, refused, secretOf } from '../support/service.ts';

const ORGANIZATION = 'organizations/default';

describe('lists', () => {
  let f: Fixture;
  beforeEach(async () => {
    f = await openFixture();
  });
  afterEach(() => f.close());

  type Query = Partial<Omit<ListRequest, 'caller'>> & { kinds: readonly string[] };
  const page = (query: Query, by = f.root) =>
    f.service.list({ caller: f.as(by), parent: ORGANIZATION, limit: 1000, ...query });
  const names = async (query: Query, by = f.root) =>
    (await page(query, by)).items.map((item) => String(item.address).slice(ORGANIZATION.length + 1));
  const put = (...paths: string[]) => Promise.all(paths.map((path) => f.put(`${ORGANIZATION}/${path}`)));

  it('of several kinds are one list, by address, with what is built in at its place', async () => {
    await put('teams/b', 'projects/c', 'roles/aa', 'roles/zz', 'apps/a');
    expect(await names({ kinds: ['team', 'project', 'app'] })).to.deep.equal(['apps/a', 'projects/c', 'teams/b']);
    const roles = ['aa', 'admin', 'developer', 'none', 'owner', 'team-admin', 'viewer', 'zz'];
    expect(await names({ kinds: ['role'] })).to.deep.equal(roles.map((name) => `roles/${name}`));
    const walked: string[] = [];
    for (let cursor: string | undefined; ; ) {
      const { items, next_cursor } = await page({ kinds: ['role', 'team'], limit: 2, cursor });
      walked.push(...items.map((item) => String(item.name)));
      if (next_cursor === null) break;
      cursor = next_cursor;
    }
    expect(walked).to.deep.equal([...roles, 'b']);
  });

  it('go on where they were, whatever is written between two pages', async () => {
    await put('teams/b', 'teams/d', 'teams/f', 'teams/h');
    const first = await page({ kinds: ['team'], limit: 2 });
    await put('teams/a', 'teams/e');
    await f.delete(`${ORGANIZATION}/teams/d`);
    await f.delete(`${ORGANIZATION}/teams/f`);
    const cursor = first.next_cursor as string;
    expect(await names({ kinds: ['team'], limit: 10, cursor })).to.deep.equal(['teams/e', 'teams/h']);
    await refused(page({ kinds: ['project'], limit: 2, cursor }), 'invalid-query');
    await refused(page({ kinds: ['team', 'project'], limit: 2, cursor }), 'invalid-query');
    await refused(page({ kinds: ['team'], limit: 2, cursor: 'nonsense' }), 'invalid-query');
  });

  it('find the few that a filter keeps among many, a page at a time', async () => {
    const all = Array.from({ length: 450 }, (_, index) => `teams/t${String(index).padStart(3, '0')}`);
    const marked = ['teams/t007', 'teams/t230', 'teams/t231', 'teams/t449'];
    await Promise.all(
      all.map((path) => f.put(`${ORGANIZATION}/${path}`, { labels: marked.includes(path) ? { hot: 'yes' } : {} })),
    );
    const found: string[] = [];
    const sizes: number[] = [];
    for (let cursor: string | undefined; ; ) {
      const { items, next_cursor } = await page({ kinds: ['team'], labels: ['hot'], limit: 2, cursor });
      sizes.push(items.length);
      found.push(...items.map((item) => String(item.address).slice(ORGANIZATION.length + 1)));
      if (next_cursor === null) break;
      cursor = next_cursor;
    }
    expect(found).to.deep.equal(marked);
    expect(sizes, 'no page is empty, and the last knows that it is').to.deep.equal([2, 2]);
  });

  it('show of what lies in an organization as much as the caller may read', async () => {
    await put('teams/red', 'teams/blue', 'projects/shop', 'apps/loose');
    await f.put(`${ORGANIZATION}/apps/till`, { project: 'shop', teams: ['red'] });
    await f.put(`${ORGANIZATION}/apps/depot`, { teams: ['blue'] });
    await f.put(`${ORGANIZATION}/accounts/red-bot`, { scope: 'teams/red' });
    await f.put(`${ORGANIZATION}/accounts/blue-bot`, { scope: 'teams/blue' });
    const reader = async (name: string, body: { grants: { role: string; scope: string }[]; teams?: string[] }) => {
      await f.put(`${ORGANIZATION}/accounts/${name}`, body);
      return secretOf(await f.put(`${ORGANIZATION}/accounts/${name}/tokens/t`));
    };
    const red = await reader('red-lead', { grants: [{ role: 'team-admin', scope: 'teams/red' }] });
    expect(await names({ kinds: ['service_account'] }, red)).to.deep.equal(['accounts/red-bot']);
    expect(await names({ kinds: ['app'] }, red)).to.deep.equal(['apps/till']);
    expect(await names({ kinds: ['team'] }, red)).to.deep.equal(['teams/red']);
    await refused(page({ kinds: ['project'] }, red), 'forbidden');
    await refused(page({ kinds: ['app_token'], parent: `${ORGANIZATION}/apps/depot` }, red), 'forbidden');
    const shop = await reader('shop-lead', { grants: [{ role: 'viewer', scope: 'projects/shop' }] });
    expect(await names({ kinds: ['app', 'project'] }, shop)).to.deep.equal(['apps/till', 'projects/shop']);
    await refused(page({ kinds: ['app_token'], parent: `${ORGANIZATION}/apps/depot` }, shop), 'not-found');

    const all = ['apps/depot', 'apps/loose', 'apps/till'];
    const blue = await reader('viewer', { grants: [{ role: 'viewer', scope: 'organization' }], teams: ['blue'] });
    expect(await names({ kinds: ['app'] }, blue)).to.deep.equal(all);
    await f.put(ORGANIZATION, { settings: { team_isolation: true } });
    expect(await names({ kinds: ['app'] }, blue)).to.deep.equal(['apps/depot']);
    expect(await names({ kinds: ['app'] }), 'who has no team sees all').to.deep.equal(all);
  });

  it('count tokens as far as the caller may read them', async () => {
    await put('teams/red', 'apps/till');
    await f.put(`${ORGANIZATION}/accounts/red-bot`, { scope: 'teams/red' });
    await put('accounts/red-bot/tokens/t', 'apps/till/tokens/t');
    await f.put(`${ORGANIZATION}/accounts/lead`, { grants: [{ role: 'team-admin', scope: 'teams/red' }] });
    const lead = secretOf(await f.put(`${ORGANIZATION}/accounts/lead/tokens/t`));
    const total = async (by: string) => (await f.service.count({ caller: f.as(by), organization: ORGANIZATION })).total;
    expect(await total(f.root)).to.equal(4);
    expect(await total(lead)).to.equal(1);
    const nobody = await f.account('nobody', ['none']);
    await refused(total(nobody), 'forbidden');
    await refused(f.service.count({ caller: f.as(f.root), organization: 'organizations/ghost' }), 'not-found');
  });
});
