import { createHash } from 'node:crypto';
import { fileURLToPath } from 'node:url';
import { expect } from 'chai';
import type { Diagnostic } from '../../terraform-provider/plugin/messages.ts';
import { triggersHash } from '../../terraform-provider/rpc/mapping.ts';
import {
  type CtyType,
  decodeDynamic,
  encodeDynamic,
  UNKNOWN,
  type ValueRecord,
} from '../../terraform-provider/values/value.ts';
import { objectType, RESOURCE_SCHEMAS, type TerraformSchema } from '../../terraform-provider-spec/derive/terraform.ts';
import { mintToken } from '../../terraform-provider-spec/token.ts';
import { startTestDaemon, type TestDaemon } from '../support/daemon.ts';
import { DiagnosticsError, type ResourceState, TerraformCore } from '../support/terraform-core.ts';
import { type LossyProxy, startProxy } from './rpc-proxy.ts';

const ORGANIZATION = 'accredit_organization';
const ACCOUNT = 'accredit_service_account';
const TOKEN = 'accredit_service_account_token';
const MAIN = fileURLToPath(new URL('../../terraform-provider/main.ts', import.meta.url));
const CAPABLE = { deferral_allowed: false, write_only_attributes_allowed: true };

function typeOf(type: string): CtyType {
  return objectType((RESOURCE_SCHEMAS.get(type) as TerraformSchema).attributes);
}

