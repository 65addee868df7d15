// biome-ignore-all lint/suspicious/noTemplateCurlyInString: what is written so in a manifest is no template.
/** `plan` says what would happen, `apply` does that or refuses, and both say it in ways that scripts can rely on. */
import { readdirSync, rmSync } from 'node:fs';
import { expect } from 'chai';
import { TOKEN_PATTERN } from '../../terraform-provider-spec/token.ts';
import { expectGolden } from './golden.ts';
import { CHANGED, freshShop, SHOP } from './manifest-shop.ts';
import { startMeddler } from './manifest-stage.ts';

const DAY = 86_400_000;

describe('plan and apply of a manifest', () => {
  const { stage, workshop, applied, opens, resource } = freshShop();

  it('a plan shows every change with its mark, its values and what it cuts off, without and with colours', async () => {
    const file = await applied();
    await opens(workshop().read('secrets/ci-deploy'));
    stage().clock.advance(31 * DAY);
    workshop().write('shop.yaml', CHANGED);
    const plain = await workshop().accredit(['plan', file]);
    expect(plain.status).to.equal(0);
    expectGolden('plan.txt', plain.stdout + plain.stderr);
    const coloured = await workshop().accredit(['plan', file], { FORCE_COLOR: '1' });
    expectGolden('plan-coloured.txt', coloured.stdout);
    const without = await workshop().accredit(['plan', file, '--no-color'], { FORCE_COLOR: '1' });
    expect(without.stdout).to.equal(plain.stdout);
  });

  it('--detailed-exitcode tells no changes, changes and errors apart', async () => {
    const words = ['plan', '--detailed-exitcode'];
    const file = workshop().write('shop.yaml', SHOP);
    expect((await workshop().accredit([...words, file])).status).to.equal(2);
    await applied();
    expect((await workshop().accredit([...words, file])).status).to.equal(0);
    expect((await workshop().accredit([...words, '--no-such-flag', file])).status).to.equal(1);
    expect((await workshop().accredit([...words, workshop().file('nowhere.yaml')])).status).to.equal(1);
    workshop().write('shop.yaml', SHOP.replace('90d', 'ninety days'));
    expect((await workshop().accredit([...words, file])).status).to.equal(1);
    workshop().write('shop.yaml', SHOP);
    expect((await workshop().accredit([...words, file], { ACCREDIT_TOKEN: 'acr_sa_wrong' })).status).to.equal(1);
  });

  it('an apply delivers the secret that it made, and a second one changes and writes nothing', async () => {
    const file = await applied();
    const secret = workshop().read('secrets/ci-deploy');
    expect(await opens(secret)).to.equal(true);
    const before = await stage().daemon.request.get('/v1/organizations/default/audit-events');
    const { status, stderr, stdout } = await workshop().accredit(['apply', '--yes', file]);
    expect({ status, stdout, stderr }).to.deep.equal({
      status: 0,
      stdout: '',
      stderr: 'No changes: everything is as the manifest shop declares it.\n',
    });
    const after = await stage().daemon.request.get('/v1/organizations/default/audit-events');
    expect(after.body).to.deep.equal(before.body);
    expect(workshop().read('secrets/ci-deploy')).to.equal(secret);
  });

  it('nothing is applied without a confirmation, and none is asked for without a terminal', async () => {
    const file = workshop().write('shop.yaml', SHOP);
    const { status, stderr } = await workshop().accredit(['apply', file]);
    expect(status).to.equal(7);
    expect(stderr).to.include('give --yes');
    expect((await stage().daemon.request.get('/v1/organizations/default/accounts/ci')).status).to.equal(404);
  });

  it('what is refused by the daemon is shown where it stands in the file, with what may have been meant', async () => {
    const file = workshop().write('shop.yaml', SHOP.replace('role: publisher', 'role: publsher'));
    const { status, stderr } = await workshop().accredit(['plan', file]);
    expect(status, stderr).to.equal(1);
    expectGolden('refused.txt', stderr.replace(/request .*/, 'request ID'));
    const json = JSON.parse((await workshop().accredit(['plan', '--json', file])).stderr);
    expect(json.error.errors[0]).to.include({ pointer: '/accounts/ci/grants/0/role', line: 10, column: 22 });
  });

  it('a secret that would go nowhere is refused before anything is done, at its place', async () => {
    const text = SHOP.slice(0, SHOP.indexOf('        deliver'));
    const file = workshop().write('shop.yaml', text);
    const { status, stderr } = await workshop().accredit(['apply', '--yes', file]);
    expect(status).to.equal(1);
    expect(stderr).to.include('DIR/shop.yaml:12:7: error: its new secret would go nowhere');
    expect((await stage().daemon.request.get('/v1/organizations/default/projects/shop')).status).to.equal(404);
  });

  it('a sink that cannot take a secret is found before anything is done', async () => {
    workshop().write('blocked', '');
    const sinks = [
      'file: ./blocked/x',
      'command: [no-such-program-here]',
      'github-output: { key: x }',
      `file: ${JSON.stringify(workshop().path)}`,
    ];
    const lines = sinks.map((sink) => `\n          - ${sink}`).join('');
    const file = workshop().write('shop.yaml', SHOP.replace('\n          - file: ./secrets/ci-deploy', lines));
    const { status, stderr } = await workshop().accredit(['apply', '--yes', file]);
    expect(status, stderr).to.equal(1);
    expect(stderr.match(/error: nothing can be delivered/g), stderr).to.have.length(4);
    // A plan can be made where nothing is ever applied.
    const planned = await workshop().accredit(['plan', file]);
    expect(planned.status).to.equal(0);
    expect(planned.stderr.match(/warning: nothing can be delivered/g)).to.have.length(4);
    expect((await stage().daemon.request.get('/v1/organizations/default/projects/shop')).status).to.equal(404);
  });

  it('what was changed between plan and confirmation is not applied over', async () => {
    const file = await applied();
    workshop().write('shop.yaml', CHANGED);
    // The answer to the dry run is late enough for somebody else.
    const { url, request } = stage().daemon;
    const proxied = await startMeddler(url, async () => {
      await request
        .put('/v1/organizations/default/roles/publisher')
        .set('Accredit-Manager', 'manifest/shop')
        .send({ permissions: ['builds.read'] });
    });
    const { status, stderr } = await workshop().accredit(['apply', '--yes', file], { ACCREDIT_ENDPOINT: proxied.url });
    proxied.close();
    expect(status, stderr).to.equal(5);
    expect((await resource('roles/publisher')).permissions).to.deep.equal(['builds.read']);
    expect((await resource('projects/shop')).display_name).to.equal('Shop');
    // The secret that was made for it opens nothing and is noted nowhere: the next apply makes another.
    const noted = readdirSync(workshop().file('.local/state/accredit'), { recursive: true, withFileTypes: true });
    expect(noted.filter((entry) => entry.isFile())).to.deep.equal([]);
    expect((await workshop().accredit(['apply', '--yes', file])).status).to.equal(0);
  });

  it('what is due gets a new secret at its sinks, the old one works until the overlap ends', async () => {
    const file = await applied();
    const old = workshop().read('secrets/ci-deploy');
    stage().clock.advance(31 * DAY);
    const { status } = await workshop().accredit(['apply', '--yes', file]);
    expect(status).to.equal(0);
    const fresh = workshop().read('secrets/ci-deploy');
    expect(fresh).to.not.equal(old);
    expect([await opens(fresh), await opens(old)]).to.deep.equal([true, true]);
    stage().clock.advance(DAY + 1);
    expect([await opens(fresh), await opens(old)]).to.deep.equal([true, false]);
    expect((await workshop().accredit(['plan', '--detailed-exitcode', file])).status).to.equal(0);
  });

  it('another marker gives a new secret at once, and what has lost its file is told how to get one', async () => {
    const file = await applied(SHOP.replace('overlap: 1d', 'overlap: 0s'));
    const old = workshop().read('secrets/ci-deploy');
    rmSync(workshop().file('secrets/ci-deploy'));
    const planned = await workshop().accredit(['plan', '--detailed-exitcode', file]);
    expect(planned.status).to.equal(0);
    expect(planned.stdout).to.include('note: accounts/ci/tokens/deploy is not in the file DIR/secrets/ci-deploy');
    workshop().write('shop.yaml', SHOP.replace('overlap: 1d', 'overlap: 0s\n        rotation: "2"'));
    expect((await workshop().accredit(['apply', '--yes', file])).status).to.equal(0);
    expect([await opens(workshop().read('secrets/ci-deploy')), await opens(old)]).to.deep.equal([true, false]);
    expect((await workshop().accredit(['plan', '--detailed-exitcode', file])).status).to.equal(0);
  });

  it('an exported manifest applies without a difference, as YAML and as JSON', async () => {
    await applied(CHANGED);
    const before = { description: 'a $${b}, ${HOME} and $$${c}$', labels: { cost: '$${d}' } };
    const escaped = JSON.stringify(before).replaceAll('${', () => '$${');
    await applied(CHANGED.replace('web: {}', () => `web: ${escaped}`));
    expect(await resource('teams/web')).to.deep.include(before);
    for (const [name, words] of [
      ['export.yaml', []],
      ['export.json', ['--json']],
    ] as const) {
      const exported = await workshop().accredit(['export', 'shop', ...words]);
      expect(exported.status, exported.stderr).to.equal(0);
      expect(exported.stdout).to.not.match(/acr_|sha256/);
      const file = workshop().write(name, exported.stdout);
      const { status, stdout, stderr } = await workshop().accredit(['plan', '--detailed-exitcode', file]);
      expect({ status, stderr }, stdout).to.deep.equal({ status: 0, stderr: '' });
      expect((await workshop().accredit(['fmt', '--check', file])).status).to.equal(0);
    }
  });

  it('export --unmanaged declares what was made by hand, and taking it over moves no attribute and no secret', async () => {
    const { request } = stage().daemon;
    await request.put('/v1/organizations/default/accounts/hand').send({ labels: { b: '1', a: '2' } });
    const made = await request.put('/v1/organizations/default/accounts/hand/tokens/x').send({ expires_in: '1d' });
    await applied();
    const exported = await workshop().accredit(['export', 'taken', '--unmanaged']);
    expect(exported.stdout).to.include('hand').and.to.not.include('publisher');
    const file = workshop().write('taken.yaml', exported.stdout);
    const refused = await workshop().accredit(['plan', file]);
    expect(refused.stderr).to.include('--adopt');
    expect(refused.status).to.equal(1);
    const { status, stderr } = await workshop().accredit(['apply', '--yes', '--adopt', file]);
    expect(status, stderr).to.equal(0);
    expect(await opens(made.body.secret)).to.equal(true);
    expect((await resource('accounts/hand')).labels).to.deep.equal({ b: '1', a: '2' });
    expect((await resource('accounts/hand')).managed_by).to.equal('manifest/taken');
    expect((await workshop().accredit(['plan', '--detailed-exitcode', file])).status).to.equal(0);
  });

  it('a plan with --adopt shows from whom it takes what over, and counts that', async () => {
    const { request } = stage().daemon;
    const at = '/v1/organizations/default';
    await request.put(`${at}/accounts/hand`).send({ labels: { a: '1' } });
    await request.put(`${at}/teams/web`).set('Accredit-Manager', 'terraform').send({});
    const text = 'manifest: shop\naccounts: { hand: { labels: { a: "2" } } }\nteams: { web: {}, other: {} }\n';
    const file = workshop().write('shop.yaml', text);
    const { stdout } = await workshop().accredit(['plan', '--adopt', file]);
    expect(stdout).to.include(
      '~ accounts/hand\n      managed_by: nobody -> manifest/shop\n      labels: {"a":"1"} -> {"a":"2"}\n',
    );
    expect(stdout).to.include('~ teams/web\n      managed_by: terraform -> manifest/shop\n');
    expect(stdout).to.include('0 unchanged; 2 of them to be taken over.');
    const plan = JSON.parse((await workshop().accredit(['plan', '--adopt', '--json', file])).stdout);
    expect(plan.summary).to.include({ created: 1, updated: 2, taken_over: 2 });
    const from = plan.changes.map(({ address, taken_over_from }: Record<string, string>) => [address, taken_over_from]);
    expect(from).to.have.deep.members([
      ['organizations/default/accounts/hand', null],
      ['organizations/default/teams/web', 'terraform'],
      ['organizations/default/teams/other', undefined],
    ]);
    const done = await workshop().accredit(['apply', '--yes', '--adopt', file]);
    expect(done.stderr).to.include('; 2 of them taken over.');
    expect((await workshop().accredit(['plan', '--adopt', file])).stdout).to.include('No changes');
  });

  it('a secret whose hash is given by hand is nobody’s to deliver, and is not due for it', async () => {
    const hash = `sha256:${'ab'.repeat(32)}`;
    const text = SHOP.replace(/deliver:\n.*\n/, `secret_hash: "${hash}"\n`);
    const file = await applied(text);
    const { status, stdout } = await workshop().accredit(['plan', '--detailed-exitcode', '--json', file]);
    expect(status, stdout).to.equal(0);
    expect(JSON.parse(stdout).due).to.deep.equal([]);
  });

  it('no output of plan or apply holds a secret, but for the sink that asks for it', async () => {
    const file = workshop().write('shop.yaml', CHANGED.replace('The shop', `the shop ${'acr_sa_'}${'x'.repeat(46)}`));
    const planned = await workshop().accredit(['plan', file]);
    const { stdout, stderr } = await workshop().accredit(['apply', '--yes', file]);
    const anywhere = new RegExp(TOKEN_PATTERN.source.slice(1, -1), 'g');
    expect(planned.stdout + planned.stderr + stderr.replace(/^acr_.*$/m, '')).to.not.match(anywhere);
    const lines = stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line));
    expect(lines).to.have.length(1);
    expect(lines[0].address).to.equal('organizations/default/accounts/ci/tokens/other');
    expect(await opens(lines[0].secret)).to.equal(true);
    expect(workshop().read('.env')).to.equal(`OTHER=${lines[0].secret}\n`);
  });

  it('a failed sink fails the apply, keeps its secret, and is served by the next one without another rotation', async () => {
    const sink = 'command: [sh, -c, "cat > taken && test -e ready"]';
    const file = workshop().write('shop.yaml', SHOP.replace('file: ./secrets/ci-deploy', sink));
    const failed = await workshop().accredit(['apply', '--yes', file]);
    expect(failed.status).to.equal(1);
    expect(failed.stderr).to.include('accounts/ci/tokens/deploy: the command sh: sh ended with status 1');
    const secret = workshop().read('taken');
    expect(await opens(secret)).to.equal(true);
    workshop().write('ready', '');
    const next = await workshop().accredit(['plan', file]);
    expect(next.stdout).to.include('To be delivered');
    const resumed = await workshop().accredit(['apply', '--yes', file]);
    expect(resumed.status).to.equal(0);
    expect(resumed.stderr).to.match(
      /^Applied: 0 created, .*, 5 unchanged\.\nDelivered: the secret of accounts\/ci\/tokens\/deploy\.$/m,
    );
    expect(failed.stderr).to.include('Applied: 5 created').and.to.not.include('Delivered');
    expect(workshop().read('taken')).to.equal(secret);
    expect((await workshop().accredit(['plan', '--detailed-exitcode', file])).status).to.equal(0);
  });

  it('a sink of somebody else’s manifest cannot steer the terminal by what it is called', async () => {
    workshop().write('steer\u001b[2J', '#!/bin/sh\nexit 1\n', 0o700);
    const file = workshop().write('shop.yaml', SHOP.replace('file: ./secrets/ci-deploy', 'command: ["./steer\\e[2J"]'));
    for (const words of [['plan'], ['apply', '--yes']]) {
      const { stdout, stderr } = await workshop().accredit([...words, file]);
      expect(stdout + stderr)
        .to.include('steer\\u001b[2J')
        .and.to.not.include('\u001b');
    }
  });

  it('without its journal, a secret that was never delivered is replaced by one that is', async () => {
    const sink = 'command: [sh, -c, "cat > taken && test -e ready"]';
    const file = workshop().write('shop.yaml', SHOP.replace('file: ./secrets/ci-deploy', sink));
    await workshop().accredit(['apply', '--yes', file]);
    const lost = workshop().read('taken');
    workshop().write('ready', '');
    const elsewhere = { ACCREDIT_STATE_DIR_FILE: workshop().write('state-dir', workshop().file('another')) };
    const planned = await workshop().accredit(['plan', file], elsewhere);
    expect(planned.stdout).to.include(
      '-/+ accounts/ci/tokens/deploy: a new secret, as nobody has confirmed the last one',
    );
    expect((await workshop().accredit(['apply', '--yes', file], elsewhere)).status).to.equal(0);
    const secret = workshop().read('taken');
    expect(secret).to.not.equal(lost);
    expect(await opens(secret)).to.equal(true);
    // The first machine comes back with its journal: its secret is of no use any more.
    expect((await workshop().accredit(['apply', '--yes', file])).status).to.equal(0);
    expect(workshop().read('taken')).to.equal(secret);
    expect(await opens(secret)).to.equal(true);
  });
});
