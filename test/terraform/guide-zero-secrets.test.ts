/** The guide "Zero secrets in state", carried out as it stands; what it takes from examples/zero-secrets has a test of its own. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect } from 'chai';
import { readText } from '../architecture/sources.ts';
import type { Workspace } from '../support/terraform.ts';
import { useTerraform } from './bench.ts';
import { guideFiles } from './guides.ts';

const file = guideFiles('zero-secrets-in-state');
const COMMAND = fileURLToPath(new URL('../../bin/accredit', import.meta.url));
const MADE_ELSEWHERE = file('provider.tf', 'account.tf', 'made-elsewhere.tf');
/** The same token, with a secret that the daemon makes. */
const STORED = `${file('account.tf')}
resource "accredit_service_account_token" "deploy" {
  account = accredit_service_account.ci.name
  name    = "deploy"
  overlap = "2d"
}
`;
const DEPLOY = 'accredit_service_account_token.deploy';

describe('the guide to zero secrets in state', () => {
  const bench = useTerraform();
  let terraform: Workspace;

  before(async () => {
    terraform = await bench().workspace(STORED);
  });

  it('forbids what would put a secret into the state', async () => {
    await terraform.configure(file('provider.tf') + STORED);
    expect(await terraform.diagnostic(['validate'])).to.include('A secret would be stored in the Terraform state');
    await terraform.configure(STORED);
    terraform.setEnvironment({ ACCREDIT_FORBID_SECRETS_IN_STATE: 'true' });
    expect(await terraform.diagnostic(['validate'])).to.include('A secret would be stored in the Terraform state');
    terraform.setEnvironment({ ACCREDIT_FORBID_SECRETS_IN_STATE: '' });
  });

  it('takes the secret out of the state by the hash of one made elsewhere, and rotates by another hash', async () => {
    const { authorize } = bench();
    await terraform.apply();
    const stored = String((await terraform.values(DEPLOY)).secret);
    expect(await terraform.rawState()).to.include(stored);
    const script = file('token.sh').replace('npx accredit', `'${process.execPath}' '${COMMAND}'`);
    const secrets = [stored];
    for (const _ of ['first', 'second']) {
      const { stdout } = await terraform.script(script);
      const [, token = '', hash = ''] = /^token: (\S+)\nsecret_hash: (\S+)\n$/.exec(stdout) ?? [];
      secrets.push(token);
      terraform.setEnvironment({ TF_VAR_deploy_token_hash: hash });
      await terraform.configure(MADE_ELSEWHERE);
      await terraform.plan();
      await terraform.applyPlanned();
      for (const works of secrets.slice(-2)) expect(await authorize(works)).to.equal(200);
      expect((await terraform.values(DEPLOY)).secret).to.equal(null);
      expect(await terraform.rawState())
        .to.not.include(stored)
        .and.not.include(token);
    }
  });

  it('gives token and store the same secret without a seed, too', async () => {
    const [store = ''] = readText('examples/zero-secrets/store.tf').split('# 2.');
    await terraform.configure(readText('examples/zero-secrets/main.tf').replace(/^ +seed +=.*\n/m, '') + store);
    terraform.setEnvironment({ TF_VAR_seed: 'not asked for' });
    await terraform.apply();
    const secret = await readFile(join(terraform.directory, 'deploy-token'), 'utf8');
    expect(await bench().authorize(secret)).to.equal(200);
    await terraform.assertConverged();
  });
});
