import { expect } from 'chai';
import { UNKNOWN, type ValueRecord } from '../../terraform-provider/values/value.ts';
import { RESOURCE_SCHEMAS } from '../../terraform-provider-spec/derive/terraform.ts';
import { ACCOUNT, Bench, ORGANIZATION, summaries, TOKEN, values } from './rpc-bench.ts';

describe('In an update the provider', function () {
  this.timeout(60_000);
  let bench: Bench;

  before(async () => {
    bench = await Bench.start();
  });
  after(() => bench?.stop());
  beforeEach(() => bench.reset());

  const unknown = (planned: unknown) =>
    Object.entries(planned as ValueRecord)
      .filter(([, value]) => value === UNKNOWN)
      .map(([name]) => name)
      .sort();

  for (const [type, { attributes, kind }] of RESOURCE_SCHEMAS) {
    if (kind.token?.selfService) continue;
    it(`of the text of ${type} knows everything`, async () => {
      if (kind.parent === 'service_account') await bench.makeAccount();
      if (kind.parent === 'app') await bench.put(`organizations/default/apps/app-${bench.count}`, {});
      const parents = { account: bench.account, app: `app-${bench.count}` };
      const names = attributes.flatMap(({ name, source, required }) =>
        source.from === 'name' && required ? [[name, parents[name as 'app'] ?? `n-${bench.count}`] as const] : [],
      );
      const config: ValueRecord = Object.fromEntries(names);
      if (kind.kind === 'role') config.permissions = ['builds.read'];
      const made = await bench.core.converge(type, undefined, config);
      const plan = await bench.core.plan(type, made, { ...config, description: 'new' });
      expect(plan.action).to.equal('update');
      expect(unknown(plan.planned)).to.deep.equal([]);
      await bench.core.apply(type, made, { ...config, description: 'new' }, plan);
    });
  }

  it('knows what a change of the expiry, or of the state, cannot move', async () => {
    await bench.makeAccount();
    const made = await bench.core.converge(TOKEN, undefined, bench.tokenConfig({ expires_in: '30d' }));
    const later = await bench.core.plan(TOKEN, made, bench.tokenConfig({ expires_in: '90d' }));
    const moved = ['next_rotation_at', 'previous', 'status', 'status_reason', 'valid_until'];
    expect(unknown(later.planned)).to.deep.equal(moved);
    const revoked = await bench.core.plan(TOKEN, made, bench.tokenConfig({ expires_in: '30d', state: 'revoked' }));
    expect(unknown(revoked.planned)).to.deep.equal(['status', 'status_reason']);
  });

  describe('answers as planned what others have moved since, and the next refresh shows it:', () => {
    it('the domain in the identifier of an account', async () => {
      const organization = `moving-${bench.count}`;
      await bench.core.converge(ORGANIZATION, undefined, { name: organization });
      const config = { organization, name: 'ci' };
      const made = await bench.core.converge(ACCOUNT, undefined, config);
      const changed = { ...config, description: 'new' };
      const plan = await bench.core.plan(ACCOUNT, made, changed);
      const adopt = { 'Accredit-Adopt': 'true' };
      await bench.put(`organizations/${organization}`, { settings: { domain: 'moved.example' } }, adopt);
      const applied = await bench.core.apply(ACCOUNT, made, changed, plan);
      expect(values(applied).identifier).to.equal(`ci@${organization}.accredit.internal`);
      const refreshed = await bench.core.refresh(ACCOUNT, applied);
      expect(values(refreshed).identifier).to.equal(`ci@${organization}.moved.example`);
      expect((await bench.core.plan(ACCOUNT, refreshed, changed)).action).to.equal('no-op');
    });

    it('a rotation by somebody else, with the warning that belongs to it', async () => {
      await bench.makeAccount();
      const made = await bench.core.converge(TOKEN, undefined, bench.tokenConfig());
      const changed = bench.tokenConfig({ description: 'new' });
      const plan = await bench.core.plan(TOKEN, made, changed);
      await bench.daemon.request
        .post(`/v1/${bench.tokenAddress}/rotation`)
        .set('Accredit-Manager', 'terraform')
        .send({})
        .expect(200);
      const applied = await bench.core.apply(TOKEN, made, changed, plan);
      expect(values(applied)).to.include({ rotated_at: values(made).rotated_at, description: 'new' });
      const { state, diagnostics } = await bench.read(TOKEN, applied);
      expect(summaries(diagnostics)).to.deep.equal([
        `The secret of ${bench.tokenAddress} in the state is not the current one`,
      ]);
      expect((await bench.core.plan(TOKEN, state, changed)).action).to.equal('no-op');
    });

    it('an emergency revocation', async () => {
      await bench.makeAccount();
      const made = await bench.core.converge(TOKEN, undefined, bench.tokenConfig());
      const changed = bench.tokenConfig({ description: 'new' });
      const plan = await bench.core.plan(TOKEN, made, changed);
      await bench.put(`${bench.tokenAddress}/revocation`, { reason: 'compromised' });
      const applied = await bench.core.apply(TOKEN, made, changed, plan);
      expect(values(await bench.core.refresh(TOKEN, applied)).status).to.equal('revoked');
    });
  });
});
