import { expect } from 'chai';
import { UNKNOWN } from '../../terraform-provider/values/value.ts';
import { ACCOUNT, Bench, placed, refusal, summaries, TOKEN, values } from './rpc-bench.ts';

const TEAM = 'accredit_team';

describe('Before it destroys anything the provider', function () {
  this.timeout(60_000);
  let bench: Bench;

  before(async () => {
    bench = await Bench.start();
  });
  after(() => bench?.stop());
  beforeEach(() => bench.reset());

  const makeToken = async (given: object = {}) => {
    await bench.makeAccount();
    return bench.core.converge(TOKEN, undefined, bench.tokenConfig(given as Record<string, string>));
  };

  describe('asks the daemon what it would cut off', () => {
    it('for a deletion', async () => {
      const made = await makeToken();
      await bench.opens(values(made).secret);
      await bench.daemon.maintain();
      const { warnings } = await bench.core.plan(TOKEN, made, null);
      expect(summaries(warnings)).to.deep.equal([`The deletion of ${bench.tokenAddress} cuts something off`]);
      expect(warnings[0]?.detail).to.match(/: the secret, last used less than a minute ago, stops working at once\.$/);
      expect(await bench.opens(values(made).secret)).to.equal(true);
    });

    it('for a replacement, with the attribute that forces it and both its values', async () => {
      const made = await makeToken();
      const { warnings } = await bench.core.plan(TOKEN, made, bench.tokenConfig({ profile: 'revocable' }));
      expect(placed(warnings)).to.deep.equal([`profile: ${bench.tokenAddress} will be replaced`]);
      expect(warnings[0]?.detail?.split('\n')).to.deep.equal([
        'profile cannot change once the account token is made: it is "standard" and would be "revocable".',
        'The account token is destroyed and another one created, with another secret.',
        `${bench.tokenAddress}: the secret, never used, stops working at once.`,
      ]);
    });

    it('for a replacement by something that is not known yet', async () => {
      const made = await makeToken();
      const { warnings, action } = await bench.core.plan(TOKEN, made, { account: UNKNOWN, name: 'deploy' });
      expect(action).to.equal('replace');
      expect(placed(warnings)).to.deep.equal([`account: ${bench.tokenAddress} will be replaced`]);
      expect(warnings[0]?.detail).to.include(`it is "${bench.account}" and would be something that is not known yet.`);
    });

    it('for one that is tainted', async () => {
      const made = await makeToken();
      const tainted = { ...(await bench.core.refresh(TOKEN, made)), tainted: true } as const;
      const { warnings } = await bench.core.plan(TOKEN, tainted, bench.tokenConfig());
      expect(summaries(warnings)).to.deep.equal([`The replacement of ${bench.tokenAddress} cuts something off`]);
    });

    it('for an account with everything below it, where it may destroy that', async () => {
      await makeToken();
      const account = { name: bench.account, force_destroy: true };
      const made = await bench.core.converge(
        ACCOUNT,
        await bench.core.importResource(ACCOUNT, bench.accountAddress),
        account,
      );
      const { warnings } = await bench.core.plan(ACCOUNT, made, null);
      expect(summaries(warnings)).to.deep.equal([`The deletion of ${bench.accountAddress} cuts something off`]);
      expect(warnings[0]?.detail).to.include(bench.tokenAddress);
    });

    it('and tells nothing where nothing works any more, or what belongs to it can go first', async () => {
      const revoked = await makeToken({ state: 'revoked' });
      expect((await bench.core.plan(TOKEN, revoked, null)).warnings).to.deep.equal([]);
      await bench.core.converge(TOKEN, revoked, bench.tokenConfig());
      const account = await bench.core.importResource(ACCOUNT, bench.accountAddress);
      expect((await bench.core.plan(ACCOUNT, account, null)).warnings).to.deep.equal([]);
      const team = await bench.core.converge(TEAM, undefined, { name: `team-${bench.count}` });
      await bench.put(`organizations/default/accounts/in-${bench.count}`, { teams: [`team-${bench.count}`] });
      expect((await bench.core.plan(TEAM, team, null)).warnings).to.deep.equal([]);
    });
  });

  describe('says what the daemon will refuse, and not that it has', () => {
    it('of a replacement that would create before it destroys, where the profile allows a used token no other secret', async () => {
      const config = bench.tokenConfig({ profile: 'static' });
      const made = await bench.core.refresh(TOKEN, await makeToken({ profile: 'static' }));
      const tainted = { ...made, tainted: true } as const;
      const cuts = `: The replacement of ${bench.tokenAddress} cuts something off`;
      expect(placed((await bench.core.plan(TOKEN, tainted, config)).warnings), 'never used').to.deep.equal([cuts]);
      await bench.opens(values(made).secret);
      const plan = await bench.core.plan(TOKEN, tainted, config);
      expect(placed(plan.warnings)).to.deep.equal([
        cuts,
        `profile: Nothing can take over ${bench.tokenAddress} before it is destroyed`,
      ]);
      expect(plan.warnings[1]?.detail).to.include('create_before_destroy');
      const { diagnostics } = await refusal(
        bench.core.apply(TOKEN, tainted, config, plan, { createBeforeDestroy: true }),
      );
      expect(summaries(diagnostics)).to.deep.equal(['Its profile allows it no other secret']);
      expect(await bench.opens(values(made).secret), 'it is left alone').to.equal(true);
      const next = await bench.core.apply(TOKEN, tainted, config, plan);
      expect(await bench.opens(values(next).secret)).to.equal(true);
      await bench.reset();
      const standard = await bench.core.refresh(TOKEN, await makeToken());
      await bench.opens(values(standard).secret);
      const other = await bench.core.plan(TOKEN, { ...standard, tainted: true }, bench.tokenConfig());
      expect(summaries(other.warnings), 'under another profile').to.have.length(1);
    });

    it('of a deletion of what another manages', async () => {
      const made = await makeToken();
      await bench.put(bench.tokenAddress, {}, { 'Accredit-Manager': 'manifest/x', 'Accredit-Adopt': 'true' });
      const { warnings } = await bench.core.plan(TOKEN, made, null);
      expect(summaries(warnings)).to.deep.equal(['Managed by somebody else']);
      expect(warnings[0]?.detail).to.match(
        /^The apply will fail to delete organizations.*, unless something else in this plan/,
      );
      expect(await bench.opens(values(made).secret)).to.equal(true);
    });

    it("of a deletion of the provider's own token", async () => {
      const account = `self-${bench.count}`;
      await bench.put(`organizations/default/accounts/${account}`, { grants: [{ role: 'owner' }] });
      const config = { account, name: 'own' };
      const made = await bench.core.converge(TOKEN, undefined, config);
      await bench.configure({ token: values(made).secret as string });
      const { warnings } = await bench.core.plan(TOKEN, made, null);
      expect(summaries(warnings)).to.deep.equal(["It would end the provider's own token"]);
    });

    it('of an update, at its attribute', async () => {
      const made = await makeToken();
      const config = bench.tokenConfig({ expires_at: '2001-01-01T00:00:00Z' });
      const plan = await bench.core.plan(TOKEN, made, config);
      expect(placed(plan.warnings)).to.deep.equal(['expires_at: The daemon will refuse to update the account token']);
      expect(plan.warnings[0]?.detail).to.include('The apply will fail to update');
      const { diagnostics } = await refusal(bench.core.apply(TOKEN, made, config, plan));
      expect(placed(diagnostics)).to.deep.equal(['expires_at: The daemon refused to update the account token']);
      expect(diagnostics[0]?.detail).to.include('To update').and.not.include('will fail');
    });
  });

  it('asks nothing while it applies, when that is too late', async () => {
    const made = await makeToken();
    const deletions = () => bench.daemon.log.filter((line) => line.includes('"DELETE"')).length;
    const before = deletions();
    await bench.core.plan(TOKEN, made, null);
    expect(deletions() - before).to.equal(1);
    await bench.core.destroyDeposed(TOKEN, made);
    expect(deletions() - before, 'the deletion itself and nothing else').to.equal(2);
  });
});
