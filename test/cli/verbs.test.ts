/** What the verbs promise that speak to a daemon. */
import { expect } from 'chai';
import { mintToken, secretHash, TOKEN_PATTERN } from '../../terraform-provider-spec/token.ts';
import { expectGolden } from './golden.ts';
import { freshStage } from './stage.ts';

const ORGANIZATION = '/v1/organizations/default';
const ACCOUNT = `${ORGANIZATION}/accounts/ci`;
const DEPLOY = `${ACCOUNT}/tokens/deploy`;
const ESCAPE = String.fromCharCode(27);

describe('the verbs of the command', () => {
  const { stage, place } = freshStage();

  /** An account with a token that ends, one that is revoked, and one that never ends. */
  async function populate(): Promise<void> {
    const { request } = stage().daemon;
    await request
      .put(ACCOUNT)
      .send({ display_name: 'CI\nof all 日本', labels: { env: 'prod' }, grants: [{ role: 'viewer' }] })
      .expect(201);
    await request.put(`${ORGANIZATION}/accounts/old`).send({ disabled: true }).expect(201);
    await request.put(DEPLOY).send({ expires_in: '10d' }).expect(201);
    await request.put(`${ACCOUNT}/tokens/leaked`).send({ state: 'revoked' }).expect(201);
    await request.put(`${ACCOUNT}/tokens/nightly`).send({}).expect(201);
  }

  /** With the values that differ from run to run, the length kept. */
  function steady(text: string): string {
    return text
      .replaceAll(stage().daemon.url, 'http://127.0.0.1:7345')
      .replace(/[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}/g, '00000000-0000-4000-8000-000000000000');
  }

  for (const [name, words] of [
    ['list-tokens', ['list', 'tokens']],
    ['list-accounts', ['list', 'accounts']],
    ['get-token', ['get', 'accounts/ci/tokens/leaked']],
    ['delete', ['delete', 'accounts/ci', '--dry-run']],
    ['audit', ['audit', '--limit', '4']],
  ] as const) {
    it(`show ${words.join(' ')} as people read it, with colours and without`, async () => {
      await populate();
      await stage().daemon.maintain();
      const plain = await place().cli(words);
      expect(plain.status, plain.stderr).to.equal(0);
      expect(plain.stdout).to.not.include(ESCAPE);
      expectGolden(`${name}.txt`, steady(plain.stdout));
      const coloured = await place().cli(words, { FORCE_COLOR: '1' });
      expectGolden(`${name}-coloured.txt`, steady(coloured.stdout));
      for (const [more, env] of [
        [[], { FORCE_COLOR: '1', NO_COLOR: '1' }],
        [['--no-color'], { FORCE_COLOR: '1' }],
      ] as const) {
        expect((await place().cli([...words, ...more], env)).stdout).to.equal(plain.stdout);
      }
    });
  }

  it('say with --json what the API says', async () => {
    await populate();
    const { request, adminToken } = stage().daemon;
    const json = async (...words: string[]) => JSON.parse((await place().cli([...words, '--json'])).stdout);
    expect(await json('get', 'accounts/ci')).to.deep.equal((await request.get(ACCOUNT)).body);
    const { items } = (await request.get(`${ORGANIZATION}/accounts`)).body;
    expect(await json('list', 'accounts')).to.deep.equal({ items });
    expect(await json('whoami')).to.include({ token: 'organizations/default/accounts/root/tokens/bootstrap' });
    expect(await json('delete', 'accounts/ci', '--dry-run')).to.have.keys('address', 'outcome', 'cuts_off');
    const events = (await place().cli(['audit', '--all', '--json'])).stdout.trimEnd().split('\n');
    const known = (await request.get(`${ORGANIZATION}/audit-events`)).body.items;
    expect(events.map((line) => JSON.parse(line))).to.deep.equal(known);
    expect(events.join('')).to.not.include(adminToken);
  });

  it('take addresses whole or without the organization, and say what is wrong with others', async () => {
    await populate();
    for (const address of [
      'accounts/ci',
      '/v1/organizations/default/accounts/ci',
      'organizations/default/accounts/ci/',
    ]) {
      const { stdout } = await place().cli(['get', address, '--json']);
      expect(JSON.parse(stdout), address).to.include({ address: 'organizations/default/accounts/ci' });
    }
    const elsewhere = await place().cli(['get', 'accounts/ci', '--organization', 'acme']);
    expect(elsewhere.status).to.equal(3);
    for (const [words, said] of [
      [['get', 'acounts/ci'], 'unknown collection acounts; did you mean accounts?'],
      [['get', 'accounts/CI'], '"CI" is no name for the account'],
      [['get', 'accounts'], 'no resource has the address'],
      [['list', 'accounts/ci'], '"accredit get accounts/ci" shows it'],
      [['list', 'accounts/ci/token'], 'unknown collection token; did you mean tokens?'],
      [['rotate', 'accounts/ci'], 'is the address of a service account; that of a token ends in /tokens/NAME'],
      [['rotate', 'manifests/shop'], 'is the address of a manifest'],
      [['list', 'accounts', '--usage', 'never'], '--usage is no filter of this list; it has --label and --name'],
      [['list', 'tokens', '--unused-since', 'monday'], '--unused-since must be a time in UTC'],
      [['list', 'tokens', '--status', 'actve'], 'Allowed choices are active, expired, revoked, disabled'],
      [['revoke', DEPLOY], "required option '--reason <reason>' not specified"],
    ] as const) {
      const ran = await place().cli(words);
      expect(ran, words.join(' ')).to.include({ status: 2, stdout: '' });
      expect(ran.stderr, words.join(' ')).to.include(said);
    }
  });

  it('filter as the API does, and take durations for times', async () => {
    await populate();
    const names = async (...words: string[]) =>
      JSON.parse((await place().cli(['list', 'accounts/ci/tokens', ...words, '--json'])).stdout).items.map(
        ({ name }: { name: string }) => name,
      );
    expect(await names()).to.deep.equal(['deploy', 'leaked', 'nightly']);
    expect(await names('--status', 'revoked')).to.deep.equal(['leaked']);
    expect(await names('--never-expires')).to.deep.equal(['leaked', 'nightly']);
    expect(await names('--never-expires', 'false')).to.deep.equal(['deploy']);
    expect(await names('--name', 'deploy', '--name', 'nightly')).to.deep.equal(['deploy', 'nightly']);
    expect(await names('--limit', '2')).to.deep.equal(['deploy', 'leaked']);
    expect(await names('--expires-before', '2030-01-12T00:00:00Z')).to.deep.equal(['deploy']);
    // By this machine's clock, years before that of the daemon here.
    expect(await names('--expires-before', '1d')).to.deep.equal([]);
    const labelled = await place().cli(['list', 'accounts', '--label', 'env:prod', '--json']);
    expect(JSON.parse(labelled.stdout).items).to.have.length(1);
  });

  it('revoke and restore: what is revoked is refused at once, and works again when it is restored', async () => {
    await populate();
    const secret = mintToken('sa');
    await stage()
      .daemon.request.put(DEPLOY)
      .send({ expires_in: '10d', secret_hash: secretHash(secret) })
      .expect(200);
    const opens = async () => (await stage().daemon.as(secret).get('/v1/self')).status;
    expect(await opens()).to.equal(200);
    const revoked = await place().cli(['revoke', 'accounts/ci/tokens/deploy', '--reason', 'compromised']);
    expect(revoked).to.include({ status: 0, stdout: 'revoked organizations/default/accounts/ci/tokens/deploy\n' });
    expect(await opens()).to.equal(401);
    const again = await place().cli(['revoke', 'accounts/ci/tokens/deploy', '--reason', 'compromised']);
    expect(again.stdout).to.include('was revoked before');
    expect((await place().cli(['restore', 'accounts/ci/tokens/deploy'])).stdout).to.match(/^restored /);
    expect(await opens()).to.equal(200);
    expect((await place().cli(['restore', 'accounts/ci/tokens/deploy'])).stdout).to.include('is not revoked');
  });

  it('delete nothing without a confirmation, and say what would have been cut off', async () => {
    await populate();
    const refused = await place().cli(['delete', 'accounts/ci']);
    expect(refused).to.include({ status: 7, stdout: '' });
    expect(refused.stderr).to.include('accounts/ci/tokens/deploy: the secret, never used, stops working at once');
    expect(refused.stderr).to.include('give --yes');
    await stage().daemon.request.get(ACCOUNT).expect(200);
    const done = await place().cli(['delete', 'accounts/ci', '--yes']);
    expect(done).to.include({ status: 0, stdout: 'deleted organizations/default/accounts/ci\n' });
    await stage().daemon.request.get(ACCOUNT).expect(404);
    const again = await place().cli(['delete', 'accounts/ci']);
    expect(again).to.include({ status: 0, stdout: 'there is nothing at organizations/default/accounts/ci\n' });
  });

  it('delete a manifest with what it declares, and show all of that before', async () => {
    const manifest = `${ORGANIZATION}/manifests/shop`;
    await stage()
      .daemon.request.put(manifest)
      .send({ accounts: { ci: { tokens: { deploy: {} } } } })
      .expect(201);
    expect((await place().cli(['list', 'manifests'])).stdout).to.match(/^shop /m);
    expect((await place().cli(['get', 'manifests/shop'])).stdout).to.match(/^declares .*accounts\/ci/m);
    const shown = await place().cli(['delete', 'manifests/shop', '--dry-run']);
    expect(shown.stdout).to.include('- organizations/default/accounts/ci\n').and.to.include('stops working at once');
    const done = await place().cli(['delete', 'manifests/shop', '--yes']);
    expect(done.status, done.stderr).to.equal(0);
    await stage().daemon.request.get(ACCOUNT).expect(404);
  });

  it('tell refusals by their exit status, with the reason and what to do', async () => {
    await populate();
    const { request, url } = stage().daemon;
    await request.put(`${ORGANIZATION}/accounts/theirs`).set('Accredit-Manager', 'terraform').send({}).expect(201);
    const cases: [string[], Record<string, string>, number, string[]][] = [
      [['get', 'accounts/none'], {}, 3, ['nothing at', '"accredit whoami"', 'request ']],
      [['whoami'], { ACCREDIT_TOKEN: mintToken('sa') }, 4, ['"accredit doctor"']],
      [['delete', 'accounts/theirs', '--yes'], {}, 5, ['terraform', '--adopt']],
      [['delete', 'accounts/ci', '--yes', '--no-cascade'], {}, 5, ['leave out --no-cascade']],
      [['delete', 'organizations/default', '--yes'], {}, 5, []],
      [['rotate', 'accounts/root/tokens/bootstrap'], {}, 5, ['--allow-self']],
      [['whoami'], { ACCREDIT_ENDPOINT: `${url}/elsewhere` }, 6, [`${url}/elsewhere`, 'another path']],
      [['whoami'], { ACCREDIT_TOKEN: '' }, 2, ['ACCREDIT_TOKEN_FILE', '--token-file', 'admin-token']],
      [['whoami'], { ACCREDIT_TOKEN: 'two words' }, 2, ['holds white space']],
    ];
    for (const [words, env, status, said] of cases) {
      const ran = await place().cli(words, env);
      expect(ran, `${words.join(' ')}: ${ran.stderr}`).to.include({ status, stdout: '' });
      for (const text of said) expect(ran.stderr).to.include(text);
      expect(ran.stderr).to.not.include('    at ');
      const json = await place().cli([...words, '--json'], env);
      const { error } = JSON.parse(json.stderr.slice(json.stderr.indexOf('{')));
      expect(error).to.have.all.keys('code', 'message', 'hint', 'errors', 'request_id');
    }
  });

  it('end quietly when whoever reads them has read enough', async () => {
    const { request } = stage().daemon;
    // More than a pipe holds.
    for (let number = 0; number < 300; number += 1) {
      await request
        .put(`${ORGANIZATION}/accounts/a${number}`)
        .send({ description: 'x'.repeat(900) })
        .expect(201);
    }
    const running = place().start(['list', 'accounts', '--json']);
    running.child.stdout?.once('data', () => running.child.stdout?.destroy());
    const { status, stderr } = await running.ended;
    expect({ status, stderr }).to.deep.equal({ status: 0, stderr: '' });
  });

  it('never show a secret that nobody asked for', async () => {
    await populate();
    const { adminToken } = stage().daemon;
    const anywhere = new RegExp(TOKEN_PATTERN.source.slice(1, -1));
    for (const words of [['list', 'tokens'], ['get', 'accounts/ci/tokens/deploy'], ['whoami'], ['audit'], ['doctor']]) {
      for (const more of [[], ['--json']]) {
        const { stdout, stderr } = await place().cli([...words, ...more]);
        expect(`${stdout}${stderr}`, words.join(' ')).to.not.match(anywhere).and.to.not.include(adminToken);
      }
    }
    const wrong = await place().cli(['token', 'parse'], {}, `${adminToken}x`);
    expect(wrong.status).to.equal(1);
    expect(wrong.stderr).to.include('was not copied whole').and.to.not.include(adminToken);
  });
});
