/** Trouble between Terraform and the daemon is an error, and costs neither state nor secret. */
import { expect } from 'chai';
import { uniqueName } from '../contract/bench.ts';
import type { Workspace } from '../support/terraform.ts';
import { ACCOUNT, accountAndToken, PATIENCE, TOKEN, useTerraform } from './bench.ts';

/** Nobody listens there. */
const DOWN = { ACCREDIT_ENDPOINT: 'http://127.0.0.1:9' };
const COMMANDS = [['plan'], ['apply', '-auto-approve'], ['destroy', '-auto-approve']];

describe('trouble between Terraform and the daemon', () => {
  const bench = useTerraform();
  let terraform: Workspace;
  let secret: unknown;
  let whileDown: Promise<unknown>;
  let fresh: Workspace;
  let applyWhileDown: Promise<string>;

  before(async function () {
    this.timeout(PATIENCE);
    terraform = await bench().workspace(accountAndToken(uniqueName('ci')));
    await terraform.apply();
    ({ secret } = await terraform.values(TOKEN));
    // The provider waits a while for a daemon that is down; the other tests go on meanwhile.
    const copies = await Promise.all(COMMANDS.map(() => terraform.copy()));
    fresh = await bench().workspace(accountAndToken(uniqueName('ci')));
    for (const workspace of [...copies, fresh]) workspace.setEnvironment(DOWN);
    whileDown = Promise.all(COMMANDS.map((command, index) => expectError(copies[index] as Workspace, command))).finally(
      () => Promise.all(copies.map((copy) => copy.dispose())),
    );
    applyWhileDown = fresh.diagnostic(['apply', '-auto-approve']);
    for (const running of [whileDown, applyWhileDown]) running.catch(() => undefined);
  });

  /** The command must fail with an error for people, and leave the state as it was. */
  async function expectError(workspace: Workspace, command: readonly string[]): Promise<void> {
    const state = await workspace.rawState();
    expect(state).to.include(String(secret));
    const text = await workspace.diagnostic(command);
    expect(text, command.join(' '))
      .to.include('Error:')
      .and.not.include('Plugin error')
      .and.not.include(bench().daemon.adminToken);
    expect(await workspace.rawState(), command.join(' ')).to.equal(state);
  }

  const TROUBLES: Record<string, () => Promise<Record<string, string>>> = {
    'a token that does not exist': async () => ({ ACCREDIT_TOKEN: `acr_sa_${'A'.repeat(46)}` }),
    'a text that is no token': async () => ({ ACCREDIT_TOKEN: 'nonsense' }),
    'a token of another organization': async () => ({ ACCREDIT_TOKEN: await foreignToken() }),
    'a token without permissions': async () => ({ ACCREDIT_TOKEN: await powerlessToken() }),
    'an endpoint that is something else': async () => ({ ACCREDIT_ENDPOINT: `${bench().daemon.url}/elsewhere` }),
  };

  for (const [trouble, variables] of Object.entries(TROUBLES)) {
    it(`${trouble} is an error in plan, apply and destroy, and leaves the state as it was`, async () => {
      const { daemon } = bench();
      terraform.setEnvironment(await variables());
      try {
        for (const command of COMMANDS) await expectError(terraform, command);
      } finally {
        terraform.setEnvironment({ ACCREDIT_ENDPOINT: daemon.url, ACCREDIT_TOKEN: daemon.adminToken });
      }
    });
  }

  it('a daemon that is down is an error in plan, apply and destroy, and leaves the state as it was', () => whileDown);

  it('passes without a trace: once it is over, there is nothing to do, and the secret works', async () => {
    await terraform.assertConverged();
    expect(await bench().authorize(secret)).to.equal(200);
  });

  it('an apply against a daemon that went down after the plan creates nothing and records nothing', async () => {
    expect(await applyWhileDown).to.include('Error:');
    expect(await fresh.resources()).to.be.empty;
    fresh.setEnvironment({ ACCREDIT_ENDPOINT: bench().daemon.url });
    await fresh.apply();
    await fresh.assertConverged();
    expect((await fresh.values(ACCOUNT)).uid).to.be.a('string');
  });

  it('a provider without endpoint or token says which setting is missing', async () => {
    const workspace = await bench().workspace(accountAndToken(uniqueName('ci')));
    workspace.setEnvironment({ ACCREDIT_TOKEN: '' });
    expect(await workspace.diagnostic(['plan'])).to.include('ACCREDIT_TOKEN');
  });

  async function foreignToken(): Promise<string> {
    const organization = `organizations/${uniqueName('foreign')}`;
    await bench().api.put(organization, {});
    return accountToken(organization, [{ role: 'owner' }]);
  }

  const powerlessToken = (): Promise<string> => accountToken('organizations/default', [{ role: 'none' }]);

  async function accountToken(organization: string, grants: { role: string }[]): Promise<string> {
    const { api } = bench();
    const account = `${organization}/accounts/${uniqueName('caller')}`;
    await api.put(account, { grants });
    return String((await api.put(`${account}/tokens/main`, {})).body.secret);
  }
});
