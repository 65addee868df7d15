/** examples/gitops/github: the workflow as GitHub reads it, and its shell steps with a real daemon. */

import { existsSync, rmSync, writeFileSync } from 'node:fs';
import { expect } from 'chai';
import { fakeClock, startTestDaemon, type TestDaemon } from '../support/daemon.ts';
import { Checkout, outputsIn, readPipeline, resolved, type Step } from './pipelines.ts';

const EXAMPLE = 'examples/gitops/github';
const workflow = readPipeline(`${EXAMPLE}/.github/workflows/accounts.yml`);
const action = readPipeline(`${EXAMPLE}/.github/actions/accredit/action.yml`);
const { plan, apply } = workflow.jobs as Record<string, { steps: Step[] } & Record<string, unknown>>;
const DAY = 86_400_000;

describe('the workflow for GitHub Actions', function () {
  this.timeout(60_000);
  const clock = fakeClock();
  let daemon: TestDaemon;
  let checkout: Checkout;

  before(async () => {
    daemon = await startTestDaemon({ clock });
  });
  beforeEach(() => {
    checkout = new Checkout(EXAMPLE);
  });
  afterEach(() => checkout.remove());
  after(() => daemon.close());

  it('uses actions of a version, and only with expressions that can be resolved', () => {
    const steps = [...(plan?.steps ?? []), ...(apply?.steps ?? []), ...(action.runs.steps as Step[])];
    const foreign = steps.flatMap(({ uses }) => (uses === undefined || uses.startsWith('./') ? [] : [uses]));
    expect(foreign).to.have.length(7);
    for (const uses of foreign) expect(uses).to.match(/^actions\/[\w/-]+@v\d+\.\d+\.\d+$/);
    for (const { uses } of steps) {
      if (uses?.startsWith('./')) expect(existsSync(`${EXAMPLE}/${uses}/action.yml`), uses).to.equal(true);
    }
  });

  it('plans pull requests alone, with rights to read the repository alone, and applies anything else', () => {
    expect(workflow.on).to.have.keys('pull_request', 'push', 'schedule');
    expect(workflow.on.push.branches).to.deep.equal(['main']);
    expect(workflow.permissions).to.deep.equal({ contents: 'read' });
    expect(plan?.if).to.equal("github.event_name == 'pull_request'");
    expect(apply?.if).to.equal("github.event_name != 'pull_request'");
  });

  it('applies one after the other, cancels none that has begun, and does what one would have done that no longer waits', async () => {
    expect(apply?.concurrency).to.deep.equal({ group: 'accounts-apply', 'cancel-in-progress': false });
    renameAll('queued');
    // Of the runs that wait GitHub keeps the newest: here that of the schedule, in place of the one of a merge.
    const { status, output } = await job(apply?.steps ?? [], 'schedule');
    expect(status, output).to.equal(0);
    await daemon.request.get('/v1/organizations/default/accounts/queueddeploy').expect(200);
    expect(await opens(checkout.read('handed-on'))).to.equal(200);
  });

  it('hands the secret on that was delivered, also when another could not be', async () => {
    const manifest = renameAll('partly');
    const other = '      actions-too:\n        deliver: [{ command: ["false"] }]\n';
    writeFileSync(checkout.file('accounts/shop.yaml'), `${manifest}${other}`);
    const { status, output } = await job(apply?.steps ?? [], 'push');
    expect(status, output).to.equal(1);
    expect(output).to.include('accounts/partlydeploy/tokens/actions-too: the command false');
    const secret = checkout.read('handed-on');
    expect(await opens(secret)).to.equal(200);
  });

  it('shows what a pull request would do as the summary of the job, without a secret, and changes nothing', async () => {
    const { status, output } = await job(plan?.steps ?? [], 'pull_request');
    expect(status, output).to.equal(0);
    const summary = checkout.read('summary.md');
    expect(summary).to.include('### Accounts').and.to.include('+ accounts/deploy/tokens/actions');
    expect(summary).to.include('4 to create');
    expect(`${summary}${output}`).to.not.match(/acr_sa_/);
    await daemon.request.get('/v1/organizations/default/accounts/deploy').expect(404);
  });

  it('fails for a manifest with a mistake, and says where', async () => {
    writeFileSync(checkout.file('accounts/shop.yaml'), 'manifest: shop\naccount: {}\n');
    const { status, output } = await job(plan?.steps ?? [], 'pull_request');
    expect(status).to.equal(1);
    expect(output).to.include('accounts/shop.yaml:2:1').and.to.include('accounts');
  });

  it('applies on main: the secret goes on as a masked output, and into no log', async () => {
    const { status, output } = await job(apply?.steps ?? [], 'push');
    expect(status, output).to.equal(0);
    const secret = checkout.read('handed-on');
    expect(await opens(secret)).to.equal(200);
    expect(checkout.read('handed-on.words')).to.equal('secret set DEPLOY_TOKEN --repo acme/shop\n');
    const shown = output.split('\n').filter((line) => line.includes(secret));
    expect(shown).to.deep.equal([`::add-mask::${secret}`]);
    // Nothing is left that would have to be kept for the next run.
    expect(existsSync(checkout.file('journal.tar.enc'))).to.equal(false);
  });

  it('rotates by schedule what is due', async () => {
    await job(apply?.steps ?? [], 'push');
    const early = await job(apply?.steps ?? [], 'schedule');
    expect(early.status, early.output).to.equal(0);
    expect(early.output).to.include('No changes');
    const before = checkout.read('handed-on');
    clock.advance(31 * DAY);
    const due = await job(apply?.steps ?? [], 'schedule');
    expect(due.status, due.output).to.equal(0);
    const after = checkout.read('handed-on');
    expect(after).to.not.equal(before);
    expect(await opens(after)).to.equal(200);
  });

  it('keeps secrets that could not be delivered from one run to the next, encrypted', async () => {
    const manifest = renameAll('other');
    const failing = manifest.replace('- github-output', '- command: [./deliver]\n          - github-output');
    writeFileSync(checkout.file('accounts/shop.yaml'), failing);
    const deliver = (script: string) => writeFileSync(checkout.file('accounts/deliver'), script, { mode: 0o755 });
    deliver('#!/bin/sh\nexit 1\n');
    const first = await job(apply?.steps ?? [], 'push');
    expect(first.status).to.equal(1);
    expect(existsSync(checkout.file('journal.tar.enc'))).to.equal(true);
    expect(checkout.read('journal.tar.enc')).to.not.include('acr_sa_');
    const { body } = await daemon.request
      .get('/v1/organizations/default/accounts/otherdeploy/tokens/actions')
      .expect(200);

    // Another runner: all that it has of the former one is the cache.
    rmSync(checkout.file('.accredit-state'), { recursive: true });
    deliver('#!/bin/sh\ncat > delivered\n');
    const second = await job(apply?.steps ?? [], 'push');
    expect(second.status, second.output).to.equal(0);
    const after = await daemon.request.get('/v1/organizations/default/accounts/otherdeploy/tokens/actions').expect(200);
    expect(after.body.rotated_at).to.equal(body.rotated_at);
    expect(await opens(checkout.read('accounts/delivered').trim())).to.equal(200);
    expect(existsSync(checkout.file('.accredit-state/accredit'))).to.equal(false);
  });

  /** Makes of the manifest one of other resources, all of whose names begin with that, and answers its text. */
  function renameAll(prefix: string): string {
    const text = checkout.read('accounts/shop.yaml').replace(/shop|publisher|deploy:/g, `${prefix}$&`);
    writeFileSync(checkout.file('accounts/shop.yaml'), text);
    return text;
  }

  /** Carries out the shell steps of a job, those of the action that it uses included. */
  async function job(steps: readonly Step[], event: string): Promise<{ status: number; output: string }> {
    // What GitHub has an account's secrets for: here it writes down what it gets.
    checkout.program('gh', 'cat > handed-on; echo "$@" > handed-on.words');
    rmSync(checkout.file('summary.md'), { force: true });
    const outputs: Record<string, string> = {};
    let output = '';
    let status = 0;
    for (const [index, step] of steps.entries()) {
      if (step.run === undefined || !isWanted(step.if, outputs, status === 0)) continue;
      const values = {
        'secrets.ACCREDIT_TOKEN': daemon.adminToken,
        'secrets.ACCREDIT_JOURNAL_KEY': 'a key that the repository keeps',
        'secrets.SECRETS_TOKEN': 'of GitHub',
        'steps.apply.outputs.deploy_token': outputs['apply.deploy_token'] ?? '',
        'vars.ACCREDIT_ENDPOINT': daemon.url,
        'github.workspace': checkout.directory,
      };
      const declared = { ...workflow.env, ...(steps === apply?.steps ? (apply.env as object) : {}), ...step.env };
      const environment = Object.fromEntries(
        Object.entries(declared).map(([name, text]) => [name, resolved(String(text), values)]),
      );
      const file = checkout.file(`output-${index}`);
      writeFileSync(file, '');
      const ran = await checkout.run(step.run, {
        ...environment,
        GITHUB_ACTIONS: 'true',
        GITHUB_EVENT_NAME: event,
        GITHUB_OUTPUT: file,
        GITHUB_REPOSITORY_OWNER: 'acme',
        GITHUB_STEP_SUMMARY: checkout.file('summary.md'),
        GITHUB_WORKSPACE: checkout.directory,
      });
      output += ran.output;
      if (status === 0) status = ran.status;
      for (const [name, value] of Object.entries(outputsIn(checkout.read(`output-${index}`)))) {
        outputs[`${step.id}.${name}`] = value;
      }
    }
    return { status, output };
  }

  /** A condition means `success() && (…)`, unless it asks itself how the steps before it ended. */
  function isWanted(condition: string | undefined, outputs: Record<string, string>, isWell: boolean): boolean {
    if (condition === undefined) return isWell;
    const [how, what] = /^(?:(always\(\)|!cancelled\(\))(?: && )?)?(.*)$/.exec(condition)?.slice(1) ?? [];
    if (how === undefined && !isWell) return false;
    const [, output, operator, text] = /^steps\.([\w.]+) (==|!=) '([^']*)'$/.exec(what ?? '') ?? [];
    if (output === undefined) {
      if (what !== '') throw new Error(`what is ${condition}?`);
      return true;
    }
    return ((outputs[output.replace('.outputs', '')] ?? '') === text) === (operator === '==');
  }

  async function opens(secret: string): Promise<number> {
    return (await fetch(`${daemon.url}/v1/self`, { headers: { Authorization: `Bearer ${secret}` } })).status;
  }
});
