/** What reference 003 promises of a service token in its life: the profile `revocable`. */
import { expect } from 'chai';
import type { JsonObject } from '../../terraform-provider-spec/kind.ts';
import type { Api } from '../contract/api.ts';
import { expectOutcome, expectProblem, pointersOf, uniqueName } from '../contract/bench.ts';
import { expectGoneForGood, expectNeverShownAgain, expectNoNewSecret } from './promises.ts';
import { basic, DAY, type Tenant } from './support.ts';
import { onWatchedDaemon, person, SECRET, timestamp } from './watched.ts';

const PROFILE = 'revocable';
const TOKEN = { profile: PROFILE };
const REVOKED = { ...TOKEN, state: 'revoked' };

onWatchedDaemon('a service token (reference 003)', {}, (stage) => {
  let tenant: Tenant;
  let owner: Api;

  before(async () => {
    tenant = await stage().tenant();
    owner = stage().api;
  });

  /** A new account with one token, `main`. */
  const account = (token: JsonObject = {}, grants: JsonObject[] = []) =>
    tenant.account(uniqueName('sa'), grants, { ...TOKEN, ...token });
  const time = (later = 0) => timestamp(stage().clock.now() + later);

  describe('service users', () => {
    it('a token of nobody is 404, and says what to create', async () => {
      const problem = expectProblem(await owner.put(tenant.at('accounts/ghost/tokens/x'), TOKEN), 404, 'not-found');
      expect(JSON.stringify(problem.errors)).to.include('create it first');
    });

    it('a token for a human is refused: 404 among the accounts, which says whose it would be, and 403 among the users', async () => {
      await person(tenant, 'mia');
      const problem = expectProblem(await owner.put(tenant.at('accounts/mia/tokens/x'), TOKEN), 404, 'not-found');
      expect(JSON.stringify(problem.errors)).to.include('users/mia is a user');
      expectProblem(await owner.put(tenant.at('users/mia/tokens/x'), TOKEN), 403, 'forbidden');
    });

    it('the identifier of an account follows from a name in a strict form and the domain of the organization', async () => {
      const own = await stage().tenant({ domain: 'service.example.com' });
      const body = { display_name: 'Nightly Reports (EU)' };
      const made = expectOutcome(await owner.put(own.at('accounts/nightly-reports-eu'), body), 201, 'created');
      expect(made).to.include({ ...body, identifier: `nightly-reports-eu@${own.name}.service.example.com` });
      for (const name of ['Nightly', 'nightly%20reports', 'nightly@service', '-nightly']) {
        expectProblem(await owner.put(own.at(`accounts/${name}`), body), 400, 'invalid-address');
      }
    });
  });

  describe('generation', () => {
    it('an account has as many tokens as are wanted, each working on its own', async () => {
      const { address } = await account();
      const secrets: string[] = [];
      for (const name of ['production', 'staging', 'test']) {
        const made = await owner.put(`${address}/tokens/${name}`, { ...TOKEN, display_name: name });
        secrets.push(String(expectOutcome(made, 201, 'created').secret));
      }
      await owner.put(`${address}/tokens/staging`, { ...REVOKED, display_name: 'staging' });
      expect(await Promise.all(secrets.map((secret) => tenant.ask(secret)))).to.deep.equal([200, 401, 200]);
    });

    it('a token has a display name that no other of its account has: 409, while another account may use it', async () => {
      const [one, other] = [await account({ display_name: 'deploy' }), await account({ display_name: 'deploy' })];
      const second = `${one.address}/tokens/second`;
      const taken = expectProblem(
        await owner.put(second, { ...TOKEN, display_name: 'deploy' }),
        409,
        'display-name-taken',
      );
      expect(pointersOf(taken)).to.deep.equal(['/display_name']);
      expectOutcome(await owner.put(second, { ...TOKEN, display_name: 'deploy 2' }), 201, 'created');
      expectProblem(await owner.put(second, { ...TOKEN, display_name: 'deploy' }), 409, 'display-name-taken');
      expectOutcome(await owner.delete(one.token, { query: 'revoke=true' }), 204, 'deleted');
      expectOutcome(await owner.put(second, { ...TOKEN, display_name: 'deploy' }), 200, 'updated');
      expect((await owner.get(other.token)).body.display_name).to.equal('deploy');
    });

    for (const days of [30, 60, 90, 365]) {
      it(`a token for ${days} days works until then and not a moment longer`, async () => {
        const { token, secret } = await account({ expires_in: `${days}d` });
        expect((await owner.get(token)).body.valid_until).to.equal(time(days * DAY));
        stage().clock.advance(days * DAY - 1);
        expect(await tenant.ask(secret)).to.equal(200);
        stage().clock.advance(1);
        expect(await tenant.ask(secret)).to.equal(401);
      });
    }

    it('a token can be without an end', async () => {
      const { token, secret } = await account();
      expect((await owner.get(token)).body).to.include({ expires_in: null, valid_until: null });
      stage().clock.advance(3650 * DAY);
      expect(await tenant.ask(secret)).to.equal(200);
    });

    it('a token has no other lifetime: 422, at the creation and later', async () => {
      const { address, token } = await account({ expires_in: '30d' });
      const ends: JsonObject[] = ['1d', '29d', '31d', '180d', '366d', '0d', '1h'].map((end) => ({ expires_in: end }));
      for (const end of [...ends, { expires_at: time(30 * DAY) }]) {
        const [pointer] = Object.keys(end).map((name) => `/${name}`);
        for (const target of [token, `${address}/tokens/another`]) {
          const problem = expectProblem(await owner.put(target, { ...TOKEN, ...end }), 422, 'invalid');
          expect(pointersOf(problem), JSON.stringify(end)).to.include(pointer);
        }
      }
    });

    it('a value is shown once, beside the name of its token, in an answer that nobody stores', async () => {
      const { address } = await account();
      const answer = await owner.put(`${address}/tokens/nightly`, TOKEN);
      expect(expectOutcome(answer, 201, 'created')).to.include({ name: 'nightly' });
      expect(answer.body.secret).to.match(SECRET);
      expect(answer.headers['cache-control']).to.equal('no-store');
      await expectNeverShownAgain(tenant, await account());
    });

    it('a token never gets another value: 409', async () => {
      const holder = await account();
      await tenant.ask(holder.secret);
      await expectNoNewSecret(tenant, holder, PROFILE);
      expect(await tenant.ask(holder.secret)).to.equal(200);
    });
  });

  describe('use', () => {
    it('a token is presented as Bearer; as Basic it is 401', async () => {
      const { address, secret, api } = await account();
      const { name } = (await owner.get(address)).body;
      expect((await api.get('self')).status).to.equal(200);
      expectProblem(await owner.as(undefined).get('self', basic(String(name), secret)), 401, 'unauthenticated');
    });

    it('refused on purpose: a token that can be read; it is opaque, and an altered one is refused like any other', async () => {
      const { secret } = await account({ expires_in: '30d' }, [{ role: 'viewer' }]);
      expect(secret.split('.')).to.have.length(1);
      const other = (character: string) => (character === 'a' ? 'b' : 'a');
      for (const at of [secret.indexOf('_', 4) + 1, secret.length - 8, secret.length - 1]) {
        const altered = secret.slice(0, at) + other(secret.charAt(at)) + secret.slice(at + 1);
        expectProblem(await owner.as(altered).get('self'), 401, 'unauthenticated');
      }
      expect(await tenant.ask(secret, 'builds.read')).to.equal(200);
    });

    it('a token that is no good is 401, alike for every cause', async () => {
      const [revoked, deleted, disabled, expired] = [
        await account(),
        await account(),
        await account(),
        await account({ expires_in: '30d' }),
      ];
      stage().clock.advance(30 * DAY);
      await owner.put(revoked.token, REVOKED);
      await owner.delete(deleted.token, { query: 'revoke=true' });
      await owner.put(disabled.address, { disabled: true });
      const bad = [revoked, deleted, disabled, expired].map(({ secret }) => secret);
      const details = new Set<unknown>();
      for (const secret of [...bad, 'nonsense', `acr_sa_${'A'.repeat(46)}`]) {
        details.add(expectProblem(await owner.as(secret).get('self'), 401, 'unauthenticated').detail);
      }
      expect(details.size).to.equal(1);
    });

    it('a token allows what its account may at that moment: another role counts at once, for every token of it', async () => {
      const { address, secret } = await account({}, [{ role: 'viewer' }]);
      const second = String((await owner.put(`${address}/tokens/second`, TOKEN)).body.secret);
      const may = () =>
        Promise.all([secret, second].map((each) => tenant.askAll(each, ['builds.read', 'builds.write'])));
      expect(await may()).to.deep.equal([
        [200, 403],
        [200, 403],
      ]);
      await owner.put(address, { grants: [{ role: 'admin' }] });
      expect(await may()).to.deep.equal([
        [200, 200],
        [200, 200],
      ]);
      await owner.put(address, { grants: [] });
      expect(await may()).to.deep.equal([
        [403, 403],
        [403, 403],
      ]);
    });

    it('a token sees what the teams of its account see at that moment: another team counts at once', async () => {
      const own = await stage().tenant({ team_isolation: true });
      for (const team of ['red', 'blue']) {
        await own.make(`teams/${team}`);
        await own.make(`apps/${team}`, { teams: [team] });
      }
      const grants = [{ role: 'viewer' }];
      const { address, secret } = await own.account('ci', { grants, teams: ['red'] }, TOKEN);
      const seen = () => Promise.all(['red', 'blue'].map((app) => own.ask(secret, 'builds.read', `apps/${app}`)));
      expect(await seen()).to.deep.equal([200, 403]);
      await owner.put(address, { grants, teams: ['blue'] });
      expect(await seen()).to.deep.equal([403, 200]);
    });

    it('a use that is allowed is the last use of a token, while one that is refused is none', async () => {
      const { token, secret } = await account();
      const use = async () => {
        const { usage, last_used_at: at } = (await owner.get(token, { query: 'view=full' })).body;
        return { usage, at };
      };
      expect(await tenant.ask(secret, 'builds.read')).to.equal(403);
      expect(await use()).to.deep.equal({ usage: 'never', at: null });
      expect(await tenant.ask(secret)).to.equal(200);
      const first = time();
      stage().clock.advance(DAY);
      expect(await use()).to.deep.equal({ usage: 'used', at: first });
      await owner.put(token, REVOKED);
      expect(await tenant.ask(secret)).to.equal(401);
      expect(await use()).to.deep.equal({ usage: 'used', at: first });
    });
  });

  describe('revocation and restoration', () => {
    it('a revoked token stops from that moment, and the others of its account go on', async () => {
      const { address, token, secret } = await account();
      const other = String((await owner.put(`${address}/tokens/other`, TOKEN)).body.secret);
      const revoked = expectOutcome(await owner.put(token, REVOKED), 200, 'updated');
      expect(revoked.status).to.equal('revoked');
      expect([await tenant.ask(secret), await tenant.ask(other)]).to.deep.equal([401, 200]);
      expectOutcome(await owner.put(token, REVOKED), 200, 'unchanged');
    });

    it('a restored token works again with the same value, until the end that it had', async () => {
      const { token, secret } = await account({ expires_in: '30d' });
      const { valid_until: end, uid } = (await owner.get(token)).body;
      await owner.put(token, { ...REVOKED, expires_in: '30d' });
      stage().clock.advance(29 * DAY);
      const restored = expectOutcome(await owner.put(token, { ...TOKEN, expires_in: '30d' }), 200, 'updated');
      expect(restored).to.include({ uid, status: 'active', valid_until: end }).and.not.have.property('secret');
      expect(await tenant.ask(secret)).to.equal(200);
    });

    it('a revoked token that has expired is not restored: 409, and a new one is to be made', async () => {
      const { address, token, secret } = await account({ expires_in: '30d' });
      await owner.put(token, { ...REVOKED, expires_in: '30d' });
      stage().clock.advance(30 * DAY);
      const problem = expectProblem(await owner.put(token, { ...TOKEN, expires_in: '30d' }), 409, 'expired');
      expect(problem.detail).to.include('cannot come back');
      expect([await tenant.ask(secret), (await owner.get(token)).body.status]).to.deep.equal([401, 'revoked']);
      expectOutcome(await owner.put(`${address}/tokens/next`, { ...TOKEN, expires_in: '30d' }), 201, 'created');
    });

    it('a token revoked in an emergency is not restored by declaring it active', async () => {
      const { token, secret } = await account();
      expectOutcome(await owner.put(`${token}/revocation`, { reason: 'compromised' }), 200, 'revoked');
      await owner.put(token, REVOKED);
      expectProblem(await owner.put(token, TOKEN), 409, 'revoked');
      expect(await tenant.ask(secret)).to.equal(401);
    });
  });

  describe('deletion', () => {
    it('an active token is not deleted: 409, and it works on', async () => {
      const { token, secret } = await account();
      const problem = expectProblem(await owner.delete(token), 409, 'not-revoked');
      expect(problem.detail).to.include('Revoke it first');
      expect(await tenant.ask(secret)).to.equal(200);
    });

    it('a revoked token is deleted for good', async () => {
      const holder = await account();
      await owner.put(holder.token, REVOKED);
      expectOutcome(await owner.delete(holder.token), 204, 'deleted');
      await expectGoneForGood(tenant, holder, PROFILE);
    });

    it('an expired token is deleted for good, though it was never revoked', async () => {
      const holder = await account({ expires_in: '30d' });
      stage().clock.advance(30 * DAY);
      expectOutcome(await owner.delete(holder.token), 204, 'deleted');
      await expectGoneForGood(tenant, holder, PROFILE);
    });

    it('?revoke=true revokes and deletes in one step', async () => {
      const holder = await account();
      const plan = await owner.delete(holder.token, { query: 'revoke=true&dry_run=true' });
      expect(plan.body).to.include({ outcome: 'deleted' });
      expect(await tenant.ask(holder.secret)).to.equal(200);
      expectOutcome(await owner.delete(holder.token, { query: 'revoke=true' }), 204, 'deleted');
      await expectGoneForGood(tenant, holder, PROFILE);
    });
  });
});
