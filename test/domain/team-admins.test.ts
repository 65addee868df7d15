import { expect } from 'chai';
import type { JsonObject } from '../../terraform-provider-spec/kind.ts';
import { type Fixture, openFixture, refused, secretOf } from '../support/service.ts';

const ORGANIZATION = 'organizations/default';

describe('whoever administers a part of an organization', () => {
  let f: Fixture;
  let lead: string;
  beforeEach(async () => {
    f = await openFixture();
    await Promise.all(
      Object.entries<JsonObject>({
        'teams/red': {},
        'teams/blue': {},
        'projects/shop': {},
        'roles/reader': { permissions: ['accounts.read', 'tokens.read'] },
        'roles/builder': { permissions: ['builds.*'] },
        'token-profiles/short': { expiry: 'required', max_lifetime: '1d' },
        'accounts/red-bot': { scope: 'teams/red' },
        'accounts/blue-bot': { scope: 'teams/blue' },
        'accounts/wide-bot': { teams: ['red'] },
        'accounts/lead': { grants: [{ role: 'team-admin', scope: 'teams/red' }] },
      }).map(([path, body]) => f.put(`${ORGANIZATION}/${path}`, body)),
    );
    lead = secretOf(await f.put(`${ORGANIZATION}/accounts/lead/tokens/t`));
  });
  afterEach(() => f.close());

  const put = (path: string, body: JsonObject, by = lead) =>
    f.put(`${ORGANIZATION}/${path}`, body, { caller: f.as(by) });
  const granted = (role: string, scope: string) => ({ grants: [{ role, scope }] });

  it('sees and changes what lies there, and of the rest not whether it is there', async () => {
    expect((await put('accounts/red-bot', { scope: 'teams/red', display_name: 'x' })).outcome).to.equal('updated');
    expect((await put('accounts/new', { scope: 'teams/red' })).outcome).to.equal('created');
    expect((await put('accounts/new/tokens/t', {})).outcome).to.equal('created');
    for (const name of ['blue-bot', 'wide-bot', 'none']) {
      const address = `${ORGANIZATION}/accounts/${name}`;
      const problem = await refused(f.service.get({ caller: f.as(lead), address }), 'not-found');
      expect(problem.message).to.equal(`There is no ${address}.`);
      await refused(put(`accounts/${name}`, {}), 'not-found');
      await refused(f.delete(address, { caller: f.as(lead) }), 'not-found');
      await refused(put(`accounts/${name}/tokens/t`, {}), 'not-found');
    }
    await refused(put('accounts/new', { scope: 'teams/blue' }), 'immutable');
    await refused(put('accounts/other', { scope: 'teams/blue' }), 'not-found');
  });

  it('names the roles of the organization, as far as it holds what they give', async () => {
    const bot = (role: string) => put('accounts/red-bot', { scope: 'teams/red', ...granted(role, 'teams/red') });
    expect((await bot('reader')).outcome).to.equal('updated');
    await refused(bot('builder'), 'forbidden');
    await refused(bot('admin'), 'forbidden');
    const { errors } = await refused(bot('ghost'), 'invalid');
    expect(errors[0]?.pointer).to.equal('/grants/0/role');
    const elsewhere = await refused(
      put('accounts/red-bot', { scope: 'teams/red', ...granted('reader', 'teams/blue') }),
      'invalid',
    );
    expect(elsewhere.errors.map(({ pointer }) => pointer)).to.include('/grants/0/scope');
  });

  it('names the token profiles of the organization', async () => {
    const body = { profile: 'short', expires_in: '1h' };
    expect((await put('accounts/red-bot/tokens/t', body)).outcome).to.equal('created');
    await refused(put('accounts/red-bot/tokens/u', { profile: 'ghost' }), 'invalid');
  });

  it('of a project does the same there', async () => {
    await f.put(`${ORGANIZATION}/roles/manager`, { permissions: ['accounts.*', 'tokens.*', 'builds.read'] });
    await f.put(`${ORGANIZATION}/roles/watcher`, { permissions: ['builds.read'] });
    await f.put(`${ORGANIZATION}/accounts/boss`, granted('manager', 'projects/shop'));
    const boss = secretOf(await f.put(`${ORGANIZATION}/accounts/boss/tokens/t`));
    const home = 'projects/shop';
    expect((await put('accounts/bot', { scope: home, ...granted('watcher', home) }, boss)).outcome).to.equal('created');
    expect((await put('accounts/bot/tokens/t', { profile: 'short', expires_in: '1h' }, boss)).outcome).to.equal(
      'created',
    );
    await refused(put('accounts/bot', { scope: home, ...granted('builder', home) }, boss), 'forbidden');
    await refused(put('accounts/loose', {}, boss), 'not-found');
    await refused(put('accounts/red-bot', { scope: 'teams/red' }, boss), 'not-found');
  });

  it('names nothing for who can do nothing: not even whether a role is there', async () => {
    const nobody = await f.account('nobody', ['none']);
    for (const role of ['reader', 'ghost'])
      await refused(put('accounts/x', granted(role, 'organization'), nobody), 'forbidden');
  });
});

describe('team isolation', () => {
  let f: Fixture;
  beforeEach(async () => {
    f = await openFixture();
    await f.put(ORGANIZATION, { settings: { team_isolation: true } });
    await f.put(`${ORGANIZATION}/teams/red`);
    await f.put(`${ORGANIZATION}/roles/setter`, { permissions: ['settings.*'] });
    await f.put(`${ORGANIZATION}/accounts/red-bot`, { teams: ['red'], grants: [{ role: 'developer' }] });
  });
  afterEach(() => f.close());

  it('is lifted only by who holds what everybody with a team then can do everywhere', async () => {
    const setter = { caller: f.as(await f.account('setter', ['setter'])) };
    await refused(f.put(ORGANIZATION, {}, setter), 'forbidden');
    const same = await f.put(ORGANIZATION, { settings: { team_isolation: true }, display_name: 'x' }, setter);
    expect(same.outcome).to.equal('updated');
    const admin = { caller: f.as(await f.account('admin', ['admin'])) };
    expect((await f.put(ORGANIZATION, {}, admin)).outcome).to.equal('updated');
    expect((await f.put(ORGANIZATION, { settings: { team_isolation: true } }, setter)).outcome).to.equal('updated');
  });

  it('is not lifted by who is confined by it', async () => {
    await f.put(`${ORGANIZATION}/accounts/red-admin`, { teams: ['red'], grants: [{ role: 'admin' }] });
    const token = secretOf(await f.put(`${ORGANIZATION}/accounts/red-admin/tokens/t`));
    await refused(f.put(ORGANIZATION, {}, { caller: f.as(token) }), 'forbidden');
  });
});
