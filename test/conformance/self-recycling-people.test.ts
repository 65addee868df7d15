/** What reference 002 promises of the people around service accounts: who manages them, and what sets them apart. */
import { expect } from 'chai';
import type { JsonObject } from '../../terraform-provider-spec/kind.ts';
import type { Answer, Api } from '../contract/api.ts';
import { expectOutcome, expectProblem, uniqueName } from '../contract/bench.ts';
import { type Tenant, told } from './support.ts';
import { namesIn, onWatchedDaemon, person } from './watched.ts';

const KEY = { profile: 'self-recycling' };
const RED_ADMIN = { teams: ['red'], grants: [{ role: 'team-admin', scope: 'teams/red' }] };

onWatchedDaemon('service accounts and people (reference 002)', {}, (stage) => {
  let tenant: Tenant;
  let root: Api;

  /** Two teams with an account each, and one of the whole organization. */
  async function company(): Promise<Tenant> {
    const made = await stage().tenant();
    for (const team of ['red', 'blue']) {
      await made.make(`teams/${team}`);
      await made.make(`apps/${team}-app`, { teams: [team] });
      await made.account(`${team}-ci`, { scope: `teams/${team}` }, KEY);
    }
    await made.account('wide-ci', [], KEY);
    return made;
  }

  before(async () => {
    root = stage().api;
    tenant = await company();
  });

  describe('managers', () => {
    for (const role of ['owner', 'admin']) {
      it(`the role ${role} creates, views, changes, resets and deletes all accounts, of the organization and of teams`, async () => {
        const api = await person(tenant, uniqueName(role), { grants: [{ role }] });
        for (const scope of ['organization', 'teams/red', 'teams/blue']) {
          const account = tenant.at(`accounts/${uniqueName('by')}`);
          expectOutcome(await api.put(account, { scope }), 201, 'created');
          expectOutcome(await api.put(`${account}/tokens/key`, KEY), 201, 'created');
          expectOutcome(await api.put(account, { scope, display_name: 'Jenkins' }), 200, 'updated');
          expectOutcome(await api.post(`${account}/tokens/key/rotation`, {}), 200, 'rotated');
          expectOutcome(await api.delete(account), 204, 'deleted');
        }
        for (const account of ['wide-ci', 'red-ci', 'blue-ci']) {
          expect((await api.get(tenant.at(`accounts/${account}`))).status).to.equal(200);
        }
        expect(await namesIn(api, tenant.at('accounts'))).to.include.members(['wide-ci', 'red-ci', 'blue-ci']);
      });
    }

    it('a team admin creates, views, changes, resets and deletes the accounts of the own team', async () => {
      const api = await person(tenant, uniqueName('lead'), RED_ADMIN);
      const account = tenant.at('accounts/red-new');
      expectOutcome(await api.put(account, { scope: 'teams/red' }), 201, 'created');
      const key = expectOutcome(await api.put(`${account}/tokens/key`, KEY), 201, 'created');
      expectOutcome(await api.put(account, { scope: 'teams/red', display_name: 'Jenkins' }), 200, 'updated');
      const next = expectOutcome(await api.post(`${account}/tokens/key/rotation`, {}), 200, 'rotated');
      const [old, reset] = [key, next].map(({ secret }) => root.as(String(secret)));
      expect((await old?.get('self'))?.status).to.equal(401);
      expect((await reset?.get('self'))?.body.confined_to).to.equal('teams/red');
      expectOutcome(await api.delete(account), 204, 'deleted');
    });

    it('to a team admin all other accounts are not there: lists leave them out, and any answer equals that for none', async () => {
      const api = await person(tenant, uniqueName('lead'), RED_ADMIN);
      expect(await namesIn(api, tenant.at('accounts'))).to.deep.equal(['red-ci']);
      const keys = (await api.all(tenant.at('tokens'))).map(({ address }) => String(address));
      expect(keys.filter((key) => key.includes('/accounts/'))).to.deep.equal([
        tenant.at('accounts/red-ci/tokens/main'),
      ]);
      const unreal = await everything(api, tenant.at('accounts/none-ci'));
      for (const other of ['blue-ci', 'wide-ci']) {
        const real = await everything(api, tenant.at(`accounts/${other}`));
        for (const [index, answer] of real.entries()) {
          expectProblem(answer, 404, 'not-found');
          expect(told(answer)).to.deep.equal(told(unreal[index] as Answer));
        }
      }
    });

    it('a team admin makes no account elsewhere, and hands on no more than they hold', async () => {
      const api = await person(tenant, uniqueName('lead'), RED_ADMIN);
      for (const scope of ['teams/blue', 'organization']) {
        expectProblem(await api.put(tenant.at('accounts/elsewhere'), { scope }), 404, 'not-found');
      }
      const grants = [{ role: 'admin', scope: 'teams/red' }];
      expectProblem(await api.put(tenant.at('accounts/strong'), { scope: 'teams/red', grants }), 403, 'forbidden');
      expect(await namesIn(root, tenant.at('accounts'))).to.not.include.members(['elsewhere', 'strong']);
    });

    it('a user creates, views and manages no account: 403, and nothing is listed', async () => {
      const api = await person(tenant, uniqueName('user'), { teams: ['red'], grants: [{ role: 'none' }] });
      const before = await Promise.all(['red-ci', 'wide-ci'].map((name) => root.get(tenant.at(`accounts/${name}`))));
      for (const name of ['red-ci', 'wide-ci', 'none-ci']) {
        for (const answer of await everything(api, tenant.at(`accounts/${name}`))) {
          expectProblem(answer, 403, 'forbidden');
        }
      }
      for (const list of ['accounts', 'accounts/red-ci/tokens']) {
        expectProblem(await api.get(tenant.at(list)), 403, 'forbidden');
      }
      const after = await Promise.all(['red-ci', 'wide-ci'].map((name) => root.get(tenant.at(`accounts/${name}`))));
      expect(after.map(({ headers }) => headers.etag)).to.deep.equal(before.map(({ headers }) => headers.etag));
    });
  });

  describe('creators', () => {
    /** A team admin of red and an account that this one made. */
    async function maker() {
      const name = uniqueName('maker');
      const api = await person(tenant, name, RED_ADMIN);
      const account = tenant.at(`accounts/${uniqueName('made')}`);
      const { created_by: creator } = expectOutcome(await api.put(account, { scope: 'teams/red' }), 201, 'created');
      const { secret } = expectOutcome(await api.put(`${account}/tokens/key`, KEY), 201, 'created');
      const user = tenant.at(`users/${name}`);
      expect(creator).to.equal((await root.get(user)).body.identifier);
      const works = async () => (await root.as(String(secret)).get('self')).status;
      expect(await works()).to.equal(200);
      return { api, user, account, works, creator };
    }

    it('whoever created an account may change teams: it stays in its own, and its key works on', async () => {
      const { api, user, account, works } = await maker();
      const { headers } = await root.get(account);
      const moved = { teams: ['blue'], grants: [{ role: 'team-admin', scope: 'teams/blue' }] };
      expectOutcome(await root.put(user, moved), 200, 'updated');
      expect((await root.get(account)).body.scope).to.equal('teams/red');
      expect((await root.get(account)).headers.etag).to.equal(headers.etag);
      expect(await works()).to.equal(200);
      expectProblem(await api.get(account), 404, 'not-found');
      const successor = await person(tenant, uniqueName('lead'), RED_ADMIN);
      expectOutcome(await successor.delete(account), 204, 'deleted');
    });

    it('whoever created an account may leave: it and its key outlive the user, and still say who made them', async () => {
      const { user, account, works, creator } = await maker();
      expectOutcome(await root.put(user, { ...RED_ADMIN, active: false }), 200, 'updated');
      expect(await works()).to.equal(200);
      expectOutcome(await root.delete(user), 204, 'deleted');
      expect(await works()).to.equal(200);
      expect((await root.get(account)).body).to.include({ created_by: creator, scope: 'teams/red' });
    });
  });

  describe('accounts beside people', () => {
    it('an account counts as no user: however many there are, the users are the same, and nothing limits them', async () => {
      const own = await company();
      await person(own, 'mia');
      for (let index = 0; index < 25; index += 1) await own.make(`accounts/bulk-${index}`);
      expect(await namesIn(root, own.at('users'))).to.deep.equal(['mia']);
      expectProblem(await root.get(own.at('users/bulk-0')), 404, 'not-found');
      const { by_kind: kinds } = (await root.get(own.at('token-counts'))).body;
      expect(kinds).to.include({ personal_access_token: 1, service_account_token: 3 });
    });

    it('an account gets no mail: there is no address to which any could be sent', async () => {
      for (const name of ['email', 'notifications']) {
        expectProblem(
          await root.put(tenant.at('accounts/red-ci'), { scope: 'teams/red', [name]: 'x@y.example' }),
          422,
          'invalid',
        );
      }
    });

    it('an account may do what a person may with the same grants, in the organization or in a team', async () => {
      for (const [body, home] of [
        [{ grants: [{ role: 'developer' }] }, {}],
        [{ grants: [{ role: 'developer', scope: 'teams/red' }] }, { scope: 'teams/red' }],
      ] as [JsonObject, JsonObject][]) {
        const { secret } = await tenant.account(uniqueName('twin'), { ...body, ...home }, KEY);
        const human = await person(tenant, uniqueName('twin'), body);
        for (const permission of ['builds.read', 'builds.write', 'accounts.write']) {
          for (const scope of ['apps/red-app', 'teams/red', 'apps/blue-app']) {
            const [machine, mortal] = [secret, String(human.token)].map((each) => tenant.ask(each, permission, scope));
            expect(await machine, `${permission} at ${scope}`).to.equal(await mortal);
          }
        }
        expect(await tenant.ask(secret, 'builds.write', 'apps/red-app')).to.equal(200);
      }
    });

    it('what an account does stands under its identifier: in the audit log, in what it makes and towards services', async () => {
      const { address, token, api, secret } = await tenant.account('actor', [{ role: 'admin' }], KEY);
      const { identifier } = (await root.get(address)).body;
      const made = expectOutcome(await api.put(tenant.at('teams/made-by-actor'), {}), 201, 'created');
      expect(made.created_by).to.equal(identifier);
      const [event] = await root.events(String(made.address));
      expect(event).to.include({ actor: identifier, actor_token: token, outcome: 'created' });
      const answer = await root.as(secret).send('GET', `/v1/authorize?organization=${tenant.name}`);
      expect(answer.headers).to.include({ 'accredit-subject': identifier, 'accredit-account': address });
    });

    it('a service that asks learns the organization and the team whose quota an account draws on', async () => {
      for (const [name, home] of [
        ['red-ci', 'teams/red'],
        ['wide-ci', 'organization'],
      ]) {
        const rotated = await root.post(tenant.at(`accounts/${name}/tokens/main/rotation`), {});
        const service = (await tenant.account(uniqueName('service'), [{ role: 'admin' }])).api;
        const form = { 'Content-Type': 'application/x-www-form-urlencoded' };
        const question = `token=${rotated.body.secret}&organization=${tenant.name}`;
        const { body } = await service.send('POST', '/v1/introspect', question, form);
        expect(body).to.include({ active: true, organization: tenant.name, confined_to: home });
      }
    });
  });

  describe('Team View', () => {
    const VIEWER = [{ role: 'viewer' }];
    const isolate = (own: Tenant, on: boolean) => root.put(own.at(), { settings: { team_isolation: on } });

    async function sees(own: Tenant, secret: string) {
      const api = root.as(secret);
      const status = async (app: string) => [
        await own.ask(secret, 'builds.read', `apps/${app}`),
        (await api.get(own.at(`apps/${app}`))).status,
      ];
      return { red: await status('red-app'), blue: await status('blue-app'), list: await namesIn(api, own.at('apps')) };
    }

    const RED_ONLY = { red: [200, 200], blue: [403, 404], list: ['red-app'] };
    const ALL = { red: [200, 200], blue: [200, 200], list: ['blue-app', 'red-app'] };

    it('with Team View an account with a team does not reach the data of other teams, from the moment that it is switched on', async () => {
      const own = await company();
      const { secret } = await own.account('ci', { teams: ['red'], grants: VIEWER }, KEY);
      expect(await sees(own, secret)).to.deep.equal(ALL);
      await isolate(own, true);
      expect(await sees(own, secret)).to.deep.equal(RED_ONLY);
      await isolate(own, false);
      expect(await sees(own, secret)).to.deep.equal(ALL);
    });

    it('with Team View an account without a team reaches the data of all', async () => {
      const own = await company();
      const { secret } = await own.account('ci', VIEWER, KEY);
      await isolate(own, true);
      expect(await sees(own, secret)).to.deep.equal(ALL);
    });

    it('an account that lives in a team never reaches beyond it, with Team View or without', async () => {
      const own = await company();
      const grants = [{ role: 'viewer', scope: 'teams/red' }];
      const { secret } = await own.account('ci', { scope: 'teams/red', grants }, KEY);
      for (const on of [false, true]) {
        await isolate(own, on);
        expect(await sees(own, secret)).to.deep.equal(RED_ONLY);
      }
    });
  });
});

/** The answers to everything that can be tried at the address of an account and its key. */
async function everything(api: Api, account: string): Promise<Answer[]> {
  return [
    await api.get(account),
    await api.put(account, {}),
    await api.get(`${account}/tokens/main`),
    await api.put(`${account}/tokens/main`, KEY),
    await api.post(`${account}/tokens/main/rotation`, {}),
    await api.put(`${account}/tokens/main/revocation`, { reason: 'other' }),
    await api.delete(`${account}/tokens/main`),
    await api.delete(account),
  ];
}
