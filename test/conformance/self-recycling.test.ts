/** What reference 002 promises of a service account and its one key: the profile `self-recycling`. */
import { expect } from 'chai';
import type { JsonObject } from '../../terraform-provider-spec/kind.ts';
import type { Api } from '../contract/api.ts';
import { expectOutcome, expectProblem, pointersOf, uniqueName } from '../contract/bench.ts';
import { expectGoneForGood, expectNeverShownAgain } from './promises.ts';
import { basic, DAY, type Tenant, told } from './support.ts';
import { onWatchedDaemon, SECRET } from './watched.ts';

const PROFILE = 'self-recycling';
const KEY = { profile: PROFILE };

onWatchedDaemon('a service account and its key (reference 002)', {}, (stage) => {
  let tenant: Tenant;
  let owner: Api;

  before(async () => {
    tenant = await stage().tenant();
    owner = stage().api;
    for (const team of ['red', 'blue']) await tenant.make(`teams/${team}`);
  });

  /** A new account with its key. */
  const account = (body: JsonObject = {}, name = uniqueName('sa')) => tenant.account(name, body, KEY);

  describe('accounts', () => {
    it('an account is made with an identifier that the caller chooses; the answer has it, its user name and its team', async () => {
      const answer = await owner.put(tenant.at('accounts/jenkins'), { scope: 'teams/red' });
      const made = expectOutcome(answer, 201, 'created');
      expect(made).to.include({
        identifier: `jenkins@${tenant.name}.accredit.internal`,
        name: 'jenkins',
        scope: 'teams/red',
      });
      const key = expectOutcome(await owner.put(`${made.address}/tokens/key`, KEY), 201, 'created');
      expect(key.secret).to.match(SECRET);
      const { body: self } = await owner.as(String(key.secret)).get('self');
      expect(self).to.include({ identifier: made.identifier, confined_to: 'teams/red' });
    });

    it('an account without a team is one of the organization', async () => {
      const { address, api } = await account();
      expect((await owner.get(address)).body.scope).to.equal('organization');
      expect((await api.get('self')).body.confined_to).to.equal('organization');
    });

    it('an account keeps its team: one that is not there is 422, and moving it is 409', async () => {
      const unknown = await owner.put(tenant.at('accounts/lost'), { scope: 'teams/green' });
      expect(pointersOf(expectProblem(unknown, 422, 'invalid'))).to.deep.equal(['/scope']);
      const { address } = await account({ scope: 'teams/red' });
      const moved = await owner.put(address, { scope: 'teams/blue' });
      expect(pointersOf(expectProblem(moved, 409, 'immutable'))).to.deep.equal(['/scope']);
    });

    it('an identifier is unique: creating it a second time is 412, and another organization has its own', async () => {
      const { address } = await account({}, 'unique');
      const again = await owner.put(address, {}, { headers: { 'If-None-Match': '*' } });
      expectProblem(again, 412, 'precondition-failed');
      const other = await stage().tenant();
      const { address: elsewhere } = await other.account('unique', {}, KEY);
      const [one, two] = [await owner.get(address), await owner.get(elsewhere)];
      expect(one.body.identifier).to.not.equal(two.body.identifier);
    });
  });

  describe('keys', () => {
    it('an account has one key: a second is 409 and names the first, and another is made once that is deleted', async () => {
      const { address, token } = await account();
      const second = expectProblem(await owner.put(`${address}/tokens/second`, KEY), 409, 'token-limit');
      expect(JSON.stringify(second.errors)).to.include(token);
      expectOutcome(await owner.delete(token), 204, 'deleted');
      expectOutcome(await owner.put(`${address}/tokens/second`, KEY), 201, 'created');
    });

    it('a key has no end, and none can be given', async () => {
      const { token, secret } = await account();
      expect((await owner.get(token)).body.valid_until).to.equal(null);
      for (const [name, value] of [
        ['expires_in', '90d'],
        ['expires_at', '2040-01-01T00:00:00Z'],
      ] as const) {
        const answer = await owner.put(token, { ...KEY, [name]: value });
        expect(pointersOf(expectProblem(answer, 422, 'invalid'))).to.deep.equal([`/${name}`]);
      }
      stage().clock.advance(10 * 365 * DAY);
      expect(await tenant.ask(secret)).to.equal(200);
    });

    it('a key is not revoked but deleted, also while it works, and is 401 from that moment', async () => {
      const { token, secret } = await account();
      const revoked = await owner.put(token, { ...KEY, state: 'revoked' });
      expect(pointersOf(expectProblem(revoked, 422, 'invalid'))).to.deep.equal(['/state']);
      expect(await tenant.ask(secret)).to.equal(200);
      expectOutcome(await owner.delete(token), 204, 'deleted');
      expect(await tenant.ask(secret)).to.equal(401);
    });

    it('a key is not restored: what is made under the name of a deleted one is another, and the old stays dead', async () => {
      const holder = await account();
      const { uid } = (await owner.get(holder.token)).body;
      await owner.delete(holder.token);
      await expectGoneForGood(tenant, holder, PROFILE);
      const made = expectOutcome(await owner.put(holder.token, KEY), 201, 'created');
      expect(made.uid).to.not.equal(uid);
      expect([await tenant.ask(holder.secret), await tenant.ask(String(made.secret))]).to.deep.equal([401, 200]);
    });

    it('a key can still be stopped in an emergency, which making it again does not undo', async () => {
      const { token, secret } = await account();
      expectOutcome(await owner.put(`${token}/revocation`, { reason: 'compromised' }), 200, 'revoked');
      expect(await tenant.ask(secret)).to.equal(401);
      await owner.delete(token);
      expectProblem(await owner.put(token, KEY), 409, 'revoked');
    });

    it('refused on purpose: keys in lists; a key is in the answer that makes it and nowhere else', async () => {
      await expectNeverShownAgain(tenant, await account());
    });
  });

  describe('HTTP Basic', () => {
    it('Basic takes the name or identifier of the account and the key, for the API and for a service that asks', async () => {
      const { address, secret } = await account({ grants: [{ role: 'viewer' }] });
      const { name, identifier } = (await owner.get(address)).body;
      for (const username of [String(name), String(identifier)]) {
        const nobody = owner.as(undefined);
        expect((await nobody.get(address, basic(username, secret))).status).to.equal(200);
        const question = `/v1/authorize?organization=${tenant.name}&permission=builds.read`;
        const answer = await nobody.send('GET', question, undefined, basic(username, secret).headers);
        expect(answer.status).to.equal(200);
        expect(answer.headers['accredit-subject']).to.equal(identifier);
      }
    });

    it('Basic with another user name, the key of another account, or no key is 401', async () => {
      const [one, other] = [await account({}, 'first'), await account({}, 'other')];
      for (const [username, password] of [
        ['other', one.secret],
        ['first', other.secret],
        ['FIRST', one.secret],
        ['', one.secret],
        ['first', ''],
        ['first', 'password'],
      ] as const) {
        const answer = await owner.as(undefined).get('self', basic(username, password));
        expectProblem(answer, 401, 'unauthenticated');
        expect(answer.headers['www-authenticate']).to.include('Basic realm=');
      }
    });

    it('an account has no password, and neither a cookie nor the URL lets it in', async () => {
      const { address, secret } = await account();
      for (const name of ['password', 'key', 'username']) {
        const answer = await owner.put(address, { [name]: 'hunter2' });
        expect(pointersOf(expectProblem(answer, 422, 'invalid'))).to.deep.equal([`/${name}`]);
      }
      const nobody = owner.as(undefined);
      for (const cookie of [`session=${secret}`, `Authorization=Bearer ${secret}`]) {
        expectProblem(await nobody.get('self', { headers: { Cookie: cookie } }), 401, 'unauthenticated');
      }
      expectProblem(await nobody.get('self', { query: `access_token=${secret}` }), 401, 'unauthenticated');
      for (const path of ['/login', '/v1/login', '/v1/sessions']) {
        expectProblem(await owner.send('POST', path, '{}'), 404, 'not-found');
      }
    });
  });

  describe('resets', () => {
    it('a key resets itself: the old one is dead at once, and a second call with it is 401', async () => {
      const { token, secret, api } = await account();
      const { uid } = (await owner.get(token)).body;
      const rotated = expectOutcome(await api.post('self/rotate', {}), 200, 'rotated');
      expect(rotated).to.include({ uid, previous: null });
      expect([await tenant.ask(secret), await tenant.ask(String(rotated.secret))]).to.deep.equal([401, 200]);
      expectProblem(await api.post('self/rotate', {}), 401, 'unauthenticated');
    });

    it('a reset is safe to retry: the retired key gets the same answer again, and opens nothing else', async () => {
      const { secret, api } = await account();
      const retry = { headers: { 'Idempotency-Key': uniqueName('key') } };
      const first = await api.post('self/rotate', {}, retry);
      const again = await api.post('self/rotate', {}, retry);
      expect(again.headers['idempotency-replayed']).to.equal('true');
      expect(again.body).to.deep.equal(first.body);
      expectProblem(await api.get('self', retry), 401, 'unauthenticated');
      expect(await tenant.ask(secret)).to.equal(401);
    });

    it('a reset has no grace: an overlap is 422, declared or asked for', async () => {
      const { token, api } = await account();
      for (const answer of [
        await owner.put(token, { ...KEY, overlap: '1h' }),
        await owner.post(`${token}/rotation`, { overlap: '1h' }),
        await api.post('self/rotate', { overlap: '1h' }),
      ]) {
        expect(pointersOf(expectProblem(answer, 422, 'invalid'))).to.deep.equal(['/overlap']);
      }
    });

    it('a lost key is reset by whoever manages the account, which stays the one it was', async () => {
      const { address, token, secret } = await account();
      const { uid } = (await owner.get(address)).body;
      const rotated = expectOutcome(await owner.post(`${token}/rotation`, {}), 200, 'rotated');
      expect([await tenant.ask(secret), await tenant.ask(String(rotated.secret))]).to.deep.equal([401, 200]);
      expect((await owner.get(address)).body.uid).to.equal(uid);
    });

    it('a key is not reset by the key of another account', async () => {
      const { token, secret } = await account();
      const { api: other } = await account();
      expectProblem(await other.post(`${token}/rotation`, {}), 403, 'forbidden');
      expect(await tenant.ask(secret)).to.equal(200);
    });

    it('the published call is off unless the daemon is told so: a path like any other that is none', async () => {
      const { address, secret } = await account();
      const { name } = (await owner.get(address)).body;
      const send = (path: string) => owner.as(undefined).send('PUT', path, '{}', basic(String(name), secret).headers);
      const answer = await send('/automate/recycle_key.json');
      expectProblem(answer, 404, 'not-found');
      expect(told(answer)).to.deep.equal(told(await send('/automate/recycle_kez.json')));
      expect(await tenant.ask(secret)).to.equal(200);
      const { paths } = (await owner.send('GET', '/openapi.json')).body;
      expect(paths).to.have.property('/v1/self/rotate');
      expect(paths).to.not.have.property('/automate/recycle_key.json');
    });
  });
});
