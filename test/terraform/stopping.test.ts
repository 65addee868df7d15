/** Terraform that is stopped while the daemon does not answer: it ends at once, and so does the provider. */
import { expect } from 'chai';
import { uniqueName } from '../contract/bench.ts';
import type { Workspace } from '../support/terraform.ts';
import { ACCOUNT, accountAndToken, addressesOf, TOKEN, useTerraform } from './bench.ts';
import { HangingProxy } from './hanging.ts';
import { providersEnd, providersOf } from './providers.ts';

/** The provider itself would wait for fifteen seconds, and then try again. */
const AT_ONCE = 5_000;

describe('Terraform that is stopped while the daemon hangs', () => {
  const bench = useTerraform();
  const proxies: HangingProxy[] = [];

  afterEach(async () => {
    for (const proxy of proxies.splice(0)) await proxy.close();
  });

  async function opening() {
    const proxy = await HangingProxy.start(bench().daemon.url);
    proxies.push(proxy);
    const name = uniqueName('ci');
    const terraform = await bench().workspace(accountAndToken(name), { endpoint: proxy.url });
    return { proxy, name, terraform, token: addressesOf(name).token };
  }

  /** The state as it is, whatever it was interrupted in, converges with the next apply. */
  async function expectConverges(terraform: Workspace): Promise<void> {
    terraform.setEnvironment({ ACCREDIT_ENDPOINT: bench().daemon.url });
    await terraform.apply();
    await terraform.assertConverged();
    expect(await bench().authorize((await terraform.values(TOKEN)).secret)).to.equal(200);
  }

  it('by Ctrl-C in an apply, gives up what is under way, says so, and keeps what was made before', async () => {
    const { proxy, terraform, token } = await opening();
    const stuck = proxy.stuckAt('PUT', `/v1/${token}`);
    const running = terraform.start(['apply', '-auto-approve', '-no-color']);
    await stuck;
    const pressed = performance.now();
    running.signal('SIGINT', 'group');
    const { exitCode, output } = await running.ended;
    console.log(`      terraform ended ${(performance.now() - pressed).toFixed(0)} ms after Ctrl-C`);
    expect(performance.now() - pressed).to.be.lessThan(AT_ONCE);
    expect(exitCode, output).to.equal(1);
    expect(output.replace(/\s+/g, ' ')).to.include('Error: Interrupted').and.include(`about to create ${token}`);
    expect((await terraform.resources()).map(({ address }) => address)).to.deep.equal([ACCOUNT]);
    await providersEnd(terraform, AT_ONCE);
    await expectConverges(terraform);
  });

  it('by Ctrl-C in a plan, gives up what is under way, and leaves the state as it was', async () => {
    const { proxy, terraform, token } = await opening();
    await terraform.apply();
    const state = await terraform.rawState();
    const stuck = proxy.stuckAt('GET', `/v1/${token}`);
    const running = terraform.start(['plan', '-no-color']);
    await stuck;
    const pressed = performance.now();
    running.signal('SIGINT', 'group');
    expect((await running.ended).exitCode).to.equal(1);
    expect(performance.now() - pressed).to.be.lessThan(AT_ONCE);
    await providersEnd(terraform, AT_ONCE);
    expect(await terraform.rawState()).to.equal(state);
  });

  it('by SIGKILL, leaves no provider behind', async () => {
    const { proxy, terraform, token } = await opening();
    const stuck = proxy.stuckAt('PUT', `/v1/${token}`);
    const running = terraform.start(['apply', '-auto-approve', '-no-color']);
    await stuck;
    expect(providersOf(terraform)).to.not.be.empty;
    const killed = performance.now();
    running.signal('SIGKILL', 'terraform');
    await running.ended;
    await providersEnd(terraform, AT_ONCE);
    console.log(`      the provider was gone ${(performance.now() - killed).toFixed(0)} ms after Terraform was killed`);
    await expectConverges(terraform);
  });
});
