import { expect } from 'chai';
import { UNKNOWN, type ValueRecord } from '../../terraform-provider/values/value.ts';
import { PROVIDER_SETTINGS } from '../../terraform-provider-spec/derive/provider-settings.ts';
import type { ResourceState } from './core/terraform-core.ts';
import { ACCOUNT, Bench, refusal, summaries, TOKEN, values } from './rpc-bench.ts';

/** Every choice of settings that the provider block may not know yet. */
const CHOICES = PROVIDER_SETTINGS.reduce<string[][]>(
  (choices, { name }) => choices.flatMap((one) => [one, [...one, name]]),
  [[]],
);
/** Without these there is nobody to ask. */
const NEEDED = ['endpoint', 'token', 'manager', 'ca_certificate_file'];

describe('While its own configuration is not known, or in part, the provider', function () {
  this.timeout(60_000);
  let bench: Bench;

  before(async () => {
    bench = await Bench.start();
  });
  after(() => bench?.stop());
  beforeEach(() => bench.reset());

  const unknown = (names: readonly string[]): ValueRecord => Object.fromEntries(names.map((name) => [name, UNKNOWN]));
  const action = (prior: ResourceState | undefined) => (prior === undefined ? 'create' : 'update');

  it('plans what the apply, which knows all of it, then does', async () => {
    await bench.makeAccount();
    for (const [index, names] of CHOICES.entries()) {
      const name = `t-${index}`;
      let state: ResourceState | undefined;
      for (const description of ['first', 'second']) {
        const config = { account: bench.account, name, description };
        await bench.configure(unknown(names));
        const read = state && (await bench.core.refresh(TOKEN, state));
        const plan = await bench.core.plan(TOKEN, read, config);
        expect(plan.action, names.join()).to.equal(action(state));
        await bench.configure();
        state = await bench.core.apply(TOKEN, read, config, plan);
      }
      const [read, config] = [state as ResourceState, { account: bench.account, name, description: 'second' }];
      await bench.configure(unknown(names));
      expect(
        (await bench.core.plan(TOKEN, await bench.core.refresh(TOKEN, read), config)).action,
        names.join(),
      ).to.equal('no-op');
      expect((await bench.core.plan(TOKEN, read, null)).action).to.equal('delete');
    }
  });

  it('keeps in the state what it cannot read', async () => {
    const made = await bench.makeAccount();
    for (const name of NEEDED) {
      await bench.configure(unknown([name]));
      const read = await bench.core.refresh(ACCOUNT, made);
      expect(values(read), name).to.deep.equal(values(made));
    }
  });

  it('says of a data source that it cannot be read yet, and of an apply that it cannot be made', async () => {
    await bench.makeAccount();
    const config = { name: bench.account, description: 'new' };
    for (const name of NEEDED) {
      await bench.configure(unknown([name]));
      const { diagnostics } = await refusal(bench.core.readData(ACCOUNT, { name: bench.account }));
      expect(summaries(diagnostics), name).to.deep.equal(['The data source cannot be read yet']);
      const plan = await bench.core.plan(ACCOUNT, undefined, config);
      const refused = await refusal(bench.core.apply(ACCOUNT, undefined, config, plan));
      expect(summaries(refused.diagnostics), name).to.deep.equal(['The provider is not configured']);
    }
  });
});
