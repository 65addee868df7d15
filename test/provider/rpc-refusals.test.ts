import { expect } from 'chai';
import { ApiError } from '../../client/errors.ts';
import { failure } from '../../terraform-provider/rpc/diagnostics.ts';
import { OAUTH_REFUSALS, REFUSALS } from '../../terraform-provider/rpc/refusals.ts';
import { RESOURCE_SCHEMAS, type TerraformSchema } from '../../terraform-provider-spec/derive/terraform.ts';
import { EPHEMERAL_SCHEMAS } from '../../terraform-provider-spec/derive/terraform-ephemeral.ts';
import { PROBLEM_CODES } from '../../terraform-provider-spec/problem-codes.ts';
import type { ResourcePlan, ResourceState } from './core/terraform-core.ts';
import { ACCOUNT, Bench, ORGANIZATION, placed, refusal, summaries, TOKEN, values } from './rpc-bench.ts';

const ROLE = 'accredit_role';
const TEAM = 'accredit_team';
const NO_OTHER_SECRET = 'Its profile allows it no other secret';

describe('What the daemon objects to the provider', function () {
  this.timeout(60_000);
  let bench: Bench;

  before(async () => {
    bench = await Bench.start();
  });
  after(() => bench?.stop());
  beforeEach(() => bench.reset());

  const token = (profile: string, given: object = {}) => bench.tokenConfig({ profile, ...given });
  const made = (profile: string, given: object = {}) => bench.core.converge(TOKEN, undefined, token(profile, given));

  /** Plans the change, which says what will be refused, and applies it, which is. Answers the detail. */
  async function expectRefused(
    prior: ResourceState | undefined,
    config: ReturnType<typeof token>,
    at: string,
    { planned = true } = {},
  ): Promise<string> {
    const plan = await bench.core.plan(TOKEN, prior, config);
    if (planned) expect(placed(plan.warnings)).to.deep.equal([at]);
    const { diagnostics, partial } = await refusal(bench.core.apply(TOKEN, prior, config, plan));
    expect(placed(diagnostics)).to.deep.equal([at]);
    expect(partial?.value).to.deep.equal(prior?.value ?? null);
    return String(diagnostics[0]?.detail);
  }

  describe('shows at the attribute that it is about, with what to do:', () => {
    beforeEach(() => bench.makeAccount());

    it('a rotation that the profile forbids', async () => {
      const prior = await made('static', { rotation_triggers: { v: '1' } });
      const next = token('static', { rotation_triggers: { v: '2' } });
      const detail = await expectRefused(prior, next, `rotation_triggers: ${NO_OTHER_SECRET}`);
      expect(detail).to.include('terraform apply -replace=');
      expect(await bench.opens(values(prior).secret)).to.equal(true);
    });

    it('a creation over a token that was used, under a profile that allows it no other secret', async () => {
      const { secret } = values(await made('static'));
      expect(await bench.opens(secret)).to.equal(true);
      const at = `profile: ${NO_OTHER_SECRET}`;
      const detail = await expectRefused(undefined, token('static'), at, { planned: false });
      expect(detail).to.include('without create_before_destroy').and.include(`${TOKEN}.NAME ${bench.tokenAddress}`);
      expect(await bench.opens(secret)).to.equal(true);
    });

    it('one token too many', async () => {
      await made('static');
      const second = { ...token('static'), name: 'second' };
      const at = 'profile: Its owner has as many tokens as the profile allows';
      expect(await expectRefused(undefined, second, at, { planned: false })).to.include(bench.tokenAddress);
    });

    it('a display name that another token has', async () => {
      await made('revocable', { display_name: 'CI' });
      const second = { ...token('revocable'), name: 'second' };
      const at = 'display_name: The display name is taken';
      await expectRefused(undefined, { ...second, display_name: 'CI' }, at, { planned: false });
      const prior = await bench.core.converge(TOKEN, undefined, second);
      await expectRefused(prior, { ...second, display_name: 'CI' }, at);
    });

    it('a restoration that the profile forbids', async () => {
      const profile = `final-${bench.count}`;
      await bench.put(`organizations/default/token-profiles/${profile}`, { restore: 'never' });
      const prior = await bench.core.converge(TOKEN, await made(profile), token(profile, { state: 'revoked' }));
      const at = 'state: Its profile lets no revoked token come back';
      expect(await expectRefused(prior, token(profile), at)).to.include('state = "revoked"');
    });

    it('an attribute that the profile rules out', async () => {
      const prior = await made('static');
      await expectRefused(
        prior,
        token('static', { state: 'revoked' }),
        'state: The daemon refused to update the account token',
        {
          planned: false,
        },
      );
    });

    it('a token that was revoked in an emergency and is to come back', async () => {
      const prior = await made('standard');
      await bench.put(`${bench.tokenAddress}/revocation`, { reason: 'compromised' });
      await bench.planAndApply(TOKEN, prior, null);
      await expectRefused(undefined, token('standard'), 'name: Revoked in an emergency', { planned: false });
    });
  });

  it('says of what somebody else manages how Terraform takes it over, and speaks of no header of the API', async () => {
    await bench.makeAccount();
    const config = { name: bench.account };
    const prior = (await bench.core.importResource(ACCOUNT, bench.accountAddress)) as ResourceState;
    const owned = await bench.core.converge(ACCOUNT, prior, config);
    await bench.put(bench.accountAddress, {}, { 'Accredit-Manager': 'manifest/x', 'Accredit-Adopt': 'true' });
    const changed = { ...config, description: 'x' };
    const plan = await bench.core.plan(ACCOUNT, await bench.core.refresh(ACCOUNT, owned), changed);
    const { diagnostics } = await refusal(bench.core.apply(ACCOUNT, owned, changed, plan));
    for (const { summary, detail } of [...plan.warnings, ...diagnostics]) {
      expect(summary).to.equal('Managed by somebody else');
      expect(detail)
        .to.include(`${bench.accountAddress} is managed by "manifest/x", and this client is "terraform". `)
        .and.include(`terraform import ${ACCOUNT}.NAME ${bench.accountAddress}`)
        .and.not.match(/Accredit-|header/i);
    }
    expect([plan.warnings.length, diagnostics.length]).to.deep.equal([1, 1]);
  });

  it("says of a change that would end the provider's own token what Terraform can do, and not what a header can", async () => {
    await bench.makeAccount();
    const grants = [{ role: 'owner' }];
    await bench.put(bench.accountAddress, { grants }, { 'Accredit-Manager': 'terraform' });
    const made = await bench.core.converge(TOKEN, undefined, bench.tokenConfig());
    await bench.configure({ token: String(values(made).secret) });
    const { diagnostics } = await refusal(bench.planAndApply(TOKEN, made, null));
    expect(summaries(diagnostics)).to.deep.equal(["It would end the provider's own token"]);
    expect(diagnostics[0]?.detail)
      .to.include('Give the provider a token')
      .and.not.match(/Accredit-|header/i);
  });

  it('names the member of a set, for which there is no path', async () => {
    const grants = ['viewer', 'nobody'].map((role) => ({ role, scope: null }));
    const config = { name: bench.account, grants, teams: ['none'] };
    const { diagnostics } = await refusal(bench.planAndApply(ACCOUNT, undefined, config));
    expect(diagnostics.map(({ attribute }) => attribute?.steps[0]?.attribute_name).sort()).to.deep.equal([
      'grants',
      'teams',
    ]);
    const details = diagnostics.map(({ detail }) => detail).join('\n');
    expect(details).to.include('role of grants { role = "nobody" }: ').and.include('teams "none": ');
  });

  it('says what is wrong with a value once, and to what', async () => {
    await bench.makeAccount();
    const config = bench.tokenConfig({ overlap: '31d' });
    const { diagnostics } = await refusal(bench.planAndApply(TOKEN, undefined, config));
    const fault = 'is longer than the profile "standard" allows, 30d.';
    expect(diagnostics.map(({ detail }) => detail?.split(', request ')[0])).to.deep.equal([
      `overlap: ${fault}\n\n(To create ${bench.tokenAddress}: HTTP 422, invalid`,
    ]);
    const prior = await bench.core.converge(TOKEN, undefined, bench.tokenConfig());
    const { warnings } = await bench.core.plan(TOKEN, prior, config);
    expect(warnings.map(({ detail }) => detail?.split('\n')[0])).to.deep.equal([
      `overlap: ${fault} The apply will fail to update ${bench.tokenAddress}, unless something else in this plan clears the way.`,
    ]);
  });

  it('shows that something is built in already in the plan', async () => {
    const config = { name: 'viewer' };
    const plan = await bench.core.plan(ROLE, undefined, config);
    expect(placed(plan.warnings)).to.deep.equal(['name: It is built in']);
    expect(plan.warnings[0]?.detail).to.include('data source accredit_role').and.not.include('terraform import');
    const { diagnostics } = await refusal(bench.core.apply(ROLE, undefined, config, plan));
    expect(placed(diagnostics)).to.deep.equal(['name: It is built in']);
  });

  it('says who can make a personal access token', async () => {
    const user = `user-${bench.count}`;
    await bench.put(`organizations/default/users/${user}`, {});
    const config = { user, name: 'laptop' };
    const { diagnostics } = await refusal(bench.planAndApply('accredit_personal_access_token', undefined, config));
    expect(summaries(diagnostics)).to.deep.equal(["The provider's token does not allow this"]);
    expect(diagnostics[0]?.detail).to.include('made by the user it belongs to').and.include('enrolment');
  });

  it('names what refers to something that is to be destroyed', async () => {
    const team = `team-${bench.count}`;
    const made = await bench.core.converge(TEAM, undefined, { name: team });
    await bench.put(bench.accountAddress, { teams: [team] });
    const { diagnostics, partial } = await refusal(bench.planAndApply(TEAM, made, null));
    expect(summaries(diagnostics)).to.deep.equal(['Others refer to it']);
    expect(diagnostics[0]?.detail).to.include(bench.accountAddress).and.include('create_before_destroy');
    expect(partial?.value).to.deep.equal(made.value);
  });

  it('does not keep a live token from being destroyed under a profile that wants it revoked first', async () => {
    await bench.makeAccount();
    const live = await made('revocable');
    const byHand = await bench.daemon.request.delete(`/v1/${bench.tokenAddress}`).set('Accredit-Adopt', 'true');
    expect(byHand.body.code).to.equal('not-revoked');
    await bench.planAndApply(TOKEN, live, null);
    expect(await bench.opens(values(live).secret)).to.equal(false);
    await bench.daemon.request.get(`/v1/${bench.tokenAddress}`).expect(404);
  });

  describe('as going against a policy that only warns, is a warning', () => {
    const warned = 'expires_in is longer than the organization allows, 30d';
    let config: ReturnType<typeof token>;
    let summary: string;

    beforeEach(async () => {
      const organization = `warned-${bench.count}`;
      const settings = { max_token_lifetime: { duration: '30d', mode: 'warn' } };
      await bench.put(`organizations/${organization}`, { settings });
      await bench.configure({ organization });
      await bench.core.converge(ACCOUNT, undefined, { name: bench.account });
      config = bench.tokenConfig({ organization, expires_in: '90d' });
      const address = `organizations/${organization}/accounts/${bench.account}/tokens/deploy`;
      summary = `${address} goes against a policy of the organization`;
    });

    it('of the plan and of the apply, for a creation', async () => {
      const plan = await bench.core.plan(TOKEN, undefined, config);
      expect(summaries(plan.warnings)).to.deep.equal([summary]);
      expect(plan.warnings[0]?.detail).to.include(warned);
      const { state, diagnostics } = await bench.applyAsPlanned(TOKEN, undefined, config, plan.planned);
      expect(summaries(diagnostics)).to.deep.equal([summary]);
      expect(diagnostics[0]?.detail).to.include(warned);
      expect(await bench.opens(values(state).secret)).to.equal(true);
    });

    it('of the plan and of the apply, for a change of the expiry, and for no other', async () => {
      const prior = await bench.core.converge(TOKEN, undefined, { ...config, expires_in: '30d' });
      const attempts: [ResourcePlan, typeof config][] = [];
      for (const next of [config, { ...config, expires_in: '30d', description: 'x' }]) {
        attempts.push([await bench.core.plan(TOKEN, prior, next), next]);
      }
      const said: string[][] = [];
      for (const [plan, next] of attempts.reverse()) {
        const { diagnostics } = await bench.applyAsPlanned(TOKEN, prior, next, plan.planned);
        said.push(summaries(plan.warnings), summaries(diagnostics));
      }
      expect(said).to.deep.equal([[], [], [summary], [summary]]);
    });

    it('but is an error at the attribute where the policy blocks', async () => {
      const { organization } = config;
      const settings = { max_token_lifetime: { duration: '30d', mode: 'block' } };
      await bench.put(`organizations/${organization}`, { settings });
      const { diagnostics } = await refusal(bench.planAndApply(TOKEN, undefined, config));
      expect(placed(diagnostics)).to.deep.equal(['expires_in: The daemon refused to create the account token']);
    });
  });

  it('needs no daemon to be understood: every refusal has a place that some resource has', () => {
    const codes = { ...PROBLEM_CODES, ...OAUTH_REFUSALS, 'unexpected-answer': true };
    for (const [code, given] of Object.entries(REFUSALS)) {
      expect(codes).to.have.property(code);
      for (const name of given?.attributes ?? []) {
        const schemas = [...RESOURCE_SCHEMAS.values(), ...EPHEMERAL_SCHEMAS.values()];
        expect(
          schemas.some(({ attributes }) => attributes.some((one) => one.name === name)),
          name,
        ).to.equal(true);
      }
    }
    const schema = RESOURCE_SCHEMAS.get(TOKEN) as TerraformSchema;
    const problem = new ApiError(409, { code: 'not-revoked', detail: 'It is active' });
    const shown = failure(problem, { schema, action: 'delete', address: bench.tokenAddress });
    expect(placed(shown)).to.deep.equal(['state: Its profile lets no live token be deleted']);
    expect(shown[0]?.detail).to.match(/^To delete organizations.*: It is active\. Apply state = "revoked" first\./);
    const organization = RESOURCE_SCHEMAS.get(ORGANIZATION) as TerraformSchema;
    const elsewhere = failure(problem, { schema: organization, action: 'delete', address: 'organizations/x' });
    expect(elsewhere[0]?.attribute).to.equal(undefined);
  });
});
