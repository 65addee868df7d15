/**
 * The examples that express what existing products promise: each applies, plans to nothing, goes through one change that
 * is typical of it, and is destroyed.
 */
import { readdirSync } from 'node:fs';
import { expect } from 'chai';
import { readText } from '../architecture/sources.ts';
import type { Workspace } from '../support/terraform.ts';
import { useTerraform } from './bench.ts';
import { UNATTENDED } from './guides.ts';

const DIRECTORY = 'examples/compatibility';

describe('the compatibility examples', () => {
  const bench = useTerraform();
  const walked: string[] = [];

  /** Applies the example, walks the change, and destroys what is there then, live tokens included. */
  function example(name: string, guarantee: string, change: (terraform: Workspace) => Promise<void>): void {
    walked.push(name);
    it(`${name}: ${guarantee}`, async () => {
      const configuration = readText(`${DIRECTORY}/${name}/main.tf`);
      const terraform = await bench().workspace(configuration, { environment: UNATTENDED });
      await terraform.apply();
      await terraform.assertConverged();
      await change(terraform);
      const declared = (await terraform.resources()).map(({ values }) => String(values.id));
      await terraform.destroy();
      for (const address of declared) expect((await bench().api.get(address)).status, address).to.equal(404);
    });
  }

  const account = (label: string): string => `accredit_service_account_token.${label}`;
  const app = (label: string): string => `accredit_app_token.${label}`;

  /** Asserts with which status a question with that secret is answered, in the organization or at a scope. */
  async function expectStatus(secret: unknown, status: number, scope?: string): Promise<void> {
    const query = `organization=default${scope === undefined ? '' : `&scope=${scope}`}`;
    expect(await bench().api.authorize(String(secret), query)).to.equal(status);
  }

  example(
    'static',
    'a replacement deletes and creates: a new secret, the old one dead, the others untouched',
    async (terraform) => {
      const [replaced, other] = [account('integration["ci-pipeline"]'), account('integration["device-cloud"]')];
      const [before, otherBefore] = [await terraform.values(replaced), await terraform.values(other)];
      await expectStatus(before.secret, 200);
      const { output } = await terraform.script(readText(`${DIRECTORY}/static/replace.sh`));
      expect(output).to.include('2 added, 0 changed, 2 destroyed');
      await terraform.assertConverged();
      const after = await terraform.values(replaced);
      expect(after.uid).to.not.equal(before.uid);
      await expectStatus(before.secret, 401);
      await expectStatus(after.secret, 200);
      await expectStatus(otherBefore.secret, 200);
      const basic = await bench().daemon.as().get('/v1/self').auth('ci-pipeline', String(after.secret));
      expect(basic.status, 'the scheme is Bearer alone').to.equal(401);
    },
  );

  example('app-static', 'a token taken out ends at once and for good, and no other does', async (terraform) => {
    const [gone, kept] = [app('integration["bitrise"]'), app('integration["fastlane"]')];
    const [former, other] = [await terraform.values(gone), await terraform.values(kept)];
    for (const { secret } of [former, other]) await expectStatus(secret, 200, 'apps/shop');
    await expectStatus(former.secret, 403);
    const all = { azure: 'Azure DevOps pipeline', bitrise: 'Bitrise CI', fastlane: 'Fastlane release' };
    const { bitrise: _gone, ...rest } = all;
    terraform.setEnvironment({ TF_VAR_integrations: JSON.stringify(rest) });
    expect((await terraform.plan()).changes).to.deep.equal([`${gone}: delete`]);
    await terraform.applyPlanned();
    await terraform.assertConverged();
    await expectStatus(former.secret, 401, 'apps/shop');
    await expectStatus(other.secret, 200, 'apps/shop');
    terraform.setEnvironment({ TF_VAR_integrations: JSON.stringify(all) });
    await terraform.apply();
    await expectStatus(former.secret, 401, 'apps/shop');
    await expectStatus((await terraform.values(gone)).secret, 200, 'apps/shop');
  });

  example(
    'self-recycling',
    'its holder recycles the key; Terraform says so and does nothing about it',
    async (terraform) => {
      const { secret, rotated_at } = await terraform.values(account('jenkins'));
      terraform.setEnvironment({ KEY: String(secret) });
      const answer = await terraform.script(readText(`${DIRECTORY}/self-recycling/recycle.sh`));
      const recycled = JSON.parse(answer.stdout).secret;
      await expectStatus(secret, 401, 'teams/mobile');
      await expectStatus(recycled, 200, 'teams/mobile');
      const { warnings, changes, isEmpty } = await terraform.plan();
      expect(isEmpty, changes.join()).to.equal(true);
      expect(warnings.join('\n')).to.match(
        /The secret of \S+accounts\/jenkins\/tokens\/access-key in the state is not the current one/,
      );
      await terraform.apply();
      await expectStatus(recycled, 200, 'teams/mobile');
      expect((await terraform.values(account('jenkins'))).rotated_at).to.not.equal(rotated_at);
    },
  );

  example(
    'revocable',
    'a token is revoked and restored with the same secret, and destroyed alive',
    async (terraform) => {
      const staging = account('quality_checks["staging"]');
      const { secret, uid } = await terraform.values(staging);
      await expectStatus(secret, 200);
      for (const [command, status, outcome] of [
        [readText(`${DIRECTORY}/revocable/revoke.sh`), 'revoked', 401],
        ['terraform apply', 'active', 200],
      ] as const) {
        expect((await terraform.script(command)).output).to.include('0 added, 1 changed, 0 destroyed');
        expect(await terraform.values(staging)).to.include({ status, secret, uid });
        await expectStatus(secret, outcome);
      }
      const { api } = bench();
      const address = 'organizations/default/accounts/quality-checks/tokens/staging';
      const refused = await api.delete(address, { headers: { 'Accredit-Adopt': 'true' } });
      expect(refused.body.code, 'only the provider’s ?revoke=true makes it go').to.equal('not-revoked');
    },
  );

  example(
    'renewable',
    'a renewal keeps the account and its grants, and the old secret is dead at once',
    async (terraform) => {
      const [token, holder] = [account('release_train'), 'accredit_service_account.release_train'];
      const [before, accountBefore] = [await terraform.values(token), await terraform.values(holder)];
      await expectStatus(before.secret, 200, 'projects/checkout');
      const { output } = await terraform.script(readText(`${DIRECTORY}/renewable/renew.sh`));
      expect(output).to.include('0 added, 1 changed, 0 destroyed').and.include('stops working at once');
      terraform.setEnvironment({ TF_VAR_renewals: '{"release-train":"second"}' });
      await terraform.assertConverged();
      const after = await terraform.values(token);
      expect(after.uid).to.equal(before.uid);
      await expectStatus(before.secret, 401, 'projects/checkout');
      await expectStatus(after.secret, 200, 'projects/checkout');
      expect(await terraform.values(holder)).to.deep.equal(accountBefore);
    },
  );

  it('are all walked through', () => {
    const directories = readdirSync(new URL(`../../${DIRECTORY}`, import.meta.url), { withFileTypes: true });
    expect(directories.filter((entry) => entry.isDirectory()).map(({ name }) => name)).to.have.members(walked);
  });
});
