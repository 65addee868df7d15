import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import { createServer as createSecureServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { expect } from 'chai';
import { createCertificate } from '../../terraform-provider/plugin/certificate.ts';
import { triggersHash } from '../../terraform-provider/rpc/mapping.ts';
import { UNKNOWN, type ValueRecord } from '../../terraform-provider/values/value.ts';
import { mintToken } from '../../terraform-provider-spec/token.ts';
import { ACCOUNT, Bench, ORGANIZATION, placed, refusal, summaries, TOKEN, values } from './rpc-bench.ts';

describe('In front of what is there the provider', function () {
  this.timeout(60_000);
  let bench: Bench;

  before(async () => {
    bench = await Bench.start();
  });
  after(() => bench?.stop());
  beforeEach(() => bench.reset());

  describe('creates over what exists', () => {
    it('never what another manages: the plan warns, the apply refuses and shows how to import', async () => {
      const address = `organizations/default/accounts/${bench.account}`;
      await bench.daemon.request.put(`/v1/${address}`).set('Accredit-Manager', 'manifest/x').send({}).expect(201);
      const config = { name: bench.account };
      const plan = await bench.core.plan(ACCOUNT, undefined, config);
      expect(summaries(plan.warnings)).to.deep.equal([`${address} exists already`]);
      expect(plan.warnings[0]?.detail).to.include('managed by "manifest/x"');
      const { diagnostics, partial } = await refusal(bench.core.apply(ACCOUNT, undefined, config, plan));
      expect(diagnostics[0]).to.include({ summary: 'Managed by somebody else' });
      expect(diagnostics[0]?.detail).to.include(`terraform import accredit_service_account.NAME ${address}`);
      expect(partial?.value).to.equal(null);
    });

    it('what an interrupted apply of its own left behind, with a new secret', async () => {
      await bench.makeAccount();
      const left = await bench.daemon.request
        .put(`/v1/${bench.tokenAddress}`)
        .set({ 'Accredit-Manager': 'terraform', 'Accredit-Claim': 'of-the-killed-one' })
        .send({})
        .expect(201);
      const plan = await bench.core.plan(TOKEN, undefined, bench.tokenConfig());
      expect(plan.warnings[0]?.detail).to.include('Apply takes it over. A new secret is made');
      const made = await bench.core.apply(TOKEN, undefined, bench.tokenConfig(), plan);
      expect([await bench.opens(left.body.secret), await bench.opens(values(made).secret)]).to.deep.equal([
        false,
        true,
      ]);
    });
  });

  describe('reads', () => {
    it('what was deleted elsewhere as gone', async () => {
      const made = await bench.makeAccount();
      await bench.daemon.request
        .delete(`/v1/organizations/default/accounts/${bench.account}`)
        .set('Accredit-Manager', 'terraform')
        .expect(204);
      expect((await bench.read(ACCOUNT, made)).state.value).to.equal(null);
    });

    it('what was deleted in another organization as gone, with an owner of the installation', async () => {
      const name = `gone-${bench.count}`;
      const made = await bench.core.converge(ORGANIZATION, undefined, { name });
      await bench.daemon.request.delete(`/v1/organizations/${name}`).set('Accredit-Manager', 'terraform').expect(204);
      expect((await bench.read(ORGANIZATION, made)).state.value).to.equal(null);
    });

    it('nothing as gone with a token that is wrong, too weak or of another organization', async () => {
      const made = await bench.makeAccount();
      const org = `tenant-${bench.count}`;
      await bench.daemon.request.put(`/v1/organizations/${org}`).send({}).expect(201);
      const tokenOf = async (organization: string, role: string) => {
        const owner = `/v1/organizations/${organization}/accounts/${role}-${bench.count}`;
        await bench.daemon.request
          .put(owner)
          .send({ grants: [{ role }] })
          .expect(201);
        return (await bench.daemon.request.put(`${owner}/tokens/t`).send({}).expect(201)).body.secret as string;
      };
      const cases = [
        [mintToken('sa'), "The daemon does not accept the provider's token"],
        [await tokenOf('default', 'none'), "The provider's token does not allow this"],
        [
          await tokenOf(org, 'admin'),
          `The provider's token cannot see organizations/default/accounts/${bench.account}`,
        ],
      ];
      for (const [token, summary] of cases) {
        await bench.configure({ token: token as string });
        const { state, diagnostics } = await bench.read(ACCOUNT, made);
        expect(summaries(diagnostics)).to.deep.equal([summary]);
        expect(state.value).to.deep.equal(made.value);
      }
      await bench.configure({ token: await tokenOf('default', 'admin') });
      const elsewhere = {
        value: { ...values(made), id: `organizations/${org}/accounts/nobody`, organization: org },
        private: made.private,
      };
      const { state, diagnostics } = await bench.read(ACCOUNT, elsewhere);
      expect(summaries(diagnostics)[0]).to.match(/^The provider's token cannot see/);
      expect(state.value).not.to.equal(null);
    });

    it('nothing as gone when something else answers, or nobody', async () => {
      const made = await bench.makeAccount();
      await bench.configure({ endpoint: `${bench.daemon.url}/elsewhere` });
      const wrongPath = await bench.read(ACCOUNT, made);
      expect(wrongPath.diagnostics).to.have.length(1);
      expect(wrongPath.state.value).to.deep.equal(made.value);
    });

    it('the status of an expired or revoked token, which is not gone', async () => {
      await bench.makeAccount();
      const made = await bench.core.converge(TOKEN, undefined, bench.tokenConfig());
      await bench.daemon.request.put(`/v1/${bench.tokenAddress}/revocation`).send({ reason: 'compromised' });
      const { state } = await bench.read(TOKEN, made);
      expect(values(state)).to.include({ status: 'revoked', secret: values(made).secret });
      expect((await bench.core.plan(TOKEN, state, bench.tokenConfig())).action).to.equal('no-op');
    });

    it('an emergency revocation with a warning, as the plan is empty, and a declared one without', async () => {
      await bench.makeAccount();
      const made = await bench.core.converge(TOKEN, undefined, bench.tokenConfig({ state: 'revoked' }));
      expect((await bench.read(TOKEN, made)).diagnostics).to.deep.equal([]);
      const active = await bench.core.converge(TOKEN, made, bench.tokenConfig());
      expect((await bench.read(TOKEN, active)).diagnostics).to.deep.equal([]);
      await bench.put(`${bench.tokenAddress}/revocation`, { reason: 'leaver' });
      const { state, diagnostics } = await bench.read(TOKEN, active);
      expect(placed(diagnostics)).to.deep.equal([`state: ${bench.tokenAddress} is revoked as leaver`]);
      expect(diagnostics[0]?.detail)
        .to.include('nothing to plan')
        .and.include(`DELETE /v1/${bench.tokenAddress}/revocation`)
        .and.include('tokens.restore');
      expect((await bench.core.plan(TOKEN, state, bench.tokenConfig())).action).to.equal('no-op');
      await bench.daemon.request.delete(`/v1/${bench.tokenAddress}/revocation`).expect(204);
      expect((await bench.read(TOKEN, state)).diagnostics).to.deep.equal([]);
    });

    it('a rotation by somebody else with a warning that stays until the secret is made anew', async () => {
      await bench.makeAccount();
      const config = bench.tokenConfig({ rotation_triggers: { v: '1' } });
      const made = await bench.core.converge(TOKEN, undefined, config);
      await bench.daemon.request
        .post(`/v1/${bench.tokenAddress}/rotation`)
        .set('Accredit-Manager', 'terraform')
        .send({})
        .expect(200);
      const first = await bench.read(TOKEN, made);
      const warnings = [`The secret of ${bench.tokenAddress} in the state is not the current one`];
      expect(summaries(first.diagnostics)).to.deep.equal(warnings);
      expect(values(first.state).secret).to.equal(values(made).secret);
      const again = await bench.read(TOKEN, first.state);
      expect(summaries(again.diagnostics)).to.deep.equal(warnings);
      expect((await bench.core.plan(TOKEN, again.state, config)).action).to.equal('no-op');
      const described = await bench.planAndApply(TOKEN, again.state, { ...config, description: 'x' });
      expect(summaries((await bench.read(TOKEN, described)).diagnostics)).to.deep.equal(warnings);
      const rotated = await bench.planAndApply(TOKEN, described, { ...config, rotation_triggers: { v: '2' } });
      expect((await bench.read(TOKEN, rotated)).diagnostics).to.deep.equal([]);
      expect(await bench.opens(values(rotated).secret)).to.equal(true);
    });
  });

  describe('asks the daemon before a change', () => {
    it('what a rotation would cut off', async () => {
      await bench.makeAccount();
      const config = bench.tokenConfig({ rotation_triggers: { v: '1' } });
      const made = await bench.core.converge(TOKEN, undefined, config);
      const plan = await bench.core.plan(TOKEN, made, { ...config, rotation_triggers: { v: '2' } });
      expect(summaries(plan.warnings)).to.deep.equal([`The update of ${bench.tokenAddress} cuts something off`]);
      expect(plan.warnings[0]?.detail).to.include(
        `${bench.tokenAddress}: the secret, never used, stops working at once`,
      );
      expect(await bench.opens(values(made).secret)).to.equal(true);
    });

    it('whether it would be refused, and says so at the attribute', async () => {
      await bench.makeAccount();
      const made = await bench.core.converge(TOKEN, undefined, bench.tokenConfig());
      const plan = await bench.core.plan(TOKEN, made, bench.tokenConfig({ expires_at: '2001-01-01T00:00:00Z' }));
      expect(plan.warnings[0]?.attribute?.steps).to.have.nested.property('[0].attribute_name', 'expires_at');
      const { diagnostics, partial } = await refusal(
        bench.core.apply(TOKEN, made, bench.tokenConfig({ expires_at: '2001-01-01T00:00:00Z' }), plan),
      );
      expect(diagnostics[0]?.attribute?.steps).to.have.nested.property('[0].attribute_name', 'expires_at');
      expect(partial?.value).to.deep.equal(made.value);
    });
  });

  describe('looks up', () => {
    it('a token with its last use and without its secret', async () => {
      await bench.makeAccount();
      const made = await bench.core.converge(TOKEN, undefined, bench.tokenConfig({ rotation_triggers: { v: '1' } }));
      await bench.opens(values(made).secret);
      await bench.daemon.maintain();
      const found = (await bench.core.readData(TOKEN, bench.tokenConfig())) as ValueRecord;
      expect(found).to.include({
        id: bench.tokenAddress,
        status: 'active',
        revision: 1,
        rotation: triggersHash({ v: '1' }),
      });
      expect(found.last_used_at).to.be.a('string');
      expect(JSON.stringify(found)).not.to.include(String(values(made).secret));
    });

    it('a token with the last use of its previous secret as well, while that works', async () => {
      await bench.makeAccount();
      const config = bench.tokenConfig({ overlap: '1h', rotation_triggers: { v: '1' } });
      const made = await bench.core.converge(TOKEN, undefined, config);
      await bench.opens(values(made).secret);
      const rotated = await bench.core.converge(TOKEN, made, { ...config, rotation_triggers: { v: '2' } });
      await bench.daemon.maintain();
      const lookUp = async () => (await bench.core.readData(TOKEN, bench.tokenConfig())) as ValueRecord;
      const unused = await lookUp();
      expect(unused).to.include({ usage: 'used', last_used_at: null, last_used_ip: null });
      expect(unused.previous_last_used_at).to.be.a('string');
      expect(unused.previous_last_used_ip).to.equal('127.0.0.1');
      await bench.opens(values(rotated).secret);
      await bench.daemon.maintain();
      const used = await lookUp();
      expect(used).to.include({ usage: 'used', last_used_ip: '127.0.0.1' });
      expect(used.previous_last_used_at).to.equal(unused.previous_last_used_at);
      expect(String(used.last_used_at) >= String(used.previous_last_used_at)).to.equal(true);
    });

    it('a built-in role and an organization', async () => {
      const role = (await bench.core.readData('accredit_role', { name: 'viewer' })) as ValueRecord;
      expect(role).to.deep.include({ id: 'organizations/default/roles/viewer', permissions: ['*.read'] });
      const organization = (await bench.core.readData(ORGANIZATION, { name: 'default' })) as ValueRecord;
      expect(organization.id).to.equal('organizations/default');
    });

    it('nothing that does not exist', async () => {
      const { diagnostics } = await refusal(bench.core.readData(ACCOUNT, { name: 'nobody' }));
      expect(diagnostics[0]).to.include({ summary: 'No such service account' });
    });
  });

  it('creates nothing in what is not there, and names that', async () => {
    const missing: [string, ValueRecord, string, string][] = [
      [TOKEN, { account: 'nobody', name: 'x' }, 'account: No such service account', 'accounts/nobody,'],
      [ACCOUNT, { organization: 'none', name: 'x' }, 'organization: No such organization', 'organizations/none,'],
      [ACCOUNT, { name: 'x' }, 'organization: No such organization', 'organizations/none,'],
    ];
    for (const [type, config, at, named] of missing) {
      await bench.configure({ organization: type === TOKEN ? 'default' : 'none' });
      const { diagnostics, partial } = await refusal(bench.planAndApply(type, undefined, config));
      expect(placed(diagnostics)).to.deep.equal([at]);
      expect(diagnostics[0]?.detail).to.include(`${named} or the provider's token may not see it`);
      expect(partial?.value).to.equal(null);
    }
  });

  it('takes no 404 of an endpoint that names a wrong path for the absence of anything', async () => {
    const made = await bench.makeAccount();
    await bench.configure({ endpoint: `${bench.proxy.url}/accredit` });
    const config = { name: bench.account };
    const read = await bench.read(ACCOUNT, made);
    expect(read.state.value).to.deep.equal(made.value);
    const said = [
      read.diagnostics,
      (await refusal(bench.planAndApply(ACCOUNT, undefined, { name: 'another' }))).diagnostics,
      (await refusal(bench.core.readData(ACCOUNT, config))).diagnostics,
      (await refusal(bench.core.readData('accredit_service_accounts', {}))).diagnostics,
    ];
    for (const diagnostics of said) {
      expect(summaries(diagnostics)).to.deep.equal(['That was not an answer of the daemon']);
      expect(diagnostics[0]?.detail).to.include(`nothing of Accredit is at ${bench.proxy.url}/accredit`);
    }
  });

  it('plans with values that are not known yet', async () => {
    const plan = await bench.core.plan(TOKEN, undefined, { account: UNKNOWN, name: 'deploy', labels: UNKNOWN });
    expect(plan.planned).to.include({ id: UNKNOWN, account: UNKNOWN, labels: UNKNOWN, state: 'active' });
  });

  it('says what to do where TLS fails, and doubts nothing that was never sent', async () => {
    const secured = createSecureServer(createCertificateOptions(), (_request, response) => response.end());
    const plain = createServer((_request, response) => response.end());
    try {
      for (const [server, hint] of [
        [secured, 'set ca_certificate_file to the certificate'],
        [plain, 'an endpoint that begins with http://'],
      ] as const) {
        await bench.configure({ endpoint: `https://localhost:${await portOf(server)}` });
        const config = { name: 'another' };
        const plan = await bench.core.plan(ACCOUNT, undefined, config);
        expect(plan.warnings[0]?.detail).to.include(hint);
        const { diagnostics } = await refusal(bench.core.apply(ACCOUNT, undefined, config, plan));
        expect(diagnostics[0]?.detail).to.include(hint).and.to.not.include('is not known');
      }
    } finally {
      secured.close();
      plain.close();
    }
  });

  it('gives up on a daemon that is down, and leaves the state as it is', async () => {
    const made = await bench.makeAccount();
    await bench.configure({ endpoint: 'http://127.0.0.1:1' });
    const [{ state, diagnostics }, plan] = await Promise.all([
      bench.read(ACCOUNT, made),
      bench.core.plan(ACCOUNT, undefined, { name: 'another' }),
    ]);
    expect(summaries(diagnostics)).to.deep.equal(['The daemon cannot be reached']);
    expect(diagnostics[0]?.detail).to.include('http://127.0.0.1:1').and.include('ACCREDIT_ENDPOINT');
    expect(state.value).to.deep.equal(made.value);
    expect(summaries(plan.warnings)).to.deep.equal(['The daemon cannot be reached']);
  });
});

function createCertificateOptions() {
  const { certificate, key } = createCertificate();
  return { cert: certificate, key };
}

async function portOf(server: Server): Promise<number> {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return (server.address() as AddressInfo).port;
}
