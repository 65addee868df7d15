/** Reference 000: the service accounts of Applivery, whose one token cannot be had twice. The profile is `static`. */
import { expect } from 'chai';
import type { Json, JsonObject } from '../../terraform-provider-spec/kind.ts';
import { KINDS } from '../../terraform-provider-spec/kinds/index.ts';
import { mintToken, tokenHash } from '../../terraform-provider-spec/token.ts';
import { BY_PERMISSION, expectOutcome, expectProblem } from '../contract/bench.ts';
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
  told,
} from './support.ts';

const STATIC = { profile: 'static' };
const IN_ORGANIZATION = KINDS.filter(({ parent }) => parent === 'organization');

onOneDaemon('the profile static, as service accounts of Applivery', (stage) => {
  const withRole = (role: string, scope = 'organization') => [{ role, scope }];

  describe('creation', () => {
    it('an account is created with a name and a role, and gets its token', async () => {
      const tenant = await stage().tenant();
      const body = { display_name: 'CI pipeline', grants: withRole('developer') };
      const { address, token, secret } = await tenant.account('ci-pipeline', body, STATIC);
      expect((await tenant.api.get(address)).body).to.deep.include({ name: 'ci-pipeline', ...body });
      expect((await tenant.api.get(token)).body).to.include({ profile: 'static', status: 'active' });
      expect(await tenant.ask(secret, 'builds.write')).to.equal(200);
    });

    it('the identifier of an account names it and its workspace, below a domain of the workspace', async () => {
      const tenant = await stage().tenant({ domain: 'iam.example.com' });
      const { address, api } = await tenant.account('ci', withRole('viewer'), STATIC);
      const identifier = `ci@${tenant.name}.iam.example.com`;
      expect((await tenant.api.get(address)).body.identifier).to.equal(identifier);
      expect((await api.get('self')).body.identifier).to.equal(identifier);
    });

    it('the secret is shown once, at the creation', async () => {
      const tenant = await stage().tenant();
      await expectNeverShownAgain(tenant, await tenant.account('ci', withRole('viewer'), STATIC));
    });

    it('the list of accounts shows identifier and role of each, and no secret', async () => {
      const tenant = await stage().tenant();
      const roles = ['admin', 'developer', 'viewer'];
      for (const role of roles) await tenant.account(`as-${role}`, withRole(role), STATIC);
      const items = await tenant.api.all(tenant.at('accounts'));
      expect(items.map(({ identifier, grants }) => [identifier, grants])).to.deep.equal(
        roles.map((role) => [`as-${role}@${tenant.name}.accredit.internal`, withRole(role)]),
      );
      expect(JSON.stringify(items)).to.not.include('acr_sa_');
    });

    it('only an admin creates and deletes accounts and their tokens', async () => {
      const tenant = await stage().tenant();
      const [there, fresh] = [await tenant.make('accounts/there'), tenant.at('accounts/fresh')];
      for (const role of ['developer', 'viewer']) {
        const { api } = await tenant.account(`as-${role}`, withRole(role), STATIC);
        expectProblem(await api.put(fresh, {}), 403, 'forbidden');
        expectProblem(await api.delete(there), 403, 'forbidden');
        expectProblem(await api.put(`${there}/tokens/main`, STATIC), 403, 'forbidden');
        expectProblem(await api.delete(`${tenant.at('accounts/as-viewer')}/tokens/main`), 403, 'forbidden');
      }
      const { api } = await tenant.account('as-admin', withRole('admin'), STATIC);
      expectOutcome(await api.put(fresh, {}), 201, 'created');
      expectOutcome(await api.put(`${fresh}/tokens/main`, STATIC), 201, 'created');
      expectOutcome(await api.delete(there), 204, 'deleted');
      expectOutcome(await api.delete(fresh), 204, 'deleted');
    });

    it('everything about accounts is done through the API', async () => {
      const account = '/v1/organizations/{organization}/accounts/{account}';
      await expectOffered(stage().api, {
        '/v1/organizations/{organization}/accounts': ['get'],
        [account]: ['get', 'put', 'delete'],
        [`${account}/tokens`]: ['get'],
        [`${account}/tokens/{token}`]: ['get', 'put', 'delete'],
      });
    });

    it('a pipeline can make its secret itself, and the daemon never sees it', async () => {
      const tenant = await stage().tenant();
      const address = await tenant.make('accounts/ci', { grants: withRole('viewer') });
      const secret = mintToken('sa');
      const made = await tenant.api.put(`${address}/tokens/main`, {
        ...STATIC,
        secret_hash: `sha256:${tokenHash(secret)}`,
      });
      expectOutcome(made, 201, 'created');
      expect(made.text).to.not.include('"secret"');
      expect(await tenant.ask(secret, 'builds.read')).to.equal(200);
    });

    it('one account serves one integration: labels say which, and lists find it', async () => {
      const tenant = await stage().tenant();
      for (const integration of ['github-actions', 'azure-pipelines', 'bitrise', 'jenkins']) {
        await tenant.account(integration, { labels: { integration } }, { ...STATIC, labels: { integration } });
      }
      const found = await tenant.api.all(tenant.at('accounts'), 'label=integration:bitrise');
      expect(found.map(({ name }) => name)).to.deep.equal(['bitrise']);
      const tokens = await tenant.api.all(tenant.at('tokens'), 'label=integration:jenkins');
      expect(tokens.map(({ address }) => address)).to.deep.equal([tenant.at('accounts/jenkins/tokens/main')]);
    });
  });

  describe('what a token opens', () => {
    it('one token opens every endpoint of the workspace, and every app in it', async () => {
      const tenant = await stage().tenant();
      await tenant.make('projects/shop');
      await tenant.make('apps/till', { project: 'shop' });
      await tenant.make('apps/stock');
      const { secret, api } = await tenant.account('script', withRole('admin'), STATIC);
      for (const scope of ['organization', 'projects/shop', 'apps/till', 'apps/stock']) {
        expect(await tenant.askAll(secret, ['builds.read', 'builds.write', 'devices.delete'], scope)).to.deep.equal([
          200, 200, 200,
        ]);
      }
      for (const collection of [...IN_ORGANIZATION.map((kind) => kind.collection), 'tokens', 'audit-events']) {
        expect((await api.get(tenant.at(collection))).status, collection).to.equal(200);
      }
      expect((await api.get(tenant.at())).status).to.equal(200);
    });

    it('in another workspace it opens nothing, and learns nothing', async () => {
      const [tenant, other] = [await stage().tenant(), await stage().tenant()];
      const { secret, api } = await tenant.account('script', withRole('admin'), STATIC);
      expect([await other.ask(secret), await other.ask(secret, 'builds.read')]).to.deep.equal([403, 403]);
      const refusal = await api.get(other.at('accounts'));
      expectProblem(refusal, 404, 'not-found');
      expect(told(refusal)).to.deep.equal(told(await api.get('organizations/never-was/accounts')));
      expectProblem(await api.put(other.at('accounts/mine'), {}), 404, 'not-found');
    });

    it('a viewer reads everything and writes nothing', async () => {
      const tenant = await stage().tenant();
      const { secret, api } = await tenant.account('as-viewer', withRole('viewer'), STATIC);
      expect(await tenant.askAll(secret, ['builds.read', 'settings.read'])).to.deep.equal([200, 200]);
      expect(await tenant.askAll(secret, ['builds.write', 'builds.delete', 'settings.write'])).to.deep.equal([
        403, 403, 403,
      ]);
      for (const { collection, examples } of IN_ORGANIZATION) {
        expect((await api.get(tenant.at(collection))).status, collection).to.equal(200);
        expectProblem(await api.put(tenant.at(`${collection}/x`), examples.full), 403, 'forbidden');
        expectProblem(await api.delete(tenant.at(`${collection}/x`)), 403, 'forbidden');
      }
      expectProblem(await api.put(tenant.at(), {}), 403, 'forbidden');
    });

    it('a developer reads and writes what belongs to apps, and neither settings nor users', async () => {
      const tenant = await stage().tenant();
      const { secret, api } = await tenant.account('as-developer', withRole('developer'), STATIC);
      const free = ['builds.read', 'builds.write', 'publications.create', 'configurations.delete'];
      expect(await tenant.askAll(secret, free)).to.deep.equal([200, 200, 200, 200]);
      expectOutcome(await api.put(tenant.at('apps/till'), {}), 201, 'created');
      expectOutcome(await api.put(tenant.at('apps/till/tokens/ci'), {}), 201, 'created');
      expectProblem(await api.put(tenant.at(), {}), 403, 'forbidden');
      for (const collection of ['users', 'accounts', 'roles', 'teams', 'projects']) {
        expectProblem(await api.put(tenant.at(`${collection}/x`), {}), 403, 'forbidden');
      }
      expect(await tenant.askAll(secret, ['settings.write', 'users.write'])).to.deep.equal([403, 403]);
    });

    it('an admin creates, changes and deletes whatever the workspace has', async () => {
      const tenant = await stage().tenant();
      const { api } = await tenant.account('as-admin', withRole('admin'), STATIC);
      for (const { collection, examples } of BY_PERMISSION.filter(({ parent }) => parent === 'organization')) {
        for (const { kind, name, body } of examples.prerequisites ?? []) {
          const { collection: needed } = KINDS.find((each) => each.kind === kind) as (typeof KINDS)[number];
          expect((await api.put(tenant.at(`${needed}/${name}`), body)).status).to.be.oneOf([200, 201]);
        }
        const address = tenant.at(`${collection}/x`);
        expectOutcome(await api.put(address, examples.full), 201, 'created');
        const { scope } = examples.full;
        const changed = scope === undefined ? examples.changed : { ...examples.changed, scope: scope as Json };
        expectOutcome(await api.put(address, changed), 200, 'updated');
        expectOutcome(await api.delete(address), 204, 'deleted');
      }
      expectOutcome(await api.put(tenant.at(), { settings: { purge_after: '90d' } }), 200, 'updated');
    });

    it('refused on purpose: an admin has no power over owners, and does not delete the workspace', async () => {
      const tenant = await stage().tenant();
      const owner = await tenant.account('the-owner', withRole('owner'), STATIC);
      const { api } = await tenant.account('as-admin', withRole('admin'), STATIC);
      expectProblem(await api.put(owner.address, { grants: [] }), 403, 'forbidden');
      expectProblem(await api.delete(owner.token), 403, 'forbidden');
      expectProblem(await api.put(tenant.at('accounts/mine'), { grants: withRole('owner') }), 403, 'forbidden');
      expectProblem(await api.delete(tenant.at()), 403, 'forbidden');
    });

    it('a role opens nothing where it is not granted', async () => {
      const tenant = await stage().tenant();
      for (const project of ['ios', 'android']) await tenant.make(`projects/${project}`);
      const bare = await tenant.account('bare', [], STATIC);
      const ios = await tenant.account('for-ios', withRole('developer', 'projects/ios'), STATIC);
      const asked = async (secret: string) => {
        const scopes = ['organization', 'projects/ios', 'projects/android'];
        return Promise.all(scopes.map((scope) => tenant.ask(secret, 'builds.write', scope)));
      };
      expect(await asked(bare.secret)).to.deep.equal([403, 403, 403]);
      expect(await asked(ios.secret)).to.deep.equal([403, 200, 403]);
    });

    it('a grant at a segment covers its descendants, never its siblings or ancestors', async () => {
      const tenant = await stage().tenant();
      const tree: [string, JsonObject][] = [
        ['emea', {}],
        ['germany', { parent: 'emea' }],
        ['berlin', { parent: 'germany' }],
        ['hamburg', { parent: 'germany' }],
        ['france', { parent: 'emea' }],
      ];
      for (const [project, body] of tree) {
        await tenant.make(`projects/${project}`, body);
        await tenant.make(`apps/of-${project}`, { project });
      }
      const { secret } = await tenant.account('ci', withRole('developer', 'projects/germany'), STATIC);
      const within: Record<string, number> = { emea: 403, germany: 200, berlin: 200, hamburg: 200, france: 403 };
      for (const [project, status] of Object.entries(within)) {
        expect(await tenant.ask(secret, 'builds.write', `projects/${project}`), project).to.equal(status);
        expect(await tenant.ask(secret, 'builds.write', `apps/of-${project}`), project).to.equal(status);
      }
      expect(await tenant.ask(secret, 'builds.write')).to.equal(403);
    });

    it('the token of an app is refused for the workspace, and by the API', async () => {
      const tenant = await stage().tenant();
      const { secret, api, address } = await tenant.app('till', { profile: 'app-static' });
      expect([await tenant.ask(secret), await tenant.ask(secret, 'builds.read')]).to.deep.equal([403, 403]);
      for (const path of [tenant.at(), tenant.at('accounts'), address, 'self']) {
        expectProblem(await api.get(path), 403, 'forbidden');
      }
      expectProblem(await api.put(tenant.at('accounts/x'), {}), 403, 'forbidden');
    });

    it('refused on purpose: a token of a person opens the API of the workspace too', async () => {
      const tenant = await stage().tenant();
      const secret = await tenant.person('alice', withRole('viewer'));
      expect((await tenant.api.as(secret).get(tenant.at('accounts'))).status).to.equal(200);
      expectProblem(await tenant.api.as(secret).put(tenant.at('accounts/x'), {}), 403, 'forbidden');
    });

    it('the scheme is Bearer: the same secret by Basic is refused', async () => {
      const tenant = await stage().tenant();
      const { secret } = await tenant.account('ci', withRole('viewer'), STATIC);
      const query = `organization=${tenant.name}`;
      const nobody = tenant.api.as(undefined);
      expect((await nobody.get('authorize', { query, ...basic('ci', secret) })).status).to.equal(401);
      expect((await nobody.get('self', basic('ci', secret))).status).to.equal(401);
      expect((await nobody.get('self')).status).to.equal(401);
      expect(await tenant.ask(secret)).to.equal(200);
    });
  });

  describe('the end of a token', () => {
    it('deleting an account refuses its token with 401 on the next request', async () => {
      const tenant = await stage().tenant();
      const { address, secret, api } = await tenant.account('ci', withRole('admin'), STATIC);
      expect((await api.get('self')).status).to.equal(200);
      expectOutcome(await tenant.api.delete(address), 204, 'deleted');
      expect(await tenant.ask(secret)).to.equal(401);
      expectProblem(await api.get('self'), 401, 'unauthenticated');
      expectProblem(await api.get(tenant.at('accounts')), 401, 'unauthenticated');
    });

    it('deleting one account leaves the others working', async () => {
      const tenant = await stage().tenant();
      const doomed = await tenant.account('doomed', withRole('viewer'), STATIC);
      const others = [await tenant.account('one', [], STATIC), await tenant.account('two', [], STATIC)];
      await tenant.api.delete(doomed.address);
      for (const { secret } of others) expect(await tenant.ask(secret)).to.equal(200);
      expect(await tenant.ask(doomed.secret)).to.equal(401);
    });

    it('an account made again under its name has another uid and secret, and the old secret stays dead', async () => {
      const tenant = await stage().tenant();
      const old = await tenant.account('ci', withRole('viewer'), STATIC);
      const uids = async () => [
        (await tenant.api.get(old.address)).body.uid,
        (await tenant.api.get(old.token)).body.uid,
      ];
      const before = await uids();
      await tenant.api.delete(old.address);
      const again = await tenant.account('ci', withRole('viewer'), STATIC);
      expect(await uids()).to.not.include.oneOf(before);
      expect(again.secret).to.not.equal(old.secret);
      expect([await tenant.ask(old.secret), await tenant.ask(again.secret)]).to.deep.equal([401, 200]);
    });

    it('a token that works can be deleted, is refused at once and is gone for good', async () => {
      const tenant = await stage().tenant();
      const holder = await tenant.account('ci', withRole('viewer'), STATIC);
      expect(await tenant.ask(holder.secret, 'builds.read')).to.equal(200);
      expectOutcome(await tenant.api.delete(holder.token), 204, 'deleted');
      await expectGoneForGood(tenant, holder, 'static');
    });

    it('a token is deleted, not revoked: only the emergency revocation stands beside that', async () => {
      const tenant = await stage().tenant();
      await expectDeletedNotRevoked(tenant, await tenant.account('ci', withRole('viewer'), STATIC), 'static');
    });
  });

  describe('one secret for ever', () => {
    it('no way leads to another secret of the same token: delete it and create it again', async () => {
      const tenant = await stage().tenant();
      const holder = await tenant.account('ci', withRole('admin'), STATIC);
      expect(await tenant.ask(holder.secret)).to.equal(200);
      await expectNoNewSecret(tenant, holder, 'static');
      expect(await tenant.ask(holder.secret)).to.equal(200);
    });

    it('an account has one such token and no second', async () => {
      const tenant = await stage().tenant();
      const { address, token } = await tenant.account('ci', withRole('viewer'), STATIC);
      const second = expectProblem(await tenant.api.put(`${address}/tokens/second`, STATIC), 409, 'token-limit');
      expect(second.errors).to.deep.equal([{ pointer: '', detail: token }]);
      await tenant.api.delete(token);
      expectOutcome(await tenant.api.put(`${address}/tokens/second`, STATIC), 201, 'created');
    });

    it('a token has no end, and none can be declared', async () => {
      const tenant = await stage().tenant();
      const holder = await tenant.account('ci', withRole('viewer'), STATIC);
      const { token, secret } = holder;
      await expectNoEnd(tenant, holder, 'static');
      stage().clock.advance(3650 * DAY);
      expect((await tenant.api.get(token)).body).to.include({ status: 'active', valid_until: null });
      expect(await tenant.ask(secret, 'builds.read')).to.equal(200);
    });

    it('who rotates by deleting and creating finds in the list how old each token is', async () => {
      const tenant = await stage().tenant();
      await tenant.account('old', [], STATIC);
      stage().clock.advance(200 * DAY);
      await tenant.account('young', [], STATIC);
      const items = await tenant.api.all(tenant.at('tokens'));
      const age = ({ created_at }: JsonObject) => (stage().clock.now() - Date.parse(String(created_at))) / DAY;
      expect(items.map(age)).to.deep.equal([200, 0]);
    });
  });
});
