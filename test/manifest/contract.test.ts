/** Manifests over HTTP, on both databases: the contract of every PUT and DELETE, for a whole tree. */
import { expect } from 'chai';
import { manifestSchemas } from '../../terraform-provider-spec/derive/openapi/manifest-paths.ts';
import type { JsonObject } from '../../terraform-provider-spec/kind.ts';
import {
  type Bench,
  expectOutcome,
  expectProblem,
  onEveryDatabase,
  pointersOf,
  uniqueName,
} from '../contract/bench.ts';
import { accepts } from '../spec/document.ts';
import { fakeClock } from '../support/daemon.ts';
import { changesOf, ownSecret } from './answers.ts';

const DAY = 86_400_000;
const clock = fakeClock();

function outcomesOf(body: JsonObject, organization: string): string[] {
  return changesOf(body).map(({ outcome, address }) => `${outcome} ${String(address).slice(organization.length + 1)}`);
}

onEveryDatabase(
  'a manifest',
  (bench: () => Bench) => {
    let organization: string;
    let manifest: string;
    beforeEach(async () => {
      organization = `organizations/${uniqueName()}`;
      manifest = `${organization}/manifests/shop`;
      await bench().api.put(organization, {});
    });

    const ci = (token: JsonObject, account: JsonObject = {}) => ({
      accounts: { ci: { ...account, tokens: { deploy: token } } },
    });

    it('is created, read, listed, left as it is, changed and deleted with all that it declares', async () => {
      const { api } = bench();
      const tree = { ...ci({}, { grants: [{ role: 'own' }] }), roles: { own: { permissions: ['builds.read'] } } };
      const made = await api.put(manifest, tree);
      const body = expectOutcome(made, 201, 'created');
      expect(made.headers.location).to.equal(`/v1/${manifest}`);
      expect(outcomesOf(body, organization)).to.deep.equal([
        'created roles/own',
        'created accounts/ci',
        'created accounts/ci/tokens/deploy',
      ]);
      expect(
        await api.authorize(String(changesOf(body)[2]?.secret), `organization=${organization.split('/')[1]}`),
      ).to.equal(200);
      expect(made.headers.etag).to.equal(`"${body.uid}.1"`);

      const read = await api.get(manifest);
      expect(read.headers.etag).to.equal(made.headers.etag);
      const declares = ['accounts/ci', 'accounts/ci/tokens/deploy', 'roles/own'].map((one) => `${organization}/${one}`);
      expect(read.body).to.include({ name: 'shop', kind: 'manifest', managed_by: 'manifest/shop', revision: 1 });
      expect(read.body.declares).to.deep.equal(declares);
      expect((await api.all(`${organization}/manifests`)).map(({ address }) => address)).to.deep.equal([manifest]);

      expectOutcome(await api.put(manifest, tree), 200, 'unchanged');
      const changed = await api.put(manifest, ci({}, { disabled: true }));
      expect(outcomesOf(expectOutcome(changed, 200, 'updated'), organization)).to.deep.equal([
        'updated accounts/ci',
        'deleted roles/own',
      ]);
      expect(changesOf(changed.body)[0]).to.deep.include({ changed: ['grants', 'disabled'] });
      expect(changed.headers.etag).to.equal(`"${body.uid}.2"`);

      expectOutcome(await api.delete(manifest), 204, 'deleted');
      expectOutcome(await api.delete(manifest), 204, 'unchanged');
      for (const address of [manifest, ...declares]) expectProblem(await api.get(address), 404, 'not-found');
      expectOutcome(await api.delete(organization), 204, 'deleted');
    });

    it('has an event for each resource, as if each had been written by itself, and one of its own', async () => {
      const { api } = bench();
      await api.put(manifest, ci({}));
      await api.put(manifest, {});
      const events = (await api.all(`${organization}/audit-events`)).map(({ action, outcome, address }) =>
        [action, outcome, String(address).slice(organization.length)].join(' '),
      );
      expect(events.reverse().slice(1)).to.deep.equal([
        'put created /accounts/ci',
        'put created /accounts/ci/tokens/deploy',
        'put created /manifests/shop',
        'delete deleted /accounts/ci/tokens/deploy',
        'delete deleted /accounts/ci',
        'put updated /manifests/shop',
      ]);
    });

    it('answers what the OpenAPI document says', async () => {
      const { api } = bench();
      const answers: [string, JsonObject][] = [
        ['ManifestChanges', (await api.put(manifest, ci({}), { query: 'dry_run=true' })).body],
        ['ManifestChanges', (await api.put(manifest, ci({}))).body],
        ['Manifest', (await api.get(manifest)).body],
        ['ManifestList', (await api.get(`${organization}/manifests`)).body],
        ['ManifestRemoval', (await api.delete(manifest, { query: 'dry_run=true' })).body],
      ];
      for (const [schema, body] of answers) {
        expect(Object.keys(manifestSchemas())).to.include(schema);
        expect(accepts(schema, body), `${schema}: ${JSON.stringify(body)}`).to.equal(true);
      }
    });

    it('is planned without being written, and the plan is applied as it was shown or not at all', async () => {
      const { api } = bench();
      await api.put(`${organization}/roles/shared`, { permissions: [] });
      const tree = (hash?: string) => ci({ ...(hash && { secret_hash: hash }) }, { grants: [{ role: 'shared' }] });
      const plan = await api.put(manifest, tree(), { query: 'dry_run=true' });
      expect(plan.status).to.equal(200);
      expect(plan.body).to.include({ outcome: 'created' });
      expect(plan.text).to.not.match(/acr_sa_/);
      expectProblem(await api.get(manifest), 404, 'not-found');

      // A role that the plan rests on and does not declare.
      await api.put(`${organization}/roles/shared`, { permissions: ['builds.read'] });
      const headers = (answer: typeof plan) => ({ headers: { 'If-Match': String(answer.headers.etag) } });
      expectProblem(await api.put(manifest, tree(), headers(plan)), 412, 'precondition-failed');
      const next = await api.put(manifest, tree(), { query: 'dry_run=true' });
      const { secret, secret_hash } = ownSecret();
      const done = expectOutcome(await api.put(manifest, tree(secret_hash), headers(next)), 201, 'created');
      expect(changesOf(done)[1]).to.not.have.property('secret');
      expect(await api.authorize(secret, `organization=${organization.split('/')[1]}`)).to.equal(200);
      expectProblem(await api.put(manifest, tree(secret_hash), headers(next)), 412, 'precondition-failed');
    });

    it('keeps out of what others manage, and of what nobody does, unless it adopts', async () => {
      const { api } = bench();
      const terraform = { headers: { 'Accredit-Manager': 'terraform' } };
      await api.put(`${organization}/teams/blue`, {}, terraform);
      await api.put(`${organization}/teams/red`, {});
      const tree = { teams: { blue: {}, red: {}, green: {} } };
      const problem = expectProblem(await api.put(manifest, tree), 409, 'managed-by-another');
      expect(pointersOf(problem)).to.deep.equal(['/teams/blue', '/teams/red']);
      expectProblem(await api.get(`${organization}/teams/green`), 404, 'not-found');
      expectOutcome(await api.put(manifest, tree, { headers: { 'Accredit-Adopt': 'true' } }), 201, 'created');

      // Whoever takes it over again has it: the manifest forgets it, and deletes it no more.
      await api.put(
        `${organization}/teams/blue`,
        {},
        { headers: { 'Accredit-Manager': 'terraform', 'Accredit-Adopt': 'true' } },
      );
      expectOutcome(await api.delete(manifest), 204, 'deleted');
      expect((await api.get(`${organization}/teams/blue`)).body.managed_by).to.equal('terraform');
      expectProblem(await api.get(`${organization}/teams/red`), 404, 'not-found');
    });

    it('deletes no account over the head of tokens that it does not manage', async () => {
      const { api } = bench();
      await api.put(manifest, { accounts: { ci: {} } });
      await api.put(`${organization}/accounts/ci/tokens/by-hand`, {});
      const problem = expectProblem(await api.put(manifest, {}), 409, 'managed-by-another');
      expect(JSON.stringify(problem.errors)).to.include('by-hand');
    });

    it('adopts what it declares, and never to delete it: what goes takes nothing of others with it', async () => {
      const { api } = bench();
      const adopt = { headers: { 'Accredit-Adopt': 'true' } };
      const token = `${organization}/accounts/ci/tokens/by-hand`;
      await api.put(manifest, { accounts: { ci: {} } });
      await api.put(token, {}, { headers: { 'Accredit-Manager': 'terraform' } });
      for (const query of ['dry_run=true', '']) {
        expectProblem(await api.put(manifest, {}, { ...adopt, query }), 409, 'managed-by-another');
        expectProblem(await api.delete(manifest, { ...adopt, query }), 409, 'managed-by-another');
      }
      expect((await api.get(token)).body.managed_by).to.equal('terraform');

      // Whoever wants it gone declares it first: then it is this manifest's own, and shown when it goes.
      await api.put(manifest, { accounts: { ci: { tokens: { 'by-hand': {} } } } }, adopt);
      const gone = expectOutcome(await api.put(manifest, {}), 200, 'updated');
      expect(outcomesOf(gone, organization)).to.deep.equal([
        'deleted accounts/ci/tokens/by-hand',
        'deleted accounts/ci',
      ]);
    });

    it('prunes no token that it did not declare, whether it says nothing of tokens or that there are none', async () => {
      const { api } = bench();
      const works = async (secret: unknown) =>
        (await api.authorize(String(secret), `organization=${organization.split('/')[1]}`)) === 200;
      const tokens = `${organization}/accounts/ci/tokens`;
      await api.put(manifest, { accounts: { ci: {} } });
      const byHand = (await api.put(`${tokens}/by-hand`, {})).body.secret;
      const headers = { 'Accredit-Manager': 'terraform' };
      const managed = (await api.put(`${tokens}/managed`, {}, { headers })).body.secret;
      const trees: JsonObject[] = [
        { accounts: { ci: { description: 'changed' } } },
        { accounts: { ci: { description: 'again', tokens: {} } } },
        { accounts: { ci: { description: 'again', tokens: { own: {} } } } },
        { accounts: { ci: { description: 'at last' } } },
      ];
      const outcomes: string[][] = [];
      for (const tree of trees) {
        const applied = await api.put(manifest, tree);
        outcomes.push(outcomesOf(expectOutcome(applied, 200, 'updated'), organization));
        expect([await works(byHand), await works(managed)], JSON.stringify(tree)).to.deep.equal([true, true]);
      }
      expect(outcomes.map((each) => each.filter((one) => !one.startsWith('unchanged')))).to.deep.equal([
        ['updated accounts/ci'],
        ['updated accounts/ci'],
        ['created accounts/ci/tokens/own'],
        ['updated accounts/ci', 'deleted accounts/ci/tokens/own'],
      ]);
    });

    it('is refused with the place of everything that is wrong, before anything is done', async () => {
      const { api } = bench();
      const tree = {
        acounts: {},
        teams: { 'Not a name': {} },
        apps: { till: { project: 7, nonsense: true } },
        accounts: { ci: { tokens: { deploy: { expires_in: 'soon' } } }, cd: 'x' },
      };
      const problem = expectProblem(await api.put(manifest, tree), 422, 'invalid');
      expect(pointersOf(problem)).to.have.members([
        '/acounts',
        '/teams/Not a name',
        '/apps/till/project',
        '/apps/till/nonsense',
        '/accounts/ci/tokens/deploy/expires_in',
        '/accounts/cd',
      ]);
      expect(JSON.stringify(problem.errors)).to.include('did you mean \\"accounts\\"');
      const missing = { accounts: { ci: { grants: [{ role: 'none-such' }] }, cd: { teams: ['gone'] } } };
      const second = expectProblem(await api.put(manifest, missing), 422, 'invalid');
      expect(pointersOf(second)).to.have.members(['/accounts/ci/grants/0/role', '/accounts/cd/teams/0']);
      const circle = { projects: { a: { parent: 'b' }, b: { parent: 'a' } } };
      expectProblem(await api.put(manifest, circle), 422, 'invalid');
      const header = { headers: { 'Accredit-Manager': 'terraform' } };
      expectProblem(await api.put(manifest, {}, header), 400, 'invalid-header');
      expectProblem(await api.get(manifest), 404, 'not-found');
    });

    it('does what no order of dependencies gives: one token makes room for another', async () => {
      const { api } = bench();
      const single = (name: string) => ({ accounts: { ci: { tokens: { [name]: { profile: 'static' } } } } });
      await api.put(manifest, single('first'));
      const body = expectOutcome(await api.put(manifest, single('second')), 200, 'updated');
      expect(outcomesOf(body, organization)).to.deep.equal([
        'deleted accounts/ci/tokens/first',
        'created accounts/ci/tokens/second',
      ]);
    });

    it('says which tokens are due, until they are rotated by another secret', async () => {
      const { api } = bench();
      const token = `${organization}/accounts/ci/tokens/deploy`;
      const declared = { rotate_every: '30d', overlap: '1d' };
      expect((await api.put(manifest, ci(declared))).body).to.deep.include({ due: [], undelivered: [] });
      clock.advance(31 * DAY);
      const plan = await api.put(manifest, ci(declared), { query: 'dry_run=true' });
      expect(plan.body).to.deep.include({ due: [token], undelivered: [] });
      const rotated = await api.put(manifest, ci({ ...declared, secret_hash: ownSecret().secret_hash }));
      expect(rotated.body.summary).to.include({ rotated: 1 });
      expect(rotated.body).to.deep.include({ due: [token], undelivered: [token] });
    });

    it('waits for the confirmation that a secret was delivered, and an unconfirmed one is due', async () => {
      const { api } = bench();
      const token = `${organization}/accounts/ci/tokens/deploy`;
      const first = ownSecret();
      await api.put(manifest, ci({ secret_hash: first.secret_hash, overlap: '1d' }));
      const { body } = await api.get(token);
      const before = String(body.rotated_at);
      expectProblem(
        await api.post(`${token}/delivered`, { rotated_at: '2001-01-01T00:00:00Z' }),
        409,
        'rotation-conflict',
      );
      expectProblem(await api.post(`${token}/delivered`, {}), 422, 'invalid');
      expectOutcome(await api.post(`${token}/delivered`, { rotated_at: before }), 200, 'updated');
      expectOutcome(await api.post(`${token}/delivered`, { rotated_at: before }), 200, 'unchanged');
      const plan = await api.put(manifest, ci({ overlap: '1d' }), { query: 'dry_run=true' });
      expect(plan.body).to.deep.include({ due: [], undelivered: [] });

      // A secret that was lost before anybody had it takes nothing from the one that all use.
      clock.advance(1000);
      const lost = ownSecret();
      await api.put(manifest, ci({ secret_hash: lost.secret_hash, overlap: '1d' }));
      clock.advance(1000);
      const third = ownSecret();
      const done = await api.put(manifest, ci({ secret_hash: third.secret_hash, overlap: '1d' }));
      expect(done.body).to.deep.include({ due: [token], undelivered: [token] });
      const asked = `organization=${organization.split('/')[1]}`;
      const answers = [first, lost, third].map(({ secret }) => api.authorize(secret, asked));
      expect(await Promise.all(answers)).to.deep.equal([200, 401, 200]);
    });

    it('is answered again for the same Idempotency-Key, but for secrets that no longer work', async () => {
      const { api } = bench();
      const tree = { accounts: { ci: { tokens: { one: {}, two: {} } } } };
      const headers = { 'Idempotency-Key': uniqueName() };
      const first = await api.put(manifest, tree, { headers });
      const again = await api.put(manifest, tree, { headers });
      expect(again.headers['idempotency-replayed']).to.equal('true');
      expect(again.text).to.equal(first.text);
      await api.delete(`${organization}/accounts/ci/tokens/one`, { headers: { 'Accredit-Manager': 'manifest/shop' } });
      const half = changesOf((await api.put(manifest, tree, { headers })).body);
      expect(half.map(({ secret }) => secret !== undefined)).to.deep.equal([false, false, true]);
      await api.delete(`${organization}/accounts/ci/tokens/two`, { headers: { 'Accredit-Manager': 'manifest/shop' } });
      expectProblem(await api.put(manifest, tree, { headers }), 409, 'superseded');
      expectProblem(await api.put(manifest, {}, { headers }), 422, 'idempotency-key-reused');
    });

    it('hands on nothing that whoever applies it does not hold', async () => {
      const { api } = bench();
      await api.put(`${organization}/roles/keeper`, {
        permissions: ['manifests.*', 'roles.*', 'accounts.*', 'tokens.*'],
      });
      const secret = await bench().credential(organization, 'keeper');
      const keeper = api.as(secret);
      const wide = { roles: { wide: { permissions: ['builds.read'] } } };
      const problem = expectProblem(await keeper.put(manifest, wide), 403, 'forbidden');
      expect(pointersOf(problem)).to.deep.equal(['/roles/wide']);
      expectProblem(await keeper.put(manifest, ci({}, { grants: [{ role: 'owner' }] })), 403, 'forbidden');
      expectProblem(await keeper.put(manifest, { teams: { blue: {} } }), 403, 'forbidden');
      expectProblem(await api.get(manifest), 404, 'not-found');
      expectOutcome(await keeper.put(manifest, ci({})), 201, 'created');
    });

    it('locks nobody out: the rules about owners look at what all of it comes to', async () => {
      const { api } = bench();
      const secret = await bench().credential(organization, 'owner');
      const [holder] = (await api.all(`${organization}/accounts`)).map(({ name }) => String(name));
      const own = { accounts: { [holder as string]: { grants: [{ role: 'owner' }], disabled: true } } };
      const adopt = { headers: { 'Accredit-Adopt': 'true' } };
      expectProblem(await api.as(secret).put(manifest, own, adopt), 409, 'own-credential');
      expectProblem(await api.get(manifest), 404, 'not-found');
    });
  },
  clock,
);
