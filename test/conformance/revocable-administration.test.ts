/** What reference 003 promises of those who administer service tokens, of tokens for SCIM, and of what is on record. */
import { expect } from 'chai';
import type { JsonObject } from '../../terraform-provider-spec/kind.ts';
import type { Answer, Api } from '../contract/api.ts';
import { expectOutcome, expectProblem, pointersOf, uniqueName } from '../contract/bench.ts';
import { expectOffered } from './promises.ts';
import { DAY, type Tenant } from './support.ts';
import { namesIn, onWatchedDaemon, person, timestamp } from './watched.ts';

const TOKEN = { profile: 'revocable' };
const SCIM = { ...TOKEN, purpose: 'scim' };

onWatchedDaemon('the administration of service tokens (reference 003)', {}, (stage) => {
  let tenant: Tenant;
  let root: Api;

  before(async () => {
    root = stage().api;
    tenant = await stage().tenant();
    // Who does not manage tokens, and is not to see them either.
    const permissions = ['builds.*', 'apps.read', 'teams.read'];
    for (const name of ['manager', 'member']) await tenant.make(`roles/${name}`, { permissions });
    await tenant.account('etl', [{ role: 'viewer' }], TOKEN);
  });

  const someone = (role: string) => person(tenant, uniqueName(role), { grants: [{ role }] });

  describe('admins', () => {
    it('an admin does all of it over the API: generate, list for every account at once, revoke, restore, delete', async () => {
      const account = '/v1/organizations/{organization}/accounts/{account}';
      await expectOffered(root, {
        [account]: ['get', 'put', 'delete'],
        [`${account}/tokens/{token}`]: ['get', 'put', 'delete'],
        '/v1/organizations/{organization}/tokens': ['get'],
      });
      const own = await stage().tenant();
      const admin = await person(own, 'admin', { grants: [{ role: 'admin' }] });
      const [one, other] = [own.at('accounts/one/tokens/a'), own.at('accounts/other/tokens/b')];
      for (const token of [one, other]) {
        expectOutcome(await admin.put(token.replace(/\/tokens\/.*/, ''), {}), 201, 'created');
        expectOutcome(await admin.put(token, TOKEN), 201, 'created');
      }
      const listed = await admin.all(own.at('tokens'));
      expect(listed.map(({ address }) => address)).to.include.members([one, other]);
      expectOutcome(await admin.put(one, { ...TOKEN, state: 'revoked' }), 200, 'updated');
      expectOutcome(await admin.put(one, TOKEN), 200, 'updated');
      expectOutcome(await admin.delete(one, { query: 'revoke=true' }), 204, 'deleted');
    });

    it('every admin sees the tokens that any of them made', async () => {
      const [one, other] = [await someone('admin'), await someone('admin')];
      const token = tenant.at(`accounts/etl/tokens/${uniqueName('by')}`);
      const made = expectOutcome(await one.put(token, TOKEN), 201, 'created');
      expect((await other.get(token)).body.created_by).to.equal(made.created_by);
      expect((await other.all(tenant.at('tokens'))).map(({ address }) => address)).to.include(token);
    });

    for (const role of ['manager', 'member', 'none']) {
      it(`to the role ${role}, which has nothing to do with tokens, all of it is 403, and nothing is listed`, async () => {
        const api = await someone(role);
        for (const list of ['accounts', 'accounts/etl/tokens']) {
          expectProblem(await api.get(tenant.at(list)), 403, 'forbidden');
        }
        for (const answer of [...(await reads(api)), ...(await writes(api))]) expectProblem(answer, 403, 'forbidden');
        const seen = (await api.all(tenant.at('tokens'))).map(({ address }) => String(address));
        expect(seen.filter((address) => address.includes('/accounts/'))).to.deep.equal([]);
        const { by_kind: counted } = (await api.get(tenant.at('token-counts'))).body;
        expect(counted).to.include({ service_account_token: 0 });
      });
    }

    for (const role of ['developer', 'viewer']) {
      it(`the role ${role}, which reads everything, looks at tokens and changes nothing`, async () => {
        const api = await someone(role);
        for (const { status } of await reads(api)) expect(status).to.equal(200);
        const { etag } = (await root.get(tenant.at('accounts/etl/tokens/main'))).headers;
        for (const answer of await writes(api)) expectProblem(answer, 403, 'forbidden');
        expect((await root.get(tenant.at('accounts/etl/tokens/main'))).headers.etag).to.equal(etag);
      });
    }

    const reads = async (api: Api): Promise<Answer[]> => [
      await api.get(tenant.at('accounts/etl')),
      await api.get(tenant.at('accounts/etl/tokens/main'), { query: 'view=full' }),
    ];
    const writes = async (api: Api): Promise<Answer[]> => [
      await api.put(tenant.at('accounts/own'), {}),
      await api.put(tenant.at('accounts/etl'), { display_name: 'Mine' }),
      await api.put(tenant.at('accounts/etl/tokens/mine'), TOKEN),
      await api.put(tenant.at('accounts/etl/tokens/mine'), SCIM),
      await api.put(tenant.at('accounts/etl/tokens/main'), { ...TOKEN, state: 'revoked' }),
      await api.put(tenant.at('accounts/etl/tokens/main/revocation'), { reason: 'other' }),
      await api.delete(tenant.at('accounts/etl/tokens/main'), { query: 'revoke=true' }),
      await api.delete(tenant.at('accounts/etl')),
    ];

    it('a personal token is made by anybody for themselves, with their own rights, and by nobody else', async () => {
      const name = uniqueName('mia');
      const mia = await person(tenant, name, { grants: [{ role: 'member' }] });
      const token = tenant.at(`users/${name}/tokens/laptop`);
      const made = expectOutcome(await mia.put(token, {}), 201, 'created');
      expect(await tenant.askAll(String(made.secret), ['builds.write', 'accounts.write'])).to.deep.equal([200, 403]);
      expect(await namesIn(mia, tenant.at(`users/${name}/tokens`))).to.deep.equal(['laptop', 'own']);
      const [admin, other] = [await someone('admin'), await someone('member')];
      expectProblem(await admin.put(tenant.at(`users/${name}/tokens/theirs`), {}), 403, 'forbidden');
      expectProblem(await other.get(token), 403, 'forbidden');
      expect((await other.all(tenant.at('tokens'))).map(({ address }) => address)).to.not.include(token);
      expect((await admin.get(token)).body).to.not.have.property('secret');
    });
  });

  describe('lists', () => {
    it('the list of all tokens has every column: account, name, status, end, last use and creator, and no value', async () => {
      const { address, token, secret } = await tenant.account('columns', [], {
        ...TOKEN,
        display_name: 'Nightly',
        expires_in: '30d',
      });
      const { created_by: creator } = (await root.get(token)).body;
      const row = async () =>
        (await root.all(tenant.at('tokens'), 'view=full')).find((item) => item.address === token) as JsonObject;
      const unused = { name: 'main', display_name: 'Nightly', created_by: creator, usage: 'never', last_used_at: null };
      const end = timestamp(stage().clock.now() + 30 * DAY);
      expect(await row()).to.include({ ...unused, status: 'active', valid_until: end });
      await tenant.ask(secret);
      const used = { usage: 'used', last_used_at: timestamp(stage().clock.now()) };
      expect(await row()).to.include({ ...used, status: 'active' });
      expect(String((await row()).address)).to.equal(`${address}/tokens/main`);

      const body = { ...TOKEN, display_name: 'Nightly', expires_in: '30d' };
      await root.put(token, { ...body, state: 'revoked' });
      expect(await row()).to.include({ ...used, status: 'revoked' });
      await root.put(token, body);
      stage().clock.advance(30 * DAY);
      expect(await row()).to.include({ ...used, status: 'expired', valid_until: end });
      await root.put(token, { ...body, state: 'revoked' });
      expect(await row()).to.include({ status: 'revoked' });
    });

    it('a list tells which tokens were not used for 90 days, or never', async () => {
      const own = await stage().tenant();
      const { secret: stale } = await own.account('stale', [], TOKEN);
      const { secret: busy } = await own.account('busy', [], TOKEN);
      await own.account('idle', [], TOKEN);
      const { secret: gone, token } = await own.account('gone', [], TOKEN);
      await Promise.all([stale, busy, gone].map((secret) => own.ask(secret)));
      await root.put(token, { ...TOKEN, state: 'revoked' });
      stage().clock.advance(91 * DAY);
      await own.ask(busy);
      const since = `unused_since=${timestamp(stage().clock.now() - 90 * DAY)}`;
      const found = await root.all(own.at('tokens'), `status=active&${since}`);
      expect(found.map(({ address }) => address)).to.deep.equal(
        ['idle', 'stale'].map((name) => own.at(`accounts/${name}/tokens/main`)),
      );
      expect((await root.get(own.at('token-counts'), { query: since })).body).to.include({ total: 3, never_used: 1 });
    });

    it('a list tells which tokens end within 30 days and have no successor', async () => {
      const own = await stage().tenant();
      const tokens: Record<string, JsonObject[]> = {
        alone: [{ expires_in: '30d' }],
        followed: [{ expires_in: '30d' }, { expires_in: '365d' }],
        'followed-by-revoked': [{ expires_in: '30d' }, { expires_in: '90d', state: 'revoked' }],
        'followed-for-scim': [{ expires_in: '30d' }, { purpose: 'scim' }],
        later: [{ expires_in: '60d' }],
        never: [{}],
      };
      for (const [account, bodies] of Object.entries(tokens)) {
        await own.make(`accounts/${account}`);
        for (const [index, body] of bodies.entries()) {
          await own.make(`accounts/${account}/tokens/t${index}`, { ...TOKEN, ...body });
        }
      }
      const soon = `expires_before=${timestamp(stage().clock.now() + 30 * DAY + 1000)}`;
      const found = await root.all(own.at('tokens'), `status=active&${soon}&without_successor=true`);
      expect(found.map(({ address }) => address)).to.deep.equal(
        ['alone', 'followed-by-revoked', 'followed-for-scim'].map((name) => own.at(`accounts/${name}/tokens/t0`)),
      );
    });

    it('no token is an orphan: with an account go all of its tokens, active or not, and nothing brings them back', async () => {
      const own = await stage().tenant();
      const { address, token, secret } = await own.account('leaving', [], TOKEN);
      await own.make('accounts/leaving/tokens/revoked', { ...TOKEN, state: 'revoked' });
      expectProblem(await root.delete(address, { query: 'cascade=false' }), 409, 'live-tokens');
      expectOutcome(await root.delete(address), 204, 'deleted');
      expect(await own.ask(secret)).to.equal(401);
      expect(await root.all(own.at('tokens'))).to.deep.equal([]);
      expectProblem(await root.get(token), 404, 'not-found');
      await own.make('accounts/leaving');
      expect(await root.all(own.at('accounts/leaving/tokens'))).to.deep.equal([]);
      expect(await own.ask(secret)).to.equal(401);
    });
  });

  describe('tokens for SCIM', () => {
    it('a token for SCIM is marked as one, and is 403 on the API, whatever its account may do', async () => {
      const { address, token, secret, api } = await tenant.account('provisioner', [{ role: 'admin' }], SCIM);
      expect(secret).to.match(/^acr_scim_/);
      for (const answer of [
        await api.get('self'),
        await api.post('self/rotate', {}),
        await api.get(tenant.at()),
        await api.get(tenant.at('accounts')),
        await api.get(tenant.at('tokens')),
        await api.get(tenant.at('audit-events')),
        await api.get(token),
        await api.put(tenant.at('teams/made-by-scim'), {}),
        await api.put(`${address}/tokens/second`, TOKEN),
        await api.delete(address),
        await api.send('POST', '/v1/introspect', `{"token": "${secret}"}`),
      ]) {
        expectProblem(answer, 403, 'forbidden');
      }
      expectProblem(await root.get(tenant.at('teams/made-by-scim')), 404, 'not-found');
    });

    it('a token for SCIM is 403 to every service that asks', async () => {
      const { secret } = await tenant.account('provisioner-2', [{ role: 'admin' }], SCIM);
      expect(await tenant.ask(secret)).to.equal(403);
      expect(await tenant.ask(secret, 'builds.read')).to.equal(403);
    });

    it('the purpose of a token is immutable, in both directions', async () => {
      const own = await stage().tenant();
      const { address } = await own.account('ci', [], TOKEN);
      await own.make('accounts/ci/tokens/scim', SCIM);
      for (const [name, body] of [
        ['main', SCIM],
        ['scim', TOKEN],
      ] as const) {
        const problem = expectProblem(await root.put(`${address}/tokens/${name}`, body), 409, 'immutable');
        expect(pointersOf(problem)).to.deep.equal(['/purpose']);
      }
    });
  });

  describe('records', () => {
    it('what a token does is on record under its account: in the audit log, the log, and in what it made', async () => {
      const { address, token, api } = await tenant.account('robot', [{ role: 'admin' }], TOKEN);
      const { identifier } = (await root.get(address)).body;
      const answers = [await api.put(tenant.at('teams/by-robot'), {}), await api.get(tenant.at('teams'))];
      expect((await root.get(tenant.at('teams/by-robot'))).body.created_by).to.equal(identifier);
      const [event] = await root.events(tenant.at('teams/by-robot'));
      expect(event).to.include({ actor: identifier, actor_token: token });
      const lines = stage().daemon.log.map((line) => JSON.parse(line) as JsonObject);
      for (const { headers } of answers) {
        const line = lines.find(({ request_id: id }) => id === headers['x-request-id']);
        expect(line).to.include({ actor: identifier, token });
      }
    });

    it('every step in the life of a token is on record with whoever took it, and so is what was refused', async () => {
      const { token, api } = await tenant.account('curious', [], TOKEN);
      expectProblem(await api.delete(tenant.at('accounts/etl')), 403, 'forbidden');
      const [refused] = await root.events(tenant.at('accounts/etl'));
      expect(refused).to.include({ action: 'delete', outcome: 'refused', actor_token: token });
      const admin = await someone('admin');
      await admin.put(token, { ...TOKEN, state: 'revoked' });
      await admin.put(token, TOKEN);
      await admin.delete(token, { query: 'revoke=true' });
      const events = (await root.events(token)).reverse();
      expect(events.map(({ outcome }) => outcome)).to.deep.equal(['created', 'updated', 'updated', 'deleted']);
      for (const { actor } of events.slice(1)) expect(actor).to.match(/^users\/admin-/);
    });

    it('an account and its tokens outlive whoever created them, and still say who that was', async () => {
      const name = uniqueName('founder');
      const admin = await person(tenant, name, { grants: [{ role: 'admin' }] });
      const account = tenant.at(`accounts/${uniqueName('founded')}`);
      const { created_by: creator } = expectOutcome(await admin.put(account, {}), 201, 'created');
      const { secret } = expectOutcome(await admin.put(`${account}/tokens/main`, TOKEN), 201, 'created');
      const user = tenant.at(`users/${name}`);
      await tenant.make(`teams/${name}`);
      for (const change of [{ teams: [name], grants: [{ role: 'none' }] }, { active: false }] as JsonObject[]) {
        expectOutcome(await root.put(user, change), 200, 'updated');
        expect(await tenant.ask(String(secret))).to.equal(200);
      }
      expectOutcome(await root.delete(user), 204, 'deleted');
      expect(await tenant.ask(String(secret))).to.equal(200);
      expect((await root.get(account)).body.created_by).to.equal(creator);
    });
  });

  it('refused on purpose: a team Public that is added to everybody; one is declared, and comes back as declared', async () => {
    const own = await stage().tenant({ team_isolation: true });
    for (const team of ['public', 'red', 'blue']) await own.make(`teams/${team}`);
    await own.make('apps/handbook', { teams: ['public'] });
    const grants = [{ role: 'viewer' }];
    const secrets: string[] = [];
    for (const teams of [['red'], ['red', 'public'], ['blue', 'public']]) {
      const { address, secret } = await own.account(uniqueName('sa'), { grants, teams }, TOKEN);
      expect((await root.get(address)).body.teams).to.deep.equal(teams);
      secrets.push(secret);
    }
    const seen = await Promise.all(secrets.map((secret) => own.ask(secret, 'builds.read', 'apps/handbook')));
    expect(seen).to.deep.equal([403, 200, 200]);
  });
});
