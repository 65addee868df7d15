/** What happens behind Terraform's back is shown for what it is, and never empties the state by mistake. */
import { expect } from 'chai';
import { uniqueName } from '../contract/bench.ts';
import { fakeClock } from '../support/daemon.ts';
import { ACCOUNT, accountAndToken, addressesOf, expectReplaced, TOKEN, useTerraform } from './bench.ts';

const HOUR = 3_600_000;
const ADOPT = { headers: { 'Accredit-Adopt': 'true' } };

describe('drift in Terraform', () => {
  const clock = fakeClock();
  const bench = useTerraform(clock);

  it('a token deleted behind its back is created again, with another secret', async () => {
    const { api, workspace } = bench();
    const name = uniqueName('ci');
    const terraform = await workspace(accountAndToken(name));
    await terraform.apply();
    const before = await terraform.values(TOKEN);
    expect((await api.delete(addressesOf(name).token, ADOPT)).status).to.equal(204);
    expect((await terraform.planned()).map(({ address, actions }) => [address, ...actions])).to.deep.equal([
      [TOKEN, 'create'],
    ]);
    await terraform.apply();
    await expectReplaced(bench(), before.secret, (await terraform.values(TOKEN)).secret);
    await terraform.assertConverged();
  });

  it('an account deleted behind its back is created again together with its token', async () => {
    const { api, workspace } = bench();
    const name = uniqueName('ci');
    const terraform = await workspace(accountAndToken(name));
    await terraform.apply();
    const before = await terraform.values(TOKEN);
    expect((await api.delete(addressesOf(name).account, ADOPT)).status).to.equal(204);
    expect((await terraform.planned()).map(({ actions }) => actions)).to.deep.equal([['create'], ['create']]);
    await terraform.apply();
    await expectReplaced(bench(), before.secret, (await terraform.values(TOKEN)).secret);
    await terraform.assertConverged();
  });

  it('a token revoked behind its back is restored with the same secret, as declared', async () => {
    const { api, workspace, authorize } = bench();
    const name = uniqueName('ci');
    const terraform = await workspace(accountAndToken(name));
    await terraform.apply();
    const { secret } = await terraform.values(TOKEN);
    expect((await api.put(addressesOf(name).token, { state: 'revoked' }, ADOPT)).status).to.equal(200);
    expect(await authorize(secret)).to.equal(401);
    expect((await terraform.planned()).map(({ address, actions }) => [address, ...actions])).to.deep.equal([
      [TOKEN, 'update'],
    ]);
    await terraform.apply();
    expect(await authorize(secret)).to.equal(200);
    await terraform.assertConverged();
  });

  it('an account changed behind its back converges to what is declared', async () => {
    const { api, workspace, authorize } = bench();
    const name = uniqueName('ci');
    const terraform = await workspace(accountAndToken(name, { account: 'grants = [{ role = "viewer" }]' }));
    await terraform.apply();
    const { secret } = await terraform.values(TOKEN);
    await api.put(addressesOf(name).account, { disabled: true, grants: [{ role: 'admin' }] }, ADOPT);
    expect(await authorize(secret)).to.equal(401);
    await terraform.apply();
    await terraform.assertConverged();
    expect(await authorize(secret)).to.equal(200);
    expect((await api.get(addressesOf(name).account)).body.grants).to.deep.equal([
      { role: 'viewer', scope: 'organization' },
    ]);
  });

  it('a token revoked in an emergency shows as revoked, and no apply, taint or re-creation brings it back', async () => {
    const { api, workspace, authorize } = bench();
    const name = uniqueName('ci');
    const { token } = addressesOf(name);
    const terraform = await workspace(accountAndToken(name));
    await terraform.apply();
    const { secret } = await terraform.values(TOKEN);
    expect((await api.put(`${token}/revocation`, { reason: 'compromised' })).status).to.be.oneOf([200, 201]);
    await terraform.apply();
    expect(await terraform.values(TOKEN)).to.include({ status: 'revoked', state: 'active', secret });
    await terraform.assertConverged();
    expect(await authorize(secret)).to.equal(401);
    await terraform.taint(TOKEN);
    expect(await terraform.diagnostic(['apply', '-auto-approve'])).to.include('revoked');
    expect((await api.get(`${token}/revocation`)).body).to.include({ reason: 'compromised' });
    expect((await api.delete(`${token}/revocation`)).status).to.equal(204);
    await terraform.apply();
    await expectReplaced(bench(), secret, (await terraform.values(TOKEN)).secret);
    await terraform.assertConverged();
    await terraform.destroy();
  });

  it('an expired token is neither gone nor a difference, and is renewed in place', async () => {
    const { workspace, authorize } = bench();
    const name = uniqueName('ci');
    const terraform = await workspace(accountAndToken(name, { token: 'expires_in = "2h"' }));
    await terraform.apply();
    const before = await terraform.values(TOKEN);
    clock.advance(3 * HOUR);
    expect(await authorize(before.secret)).to.equal(401);
    await terraform.assertConverged();
    await terraform.apply();
    expect(await terraform.values(TOKEN)).to.include({ status: 'expired', uid: before.uid, secret: before.secret });
    await terraform.configure(accountAndToken(name, { token: 'expires_in = "48h"' }));
    expect((await terraform.planned()).map(({ actions }) => actions)).to.deep.equal([['update']]);
    await terraform.apply();
    expect(await terraform.values(TOKEN)).to.include({ status: 'active', uid: before.uid, secret: before.secret });
    expect(await authorize(before.secret)).to.equal(200);
    await terraform.assertConverged();
  });

  it('an expired token can be replaced and destroyed', async () => {
    const { api, workspace } = bench();
    const name = uniqueName('ci');
    const terraform = await workspace(accountAndToken(name, { token: 'expires_in = "2h"' }));
    await terraform.apply();
    const before = await terraform.values(TOKEN);
    clock.advance(3 * HOUR);
    await terraform.apply(`-replace=${TOKEN}`);
    await expectReplaced(bench(), before.secret, (await terraform.values(TOKEN)).secret);
    clock.advance(3 * HOUR);
    await terraform.destroy();
    expect((await api.get(addressesOf(name).account)).status).to.equal(404);
  });

  it('a token rotated behind its back is said to be so, and its new secret is not touched', async () => {
    const { api, workspace, authorize } = bench();
    const name = uniqueName('ci');
    const terraform = await workspace(accountAndToken(name));
    await terraform.apply();
    clock.advance(HOUR);
    const rotated = await api.post(`${addressesOf(name).token}/rotation`, {}, ADOPT);
    expect(rotated.status, rotated.text).to.equal(200);
    const { changes, output } = await terraform.hasChanges();
    expect(changes, output).to.equal(false);
    expect(output).to.include('not the current one');
    await terraform.apply();
    expect(await authorize(rotated.body.secret)).to.equal(200);
  });
});

