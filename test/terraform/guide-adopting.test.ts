/** The guide "Adopting existing accounts", carried out as it stands. */
import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { expect } from 'chai';
import type { Workspace } from '../support/terraform.ts';
import { useTerraform } from './bench.ts';
import { guideFiles, UNATTENDED } from './guides.ts';

const file = guideFiles('adopting-existing-accounts');
const ACCOUNTS = 'organizations/default/accounts';
const ACCOUNT = 'accredit_service_account.ci';
const TOKEN = 'accredit_service_account_token.deploy';

describe('the guide to adopting existing accounts', () => {
  const bench = useTerraform();
  let former: Workspace;
  let next: Workspace;
  let secret: string;
  let rotated: string;

  before(async () => {
    const { api, workspace } = bench();
    for (const name of ['ci', 'backup', 'reports']) {
      await api.put(`${ACCOUNTS}/${name}`, { display_name: name, grants: [{ role: 'viewer' }] });
    }
    secret = String((await api.put(`${ACCOUNTS}/ci/tokens/deploy`, { expires_in: '90d' })).body.secret);
    former = await workspace(file('import.tf'), { environment: UNATTENDED });
  });

  it('lists the addresses of what nobody manages', async () => {
    await former.configure(file('list.tf'));
    await former.apply();
    const { stdout } = await former.run(['output', '-json', 'unmanaged']);
    const names = ['backup', 'ci', 'reports', 'root', 'ci/tokens/deploy', 'root/tokens/bootstrap'];
    expect(JSON.parse(stdout)).to.deep.equal(names.map((name) => `${ACCOUNTS}/${name}`));
    await former.configure(file('import.tf'));
  });

  it('has Terraform write a configuration that changes nothing but the manager, and then plans to nothing', async () => {
    const { api, authorize } = bench();
    const { output } = await former.script(file('generate.sh'));
    expect(output).to.include('2 to import, 0 to add, 2 to change, 0 to destroy').and.include('managed_by');
    await former.assertConverged();
    expect((await api.get(`${ACCOUNTS}/ci`)).body).to.include({
      managed_by: 'terraform',
      display_name: 'ci',
      revision: 2,
    });
    expect(await authorize(secret)).to.equal(200);
    const generated = join(former.directory, 'generated.tf');
    expect(await readFile(generated, 'utf8')).to.match(/expires_in += "90d"/);
    await rm(generated);
  });

  it('goes on with fewer words, under which nothing is replaced or rotated', async () => {
    await former.configure(file('declared.tf'));
    expect((await former.plan()).changes).to.deep.equal([`${ACCOUNT}: update`, `${TOKEN}: update`]);
    await former.applyPlanned();
    expect((await former.values(TOKEN)).secret).to.equal(null);
    expect(await bench().authorize(secret)).to.equal(200);
  });

  it('gets a secret into the state by another trigger, and leaves the old one working', async () => {
    former.setEnvironment({ TF_VAR_quarter: '2027-Q2' });
    await former.apply();
    rotated = String((await former.values(TOKEN)).secret);
    expect(rotated).to.match(/^acr_sa_/);
    for (const each of [secret, rotated]) expect(await bench().authorize(each)).to.equal(200);
  });

  it('imports many by one block', async () => {
    await former.configure(file('declared.tf', 'many.tf'));
    // What was applied before is in this plan, too, and no difference.
    const several = ['backup', 'reports'].map((name) => `accredit_service_account.integration["${name}"]: update`);
    expect((await former.plan()).changes).to.deep.equal(several);
    await former.applyPlanned();
  });

  it('hands over to another configuration, without deleting anything', async () => {
    const { api, workspace } = bench();
    const { uid } = (await api.get(`${ACCOUNTS}/ci`)).body;
    await former.configure(file('hand-over.tf', 'many.tf'));
    expect((await former.plan()).changes).to.deep.equal([`${ACCOUNT}: remove`, `${TOKEN}: remove`]);
    await former.applyPlanned();
    next = await workspace(file('provider.tf', 'import.tf', 'declared.tf'), {
      environment: { TF_VAR_quarter: '2027-Q2' },
    });
    await next.apply();
    await next.assertConverged();
    expect((await api.get(`${ACCOUNTS}/ci`)).body).to.include({ uid, managed_by: 'terraform/platform' });
  });

  it('refuses the former owner, with a warning beforehand', async () => {
    await former.configure(file('declared.tf', 'many.tf'));
    const { changes, warnings } = await former.plan();
    expect(changes).to.deep.equal([`${ACCOUNT}: create`, `${TOKEN}: create`]);
    expect(warnings.join()).to.include('It is managed by "terraform/platform"');
    expect(await former.diagnostic(['apply', '-auto-approve'])).to.include('managed-by-another');
  });

  it('refuses a change by hand unless it is meant, and shows it in the next plan', async () => {
    const meant = file('by-hand.sh');
    const answer = await former.script(
      meant.replace("-H 'Accredit-Adopt: true'", '').replace('-sf', "-so /dev/null -w '%{http_code}'"),
    );
    expect(answer.stdout).to.equal('409');
    await next.script(meant);
    const { changes, drifted } = await next.plan();
    expect(changes).to.deep.equal([`${ACCOUNT}: update`]);
    expect(drifted).to.include(ACCOUNT);
    expect((await bench().api.get(`${ACCOUNTS}/ci`)).body.managed_by).to.equal('terraform/platform');
  });

  it('stops a token in an emergency, whoever manages it, and no apply undoes that', async () => {
    const { api, authorize } = bench();
    await next.apply();
    expect(await authorize(rotated)).to.equal(200);
    const revoked = await api.send('PUT', `/v1/${ACCOUNTS}/ci/tokens/deploy/revocation`, '{"reason":"compromised"}');
    expect(revoked.status, revoked.text).to.be.oneOf([200, 201]);
    await next.apply();
    expect(await authorize(rotated)).to.equal(401);
  });
});
