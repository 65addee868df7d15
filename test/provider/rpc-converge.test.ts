import { createHash } from 'node:crypto';
import { expect } from 'chai';
import { mintToken } from '../../terraform-provider-spec/token.ts';
import { ACCOUNT, Bench, ORGANIZATION, refusal, summaries, TOKEN, values } from './rpc-bench.ts';

describe('Against a daemon the provider', function () {
  this.timeout(60_000);
  let bench: Bench;

  before(async () => {
    bench = await Bench.start();
  });
  after(() => bench?.stop());
  beforeEach(() => bench.reset());

  describe('converges', () => {
    it('an organization, with nothing left to plan after each step', async () => {
      const name = `acme-${bench.count}`;
      const made = await bench.core.converge(ORGANIZATION, undefined, { name });
      expect(values(made)).to.deep.include({
        id: `organizations/${name}`,
        labels: Object.create(null),
        managed_by: 'terraform',
      });
      const changed = await bench.core.converge(ORGANIZATION, made, {
        name,
        labels: { tier: 'gold' },
        settings: { domain: 'iam.example.com', purge_after: '90d' },
      });
      expect(values(changed).uid).to.equal(values(made).uid);
      await bench.core.converge(ORGANIZATION, changed, { name, settings: {} });
      await bench.planAndApply(ORGANIZATION, changed, null);
      await bench.daemon.request.get(`/v1/organizations/${name}`).expect(404);
    });

    it('an account, also when its sets come in another order', async () => {
      const made = await bench.makeAccount();
      expect(values(made).identifier).to.equal(`${bench.account}@default.accredit.internal`);
      const grants = [
        { role: 'viewer', scope: null },
        { role: 'none', scope: 'organization' },
      ];
      const changed = await bench.core.converge(ACCOUNT, made, {
        name: bench.account,
        grants,
        disabled: true,
        description: 'x',
      });
      const plan = await bench.core.plan(ACCOUNT, changed, {
        name: bench.account,
        grants: [...grants].reverse(),
        disabled: true,
        description: 'x',
      });
      expect(plan.action).to.equal('no-op');
    });

    it('a token whose secret works, and rotates it in place when the triggers change', async () => {
      await bench.makeAccount();
      const config = bench.tokenConfig({
        expires_in: '90d',
        rotation_triggers: { v: '1' },
        permissions: [],
        allowed_cidrs: null,
      });
      const first = await bench.core.converge(TOKEN, undefined, config);
      expect(await bench.opens(values(first).secret)).to.equal(true);
      const described = await bench.core.converge(TOKEN, first, { ...config, description: 'new' });
      expect(values(described)).to.include({ secret: values(first).secret, rotated_at: values(first).rotated_at });
      const second = await bench.core.converge(TOKEN, described, { ...config, rotation_triggers: { v: '2' } });
      expect(values(second).uid).to.equal(values(first).uid);
      expect(await bench.opens(values(first).secret)).to.equal(false);
      expect(await bench.opens(values(second).secret)).to.equal(true);
    });

    it('a token that is revoked and restored, with the same secret', async () => {
      await bench.makeAccount();
      const made = await bench.core.converge(TOKEN, undefined, bench.tokenConfig());
      const revoked = await bench.core.converge(TOKEN, made, bench.tokenConfig({ state: 'revoked' }));
      expect(values(revoked)).to.include({ status: 'revoked', secret: values(made).secret });
      expect(await bench.opens(values(made).secret)).to.equal(false);
      await bench.core.converge(TOKEN, revoked, bench.tokenConfig());
      expect(await bench.opens(values(made).secret)).to.equal(true);
    });

    it('a token whose secret the caller made, and which the state never holds', async () => {
      await bench.makeAccount();
      const [first, second] = [mintToken('sa'), mintToken('sa')];
      const hash = (token: string) => `sha256:${createHash('sha256').update(token).digest('hex')}`;
      const config = bench.tokenConfig({ secret_hash_wo: hash(first), secret_hash_wo_version: '1' });
      const made = await bench.core.converge(TOKEN, undefined, config);
      expect(values(made)).to.include({ secret: null, secret_hash_wo: null });
      expect(await bench.opens(first)).to.equal(true);
      const kept = await bench.core.converge(TOKEN, made, { ...config, secret_hash_wo: hash(second) });
      expect(await bench.opens(first)).to.equal(true);
      const rotated = await bench.core.converge(TOKEN, kept, {
        ...config,
        secret_hash_wo: hash(second),
        secret_hash_wo_version: '2',
      });
      expect(values(rotated).secret).to.equal(null);
      expect([await bench.opens(first), await bench.opens(second)]).to.deep.equal([false, true]);
    });

    it("in another organization than the provider's", async () => {
      const name = `other-${bench.count}`;
      await bench.core.converge(ORGANIZATION, undefined, { name });
      const made = await bench.core.converge(ACCOUNT, undefined, { name: bench.account, organization: name });
      expect(values(made).id).to.equal(`organizations/${name}/accounts/${bench.account}`);
      const plan = await bench.core.plan(ACCOUNT, made, { name: bench.account });
      expect(plan.action).to.equal('replace');
    });
  });

  describe('replaces', () => {
    it('a token on demand: one working secret, the new one, and no warning about what was there', async () => {
      await bench.makeAccount();
      const made = await bench.core.converge(TOKEN, undefined, bench.tokenConfig());
      const plan = await bench.core.plan(TOKEN, made, bench.tokenConfig(), { replace: true });
      expect(summaries(plan.warnings)).to.deep.equal([]);
      const next = await bench.core.apply(TOKEN, made, bench.tokenConfig(), plan);
      expect(values(next).uid).not.to.equal(values(made).uid);
      expect([await bench.opens(values(made).secret), await bench.opens(values(next).secret)]).to.deep.equal([
        false,
        true,
      ]);
    });

    it('a token that is created before the old one is destroyed', async () => {
      await bench.makeAccount();
      const old = await bench.core.converge(TOKEN, undefined, bench.tokenConfig({ overlap: '1h' }));
      const next = await bench.planAndApply(TOKEN, undefined, bench.tokenConfig({ overlap: '1h' }));
      expect([await bench.opens(values(old).secret), await bench.opens(values(next).secret)]).to.deep.equal([
        true,
        true,
      ]);
      await bench.planAndApply(TOKEN, old, null);
      expect([await bench.opens(values(old).secret), await bench.opens(values(next).secret)]).to.deep.equal([
        false,
        true,
      ]);
    });
  });

  describe('imports', () => {
    const body = { expires_in: '90d', rotation: 'made by hand', description: 'old' };
    const same = () => bench.tokenConfig({ expires_in: '90d', description: 'old' });

    for (const [former, manager] of [
      ['nobody', {}],
      ['another manager', { 'Accredit-Manager': 'manifest/x' }],
    ] as const) {
      it(`what ${former} manages, and adopts it with one change of nothing else`, async () => {
        await bench.makeAccount();
        const { body: made } = await bench.daemon.request
          .put(`/v1/${bench.tokenAddress}`)
          .set(manager)
          .send(body)
          .expect(201);
        const state = await bench.core.importResource(TOKEN, bench.tokenAddress);
        const plan = await bench.core.plan(TOKEN, state, same());
        expect([plan.action, summaries(plan.warnings)]).to.deep.equal(['update', []]);
        expect(plan.planned).to.include({ managed_by: 'terraform', rotated_at: made.rotated_at, secret: null });
        const adopted = await bench.core.converge(TOKEN, state, same());
        expect(values(adopted)).to.include({ managed_by: 'terraform', uid: made.uid, rotated_at: made.rotated_at });
        expect(adopted.private).to.have.length(0);
        expect(await bench.opens(made.secret)).to.equal(true);
        const next = await bench.planAndApply(TOKEN, undefined, same());
        await bench.planAndApply(TOKEN, adopted, null);
        expect(await bench.opens(values(next).secret)).to.equal(true);
      });
    }

    it('text in whatever Unicode form it was written, as Terraform has it', async () => {
      const [composed, decomposed] = ['caf\u00e9', 'cafe\u0301'];
      const body = { description: decomposed, labels: { place: decomposed } };
      await bench.put(bench.accountAddress, body, { 'Accredit-Manager': 'terraform' });
      const imported = await bench.core.importResource(ACCOUNT, bench.accountAddress);
      expect(values(imported).description).to.equal(composed);
      const config = { name: bench.account, description: composed, labels: { place: composed } };
      expect((await bench.core.plan(ACCOUNT, imported, config)).action).to.equal('no-op');
    });

    it('what it manages already, with an empty plan', async () => {
      const made = await bench.makeAccount();
      const state = await bench.core.importResource(ACCOUNT, bench.accountAddress);
      expect(values(state).claim).to.equal(values(made).claim);
      expect((await bench.core.plan(ACCOUNT, state, { name: bench.account })).action).to.equal('no-op');
    });

    it('what nobody manages, and adopts it together with a change', async () => {
      await bench.daemon.request.put(`/v1/${bench.accountAddress}`).send({}).expect(201);
      const state = await bench.core.importResource(ACCOUNT, bench.accountAddress);
      const changed = await bench.core.converge(ACCOUNT, state, { name: bench.account, description: 'mine' });
      expect(values(changed).managed_by).to.equal('terraform');
      expect(changed.private).to.have.length(0);
    });

    it('a token, and neither that nor giving it triggers rotates it', async () => {
      await bench.makeAccount();
      const { body: made } = await bench.daemon.request.put(`/v1/${bench.tokenAddress}`).send(body).expect(201);
      const state = await bench.core.importResource(TOKEN, bench.tokenAddress);
      expect(values(state)).to.include({ secret: null, rotated_at: made.rotated_at });
      const plan = await bench.core.plan(TOKEN, state, { ...same(), rotation_triggers: { v: '1' } });
      expect(plan.action).to.equal('update');
      expect(plan.planned).to.include({ secret: null, rotated_at: made.rotated_at, uid: made.uid });
      const triggered = await bench.core.converge(TOKEN, state, { ...same(), rotation_triggers: { v: '1' } });
      expect(await bench.opens(made.secret)).to.equal(true);
      const described = await bench.core.converge(TOKEN, triggered, {
        ...same(),
        description: 'new',
        rotation_triggers: { v: '1' },
      });
      expect(await bench.opens(made.secret)).to.equal(true);
      const rotated = await bench.core.converge(TOKEN, described, { ...same(), rotation_triggers: { v: '2' } });
      expect([await bench.opens(made.secret), await bench.opens(values(rotated).secret)]).to.deep.equal([false, true]);
    });

    it('what can be destroyed without having been changed', async () => {
      await bench.makeAccount();
      await bench.daemon.request
        .put(`/v1/${bench.tokenAddress}`)
        .set('Accredit-Manager', 'other')
        .send(body)
        .expect(201);
      const state = await bench.core.importResource(TOKEN, bench.tokenAddress);
      await bench.planAndApply(TOKEN, state, null);
      await bench.daemon.request.get(`/v1/${bench.tokenAddress}`).expect(404);
    });

    it('nothing that does not exist', async () => {
      const state = await bench.core.importResource(ACCOUNT, 'organizations/default/accounts/nobody');
      expect(state.value).to.equal(null);
    });
  });

  describe('changes', () => {
    it('nothing that was deleted since the plan was made', async () => {
      const made = await bench.makeAccount();
      const config = { name: bench.account, description: 'x' };
      const plan = await bench.core.plan(ACCOUNT, made, config);
      await bench.daemon.request
        .delete(`/v1/${values(made).id}`)
        .set('Accredit-Manager', 'terraform')
        .expect(204);
      const { diagnostics } = await refusal(bench.core.apply(ACCOUNT, made, config, plan));
      expect(summaries(diagnostics)).to.deep.equal(['Changed since the plan was made']);
      await bench.daemon.request.get(`/v1/${values(made).id}`).expect(404);
    });

    it('nothing of another manager', async () => {
      const made = await bench.makeAccount();
      await bench.daemon.request
        .put(`/v1/${values(made).id}`)
        .set({ 'Accredit-Manager': 'manifest/x', 'Accredit-Adopt': 'true' })
        .send({})
        .expect(200);
      const { state } = await bench.read(ACCOUNT, made);
      expect(values(state).managed_by).to.equal('manifest/x');
      const error = await refusal(bench.planAndApply(ACCOUNT, state, { name: bench.account, description: 'x' }));
      expect(summaries(error.diagnostics)).to.deep.equal(['Managed by somebody else']);
    });

    it('an account with a live token of somebody else only if it is told to', async () => {
      const made = await bench.makeAccount();
      await bench.daemon.request
        .put(`/v1/${bench.tokenAddress}`)
        .set('Accredit-Manager', 'terraform')
        .send({})
        .expect(201);
      const { diagnostics, partial } = await refusal(bench.planAndApply(ACCOUNT, made, null));
      expect(diagnostics[0]?.detail).to.include('force_destroy = true').and.to.include(bench.tokenAddress);
      expect(partial?.value).to.deep.equal(made.value);
      const forced = await bench.core.converge(ACCOUNT, made, { name: bench.account, force_destroy: true });
      await bench.planAndApply(ACCOUNT, forced, null);
      await bench.daemon.request.get(`/v1/${values(made).id}`).expect(404);
    });

    it('nothing when it destroys what is gone already', async () => {
      const made = await bench.makeAccount();
      await bench.planAndApply(ACCOUNT, made, null);
      await bench.planAndApply(ACCOUNT, made, null);
    });
  });

  describe('after all that', () => {
    it('has written no secret to its log', () => {
      const log = bench.core.process.stderr();
      expect(log).to.include('ApplyResourceChange');
      expect(bench.secrets.size).to.be.greaterThan(10);
      for (const secret of [...bench.secrets, bench.daemon.adminToken]) expect(log).not.to.include(secret);
    });
  });
});
