/** The name under which a configuration owns what it declares, when it is given another one. */
import { expect } from 'chai';
import type { ValueRecord } from '../../terraform-provider/values/value.ts';
import { ACCOUNT, Bench, refusal, summaries, TOKEN, values } from './rpc-bench.ts';

describe('Under another name the provider', function () {
  this.timeout(60_000);
  let bench: Bench;

  before(async () => {
    bench = await Bench.start();
  });
  after(() => bench?.stop());
  beforeEach(() => bench.reset());

  const config = (): ValueRecord => ({ name: bench.account });
  const ownerOf = async (address: string) =>
    (await bench.daemon.request.get(`/v1/${address}`).expect(200)).body.managed_by;

  it('plans to own what it wrote under the former one, and nothing else of it changes', async () => {
    let state = await bench.makeAccount();
    for (const [before, after] of [
      ['terraform', 'terraform/shop'],
      ['terraform/shop', 'terraform/store'],
      ['terraform/store', 'terraform'],
    ] as const) {
      await bench.configure({ manager: after });
      const read = await bench.core.refresh(ACCOUNT, state);
      const plan = await bench.core.plan(ACCOUNT, read, config());
      expect([plan.action, summaries(plan.warnings)]).to.deep.equal(['update', []]);
      const [planned, prior] = [plan.planned as ValueRecord, values(read)];
      const differing = Object.keys(planned).filter((name) => planned[name] !== prior[name]);
      expect(differing).to.include('managed_by').and.not.include.members(['identifier', 'uid']);
      expect([prior.managed_by, planned.managed_by]).to.deep.equal([before, after]);
      state = await bench.core.converge(ACCOUNT, read, config());
      expect(await ownerOf(bench.accountAddress)).to.equal(after);
      await bench.configure({ manager: after });
      expect((await bench.core.plan(ACCOUNT, await bench.core.refresh(ACCOUNT, state), config())).action).to.equal(
        'no-op',
      );
    }
  });

  it('does so for what it had imported under that name, changed or not', async () => {
    await bench.configure({ manager: 'terraform/shop' });
    for (const owner of ['terraform/shop', 'somebody']) {
      await bench.put(bench.accountAddress, {}, { 'Accredit-Manager': owner, 'Accredit-Adopt': 'true' });
      const imported = await bench.core.importResource(ACCOUNT, bench.accountAddress);
      await bench.configure({ manager: 'terraform/shop' });
      const adopted = await bench.core.converge(ACCOUNT, imported, config());
      await bench.configure({ manager: 'terraform/store' });
      const renamed = await bench.core.converge(ACCOUNT, adopted, config());
      expect(values(renamed).managed_by).to.equal('terraform/store');
      await bench.configure({ manager: 'terraform/shop' });
    }
  });

  it('keeps the secret of a token that it takes along, replaces it on demand, and destroys it', async () => {
    await bench.makeAccount();
    const token = bench.tokenConfig();
    let state = await bench.core.converge(TOKEN, undefined, token);
    const { secret } = values(state);
    await bench.configure({ manager: 'a' });
    state = await bench.core.converge(TOKEN, state, token);
    expect(values(state).secret).to.equal(secret);
    expect(await bench.opens(secret)).to.equal(true);
    await bench.configure({ manager: 'b' });
    const prior = await bench.core.refresh(TOKEN, state);
    const plan = await bench.core.plan(TOKEN, prior, token, { replace: true });
    state = await bench.core.apply(TOKEN, prior, token, plan);
    expect(await ownerOf(bench.tokenAddress)).to.equal('b');
    expect(await bench.opens(values(state).secret)).to.equal(true);
    await bench.configure({ manager: 'd' });
    await bench.planAndApply(TOKEN, await bench.core.refresh(TOKEN, state), null);
    await bench.daemon.request.get(`/v1/${bench.tokenAddress}`).expect(404);
  });

  it('creates no replacement beside what it has not taken along yet, and says what to do', async () => {
    await bench.makeAccount();
    const token = bench.tokenConfig();
    const state = await bench.core.converge(TOKEN, undefined, token);
    await bench.configure({ manager: 'a' });
    const prior = await bench.core.refresh(TOKEN, state);
    const first = { createBeforeDestroy: true };
    const plan = await bench.core.plan(TOKEN, prior, token, { replace: true });
    const { diagnostics } = await refusal(bench.core.apply(TOKEN, prior, token, plan, first));
    expect(diagnostics[0]?.detail).to.include('apply once without replacing it first');
    expect(await bench.opens(values(state).secret)).to.equal(true);
    const taken = await bench.core.refresh(TOKEN, await bench.core.converge(TOKEN, prior, token));
    const again = await bench.core.plan(TOKEN, taken, token, { replace: true });
    const next = await bench.core.apply(TOKEN, taken, token, again, first);
    await bench.core.destroyDeposed(TOKEN, taken);
    expect(await bench.opens(values(next).secret)).to.equal(true);
    expect(await ownerOf(bench.tokenAddress)).to.equal('a');
  });

  it('takes nothing back that somebody else has taken over, whatever it is called then', async () => {
    for (const former of ['terraform', 'a']) {
      await bench.reset();
      await bench.configure({ manager: former });
      const made = await bench.core.converge(ACCOUNT, undefined, config());
      await bench.put(bench.accountAddress, {}, { 'Accredit-Manager': 'manifest/x', 'Accredit-Adopt': 'true' });
      for (const manager of [former, 'b']) {
        await bench.configure({ manager });
        // An apply of something else stores what a refresh has found.
        const read = await bench.core.refresh(ACCOUNT, await bench.core.refresh(ACCOUNT, made));
        expect((await bench.core.plan(ACCOUNT, read, config())).action).to.equal('no-op');
        const changed = { ...config(), description: 'x' };
        const { diagnostics } = await refusal(bench.planAndApply(ACCOUNT, read, changed));
        expect(summaries(diagnostics)).to.deep.equal(['Managed by somebody else']);
      }
      expect(await ownerOf(bench.accountAddress)).to.equal('manifest/x');
    }
  });
});
