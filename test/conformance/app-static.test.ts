/** Reference 001: the API tokens of one app in Applivery, any number of them and none with an end. The profile is `app-static`. */
import { expect } from 'chai';
import type { JsonObject } from '../../terraform-provider-spec/kind.ts';
import { expectOutcome, expectProblem, pointersOf } from '../contract/bench.ts';
import {
  basic,
  DAY,
  expectDeletedNotRevoked,
  expectGoneForGood,
  expectNeverShownAgain,
  expectNoEnd,
  expectNoNewSecret,
  expectOffered,
  onOneDaemon,
  type Tenant,
  told,
} from './support.ts';

const STATIC = { profile: 'app-static' };

onOneDaemon('the profile app-static, as app API tokens of Applivery', (stage) => {
  /** Creates one more token of an app and answers its secret. */
  async function addToken({ api }: Tenant, app: string, name: string, body: JsonObject = {}): Promise<string> {
    const made = await api.put(`${app}/tokens/${name}`, { ...STATIC, ...body });
    return String(expectOutcome(made, 201, 'created').secret);
  }

  describe('what a token opens', () => {
    it('a token opens its app and no other, and the refusal does not tell whether that one exists', async () => {
      const tenant = await stage().tenant();
      const { secret, api } = await tenant.app('till', STATIC);
      await tenant.make('apps/stock');
      expect(await tenant.ask(secret, 'builds.write', 'apps/till')).to.equal(200);
      const authorize = (scope: string) =>
        api.get('authorize', { query: `organization=${tenant.name}&permission=builds.read&scope=${scope}` });
      const [other, never] = [await authorize('apps/stock'), await authorize('apps/never-was')];
      expectProblem(other, 403, 'forbidden');
      expect(told(other)).to.deep.equal(told(never));
      const read = await api.get(tenant.at('apps/stock'));
      expectProblem(read, 403, 'forbidden');
      expect(told(read)).to.deep.equal(told(await api.get(tenant.at('apps/never-was'))));
    });

    it('the token goes as Bearer with every request, reading and writing alike', async () => {
      const tenant = await stage().tenant();
      const { secret } = await tenant.app('till', STATIC);
      const permissions = ['builds.read', 'builds.write', 'publications.create', 'builds.delete'];
      expect(await tenant.askAll(secret, permissions, 'apps/till')).to.deep.equal([200, 200, 200, 200]);
      const query = `organization=${tenant.name}&scope=apps/till&permission=builds.read`;
      const nobody = tenant.api.as(undefined);
      expectProblem(await nobody.get('authorize', { query }), 401, 'unauthenticated');
    });

    it('every service of the app accepts the same token, on whatever host it is asked', async () => {
      const tenant = await stage().tenant();
      const { secret, api } = await tenant.app('till', STATIC);
      const question = `organization=${tenant.name}&scope=apps/till&permission=`;
      for (const [host, permission] of [
        ['upload.example.com', 'builds.write'],
        ['api.example.com', 'builds.read'],
      ]) {
        const headers = { Host: String(host), 'X-Forwarded-Host': String(host) };
        expect((await api.get('authorize', { query: question + permission, headers })).status).to.equal(200);
      }
      const asked = { token: secret, organization: tenant.name, scope: 'apps/till', permission: 'builds.write' };
      expect((await tenant.api.post('introspect', asked)).body).to.include({ active: true, allowed: true });
    });

    it('the scheme is Bearer: the same secret by Basic is refused', async () => {
      const tenant = await stage().tenant();
      const { secret } = await tenant.app('till', STATIC);
      const query = `organization=${tenant.name}&scope=apps/till`;
      const nobody = tenant.api.as(undefined);
      expect((await nobody.get('authorize', { query, ...basic('till', secret) })).status).to.equal(401);
      expect((await nobody.get('authorize', { query, headers: { 'X-Api-Key': secret } })).status).to.equal(200);
    });

    it('refused on purpose: a token in the URL is not looked at', async () => {
      const tenant = await stage().tenant();
      const { secret } = await tenant.app('till', STATIC);
      const query = `organization=${tenant.name}&scope=apps/till`;
      const nobody = tenant.api.as(undefined);
      for (const name of ['access_token', 'token', 'api_key']) {
        expect((await nobody.get('authorize', { query: `${query}&${name}=${secret}` })).status).to.equal(401);
      }
      expect(stage().daemon.log.join('')).to.not.include(secret);
    });

    it('whoever manages an app manages its tokens, and those of no other app', async () => {
      const tenant = await stage().tenant();
      for (const app of ['till', 'stock']) await tenant.app(app, STATIC);
      const manager = await tenant.account('manager', [{ role: 'developer', scope: 'apps/till' }]);
      const reader = await tenant.account('reader', [{ role: 'viewer', scope: 'apps/till' }]);
      const own = tenant.at('apps/till/tokens');
      expectOutcome(await manager.api.put(`${own}/fastlane`, STATIC), 201, 'created');
      expect(await manager.api.all(own)).to.have.length(2);
      expect(await reader.api.all(own)).to.have.length(2);
      expectProblem(await reader.api.put(`${own}/another`, STATIC), 403, 'forbidden');
      expectProblem(await reader.api.delete(`${own}/fastlane`), 403, 'forbidden');
      expectOutcome(await manager.api.delete(`${own}/fastlane`), 204, 'deleted');
      for (const app of ['stock', 'never-was']) {
        const theirs = tenant.at(`apps/${app}/tokens`);
        expectProblem(await manager.api.get(theirs), 404, 'not-found');
        expectProblem(await manager.api.put(`${theirs}/mine`, STATIC), 404, 'not-found');
        expectProblem(await manager.api.delete(`${theirs}/main`), 404, 'not-found');
      }
    });
  });

  describe('creation', () => {
    it('everything about the tokens of an app is done through the API', async () => {
      const tokens = '/v1/organizations/{organization}/apps/{app}/tokens';
      await expectOffered(stage().api, { [tokens]: ['get'], [`${tokens}/{token}`]: ['get', 'put', 'delete'] });
    });

    it('a token has a free text for a name, which lists show and several may share', async () => {
      const tenant = await stage().tenant();
      const app = await tenant.make('apps/till');
      const texts = ['Bitrise CI', 'Fastlane release', 'Fastlane release', 'Локальный скрипт'];
      for (const [index, text] of texts.entries()) await addToken(tenant, app, `t${index}`, { display_name: text });
      const items = await tenant.api.all(`${app}/tokens`);
      expect(items.map(({ display_name }) => display_name)).to.deep.equal(texts);
    });

    it('refused on purpose: a secret that can be read again', async () => {
      const tenant = await stage().tenant();
      const holder = await tenant.app('till', STATIC);
      await expectNeverShownAgain(tenant, holder);
      for (const wish of [{ recoverable: true }, { recoverable: 'encrypted' }]) {
        const problem = expectProblem(await tenant.api.put(holder.token, { ...STATIC, ...wish }), 422, 'invalid');
        expect(pointersOf(problem)).to.deep.equal(['/recoverable']);
      }
    });
  });

  describe('no end', () => {
    it('a token has no end, and stays so through every PUT and any time', async () => {
      const tenant = await stage().tenant();
      const { token, secret } = await tenant.app('till', STATIC);
      const { etag } = (await tenant.api.get(token)).headers;
      for (const body of [STATIC, { ...STATIC, expires_at: null }, { ...STATIC, expires_at: null, expires_in: null }]) {
        expectOutcome(await tenant.api.put(token, body), 200, 'unchanged');
      }
      stage().clock.advance(3650 * DAY);
      const { body, headers } = await tenant.api.get(token);
      expect(headers.etag).to.equal(etag);
      expect(body).to.include({ expires_at: null, expires_in: null, valid_until: null, status: 'active' });
      expect(await tenant.ask(secret, 'builds.read', 'apps/till')).to.equal(200);
    });

    it('an end cannot be declared, neither at the creation nor later', async () => {
      const tenant = await stage().tenant();
      await expectNoEnd(tenant, await tenant.app('till', STATIC), 'app-static');
    });

    it('a longest lifetime in the organization ends no such token, and refuses new ones when they are PUT', async () => {
      const tenant = await stage().tenant();
      const { address, token, secret } = await tenant.app('till', STATIC);
      const settings = { max_token_lifetime: { duration: '90d', mode: 'block' } };
      expectOutcome(await tenant.api.put(tenant.at(), { settings }), 200, 'updated');
      stage().clock.advance(91 * DAY);
      expect(await tenant.ask(secret, 'builds.read', 'apps/till')).to.equal(200);
      expectOutcome(await tenant.api.put(token, STATIC), 200, 'unchanged');
      const renamed = await tenant.api.put(token, { ...STATIC, display_name: 'Renamed' });
      expect(expectOutcome(renamed, 200, 'updated').valid_until).to.equal(null);
      const refused = expectProblem(await tenant.api.put(`${address}/tokens/another`, STATIC), 422, 'invalid');
      expect(refused.errors).to.have.length(1);
      expect(JSON.stringify(refused.errors)).to.include('/expires_in').and.include('90d');
      const over = await tenant.api.all(tenant.at('tokens'), 'exceeds_max_lifetime=true');
      expect(over.map((each) => each.address)).to.deep.equal([token]);
    });
  });

  describe('deletion', () => {
    it('deleting a token stops it at once and leaves the others of the app', async () => {
      const tenant = await stage().tenant();
      const { address, token, secret } = await tenant.app('till', STATIC);
      const others = [await addToken(tenant, address, 'bitrise'), await addToken(tenant, address, 'fastlane')];
      const working = () =>
        Promise.all([secret, ...others].map((each) => tenant.ask(each, 'builds.write', 'apps/till')));
      expect(await working()).to.deep.equal([200, 200, 200]);
      expectOutcome(await tenant.api.delete(token), 204, 'deleted');
      expect(await working()).to.deep.equal([401, 200, 200]);
    });

    it('a deletion tells beforehand what it would cut off, and its confirmation holds only for what was seen', async () => {
      const tenant = await stage().tenant();
      const { token, secret } = await tenant.app('till', STATIC);
      await tenant.ask(secret, 'builds.read', 'apps/till');
      stage().clock.advance(120_000);
      const asked = await tenant.api.delete(token, { query: 'dry_run=true' });
      expect(asked.body.cuts_off).to.deep.equal([
        `${token}: the secret, last used 2 minutes ago, stops working at once`,
      ]);
      expect(await tenant.ask(secret, 'builds.read', 'apps/till')).to.equal(200);
      const { etag = '' } = (await tenant.api.get(token)).headers;
      await tenant.api.put(token, { ...STATIC, display_name: 'Still needed' });
      expectProblem(await tenant.api.delete(token, { headers: { 'If-Match': etag } }), 412, 'precondition-failed');
      const seen = (await tenant.api.get(token)).headers.etag as string;
      expectOutcome(await tenant.api.delete(token, { headers: { 'If-Match': seen } }), 204, 'deleted');
    });

    it('a deleted token cannot be restored', async () => {
      const tenant = await stage().tenant();
      const holder = await tenant.app('till', STATIC);
      const { uid } = (await tenant.api.get(holder.token)).body;
      await tenant.api.delete(holder.token);
      await expectGoneForGood(tenant, holder, 'app-static');
      const again = expectOutcome(await tenant.api.put(holder.token, STATIC), 201, 'created');
      expect(again.uid).to.not.equal(uid);
      expect(again.secret).to.not.equal(holder.secret);
      expect(await tenant.ask(holder.secret)).to.equal(401);
    });

    it('a token is deleted, not revoked: only the emergency revocation stands beside that', async () => {
      const tenant = await stage().tenant();
      await expectDeletedNotRevoked(tenant, await tenant.app('till', STATIC), 'app-static');
    });
  });

  describe('rotation and review', () => {
    it('no way leads to another secret of the same token', async () => {
      const tenant = await stage().tenant();
      const holder = await tenant.app('till', STATIC);
      expect(await tenant.ask(holder.secret, undefined, 'apps/till')).to.equal(200);
      await expectNoNewSecret(tenant, holder, 'app-static');
      expect(await tenant.ask(holder.secret, undefined, 'apps/till')).to.equal(200);
    });

    it('a rotation is a second token, the switch to it and the deletion of the first', async () => {
      const tenant = await stage().tenant();
      const { address, token, secret } = await tenant.app('till', STATIC);
      const next = await addToken(tenant, address, 'next');
      const both = () => Promise.all([secret, next].map((each) => tenant.ask(each, 'builds.write', 'apps/till')));
      expect(await both()).to.deep.equal([200, 200]);
      await tenant.api.delete(token);
      expect(await both()).to.deep.equal([401, 200]);
    });

    it('a review finds which tokens were never used, which not for long, and how old each is', async () => {
      const tenant = await stage().tenant();
      const app = await tenant.make('apps/till');
      const [used, stale] = [await addToken(tenant, app, 'used'), await addToken(tenant, app, 'stale')];
      await addToken(tenant, app, 'untouched');
      await tenant.ask(stale, 'builds.read', 'apps/till');
      stage().clock.advance(100 * DAY);
      const since = new Date(stage().clock.now() - DAY).toISOString();
      await tenant.ask(used, 'builds.read', 'apps/till');
      const names = async (query: string) =>
        (await tenant.api.all(`${app}/tokens`, query)).map(({ address }) => String(address).split('/').at(-1));
      expect(await names('usage=never')).to.deep.equal(['untouched']);
      expect(await names(`unused_since=${since}`)).to.deep.equal(['stale', 'untouched']);
      const items = await tenant.api.all(`${app}/tokens`, 'view=full');
      const shown = items.map(({ created_at, last_used_at }) =>
        [created_at, last_used_at].map((at) =>
          at === null ? null : Math.round((stage().clock.now() - Date.parse(String(at))) / DAY),
        ),
      );
      expect(shown).to.deep.equal([
        [100, 100],
        [100, null],
        [100, 0],
      ]);
    });
  });
});
