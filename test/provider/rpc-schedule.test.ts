import { expect } from 'chai';
import { decodePrivate } from '../../terraform-provider/rpc/private-state.ts';
import { UNKNOWN, type ValueRecord } from '../../terraform-provider/values/value.ts';
import { mintToken, tokenHash } from '../../terraform-provider-spec/token.ts';
import { fakeClock } from '../support/daemon.ts';
import type { ResourceState } from './core/terraform-core.ts';
import { Bench, placed, refusal, summaries, TOKEN, values } from './rpc-bench.ts';
import { DAY, EVERY, HOUR, madeBefore, rotatedByHand, storedToken } from './schedule-bench.ts';

describe('On a schedule the provider', function () {
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
  const working = (...secrets: unknown[]) => Promise.all(secrets.map((secret) => bench.opens(secret)));

  describe('rotates', () => {
    it('nothing before it is due, and once when it is: both secrets work for the overlap, then the new one', async () => {
      const { config, state } = await made(EVERY, 29);
      const early = await bench.core.refresh(TOKEN, state);
      expect((await bench.core.plan(TOKEN, early, config)).action).to.equal('no-op');
      clock.advance(DAY);
      const due = await bench.core.refresh(TOKEN, early);
      expect(due.value, 'a refresh that finds it due changes no attribute').to.deep.equal(early.value);
      const next = await bench.core.converge(TOKEN, due, config);
      expect(values(next).uid).to.equal(values(state).uid);
      expect(Date.parse(String(values(next).next_rotation_at))).to.equal(clock.now() + 30 * DAY);
      expect(await working(values(state).secret, values(next).secret)).to.deep.equal([true, true]);
      expect((await stored()).revision).to.equal(2);
      clock.advance(12 * HOUR);
      expect(await working(values(state).secret, values(next).secret)).to.deep.equal([false, true]);
      expect(next.private).to.have.length(0);
    });

    it('before its expiry, and an expired one as well: it works again', async () => {
      for (const days of [20, 31]) {
        await bench.reset();
        const { config, state } = await made({ expires_in: '30d', rotate_before_expiry: '10d' }, days);
        const next = await bench.core.converge(TOKEN, await bench.core.refresh(TOKEN, state), config);
        expect(values(next)).to.include({ status: 'active', uid: values(state).uid });
        expect(await working(values(state).secret, values(next).secret)).to.deep.equal([false, true]);
      }
    });

    it('together with other changes, which come first: the overlap is the new one', async () => {
      const { config, state } = await made(EVERY, 30);
      const due = await bench.core.refresh(TOKEN, state);
      const next = await bench.core.converge(TOKEN, due, { ...config, overlap: '2d', description: 'x' });
      expect(values(next)).to.deep.include({ description: 'x', overlap: '2d' });
      clock.advance(DAY);
      expect(await working(values(state).secret, values(next).secret)).to.deep.equal([true, true]);
    });

    it('once when the triggers change as well', async () => {
      const { config, state } = await made({ ...EVERY, rotation_triggers: { v: '1' } }, 30);
      const due = await bench.core.refresh(TOKEN, state);
      const next = await bench.core.converge(TOKEN, due, { ...config, rotation_triggers: { v: '2' } });
      expect((await stored()).revision).to.equal(2);
      expect(next.private, 'it knows of no rotation by somebody else').to.have.length(0);
      expect(await bench.opens(values(next).secret)).to.equal(true);
    });

    it('what was imported, which then has a secret in the state', async () => {
      const { config, state } = await made({}, 0);
      await bench.put(bench.tokenAddress, { rotate_every: '30d' }, { 'Accredit-Manager': 'terraform' });
      clock.advance(30 * DAY);
      const imported = await bench.core.importResource(TOKEN, bench.tokenAddress);
      const next = await bench.core.converge(TOKEN, imported, { ...config, rotate_every: '30d' });
      expect(await working(values(state).secret, values(next).secret)).to.deep.equal([false, true]);
    });
  });

  describe('plans', () => {
    it('what the rotation moves as unknown and nothing else, and says why, and what it cuts off', async () => {
      const { config, state } = await made(EVERY, 32);
      await bench.opens(values(state).secret);
      const due = await bench.core.refresh(TOKEN, state);
      const plan = await bench.core.plan(TOKEN, due, config);
      const unknown = Object.entries(plan.planned as ValueRecord).flatMap(([name, value]) =>
        value === UNKNOWN ? [name] : [],
      );
      expect(unknown.sort()).to.deep.equal([
        'next_rotation_at',
        'previous',
        'rotated_at',
        'secret',
        'status',
        'status_reason',
        'valid_until',
      ]);
      expect(placed(plan.warnings)).to.deep.equal([
        'rotate_every: Due for rotation',
        `: The update of ${bench.tokenAddress} cuts something off`,
      ]);
      expect(plan.warnings[0]?.detail).to.include(
        `${bench.tokenAddress} is due since ${values(state).next_rotation_at}, by rotate_every = "30d".`,
      );
      expect(plan.warnings[1]?.detail).to.match(/last used less than a minute ago, stops working at 2030-/);
      expect((await stored()).revision).to.equal(1);
    });

    it('nothing without a refresh that found it due', async () => {
      const { config, state } = await made(EVERY, 60);
      expect((await bench.core.plan(TOKEN, state, config)).action).to.equal('no-op');
    });

    it('the rotation without a refresh when an earlier one, that was applied alone, has found it due', async () => {
      const { config, state } = await made(EVERY, 30);
      const refreshed = await bench.core.refresh(TOKEN, state);
      expect(decodePrivate(refreshed.private)).to.deep.equal({ due: true });
      const next = await bench.planAndApply(TOKEN, refreshed, config);
      expect((await bench.core.plan(TOKEN, next, config)).action).to.equal('no-op');
      expect((await stored()).revision).to.equal(2);
    });

    it('no rotation of what it revokes, of what was revoked, or under a schedule that it changes', async () => {
      const { config, state } = await made(EVERY, 30);
      const due = await bench.core.refresh(TOKEN, state);
      const changes: ValueRecord[] = [{ state: 'revoked' }, { rotate_every: null }, { rotate_every: '90d' }];
      for (const given of changes) {
        const plan = await bench.core.plan(TOKEN, due, { ...config, ...given });
        expect((plan.planned as ValueRecord).secret).to.equal(values(state).secret);
        expect(summaries(plan.warnings)).not.to.include('Due for rotation');
      }
      await bench.daemon.request.put(`/v1/${bench.tokenAddress}/revocation`).send({ reason: 'leaver' });
      const revoked = await bench.core.refresh(TOKEN, due);
      expect((await bench.core.plan(TOKEN, revoked, config)).action).to.equal('no-op');
    });

    it('to declare a schedule that is due at once: that apply rotates nothing and says so, the next one rotates', async () => {
      const { config, state } = await made({}, 30);
      const scheduled = { ...config, rotate_every: '10d' };
      const plan = await bench.core.plan(TOKEN, await bench.core.refresh(TOKEN, state), scheduled);
      expect(placed(plan.warnings)).to.deep.equal(['rotate_every: Due for rotation once this is applied']);
      const declared = await bench.core.apply(TOKEN, state, scheduled, plan);
      expect(values(declared).secret).to.equal(values(state).secret);
      const next = await bench.core.converge(TOKEN, await bench.core.refresh(TOKEN, declared), scheduled);
      expect(await working(values(state).secret, values(next).secret)).to.deep.equal([false, true]);
    });

    it('a schedule that is not due yet with every value known that it does not move', async () => {
      const { config, state } = await made({}, 1);
      const plan = await bench.core.plan(TOKEN, state, { ...config, ...EVERY });
      expect(plan.planned).to.include({ secret: values(state).secret, rotated_at: values(state).rotated_at });
      expect(summaries(plan.warnings)).to.deep.equal([]);
    });
  });

  describe('applies a plan that was saved', () => {
    it('as it was made, however much later', async () => {
      const { config, state } = await made(EVERY, 30);
      const due = await bench.core.refresh(TOKEN, state);
      const plan = await bench.core.plan(TOKEN, due, config);
      clock.advance(HOUR);
      const next = await bench.core.apply(TOKEN, due, config, plan);
      expect(await working(values(next).secret)).to.deep.equal([true]);
    });

    it('without a rotation when it was made a moment before that was due', async () => {
      const { config, state } = await made(EVERY, 29);
      const early = await bench.core.refresh(TOKEN, state);
      const changed = { ...config, description: 'x' };
      const plan = await bench.core.plan(TOKEN, early, changed);
      clock.advance(2 * DAY);
      const next = await bench.core.apply(TOKEN, early, changed, plan);
      expect(values(next)).to.include({ description: 'x', secret: values(state).secret });
      expect((await stored()).rotation_due).to.equal(true);
    });

    it('without a second rotation when somebody else has rotated since, whose secret it does not have', async () => {
      const { config, state } = await made(EVERY, 30);
      const due = await bench.core.refresh(TOKEN, state);
      const { planned } = await bench.core.plan(TOKEN, due, config);
      clock.advance(HOUR);
      const other = await rotateByHand();
      const { state: next, diagnostics } = await bench.applyAsPlanned(TOKEN, due, config, planned);
      expect(summaries(diagnostics)).to.deep.equal(['Rotated by somebody else since the plan was made']);
      expect(values(next)).to.include({ secret: values(state).secret, rotated_at: other.rotated_at });
      expect((await stored()).revision).to.equal(2);
      expect(await bench.opens(other.secret)).to.equal(true);
      const { state: refreshed, diagnostics: still } = await bench.read(TOKEN, next);
      expect(summaries(still)).to.deep.equal([
        `The secret of ${bench.tokenAddress} in the state is not the current one`,
      ]);
      expect((await bench.core.plan(TOKEN, refreshed, config)).action).to.equal('no-op');
    });

    it('once, when several apply it from the same state: all of them get the one new secret', async () => {
      const { config, state } = await made(EVERY, 30);
      const due = await bench.core.refresh(TOKEN, state);
      const plan = await bench.core.plan(TOKEN, due, config);
      const all = await Promise.all([1, 2, 3].map(() => bench.core.apply(TOKEN, due, config, plan)));
      expect(new Set(all.map((each) => values(each).secret)).size).to.equal(1);
      expect(await bench.opens(values(all[0] as ResourceState).secret)).to.equal(true);
      expect((await stored()).revision).to.equal(2);
    });
  });

  describe('with a secret that is made elsewhere', () => {
    const ownSecret = (version: string) => {
      const secret = mintToken('sa');
      return {
        secret,
        given: { secret_hash_wo: `sha256:${tokenHash(secret)}`, secret_hash_wo_version: version },
      };
    };

    it('rotates nothing by itself, and says what to do; another version rotates, and no more is due', async () => {
      const [first, second] = [ownSecret('1'), ownSecret('2')];
      const { config, state } = await made({ ...EVERY, ...first.given }, 31);
      const due = await bench.core.refresh(TOKEN, state);
      const plan = await bench.core.plan(TOKEN, due, config);
      expect(plan.action).to.equal('no-op');
      expect(placed(plan.warnings)).to.deep.equal([
        'rotate_every: Due for rotation, by a secret that is made elsewhere',
      ]);
      expect(plan.warnings[0]?.detail)
        .to.include(`due since ${values(state).next_rotation_at}`)
        .and.to.include('give it by secret_hash_wo, and change secret_hash_wo_version');
      const renamed = await bench.core.plan(TOKEN, due, { ...config, description: 'x' });
      expect(summaries(renamed.warnings)).to.deep.equal(['Due for rotation, by a secret that is made elsewhere']);
      const changed = { ...config, ...second.given };
      expect(summaries((await bench.core.plan(TOKEN, due, changed)).warnings)).to.deep.equal([
        `The update of ${bench.tokenAddress} cuts something off`,
      ]);
      const next = await bench.core.converge(TOKEN, due, changed);
      expect(values(next).secret).to.equal(null);
      expect(await bench.opens(second.secret)).to.equal(true);
      expect((await stored()).revision).to.equal(2);
    });

    it('that is not known before the apply, plans what either outcome can keep', async () => {
      const { given } = ownSecret('1');
      const { config, state } = await made({ ...EVERY, ...given }, 31);
      const due = await bench.core.refresh(TOKEN, state);
      const unknown = { secret_hash_wo: UNKNOWN, secret_hash_wo_version: UNKNOWN };
      const plan = await bench.core.plan(TOKEN, due, { ...config, ...unknown });
      expect((plan.planned as ValueRecord).secret).to.equal(UNKNOWN);
      const same = await bench.core.apply(TOKEN, due, config, plan);
      expect(values(same)).to.include({ secret: null, rotated_at: values(state).rotated_at });
      const own = { secret_hash_wo: null, secret_hash_wo_version: null };
      const none = await bench.core.apply(TOKEN, due, { ...config, ...own }, plan);
      expect(await bench.opens(values(none).secret)).to.equal(true);
    });
  });

  describe('replaces a token that is due', () => {
    it('in either order with one working secret afterwards, and nothing more to do', async () => {
      for (const createBeforeDestroy of [false, true]) {
        await bench.reset();
        const { config, state } = await made(EVERY, 31);
        const due = await bench.core.refresh(TOKEN, state);
        const plan = await bench.core.plan(TOKEN, due, config, { replace: true });
        // Of a replacement on demand the provider learns only in a second plan, whose warnings nobody sees.
        expect(summaries(plan.warnings)[0]).to.equal('Due for rotation');
        const next = await bench.core.apply(TOKEN, due, config, plan, { createBeforeDestroy });
        if (createBeforeDestroy) await bench.core.destroyDeposed(TOKEN, due);
        expect(await working(values(state).secret, values(next).secret)).to.deep.equal([false, true]);
        const again = await bench.core.refresh(TOKEN, next);
        expect((await bench.core.plan(TOKEN, again, config)).action).to.equal('no-op');
        expect(again.private).to.have.length(0);
        expect((await stored()).previous).to.equal(null);
      }
    });
  });

  it('leaves a rotation that the daemon refuses for another apply, with the state as it was', async () => {
    const { config, state } = await made({ rotate_every: '30d', profile: 'standard' }, 30);
    const due = await bench.core.refresh(TOKEN, state);
    const plan = await bench.core.plan(TOKEN, due, config);
    await bench.configure({ token: await bench.callerWith({ grants: [{ role: 'viewer' }] }) });
    const { partial } = await refusal(bench.core.apply(TOKEN, due, config, plan));
    expect(partial).to.deep.equal(due);
    await bench.configure();
    const next = await bench.core.converge(TOKEN, due, config);
    expect(await bench.opens(values(next).secret)).to.equal(true);
  });
});