describe('Against a daemon the provider', function () {
  this.timeout(60_000);
  let daemon: TestDaemon;
  let proxy: LossyProxy;
  let core: TerraformCore;
  let account: string;
  let count = 0;

  before(async () => {
    daemon = await startTestDaemon();
    proxy = await startProxy(daemon.url);
    core = await TerraformCore.launch({
      command: [process.execPath, '--import', 'tsx', MAIN],
      env: { TF_LOG_PROVIDER: 'trace' },
    });
  });
  after(async () => {
    await core?.shutdown();
    await proxy?.close();
    await daemon?.close();
  });
  beforeEach(async () => {
    await configure();
    count += 1;
    account = `ci-${count}`;
  });

  async function configure(given: ValueRecord = {}): Promise<void> {
    await core.configure({ endpoint: proxy.url, token: daemon.adminToken, ...given });
  }

  const tokenAddress = () => `organizations/default/accounts/${account}/tokens/deploy`;
  const tokenConfig = (given: ValueRecord = {}): ValueRecord => ({ account, name: 'deploy', ...given });
  const makeAccount = () => core.converge(ACCOUNT, undefined, { name: account });

  function values(state: ResourceState): ValueRecord {
    return state.value as ValueRecord;
  }

  async function refusal(promise: Promise<unknown>): Promise<DiagnosticsError> {
    try {
      await promise;
    } catch (error) {
      if (error instanceof DiagnosticsError) return error;
      throw error;
    }
    throw new Error('it was not refused');
  }

  const secrets = new Set<string>();

  async function opens(secret: unknown): Promise<boolean> {
    secrets.add(String(secret));
    const { status } = await daemon.as(String(secret)).get('/v1/self');
    return status === 200;
  }

  /** ReadResource with its diagnostics, which a refresh leaves out where they are warnings. */
  async function read(type: string, state: ResourceState) {
    const answer = await core.call('ReadResource', {
      type_name: type,
      current_state: encodeDynamic(typeOf(type), state.value),
      private: state.private,
      client_capabilities: CAPABLE,
    });
    const value = decodeDynamic(typeOf(type), answer.new_state);
    return { state: { value, private: answer.private ?? new Uint8Array() }, diagnostics: answer.diagnostics ?? [] };
  }

  const summaries = (diagnostics: Diagnostic[]) => diagnostics.map(({ summary }) => summary);

  async function planAndApply(type: string, prior: ResourceState | undefined, config: ValueRecord | null) {
    return core.apply(type, prior, config, await core.plan(type, prior, config));
  }

  describe('converges', () => {
    it('an organization, with nothing left to plan after each step', async () => {
      const name = `acme-${count}`;
      const made = await core.converge(ORGANIZATION, undefined, { name });
      expect(values(made)).to.deep.include({
        id: `organizations/${name}`,
        labels: Object.create(null),
        managed_by: 'terraform',
      });
      const changed = await core.converge(ORGANIZATION, made, {
        name,
        labels: { tier: 'gold' },
        settings: { domain: 'iam.example.com', purge_after: '90d' },
      });
      expect(values(changed).uid).to.equal(values(made).uid);
      await core.converge(ORGANIZATION, changed, { name, settings: {} });
      await planAndApply(ORGANIZATION, changed, null);
      await daemon.request.get(`/v1/organizations/${name}`).expect(404);
    });

    it('an account, also when its sets come in another order', async () => {
      const made = await makeAccount();
      expect(values(made).identifier).to.equal(`${account}@default.accredit.internal`);
      const grants = [
        { role: 'viewer', scope: null },
        { role: 'none', scope: 'organization' },
      ];
      const changed = await core.converge(ACCOUNT, made, { name: account, grants, disabled: true, description: 'x' });
      const plan = await core.plan(ACCOUNT, changed, {
        name: account,
        grants: [...grants].reverse(),
        disabled: true,
        description: 'x',
      });
      expect(plan.action).to.equal('no-op');
    });

    it('a token whose secret works, and rotates it in place when the triggers change', async () => {
      await makeAccount();
      const config = tokenConfig({
        expires_in: '90d',
        rotation_triggers: { v: '1' },
        permissions: [],
        allowed_cidrs: null,
      });
      const first = await core.converge(TOKEN, undefined, config);
      expect(await opens(values(first).secret)).to.equal(true);
      const described = await core.converge(TOKEN, first, { ...config, description: 'new' });
      expect(values(described)).to.include({ secret: values(first).secret, rotated_at: values(first).rotated_at });
      const second = await core.converge(TOKEN, described, { ...config, rotation_triggers: { v: '2' } });
      expect(values(second).uid).to.equal(values(first).uid);
      expect(await opens(values(first).secret)).to.equal(false);
      expect(await opens(values(second).secret)).to.equal(true);
    });

    it('a token that is revoked and restored, with the same secret', async () => {
      await makeAccount();
      const made = await core.converge(TOKEN, undefined, tokenConfig());
      const revoked = await core.converge(TOKEN, made, tokenConfig({ state: 'revoked' }));
      expect(values(revoked)).to.include({ status: 'revoked', secret: values(made).secret });
      expect(await opens(values(made).secret)).to.equal(false);
      await core.converge(TOKEN, revoked, tokenConfig());
      expect(await opens(values(made).secret)).to.equal(true);
    });

    it('a token whose secret the caller made, and which the state never holds', async () => {
      await makeAccount();
      const [first, second] = [mintToken('sa'), mintToken('sa')];
      const hash = (token: string) => `sha256:${createHash('sha256').update(token).digest('hex')}`;
      const config = tokenConfig({ secret_hash_wo: hash(first), secret_hash_wo_version: '1' });
      const made = await core.converge(TOKEN, undefined, config);
      expect(values(made)).to.include({ secret: null, secret_hash_wo: null });
      expect(await opens(first)).to.equal(true);
      const kept = await core.converge(TOKEN, made, { ...config, secret_hash_wo: hash(second) });
      expect(await opens(first)).to.equal(true);
      const rotated = await core.converge(TOKEN, kept, {
        ...config,
        secret_hash_wo: hash(second),
        secret_hash_wo_version: '2',
      });
      expect(values(rotated).secret).to.equal(null);
      expect([await opens(first), await opens(second)]).to.deep.equal([false, true]);
    });

    it("in another organization than the provider's", async () => {
      const name = `other-${count}`;
      await core.converge(ORGANIZATION, undefined, { name });
      const made = await core.converge(ACCOUNT, undefined, { name: account, organization: name });
      expect(values(made).id).to.equal(`organizations/${name}/accounts/${account}`);
      const plan = await core.plan(ACCOUNT, made, { name: account });
      expect(plan.action).to.equal('replace');
    });
  });

  describe('replaces', () => {
    it('a tainted token: one working secret, the new one, and no warning about what was there', async () => {
      await makeAccount();
      const made = await core.converge(TOKEN, undefined, tokenConfig());
      const plan = await core.plan(TOKEN, made, tokenConfig(), { replace: true });
      expect(summaries(plan.warnings)).to.deep.equal([]);
      const next = await core.apply(TOKEN, made, tokenConfig(), plan);
      expect(values(next).uid).not.to.equal(values(made).uid);
      expect([await opens(values(made).secret), await opens(values(next).secret)]).to.deep.equal([false, true]);
    });

    it('a token that is created before the old one is destroyed', async () => {
      await makeAccount();
      const old = await core.converge(TOKEN, undefined, tokenConfig({ overlap: '1h' }));
      const next = await planAndApply(TOKEN, undefined, tokenConfig({ overlap: '1h' }));
      expect([await opens(values(old).secret), await opens(values(next).secret)]).to.deep.equal([true, true]);
      await planAndApply(TOKEN, old, null);
      expect([await opens(values(old).secret), await opens(values(next).secret)]).to.deep.equal([false, true]);
    });
  });

  describe('imports', () => {
    const body = { expires_in: '90d', rotation: 'made by hand', description: 'old' };
    const same = () => tokenConfig({ expires_in: '90d', description: 'old' });

    it('what nobody manages, with an empty plan, and adopts it with the first change', async () => {
      await daemon.request.put(`/v1/organizations/default/accounts/${account}`).send({}).expect(201);
      const state = await core.importResource(ACCOUNT, `organizations/default/accounts/${account}`);
      expect((await core.plan(ACCOUNT, state, { name: account })).action).to.equal('no-op');
      const changed = await core.converge(ACCOUNT, state, { name: account, description: 'mine' });
      expect(values(changed).managed_by).to.equal('terraform');
      expect(changed.private).to.have.length(0);
      await core.converge(ACCOUNT, changed, { name: account });
    });

    it('a token, and neither that nor giving it triggers rotates it', async () => {
      await makeAccount();
      const { body: made } = await daemon.request.put(`/v1/${tokenAddress()}`).send(body).expect(201);
      const state = await core.importResource(TOKEN, tokenAddress());
      expect(values(state)).to.include({ secret: null, rotated_at: made.rotated_at });
      expect((await core.plan(TOKEN, state, same())).action).to.equal('no-op');
      const plan = await core.plan(TOKEN, state, { ...same(), rotation_triggers: { v: '1' } });
      expect(plan.action).to.equal('update');
      expect(plan.planned).to.include({ secret: null, rotated_at: made.rotated_at, uid: made.uid });
      const triggered = await core.converge(TOKEN, state, { ...same(), rotation_triggers: { v: '1' } });
      expect(await opens(made.secret)).to.equal(true);
      const described = await core.converge(TOKEN, triggered, {
        ...same(),
        description: 'new',
        rotation_triggers: { v: '1' },
      });
      expect(await opens(made.secret)).to.equal(true);
      const rotated = await core.converge(TOKEN, described, { ...same(), rotation_triggers: { v: '2' } });
      expect([await opens(made.secret), await opens(values(rotated).secret)]).to.deep.equal([false, true]);
    });

    it('what can be destroyed without having been changed', async () => {
      await makeAccount();
      await daemon.request.put(`/v1/${tokenAddress()}`).set('Accredit-Manager', 'other').send(body).expect(201);
      const state = await core.importResource(TOKEN, tokenAddress());
      await planAndApply(TOKEN, state, null);
      await daemon.request.get(`/v1/${tokenAddress()}`).expect(404);
    });

    it('nothing that does not exist', async () => {
      const state = await core.importResource(ACCOUNT, 'organizations/default/accounts/nobody');
      expect(state.value).to.equal(null);
    });
  });

  describe('creates over what exists', () => {
    it('never what another manages: the plan warns, the apply refuses and shows how to import', async () => {
      const address = `organizations/default/accounts/${account}`;
      await daemon.request.put(`/v1/${address}`).set('Accredit-Manager', 'manifest/x').send({}).expect(201);
      const config = { name: account };
      const plan = await core.plan(ACCOUNT, undefined, config);
      expect(summaries(plan.warnings)).to.deep.equal([`${address} exists already`]);
      expect(plan.warnings[0]?.detail).to.include('managed by "manifest/x"');
      const { diagnostics, partial } = await refusal(core.apply(ACCOUNT, undefined, config, plan));
      expect(diagnostics[0]).to.include({ summary: 'Managed by somebody else' });
      expect(diagnostics[0]?.detail).to.include(`terraform import accredit_service_account.NAME ${address}`);
      expect(partial?.value).to.equal(null);
    });

    it('what an interrupted apply of its own left behind, with a new secret', async () => {
      await makeAccount();
      const left = await daemon.request
        .put(`/v1/${tokenAddress()}`)
        .set({ 'Accredit-Manager': 'terraform', 'Accredit-Claim': 'of-the-killed-one' })
        .send({})
        .expect(201);
      const plan = await core.plan(TOKEN, undefined, tokenConfig());
      expect(plan.warnings[0]?.detail).to.include('Apply takes it over. A new secret is made');
      const made = await core.apply(TOKEN, undefined, tokenConfig(), plan);
      expect([await opens(left.body.secret), await opens(values(made).secret)]).to.deep.equal([false, true]);
    });
  });

  describe('loses no secret', () => {
    it('when the answer to a creation is lost', async () => {
      await makeAccount();
      proxy.loseNextAnswer('PUT');
      const made = await core.converge(TOKEN, undefined, tokenConfig());
      expect(await opens(values(made).secret)).to.equal(true);
      const { body } = await daemon.request.get(`/v1/${tokenAddress()}`);
      expect(body).to.include({ revision: 1, claim: values(made).claim });
    });

    it('when the answer to a rotation is lost', async () => {
      await makeAccount();
      const config = tokenConfig({ rotation_triggers: { v: '1' } });
      const made = await core.converge(TOKEN, undefined, config);
      proxy.loseNextAnswer('PUT');
      const next = await core.converge(TOKEN, made, { ...config, rotation_triggers: { v: '2' } });
      expect(await opens(values(next).secret)).to.equal(true);
      expect((await daemon.request.get(`/v1/${tokenAddress()}`)).body.revision).to.equal(2);
    });

    it('when an apply was killed after the daemon had rotated', async () => {
      await makeAccount();
      const config = tokenConfig({ rotation_triggers: { v: '1' } });
      const made = await core.converge(TOKEN, undefined, config);
      await daemon.request
        .put(`/v1/${tokenAddress()}`)
        .set('Accredit-Manager', 'terraform')
        .send({ rotation: triggersHash({ v: '2' }) })
        .expect(200);
      const next = await core.converge(TOKEN, made, { ...config, rotation_triggers: { v: '2' } });
      expect(await opens(values(next).secret)).to.equal(true);
      expect(next.private).to.have.length(0);
    });
  });

  describe('reads', () => {
    it('what was deleted elsewhere as gone', async () => {
      const made = await makeAccount();
      await daemon.request
        .delete(`/v1/organizations/default/accounts/${account}`)
        .set('Accredit-Manager', 'terraform')
        .expect(204);
      expect((await read(ACCOUNT, made)).state.value).to.equal(null);
    });

    it('what was deleted in another organization as gone, with an owner of the installation', async () => {
      const name = `gone-${count}`;
      const made = await core.converge(ORGANIZATION, undefined, { name });
      await daemon.request.delete(`/v1/organizations/${name}`).set('Accredit-Manager', 'terraform').expect(204);
      expect((await read(ORGANIZATION, made)).state.value).to.equal(null);
    });

    it('nothing as gone with a token that is wrong, too weak or of another organization', async () => {
      const made = await makeAccount();
      const org = `tenant-${count}`;
      await daemon.request.put(`/v1/organizations/${org}`).send({}).expect(201);
      const tokenOf = async (organization: string, role: string) => {
        const owner = `/v1/organizations/${organization}/accounts/${role}-${count}`;
        await daemon.request
          .put(owner)
          .send({ grants: [{ role }] })
          .expect(201);
        return (await daemon.request.put(`${owner}/tokens/t`).send({}).expect(201)).body.secret as string;
      };
      const cases = [
        [mintToken('sa'), "The daemon does not accept the provider's token"],
        [await tokenOf('default', 'none'), "The provider's token does not allow this"],
        [await tokenOf(org, 'admin'), `The provider's token cannot see organizations/default/accounts/${account}`],
      ];
      for (const [token, summary] of cases) {
        await configure({ token: token as string });
        const { state, diagnostics } = await read(ACCOUNT, made);
        expect(summaries(diagnostics)).to.deep.equal([summary]);
        expect(state.value).to.deep.equal(made.value);
      }
      await configure({ token: await tokenOf('default', 'admin') });
      const elsewhere = {
        value: { ...values(made), id: `organizations/${org}/accounts/nobody`, organization: org },
        private: made.private,
      };
      const { state, diagnostics } = await read(ACCOUNT, elsewhere);
      expect(summaries(diagnostics)[0]).to.match(/^The provider's token cannot see/);
      expect(state.value).not.to.equal(null);
    });

    it('nothing as gone when something else answers, or nobody', async () => {
      const made = await makeAccount();
      await configure({ endpoint: `${daemon.url}/elsewhere` });
      const wrongPath = await read(ACCOUNT, made);
      expect(wrongPath.diagnostics).to.have.length(1);
      expect(wrongPath.state.value).to.deep.equal(made.value);
    });

    it('the status of an expired or revoked token, which is not gone', async () => {
      await makeAccount();
      const made = await core.converge(TOKEN, undefined, tokenConfig());
      await daemon.request.put(`/v1/${tokenAddress()}/revocation`).send({ reason: 'compromised' });
      const { state } = await read(TOKEN, made);
      expect(values(state)).to.include({ status: 'revoked', secret: values(made).secret });
      expect((await core.plan(TOKEN, state, tokenConfig())).action).to.equal('no-op');
    });

    it('a rotation by somebody else with a warning that stays until the secret is made anew', async () => {
      await makeAccount();
      const config = tokenConfig({ rotation_triggers: { v: '1' } });
      const made = await core.converge(TOKEN, undefined, config);
      await daemon.request
        .post(`/v1/${tokenAddress()}/rotation`)
        .set('Accredit-Manager', 'terraform')
        .send({})
        .expect(200);
      const first = await read(TOKEN, made);
      const warnings = ['The secret in the state is not the current one'];
      expect(summaries(first.diagnostics)).to.deep.equal(warnings);
      expect(values(first.state).secret).to.equal(values(made).secret);
      const again = await read(TOKEN, first.state);
      expect(summaries(again.diagnostics)).to.deep.equal(warnings);
      expect((await core.plan(TOKEN, again.state, config)).action).to.equal('no-op');
      const described = await planAndApply(TOKEN, again.state, { ...config, description: 'x' });
      expect(summaries((await read(TOKEN, described)).diagnostics)).to.deep.equal(warnings);
      const rotated = await planAndApply(TOKEN, described, { ...config, rotation_triggers: { v: '2' } });
      expect((await read(TOKEN, rotated)).diagnostics).to.deep.equal([]);
      expect(await opens(values(rotated).secret)).to.equal(true);
    });
  });

  describe('asks the daemon before a change', () => {
    it('what a rotation would cut off', async () => {
      await makeAccount();
      const config = tokenConfig({ rotation_triggers: { v: '1' } });
      const made = await core.converge(TOKEN, undefined, config);
      const plan = await core.plan(TOKEN, made, { ...config, rotation_triggers: { v: '2' } });
      expect(summaries(plan.warnings)).to.deep.equal(['This change cuts something off']);
      expect(plan.warnings[0]?.detail).to.include(`${tokenAddress()}: the secret, never used, stops working at once`);
      expect(await opens(values(made).secret)).to.equal(true);
    });

    it('whether it would be refused, and says so at the attribute', async () => {
      await makeAccount();
      const made = await core.converge(TOKEN, undefined, tokenConfig());
      const plan = await core.plan(TOKEN, made, tokenConfig({ expires_at: '2001-01-01T00:00:00Z' }));
      expect(plan.warnings[0]?.attribute?.steps).to.have.nested.property('[0].attribute_name', 'expires_at');
      const { diagnostics, partial } = await refusal(
        core.apply(TOKEN, made, tokenConfig({ expires_at: '2001-01-01T00:00:00Z' }), plan),
      );
      expect(diagnostics[0]?.attribute?.steps).to.have.nested.property('[0].attribute_name', 'expires_at');
      expect(partial?.value).to.deep.equal(made.value);
    });
  });

  describe('changes', () => {
    it('nothing that was deleted since the plan was made', async () => {
      const made = await makeAccount();
      const config = { name: account, description: 'x' };
      const plan = await core.plan(ACCOUNT, made, config);
      await daemon.request
        .delete(`/v1/${values(made).id}`)
        .set('Accredit-Manager', 'terraform')
        .expect(204);
      const { diagnostics } = await refusal(core.apply(ACCOUNT, made, config, plan));
      expect(summaries(diagnostics)).to.deep.equal(['Changed since the plan was made']);
      await daemon.request.get(`/v1/${values(made).id}`).expect(404);
    });

    it('nothing of another manager', async () => {
      const made = await makeAccount();
      await daemon.request
        .put(`/v1/${values(made).id}`)
        .set({ 'Accredit-Manager': 'manifest/x', 'Accredit-Adopt': 'true' })
        .send({})
        .expect(200);
      const { state } = await read(ACCOUNT, made);
      expect(values(state).managed_by).to.equal('manifest/x');
      const error = await refusal(planAndApply(ACCOUNT, state, { name: account, description: 'x' }));
      expect(summaries(error.diagnostics)).to.deep.equal(['Managed by somebody else']);
    });

    it('an account with a live token of somebody else only if it is told to', async () => {
      const made = await makeAccount();
      await daemon.request.put(`/v1/${tokenAddress()}`).set('Accredit-Manager', 'terraform').send({}).expect(201);
      const { diagnostics, partial } = await refusal(planAndApply(ACCOUNT, made, null));
      expect(diagnostics[0]?.detail).to.include('force_destroy = true').and.to.include(tokenAddress());
      expect(partial?.value).to.deep.equal(made.value);
      const forced = await core.converge(ACCOUNT, made, { name: account, force_destroy: true });
      await planAndApply(ACCOUNT, forced, null);
      await daemon.request.get(`/v1/${values(made).id}`).expect(404);
    });

    it('nothing when it destroys what is gone already', async () => {
      const made = await makeAccount();
      await planAndApply(ACCOUNT, made, null);
      await planAndApply(ACCOUNT, made, null);
    });
  });

  describe('looks up', () => {
    it('a token with its last use and without its secret', async () => {
      await makeAccount();
      const made = await core.converge(TOKEN, undefined, tokenConfig({ rotation_triggers: { v: '1' } }));
      await opens(values(made).secret);
      await daemon.maintain();
      const found = (await core.readData(TOKEN, tokenConfig())) as ValueRecord;
      expect(found).to.include({
        id: tokenAddress(),
        status: 'active',
        revision: 1,
        rotation: triggersHash({ v: '1' }),
      });
      expect(found.last_used_at).to.be.a('string');
      expect(JSON.stringify(found)).not.to.include(String(values(made).secret));
    });

    it('a built-in role and an organization', async () => {
      const role = (await core.readData('accredit_role', { name: 'viewer' })) as ValueRecord;
      expect(role).to.deep.include({ id: 'organizations/default/roles/viewer', permissions: ['*.read'] });
      const organization = (await core.readData(ORGANIZATION, { name: 'default' })) as ValueRecord;
      expect(organization.id).to.equal('organizations/default');
    });

    it('nothing that does not exist', async () => {
      const { diagnostics } = await refusal(core.readData(ACCOUNT, { name: 'nobody' }));
      expect(diagnostics[0]).to.include({ summary: 'No such service account' });
    });
  });

  it('plans with values that are not known yet', async () => {
    const plan = await core.plan(TOKEN, undefined, { account: UNKNOWN, name: 'deploy', labels: UNKNOWN });
    expect(plan.planned).to.include({ id: UNKNOWN, account: UNKNOWN, labels: UNKNOWN, state: 'active' });
  });

  it('gives up on a daemon that is down, and leaves the state as it is', async () => {
    const made = await makeAccount();
    await configure({ endpoint: 'http://127.0.0.1:1' });
    const [{ state, diagnostics }, plan] = await Promise.all([
      read(ACCOUNT, made),
      core.plan(ACCOUNT, undefined, { name: 'another' }),
    ]);
    expect(summaries(diagnostics)).to.deep.equal(['The daemon cannot be reached']);
    expect(state.value).to.deep.equal(made.value);
    expect(summaries(plan.warnings)).to.deep.equal(['The daemon cannot be reached']);
  });

  describe('after all that', () => {
    it('has written no secret to its log', () => {
      const log = core.process.stderr();
      expect(log).to.include('ApplyResourceChange');
      expect(secrets.size).to.be.greaterThan(10);
      for (const secret of [...secrets, daemon.adminToken]) expect(log).not.to.include(secret);
    });
  });
});
