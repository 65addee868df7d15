/** What a rotation on a schedule leaves behind where its apply was cut off, and what a plan of it does not. */
import { expect } from 'chai';
import { decodePrivate } from '../../terraform-provider/rpc/private-state.ts';
import type { ValueRecord } from '../../terraform-provider/values/value.ts';
import { fakeClock } from '../support/daemon.ts';
import { Bench, summaries, TOKEN, values } from './rpc-bench.ts';
import { DAY, EVERY, HOUR, madeBefore, rotatedByHand, storedToken } from './schedule-bench.ts';

describe('Of a rotation on a schedule the provider', function () {
  this.timeout(60_000);
  const clock = fakeClock();
  let bench: Bench;

  before(async () => {
    bench = await Bench.start(clock);
  });
  after(() => bench?.stop());
  beforeEach(() => bench.reset());

  const made = (given: ValueRecord, days: number) => madeBefore(bench, clock, given, days);
  const stored = () => storedToken(bench);
  const rotateByHand = () => rotatedByHand(bench);
  /** The newest of the audit log. */
  const records = async () =>
    (await bench.daemon.request.get('/v1/organizations/default/audit-events?limit=5').expect(200)).body.items;

  describe('loses no secret', () => {
    it('when the answer to the rotation is lost', async () => {
      const { config, state } = await made(EVERY, 30);
      bench.proxy.loseNextAnswer('POST');
      const plan = await bench.core.plan(TOKEN, await bench.core.refresh(TOKEN, state), config);
      bench.proxy.loseNextAnswer('POST');
      const next = await bench.core.apply(TOKEN, await bench.core.refresh(TOKEN, state), config, plan);
      expect(await bench.opens(values(next).secret)).to.equal(true);
      expect((await stored()).revision).to.equal(2);
    });

    it('when the state of an apply was never stored: the next refresh finds it, and nothing is left to do', async () => {
      const { config, state } = await made(EVERY, 30);
      const due = await bench.core.refresh(TOKEN, state);
      const lost = await bench.planAndApply(TOKEN, due, config);
      clock.advance(HOUR);
      const { state: found, diagnostics } = await bench.read(TOKEN, state);
      expect(summaries(diagnostics)).to.deep.equal([]);
      expect(values(found).secret).to.equal(values(lost).secret);
      expect((await bench.core.plan(TOKEN, found, config)).action).to.equal('no-op');
      expect((await stored()).revision).to.equal(2);
    });

    it('of what was imported and never had one in the state, with the same provider token and no other', async () => {
      const { config } = await made({}, 0);
      const adopting = { 'Accredit-Manager': 'somebody', 'Accredit-Adopt': 'true' };
      await bench.put(bench.tokenAddress, { rotate_every: '30d' }, adopting);
      clock.advance(30 * DAY);
      const scheduled = { ...config, rotate_every: '30d' };
      const imported = await bench.core.importResource(TOKEN, bench.tokenAddress);
      const lost = await bench.planAndApply(TOKEN, imported, scheduled);
      clock.advance(HOUR);
      const second = await bench.put('organizations/default/accounts/root/tokens/second', {});
      await bench.configure({ token: String(second.secret) });
      expect(values((await bench.read(TOKEN, imported)).state).secret, 'of the same account').to.equal(null);
      await bench.configure();
      const { state: found, diagnostics } = await bench.read(TOKEN, imported);
      expect(summaries(diagnostics)).to.deep.equal([]);
      expect(values(found).secret).to.be.a('string').and.to.equal(values(lost).secret);
      expect(await bench.opens(values(found).secret)).to.equal(true);
      expect((await bench.core.plan(TOKEN, found, scheduled)).action).to.equal('no-op');
    });

    it('and takes no secret of somebody else for its own', async () => {
      const { config, state } = await made(EVERY, 30);
      const other = await rotateByHand();
      clock.advance(DAY);
      const { state: found, diagnostics } = await bench.read(TOKEN, state);
      expect(summaries(diagnostics)).to.deep.equal([
        `The secret of ${bench.tokenAddress} in the state is not the current one`,
      ]);
      expect(values(found).secret).to.equal(values(state).secret);
      expect((await bench.core.plan(TOKEN, found, config)).action).to.equal('no-op');
      expect(await bench.opens(other.secret)).to.equal(true);
      expect((await stored()).revision).to.equal(2);
    });
  });

  describe('leaves no trace of a plan', () => {
    it('of somebody who may only read: what was rotated meanwhile, is due, changes, is to be replaced or destroyed', async () => {
      const { config, state } = await made(EVERY, 1);
      await rotateByHand();
      clock.advance(31 * DAY);
      await bench.configure({ token: await bench.callerWith({ grants: [{ role: 'viewer' }] }) });
      const before = await records();
      const due = await bench.core.refresh(TOKEN, state);
      expect(decodePrivate(due.private)).to.deep.equal({ stale: true, due: true });
      expect((await bench.core.plan(TOKEN, due, { ...config, description: 'x' })).action).to.equal('update');
      await bench.core.plan(TOKEN, due, config, { replace: true });
      await bench.core.plan(TOKEN, due, { ...config, profile: 'static' });
      await bench.core.plan(TOKEN, due, null);
      await bench.core.plan(TOKEN, undefined, { ...config, name: 'another' });
      expect(await records()).to.deep.equal(before);
    });
  });
});
