/** Reference 004: the service accounts of Platformer, whose one token is renewed by those who manage it. The profile is `renewable`. */
import { expect } from 'chai';
import type { JsonObject } from '../../terraform-provider-spec/kind.ts';
import { mintToken } from '../../terraform-provider-spec/token.ts';
import { Api } from '../contract/api.ts';
import { expectOutcome, expectProblem, pointersOf } from '../contract/bench.ts';
import {
  addShopAndDepot,
  basic,
  DAY,
  expectDead,
  expectDeletedNotRevoked,
  expectGoneForGood,
  expectNeverShownAgain,
  expectOffered,
  inProject,
  onOneDaemon,
  told,
} from './support.ts';

const RENEWABLE = { profile: 'renewable' };

onOneDaemon('the profile renewable, as service accounts of Platformer', (stage) => {
  const withProjects = async () => addShopAndDepot(await stage().tenant());

  describe('accounts and what they may do', () => {
    it('everything about accounts and their tokens is done through the API', async () => {
      const accounts = '/v1/organizations/{organization}/accounts';
      const token = `${accounts}/{account}/tokens/{token}`;
      await expectOffered(stage().api, {
        [accounts]: ['get'],
        [`${accounts}/{account}`]: ['get', 'put', 'delete'],
        [token]: ['get', 'put', 'delete'],
        [`${token}/rotation`]: ['post'],
        '/v1/organizations/{organization}/roles/{role}': ['get', 'put', 'delete'],
      });
    });

    it('an account holds whatever a person with the same grants holds', async () => {
      const tenant = await withProjects();
      await tenant.make('roles/courier', { permissions: ['parcels.send', 'parcels.read'] });
      const grants: JsonObject[] = [
        { role: 'viewer', scope: 'projects/shop' },
        { role: 'courier', scope: 'organization' },
      ];
      const account = await tenant.account('robot', grants, RENEWABLE);
      const person = await tenant.person('alice', grants);
      const powers = async (secret: string) => (await tenant.api.as(secret).get('self')).body.permissions_by_scope;
      expect(await powers(account.secret)).to.deep.equal(await powers(person));
      expect(await powers(account.secret)).to.have.length(2);
    });

    it('an account of a project controls that project, and neither the organization nor another project', async () => {
      const tenant = await withProjects();
      const { secret, api } = await tenant.account('robot', inProject('shop'), RENEWABLE);
      const statuses: Record<string, number> = {};
      for (const scope of ['projects/shop', 'projects/web', 'apps/of-shop']) statuses[scope] = 200;
      for (const scope of ['organization', 'projects/depot', 'apps/of-depot']) statuses[scope] = 403;
      for (const [scope, status] of Object.entries(statuses)) {
        expect(await tenant.ask(secret, 'deployments.write', scope), scope).to.equal(status);
      }
      expectProblem(await api.get(tenant.at()), 404, 'not-found');
      expectProblem(await api.put(tenant.at(), {}), 403, 'forbidden');
      expectProblem(await api.get(tenant.at('audit-events')), 404, 'not-found');
      expectOutcome(await api.put(tenant.at('apps/of-shop'), { project: 'shop', display_name: 'x' }), 200, 'updated');
      expectProblem(await api.put(tenant.at('apps/of-depot'), { project: 'depot' }), 404, 'not-found');
    });

    it('an account of a project can be granted nothing outside it', async () => {
      const tenant = await withProjects();
      for (const scope of ['organization', 'projects/depot', 'apps/of-depot']) {
        const body = { scope: 'projects/shop', grants: [{ role: 'viewer', scope }] };
        const problem = expectProblem(await tenant.api.put(tenant.at('accounts/robot'), body), 422, 'invalid');
        expect(pointersOf(problem)).to.deep.equal(['/grants/0/scope']);
      }
    });

    it('a project that is moved out of the one of an account is out of its reach at once', async () => {
      const tenant = await withProjects();
      await tenant.make('apps/of-web', { project: 'web' });
      const body = { scope: 'projects/shop', grants: [{ role: 'developer', scope: 'projects/web' }] };
      const { secret, api } = await tenant.account('robot', body, RENEWABLE);
      const app = tenant.at('apps/of-web');
      expect(await tenant.ask(secret, 'builds.write', 'projects/web')).to.equal(200);
      expect((await api.get(app)).status).to.equal(200);
      expectOutcome(await tenant.api.put(tenant.at('projects/web'), { parent: 'depot' }), 200, 'updated');
      expect(await tenant.ask(secret, 'builds.write', 'projects/web')).to.equal(403);
      expectProblem(await api.get(app), 404, 'not-found');
    });

    it('an account of the organization has another level of access in each project', async () => {
      const tenant = await withProjects();
      const grants = [
        { role: 'developer', scope: 'projects/shop' },
        { role: 'viewer', scope: 'projects/depot' },
      ];
      const { secret } = await tenant.account('robot', grants, RENEWABLE);
      const both = ['builds.read', 'builds.write'];
      expect(await tenant.askAll(secret, both, 'projects/shop')).to.deep.equal([200, 200]);
      expect(await tenant.askAll(secret, both, 'projects/depot')).to.deep.equal([200, 403]);
      expect(await tenant.askAll(secret, both)).to.deep.equal([403, 403]);
    });

    it('a custom role is any set of permissions, and accounts combine several', async () => {
      const tenant = await withProjects();
      await tenant.make('roles/deployer', { permissions: ['deployments.create', 'clusters.read'] });
      await tenant.make('roles/auditor', { permissions: ['audit-events.read', '*.list'] });
      const grants: JsonObject[] = [{ role: 'deployer', scope: 'projects/shop' }, { role: 'auditor' }];
      const { secret } = await tenant.account('robot', grants, RENEWABLE);
      const wanted = ['deployments.create', 'clusters.read', 'clusters.write', 'secrets.list'];
      expect(await tenant.askAll(secret, wanted, 'projects/shop')).to.deep.equal([200, 200, 403, 200]);
      expect(await tenant.askAll(secret, wanted)).to.deep.equal([403, 403, 403, 200]);
    });

    it('an edited role changes what live tokens may do, from the next request on', async () => {
      const tenant = await stage().tenant();
      const role = await tenant.make('roles/deployer', { permissions: ['deployments.create'] });
      const { secret } = await tenant.account('robot', [{ role: 'deployer' }], RENEWABLE);
      const wanted = ['deployments.create', 'deployments.delete'];
      expect(await tenant.askAll(secret, wanted)).to.deep.equal([200, 403]);
      await tenant.api.put(role, { permissions: ['deployments.delete'] });
      expect(await tenant.askAll(secret, wanted)).to.deep.equal([403, 200]);
    });

    it('an account has one such token and no second', async () => {
      const tenant = await stage().tenant();
      const { address, token } = await tenant.account('robot', [], RENEWABLE);
      const second = expectProblem(await tenant.api.put(`${address}/tokens/second`, RENEWABLE), 409, 'token-limit');
      expect(second.errors).to.deep.equal([{ pointer: '', detail: token }]);
    });
  });

  describe('the expiry date', () => {
    it('a token without an expiry date goes on; one with it works until then, and not after', async () => {
      const tenant = await stage().tenant();
      const { clock } = stage();
      const lasting = await tenant.account('lasting', [], RENEWABLE);
      const end = new Date(clock.now() + 7 * DAY).toISOString();
      const dated = await tenant.account('dated', [], { ...RENEWABLE, expires_at: end });
      const both = () => Promise.all([lasting, dated].map(({ secret }) => tenant.ask(secret)));
      clock.advance(7 * DAY - 1000);
      expect(await both()).to.deep.equal([200, 200]);
      clock.advance(1000);
      expect(await both()).to.deep.equal([200, 401]);
      expect((await tenant.api.get(lasting.token)).body).to.include({ valid_until: null });
      expect((await tenant.api.get(dated.token)).body).to.include({ status: 'expired', expires_at: end });
    });

    it('access for one task is given for a while: it ends by itself', async () => {
      const tenant = await stage().tenant();
      const { token, secret } = await tenant.account('trial', [{ role: 'viewer' }], { ...RENEWABLE, expires_in: '2d' });
      expect(await tenant.ask(secret, 'builds.read')).to.equal(200);
      stage().clock.advance(2 * DAY);
      expect(await tenant.ask(secret, 'builds.read')).to.equal(401);
      expect((await tenant.api.get(token)).body.status).to.equal('expired');
    });

    it('refused on purpose: a 401 that tells whoever asks that the token has expired', async () => {
      const tenant = await stage().tenant();
      const { secret, token, api } = await tenant.account('robot', [], { ...RENEWABLE, expires_in: '1d' });
      stage().clock.advance(DAY);
      const expired = await api.get('self');
      expectProblem(expired, 401, 'unauthenticated');
      const unknown = await tenant.api.as(mintToken('sa')).get('self');
      expect(told(expired)).to.deep.equal(told(unknown));
      expect(expired.headers['www-authenticate']).to.equal(unknown.headers['www-authenticate']);
      // Those who run the account and the daemon do learn it.
      expect((await tenant.api.get(token)).body.status).to.equal('expired');
      const logged = stage().daemon.log.filter((line) => line.includes(String(expired.body.request_id)));
      expect(logged.join('')).to.include('expired').and.not.include(secret);
    });
  });

  describe('renewal', () => {
    it('the secret is shown once, at the creation or renewal', async () => {
      const tenant = await stage().tenant();
      const holder = await tenant.account('robot', [], RENEWABLE);
      await expectNeverShownAgain(tenant, holder);
      const { secret } = expectOutcome(await tenant.api.post(`${holder.token}/rotation`, {}), 200, 'rotated');
      await expectNeverShownAgain(tenant, { ...holder, secret: String(secret) });
    });

    it('a renewal keeps the account, its grants and the token, and changes the secret', async () => {
      const tenant = await withProjects();
      const { address, token, secret, api } = await tenant.account('robot', inProject('shop'), RENEWABLE);
      const before = [(await tenant.api.get(address)).body, (await api.get('self')).body] as const;
      const old = (await tenant.api.get(token)).body;
      stage().clock.advance(DAY);
      const renewed = expectOutcome(await tenant.api.post(`${token}/rotation`, {}), 200, 'rotated');
      expect(renewed.secret).to.be.a('string').and.not.equal(secret);
      expect(renewed.uid).to.equal(old.uid);
      expect(renewed.rotated_at).to.not.equal(old.rotated_at);
      expect((await tenant.api.get(address)).body).to.deep.equal(before[0]);
      const self = (await tenant.api.as(String(renewed.secret)).get('self')).body;
      expect({ ...self, issued_at: null }).to.deep.equal({ ...before[1], issued_at: null });
      expect(await tenant.ask(String(renewed.secret), 'builds.write', 'projects/shop')).to.equal(200);
    });

    it('a declared renewal is another marker, and the same one again renews nothing', async () => {
      const tenant = await stage().tenant();
      const { token, secret } = await tenant.account('robot', [], RENEWABLE);
      const body = { ...RENEWABLE, rotation: '2030-02' };
      expectOutcome(await tenant.api.put(token, body), 200, 'rotated');
      expect(await tenant.ask(secret)).to.equal(401);
      expectOutcome(await tenant.api.put(token, body), 200, 'unchanged');
    });

    it('the old secret is dead from the renewal on, and nothing brings it back', async () => {
      const tenant = await stage().tenant();
      const { token, secret } = await tenant.account('robot', [], RENEWABLE);
      for (const overlap of ['1s', '1h']) {
        const problem = expectProblem(await tenant.api.post(`${token}/rotation`, { overlap }), 422, 'invalid');
        expect(pointersOf(problem)).to.deep.equal(['/overlap']);
      }
      expect(await tenant.ask(secret)).to.equal(200);
      const renewed = expectOutcome(await tenant.api.post(`${token}/rotation`, {}), 200, 'rotated');
      expect(renewed.previous).to.equal(null);
      await expectDead(tenant, { token, secret }, 'renewable');
      expectOutcome(await tenant.api.delete(`${token}/revocation`), 204, 'unchanged');
      expectOutcome(await tenant.api.put(token, { ...RENEWABLE, state: 'active' }), 200, 'unchanged');
      expect([await tenant.ask(secret), await tenant.ask(String(renewed.secret))]).to.deep.equal([401, 200]);
    });

    it('a renewal is on record: who renewed what and when, and no secret', async () => {
      const tenant = await withProjects();
      const { token, secret } = await tenant.account('robot', inProject('shop'), RENEWABLE);
      const chief = await tenant.account('chief', [{ role: 'admin', scope: 'projects/shop' }]);
      const { body } = await chief.api.post(`${token}/rotation`, {});
      const [event] = await tenant.api.events(token);
      expect(event).to.include({
        action: 'rotate',
        outcome: 'rotated',
        address: token,
        actor: `chief@${tenant.name}.accredit.internal`,
        at: body.rotated_at,
      });
      expect(JSON.stringify(event)).to.not.include(secret).and.not.include(String(body.secret));
    });

    it('a token that has expired is renewed with a new expiry date', async () => {
      const tenant = await stage().tenant();
      const end = (days: number) => new Date(stage().clock.now() + days * DAY).toISOString();
      const { token, secret } = await tenant.account('robot', [], { ...RENEWABLE, expires_at: end(1) });
      stage().clock.advance(2 * DAY);
      expectProblem(await tenant.api.post(`${token}/rotation`, {}), 422, 'invalid');
      const renewal = { ...RENEWABLE, rotation: '2', expires_at: end(30) };
      const renewed = expectOutcome(await tenant.api.put(token, renewal), 200, 'rotated');
      expect([await tenant.ask(secret), await tenant.ask(String(renewed.secret))]).to.deep.equal([401, 200]);
    });

    it('a token is renewed by those who manage it, not by its holder', async () => {
      const tenant = await stage().tenant();
      const { secret, api } = await tenant.account('robot', [{ role: 'viewer' }], RENEWABLE);
      const problem = expectProblem(await api.post('self/rotate', {}), 403, 'forbidden');
      expect(problem.detail).to.include('renewable');
      expect(await tenant.ask(secret)).to.equal(200);
    });
  });

  describe('the end of a token', () => {
    it('a token is deleted, not revoked: only the emergency revocation stands beside that', async () => {
      const tenant = await stage().tenant();
      await expectDeletedNotRevoked(tenant, await tenant.account('robot', [], RENEWABLE), 'renewable');
    });

    it('a token that works can be deleted, is refused at once and is gone for good', async () => {
      const tenant = await stage().tenant();
      const holder = await tenant.account('robot', [], RENEWABLE);
      expect(await tenant.ask(holder.secret)).to.equal(200);
      expectOutcome(await tenant.api.delete(holder.token), 204, 'deleted');
      await expectGoneForGood(tenant, holder, 'renewable');
    });
  });

  describe('how the secret is presented', () => {
    it('callers of the API and of webhooks send it in a header: as Bearer, or as X-Api-Key', async () => {
      const tenant = await stage().tenant();
      const { secret } = await tenant.account('robot', [{ role: 'viewer' }], RENEWABLE);
      const nobody = new Api(tenant.api.url);
      const question = { query: `organization=${tenant.name}&permission=hooks.read` };
      const ways: Record<string, string>[] = [{ Authorization: `Bearer ${secret}` }, { 'X-Api-Key': secret }];
      for (const headers of ways) {
        expect((await nobody.get('authorize', { ...question, headers })).status).to.equal(200);
        const hook = `/v1/authorize?${question.query}`;
        const called = await nobody.send('POST', hook, '{"event":"built"}', headers);
        expect(called.status, called.text).to.equal(200);
      }
    });

    it('refused on purpose: the secret as the password of HTTP Basic', async () => {
      const tenant = await stage().tenant();
      const { secret } = await tenant.account('robot', [{ role: 'viewer' }], RENEWABLE);
      const nobody = new Api(tenant.api.url);
      const question = { query: `organization=${tenant.name}`, ...basic('robot', secret) };
      expectProblem(await nobody.get('authorize', question), 401, 'unauthenticated');
      expectProblem(await nobody.get('self', basic('robot', secret)), 401, 'unauthenticated');
    });
  });
});
