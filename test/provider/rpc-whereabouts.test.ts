import { expect } from 'chai';
import type { ValueRecord } from '../../terraform-provider/values/value.ts';
import type { ResourceState } from './core/terraform-core.ts';
import { ACCOUNT, Bench, refusal, summaries, TOKEN, values } from './rpc-bench.ts';

const APP = 'accredit_app';
const APP_TOKEN = 'accredit_app_token';
const DEFAULT = 'organizations/default';

describe('With a token that holds rights only at a scope the provider', function () {
  this.timeout(60_000);
  let bench: Bench;

  before(async () => {
    bench = await Bench.start();
    await bench.put(`${DEFAULT}/roles/app-keeper`, { permissions: ['apps.*', 'app-tokens.*', '~.*'] });
    await bench.put(`${DEFAULT}/roles/onlooker`, { permissions: ['accounts.read', 'tokens.read'] });
  });
  after(() => bench?.stop());
  beforeEach(() => bench.reset());

  /** An address in `default` with the number of the test in it. */
  const own = (path: string): string => `${DEFAULT}/${path}-${bench.count}`;
  const scope = (path: string): string => `${path}-${bench.count}`;

  /** The state of the resource stays, and the error says that the token cannot see it. */
  async function expectHidden(type: string, state: ResourceState): Promise<void> {
    const read = await bench.read(type, state);
    expect(summaries(read.diagnostics)).to.deep.equal([`The provider's token cannot see ${values(state).id}`]);
    expect(read.state.value).to.deep.equal(state.value);
  }

  async function expectGone(type: string, state: ResourceState, config: ValueRecord): Promise<void> {
    const read = await bench.read(type, state);
    expect(summaries(read.diagnostics)).to.deep.equal([]);
    expect(read.state.value).to.equal(null);
    const plan = await bench.core.plan(type, undefined, config);
    expect([plan.action, summaries(plan.warnings)]).to.deep.equal(['create', []]);
  }

  describe('of a team admin', () => {
    const config = () => ({ name: bench.account, scope: scope('teams/mobile') });
    let account: ResourceState;
    let token: ResourceState;
    let secret: string;

    beforeEach(async () => {
      await bench.put(own('teams/mobile'), {});
      secret = await bench.callerWith({ grants: [{ role: 'team-admin', scope: scope('teams/mobile') }] });
      await bench.configure({ token: secret });
      account = await bench.core.converge(ACCOUNT, undefined, config());
      token = await bench.core.converge(TOKEN, undefined, bench.tokenConfig());
    });

    it('takes an account of the own team that was deleted for gone, its token as well, and creates both anew', async () => {
      await bench.delete(bench.accountAddress);
      await expectGone(TOKEN, token, bench.tokenConfig());
      await expectGone(ACCOUNT, account, config());
      await bench.core.converge(ACCOUNT, undefined, config());
      const next = await bench.core.converge(TOKEN, undefined, bench.tokenConfig());
      const { body } = await bench.daemon.request.get(`/v1/${bench.tokenAddress}`).expect(200);
      expect(body.uid).to.equal(values(next).uid);
    });

    it('takes a token that was deleted for gone', async () => {
      await bench.delete(bench.tokenAddress);
      await expectGone(TOKEN, token, bench.tokenConfig());
    });

    it('takes an account whose name was given to one of another team for no account of its own, and drops nothing', async () => {
      await bench.delete(bench.accountAddress);
      await bench.put(bench.accountAddress, {});
      await bench.put(bench.tokenAddress, {});
      await expectHidden(ACCOUNT, account);
      await expectHidden(TOKEN, token);
    });

    it('takes nothing for gone once its own grant is at another team', async () => {
      await bench.put(own('teams/web'), {});
      const grants = [{ role: 'team-admin', scope: scope('teams/web') }];
      await bench.configure({ token: await bench.callerWith({ grants }) });
      await expectHidden(ACCOUNT, account);
      await expectHidden(TOKEN, token);
    });

    it('destroys what is gone already, and refuses to call destroyed what it cannot see', async () => {
      await bench.delete(bench.accountAddress);
      await bench.planAndApply(TOKEN, token, null);
      await bench.planAndApply(ACCOUNT, account, null);
      await bench.configure({ token: secret });
      await bench.put(bench.accountAddress, {});
      await bench.put(bench.tokenAddress, {});
      for (const [type, state] of [
        [TOKEN, token],
        [ACCOUNT, account],
      ] as const) {
        const { partial } = await refusal(bench.planAndApply(type, state, null));
        expect(partial?.value).to.deep.equal(state.value);
        await bench.daemon.request.get(`/v1/${values(state).id}`).expect(200);
      }
    });

    it('that only reads takes a deleted account and its token for gone', async () => {
      const grants = [{ role: 'onlooker', scope: scope('teams/mobile') }];
      await bench.configure({ token: await bench.callerWith({ grants }) });
      await bench.delete(bench.accountAddress);
      await expectGone(ACCOUNT, account, config());
      await expectGone(TOKEN, token, bench.tokenConfig());
    });
  });

  describe('of a project', () => {
    const config = () => ({ name: bench.account, scope: scope('projects/child') });

    beforeEach(async () => {
      await bench.put(own('projects/here'), {});
      await bench.put(own('projects/elsewhere'), {});
      await bench.put(own('projects/child'), { parent: `here-${bench.count}` });
    });

    for (const [reader, role, home] of [
      ['writes', 'team-admin', 'organization'],
      ['only reads, and lives in a project itself', 'onlooker', 'here'],
    ] as const) {
      it(`leaves an account in the state that was moved out of its sight with its project, when it ${reader}`, async () => {
        const account = await bench.core.converge(ACCOUNT, undefined, config());
        const secret = await bench.callerWith({
          scope: home === 'here' ? scope('projects/here') : home,
          grants: [{ role, scope: scope(home === 'here' ? 'projects/child' : 'projects/here') }],
        });
        await bench.configure({ token: secret });
        expect((await bench.read(ACCOUNT, account)).state.value).to.deep.equal(account.value);
        await bench.put(own('projects/child'), { parent: `elsewhere-${bench.count}` });
        await expectHidden(ACCOUNT, account);
        await bench.put(own('projects/child'), { parent: `here-${bench.count}` });
        expect((await bench.read(ACCOUNT, account)).state.value).to.deep.equal(account.value);
      });
    }

    it('takes an account below a project of its own for gone when it was deleted', async () => {
      const secret = await bench.callerWith({ grants: [{ role: 'team-admin', scope: scope('projects/here') }] });
      await bench.configure({ token: secret });
      const account = await bench.core.converge(ACCOUNT, undefined, config());
      await bench.delete(bench.accountAddress);
      await expectGone(ACCOUNT, account, config());
    });

    it('tells an app and its token that were moved out of sight from ones that were deleted', async () => {
      const app = `till-${bench.count}`;
      const given = { name: app, project: `here-${bench.count}` };
      const secret = await bench.callerWith({ grants: [{ role: 'app-keeper', scope: scope('projects/here') }] });
      await bench.configure({ token: secret });
      const made = await bench.core.converge(APP, undefined, given);
      const token = await bench.core.converge(APP_TOKEN, undefined, { app, name: 'ci' });
      const adopt = { 'Accredit-Adopt': 'true' };
      await bench.put(`${DEFAULT}/apps/${app}`, { project: `elsewhere-${bench.count}` }, adopt);
      await expectHidden(APP, made);
      await expectHidden(APP_TOKEN, token);
      await bench.delete(`${DEFAULT}/apps/${app}`);
      await expectGone(APP_TOKEN, token, { app, name: 'ci' });
      await expectGone(APP, made, given);
    });
  });

  it('that team isolation confines takes no app for gone that its teams no longer have', async () => {
    const organization = `isolated-${bench.count}`;
    const at = (path: string) => `organizations/${organization}/${path}`;
    await bench.put(`organizations/${organization}`, { settings: { team_isolation: true } });
    for (const team of ['a', 'b']) await bench.put(at(`teams/${team}`), {});
    const admin = { teams: ['a'], grants: [{ role: 'admin' }] };
    const secret = await bench.callerWith(admin, `organizations/${organization}`);
    await bench.configure({ token: secret, organization });
    const config = { name: 'till', teams: ['a'] };
    const made = await bench.core.converge(APP, undefined, config);
    const token = await bench.core.converge(APP_TOKEN, undefined, { app: 'till', name: 'ci' });
    await bench.put(at('apps/till'), { teams: ['b'] }, { 'Accredit-Adopt': 'true' });
    await expectHidden(APP, made);
    await expectHidden(APP_TOKEN, token);
    await bench.delete(at('apps/till'));
    await expectGone(APP, made, config);
    await expectGone(APP_TOKEN, token, { app: 'till', name: 'ci' });
  });
});
