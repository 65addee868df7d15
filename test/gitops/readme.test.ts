/** The commands of examples/gitops/README.md, pasted. */
import { mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { expect } from 'chai';
import { readText } from '../architecture/sources.ts';
import { startTestDaemon, type TestDaemon } from '../support/daemon.ts';
import { Checkout } from './pipelines.ts';

describe('the five minutes of examples/gitops', function () {
  this.timeout(60_000);
  let daemon: TestDaemon;
  let checkout: Checkout;

  before(async () => {
    daemon = await startTestDaemon();
    checkout = new Checkout('examples/gitops/github');
    mkdirSync(checkout.file('data'));
    writeFileSync(checkout.file('data/admin-token'), `${daemon.adminToken}\n`);
  });
  after(async () => {
    checkout.remove();
    await daemon.close();
  });

  it('make a token with which the pipeline can plan and apply, and give it to both environments', async () => {
    // What GitHub is told, each with what comes on standard input.
    checkout.program('gh', '[ "$1" = secret ] && value=$(cat); echo "$* $value" >> told');
    const blocks = [...readText('examples/gitops/README.md').matchAll(/^ {3}```sh\n([\s\S]*?)^ {3}```$/gm)];
    expect(blocks).to.have.length(2);
    const script = blocks
      .map(([, block = '']) => block.replace(/^ {3}/gm, ''))
      .join('')
      .replace('http://127.0.0.1:7345', daemon.url);
    const { status, output } = await checkout.run(script, {});
    expect(status, output).to.equal(0);
    const token = readFileSync(checkout.file('pipeline-token'), 'utf8').trim();
    expect(statSync(checkout.file('pipeline-token')).mode & 0o777).to.equal(0o600);
    const told = checkout.read('told').trim().split('\n');
    expect(told.slice(0, 3)).to.deep.equal([
      'variable set ACCREDIT_ENDPOINT --body https://accredit.example.com ',
      `secret set ACCREDIT_TOKEN --env accounts ${token}`,
      `secret set ACCREDIT_TOKEN --env accounts-plan ${token}`,
    ]);
    expect(told[3]).to.match(/^secret set ACCREDIT_JOURNAL_KEY --env accounts [\w+/]{43}=$/);

    const variables = {
      ACCREDIT_ENDPOINT: daemon.url,
      ACCREDIT_TOKEN: token,
      GITHUB_OUTPUT: checkout.file('output'),
    };
    const plan = await checkout.run('accredit plan --detailed-exitcode -f accounts', variables);
    expect(plan.status, plan.output).to.equal(2);
  });
});
