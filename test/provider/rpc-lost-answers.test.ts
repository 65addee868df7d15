import { expect } from 'chai';
import { triggersHash } from '../../terraform-provider/rpc/mapping.ts';
import { Bench, TOKEN, values } from './rpc-bench.ts';

describe('The provider loses no secret', function () {
  this.timeout(60_000);
  let bench: Bench;

  before(async () => {
    bench = await Bench.start();
  });
  after(() => bench?.stop());
  beforeEach(() => bench.reset());

  it('when the answer to a creation is lost', async () => {
    await bench.makeAccount();
    bench.proxy.loseNextAnswer('PUT');
    const made = await bench.core.converge(TOKEN, undefined, bench.tokenConfig());
    expect(await bench.opens(values(made).secret)).to.equal(true);
    const { body } = await bench.daemon.request.get(`/v1/${bench.tokenAddress}`);
    expect(body).to.include({ revision: 1, claim: values(made).claim });
  });

  it('when the answer to a rotation is lost', async () => {
    await bench.makeAccount();
    const config = bench.tokenConfig({ rotation_triggers: { v: '1' } });
    const made = await bench.core.converge(TOKEN, undefined, config);
    bench.proxy.loseNextAnswer('PUT');
    const next = await bench.core.converge(TOKEN, made, { ...config, rotation_triggers: { v: '2' } });
    expect(await bench.opens(values(next).secret)).to.equal(true);
    expect((await bench.daemon.request.get(`/v1/${bench.tokenAddress}`)).body.revision).to.equal(2);
  });

  for (const { refreshes, how } of [
    { refreshes: true, how: 'and the state is refreshed' },
    { refreshes: false, how: 'and the state is used as it is' },
  ]) {
    it(`of either slot when an apply was killed after it had rotated, ${how}`, async () => {
      await bench.makeAccount();
      const config = bench.tokenConfig({ rotation_triggers: { v: '1' }, overlap: '1h' });
      const made = await bench.core.converge(TOKEN, undefined, config);
      const changed = { ...config, rotation_triggers: { v: '2' } };
      const lost = await bench.planAndApply(TOKEN, made, changed);
      const prior = refreshes ? await bench.core.refresh(TOKEN, made) : made;
      const next = await bench.core.converge(TOKEN, prior, changed);
      expect(values(next).secret).to.equal(values(lost).secret);
      expect([await bench.opens(values(made).secret), await bench.opens(values(next).secret)]).to.deep.equal([
        true,
        true,
      ]);
      expect(next.private).to.have.length(0);
    });
  }

  it('of a token that was imported, when the first apply that rotated it was killed', async () => {
    await bench.makeAccount();
    await bench.put(bench.tokenAddress, { overlap: '1h' });
    const config = bench.tokenConfig({ rotation_triggers: { v: '1' }, overlap: '1h' });
    const imported = await bench.core.importResource(TOKEN, bench.tokenAddress);
    const adopted = await bench.core.converge(TOKEN, imported, config);
    expect(values(adopted).secret).to.equal(null);
    const changed = { ...config, rotation_triggers: { v: '2' } };
    const lost = await bench.planAndApply(TOKEN, adopted, changed);
    for (const prior of [adopted, await bench.core.refresh(TOKEN, adopted)]) {
      const next = await bench.core.converge(TOKEN, prior, changed);
      expect(values(next).secret).to.be.a('string').and.to.equal(values(lost).secret);
    }
    expect(await bench.opens(values(lost).secret)).to.equal(true);
  });

  it('and blames nobody else for a rotation that an apply of its own may have made', async () => {
    await bench.makeAccount();
    const config = bench.tokenConfig({ rotation_triggers: { v: '1' } });
    const made = await bench.core.converge(TOKEN, undefined, config);
    await bench.planAndApply(TOKEN, made, { ...config, rotation_triggers: { v: '2' } });
    const { diagnostics } = await bench.read(TOKEN, made);
    expect(diagnostics[0]?.detail).to.include('by somebody else, or by an apply whose state was not stored');
  });

  it('when somebody else has rotated after an apply that was killed', async () => {
    await bench.makeAccount();
    const config = bench.tokenConfig({ rotation_triggers: { v: '1' }, overlap: '1h' });
    const made = await bench.core.converge(TOKEN, undefined, config);
    const changed = { ...config, rotation_triggers: { v: '2' } };
    const lost = await bench.planAndApply(TOKEN, made, changed);
    await bench.daemon.request
      .post(`/v1/${bench.tokenAddress}/rotation`)
      .set('Accredit-Manager', 'terraform')
      .send({})
      .expect(200);
    const next = await bench.core.converge(TOKEN, await bench.core.refresh(TOKEN, made), changed);
    expect(values(next).secret).to.not.equal(values(lost).secret);
    const { body } = await bench.daemon.request.get(`/v1/${bench.tokenAddress}`);
    expect(values(next).rotated_at, 'the current secret').to.equal(body.rotated_at);
  });

  it('when an apply was killed after the daemon had rotated', async () => {
    await bench.makeAccount();
    const config = bench.tokenConfig({ rotation_triggers: { v: '1' } });
    const made = await bench.core.converge(TOKEN, undefined, config);
    await bench.daemon.request
      .put(`/v1/${bench.tokenAddress}`)
      .set('Accredit-Manager', 'terraform')
      .send({ rotation: triggersHash({ v: '2' }) })
      .expect(200);
    const next = await bench.core.converge(TOKEN, made, { ...config, rotation_triggers: { v: '2' } });
    expect(await bench.opens(values(next).secret)).to.equal(true);
    expect(next.private).to.have.length(0);
  });
});
