/** examples/gitops/gitlab: the pipeline as GitLab reads it, and its scripts with a real daemon. */
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { expect } from 'chai';
import { startTestDaemon, type TestDaemon } from '../support/daemon.ts';
import { Checkout, type Ran, readPipeline } from './pipelines.ts';

const EXAMPLE = 'examples/gitops/gitlab';
const { default: defaults, ...jobs } = readPipeline(`${EXAMPLE}/.gitlab-ci.yml`);
const { plan, apply } = jobs;

describe('the pipeline for GitLab CI', function () {
  this.timeout(60_000);
  let daemon: TestDaemon;
  let checkout: Checkout;
  let gitlab: Server;
  /** What came to the API of GitLab. */
  const received: { method: string; path: string; token: unknown; body: Record<string, unknown> }[] = [];
  let answers: number[] = [];

  before(async () => {
    daemon = await startTestDaemon();
    checkout = new Checkout(EXAMPLE);
    // Whoever gets the secret: it notes what it is sent.
    gitlab = createServer((request, response) => {
      text(request).then((body) => {
        const { method = '', url = '', headers } = request;
        received.push({ method, path: url, token: headers['private-token'], body: JSON.parse(body) });
        response.writeHead(answers.shift() ?? 200).end();
      });
    }).listen(0, '127.0.0.1');
    await once(gitlab, 'listening');
  });
  after(async () => {
    gitlab.close();
    checkout.remove();
    await daemon.close();
  });

  it('plans merge requests, and applies on the default branch, one after the other', () => {
    expect(defaults.image).to.deep.equal({ name: '$ACCREDIT_IMAGE', entrypoint: [''] });
    expect(plan.rules).to.deep.equal([{ if: '$CI_PIPELINE_SOURCE == "merge_request_event"' }]);
    for (const rule of apply.rules) expect(rule.if).to.include('$CI_COMMIT_BRANCH == $CI_DEFAULT_BRANCH');
    expect(apply).to.deep.include({ resource_group: 'accounts-apply', interruptible: false });
    expect(plan.allow_failure).to.deep.equal({ exit_codes: 2 });
    expect(apply.cache).to.deep.include({ paths: ['.accredit-state/'], when: 'always' });
  });

  it('shows what a merge request would do, and tells changes by the exit status', async () => {
    const { status, output } = await script(plan.script);
    expect(status, output).to.equal(2);
    expect(checkout.read('plan.txt')).to.include('+ accounts/deploy/tokens/pipelines');
    expect(output).to.not.match(/acr_sa_/);
  });

  it('fails, and keeps the secret for the next run, where GitLab takes it not', async () => {
    answers = [500];
    const { status, output } = await script(apply.script);
    expect(status, output).to.equal(1);
    expect(output)
      .to.include('GitLab answers 500')
      .and.to.not.match(/acr_sa_/);
  });

  it('delivers it with the next run as a variable that is masked and protected', async () => {
    const [refused] = received.splice(0);
    answers = [404, 201];
    const { status, output } = await script(apply.script);
    expect(status, output).to.equal(0);
    expect(output).to.not.match(/acr_sa_/);
    const [updated, created] = received;
    const variables = '/api/v4/projects/acme%2Fshop/variables';
    expect([updated?.method, updated?.path]).to.deep.equal(['PUT', `${variables}/DEPLOY_TOKEN`]);
    expect([created?.method, created?.path, created?.token]).to.deep.equal(['POST', variables, 'of GitLab']);
    expect(created?.body).to.include({ key: 'DEPLOY_TOKEN', masked: true, protected: true, raw: true });
    expect(created?.body.value).to.equal(refused?.body.value);
    const opened = await fetch(`${daemon.url}/v1/self`, {
      headers: { Authorization: `Bearer ${created?.body.value}` },
    });
    expect(opened.status).to.equal(200);
  });

  it('is green once there is nothing to do, and red for a mistake', async () => {
    expect((await script(plan.script)).status).to.equal(0);
    const due = await script(apply.script, apply.rules[0].variables);
    expect(due.status, due.output).to.equal(0);
    writeFileSync(checkout.file('accounts/wrong.yaml'), 'manifest: shop\nrole: {}\n');
    expect((await script(plan.script)).status).to.equal(1);
  });

  function script(lines: readonly string[], variables: Readonly<Record<string, string>> = {}): Promise<Ran> {
    const { port } = gitlab.address() as AddressInfo;
    return checkout.run(lines.join('\n'), {
      ACCREDIT_ENDPOINT: daemon.url,
      ACCREDIT_TOKEN: daemon.adminToken,
      CI_API_V4_URL: `http://127.0.0.1:${port}/api/v4`,
      GITLAB_TOKEN: 'of GitLab',
      TARGET_PROJECT: 'acme/shop',
      ...variables,
    });
  }
});