describe('trouble between Terraform and the daemon', () => {
  const bench = useTerraform();

  const TROUBLES: Record<string, () => Promise<Record<string, string>>> = {
    'a token that does not exist': async () => ({ ACCREDIT_TOKEN: `acr_sa_${'A'.repeat(46)}` }),
    'a text that is no token': async () => ({ ACCREDIT_TOKEN: 'nonsense' }),
    'a token of another organization': async () => ({ ACCREDIT_TOKEN: await foreignToken() }),
    'a token without permissions': async () => ({ ACCREDIT_TOKEN: await powerlessToken() }),
    'a daemon that is down': async () => ({ ACCREDIT_ENDPOINT: 'http://127.0.0.1:9' }),
    'an endpoint that is something else': async () => ({ ACCREDIT_ENDPOINT: `${bench().daemon.url}/elsewhere` }),
  };

  for (const [trouble, variables] of Object.entries(TROUBLES)) {
    it(`${trouble} is an error in plan, apply and destroy, and leaves the state as it was`, async () => {
      const { daemon, workspace, authorize } = bench();
      const terraform = await workspace(accountAndToken(uniqueName('ci')));
      await terraform.apply();
      const { secret } = await terraform.values(TOKEN);
      const state = await terraform.rawState();
      terraform.setEnvironment(await variables());
      for (const command of [['plan'], ['apply', '-auto-approve'], ['destroy', '-auto-approve']]) {
        const text = await terraform.diagnostic(command);
        expect(text, command.join(' '))
          .to.include('Error:')
          .and.not.include('Plugin error')
          .and.not.include(daemon.adminToken);
        expect(await terraform.rawState(), command.join(' ')).to.equal(state);
      }
      terraform.setEnvironment({ ACCREDIT_ENDPOINT: daemon.url, ACCREDIT_TOKEN: daemon.adminToken });
      await terraform.assertConverged();
      expect(await authorize(secret)).to.equal(200);
    });
  }

  it('an apply against a daemon that went down after the plan creates nothing and records nothing', async () => {
    const { daemon, workspace } = bench();
    const name = uniqueName('ci');
    const terraform = await workspace(accountAndToken(name));
    terraform.setEnvironment({ ACCREDIT_ENDPOINT: 'http://127.0.0.1:9' });
    expect(await terraform.diagnostic(['apply', '-auto-approve'])).to.include('Error:');
    expect(await terraform.resources()).to.be.empty;
    terraform.setEnvironment({ ACCREDIT_ENDPOINT: daemon.url });
    await terraform.apply();
    await terraform.assertConverged();
    expect((await terraform.values(ACCOUNT)).uid).to.be.a('string');
  });

  it('a provider without endpoint or token says which setting is missing', async () => {
    const { workspace } = bench();
    const terraform = await workspace(accountAndToken(uniqueName('ci')));
    terraform.setEnvironment({ ACCREDIT_TOKEN: '' });
    expect(await terraform.diagnostic(['plan'])).to.include('ACCREDIT_TOKEN');
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
