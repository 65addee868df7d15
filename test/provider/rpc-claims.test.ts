import { createHash } from 'node:crypto';
import { expect } from 'chai';
import { mintToken } from '../../terraform-provider-spec/token.ts';
import { ACCOUNT, Bench, refusal, summaries, TOKEN, values } from './rpc-bench.ts';

describe('Of several creations at one address the provider', function () {
  this.timeout(60_000);
  let bench: Bench;

  before(async () => {
    bench = await Bench.start();
  });
  after(() => bench?.stop());
  beforeEach(() => bench.reset());

  describe('destroys late', () => {
    it('only what the replaced instance made, also after a refresh has seen its successor', async () => {
      await bench.makeAccount();
      const old = await bench.core.converge(TOKEN, undefined, bench.tokenConfig({ overlap: '1h' }));
      const next = await bench.planAndApply(TOKEN, undefined, bench.tokenConfig({ overlap: '1h' }));
      const deposed = await bench.core.refresh(TOKEN, old);
      expect(values(deposed).claim).to.equal(values(old).claim);
      await bench.planAndApply(TOKEN, deposed, null);
      expect([await bench.opens(values(old).secret), await bench.opens(values(next).secret)]).to.deep.equal([
        false,
        true,
      ]);
      const converged = await bench.core.converge(TOKEN, next, bench.tokenConfig({ overlap: '1h' }));
      await bench.planAndApply(TOKEN, converged, null);
      await bench.daemon.request.get(`/v1/${bench.tokenAddress}`).expect(404);
    });

    it('only the account of the replaced instance, also after a refresh has seen its successor', async () => {
      const old = await bench.makeAccount();
      await bench.planAndApply(ACCOUNT, undefined, { name: bench.account });
      await bench.planAndApply(ACCOUNT, await bench.core.refresh(ACCOUNT, old), null);
      await bench.daemon.request.get(`/v1/${bench.accountAddress}`).expect(200);
    });

    it('only the secret of an imported instance that has no claim, and not its successor', async () => {
      await bench.makeAccount();
      const { body: made } = await bench.daemon.request
        .put(`/v1/${bench.tokenAddress}`)
        .set('Accredit-Manager', 'terraform')
        .send({ overlap: '1h' })
        .expect(201);
      const imported = await bench.core.importResource(TOKEN, bench.tokenAddress);
      const next = await bench.planAndApply(TOKEN, undefined, bench.tokenConfig({ overlap: '1h' }));
      await bench.planAndApply(TOKEN, imported, null);
      expect([await bench.opens(made.secret), await bench.opens(values(next).secret)]).to.deep.equal([false, true]);
    });

    it('nothing that somebody else made at the address, which the refresh says and a replacement takes over', async () => {
      await bench.makeAccount();
      const made = await bench.core.converge(TOKEN, undefined, bench.tokenConfig());
      const manager = { 'Accredit-Manager': 'terraform' };
      await bench.daemon.request.delete(`/v1/${bench.tokenAddress}`).set(manager).expect(204);
      const { body: foreign } = await bench.daemon.request
        .put(`/v1/${bench.tokenAddress}`)
        .set({ ...manager, 'Accredit-Claim': 'of-somebody-else' })
        .send({})
        .expect(201);
      const { state, diagnostics } = await bench.read(TOKEN, made);
      expect(values(state)).to.include({ uid: foreign.uid, claim: values(made).claim });
      expect(summaries(diagnostics)).to.include(`${bench.tokenAddress} was created anew by somebody else`);
      const described = await bench.core.converge(TOKEN, state, bench.tokenConfig({ description: 'new' }));
      expect(values(described).claim).to.equal(values(made).claim);
      await bench.planAndApply(TOKEN, described, null);
      expect(await bench.opens(foreign.secret)).to.equal(true);
      const plan = await bench.core.plan(TOKEN, described, bench.tokenConfig(), { replace: true });
      const replaced = await bench.core.apply(TOKEN, described, bench.tokenConfig(), plan);
      await bench.planAndApply(TOKEN, await bench.core.refresh(TOKEN, replaced), null);
      await bench.daemon.request.get(`/v1/${bench.tokenAddress}`).expect(404);
    });
  });

  describe('with a secret that the caller made', () => {
    const ownSecret = () => {
      const secret = mintToken('sa');
      const hash = `sha256:${createHash('sha256').update(secret).digest('hex')}`;
      return { secret, hash, config: bench.tokenConfig({ secret_hash_wo: hash, secret_hash_wo_version: '1' }) };
    };

    it('takes up a creation that was killed before its end', async () => {
      await bench.makeAccount();
      const { secret, hash, config } = ownSecret();
      await bench.daemon.request
        .put(`/v1/${bench.tokenAddress}`)
        .set({ 'Accredit-Manager': 'terraform', 'Accredit-Claim': 'of-the-killed-apply' })
        .send({ secret_hash: hash })
        .expect(201);
      const made = await bench.core.converge(TOKEN, undefined, { ...config, description: 'x' });
      expect(values(made)).to.include({ claim: 'of-the-killed-apply', description: 'x', secret: null });
      expect(await bench.opens(secret)).to.equal(true);
      await bench.configure();
      await bench.planAndApply(TOKEN, made, null);
      await bench.daemon.request.get(`/v1/${bench.tokenAddress}`).expect(404);
    });

    it('takes up no creation of another manager', async () => {
      await bench.makeAccount();
      const { hash, config } = ownSecret();
      await bench.daemon.request
        .put(`/v1/${bench.tokenAddress}`)
        .set({ 'Accredit-Manager': 'manifest/x', 'Accredit-Claim': 'of-another' })
        .send({ secret_hash: hash })
        .expect(201);
      const { diagnostics } = await refusal(bench.planAndApply(TOKEN, undefined, config));
      expect(summaries(diagnostics)).to.deep.equal(['Managed by somebody else']);
    });

    it('plans no replacement with the same secret, which is good once', async () => {
      await bench.makeAccount();
      const { secret, config } = ownSecret();
      const made = await bench.core.converge(TOKEN, undefined, config);
      const { diagnostics } = await refusal(bench.core.plan(TOKEN, made, config, { replace: true }));
      expect(diagnostics[0]).to.deep.include({ summary: 'A replacement needs another secret' });
      expect(diagnostics[0]?.attribute?.steps[0]?.attribute_name).to.equal('secret_hash_wo');
      expect(await bench.opens(secret)).to.equal(true);
      const other = ownSecret();
      const next = { ...other.config, secret_hash_wo_version: '2' };
      const plan = await bench.core.plan(TOKEN, made, next, { replace: true });
      await bench.core.apply(TOKEN, made, next, plan);
      expect([await bench.opens(secret), await bench.opens(other.secret)]).to.deep.equal([false, true]);
    });

    it('spares it when the secret of a replacement turns out to be the same only at the apply', async () => {
      await bench.makeAccount();
      const { secret, config } = ownSecret();
      const { planned } = await bench.core.plan(TOKEN, undefined, config);
      const old = await bench.core.converge(TOKEN, undefined, config);
      const next = await bench.createAsPlanned(TOKEN, config, planned);
      await bench.planAndApply(TOKEN, old, null);
      expect(await bench.opens(secret)).to.equal(true);
      await bench.configure();
      await bench.planAndApply(TOKEN, next, null);
      expect(await bench.opens(secret)).to.equal(false);
    });
  });
});
