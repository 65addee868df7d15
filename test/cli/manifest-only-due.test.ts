/** `--only-due` rotates what is due, does nothing else, and says what it leaves. */
import { expect } from 'chai';
import { openJournal } from '../../cli/manifest/journal.ts';
import { mintToken } from '../../terraform-provider-spec/token.ts';
import { CHANGED, freshShop, SHOP } from './manifest-shop.ts';

const DAY = 86_400_000;

describe('an apply of what is due', () => {
  const { stage, workshop, applied, opens, resource } = freshShop();

  it('--only-due rotates what is due and leaves every other difference alone', async () => {
    const file = await applied();
    const old = workshop().read('secrets/ci-deploy');
    workshop().write('shop.yaml', CHANGED);
    const early = await workshop().accredit(['apply', '--yes', '--only-due', file]);
    expect(early.stderr).to.equal(
      'Nothing is due.\n' +
        'note: 6 resources differ from the manifest, which is left alone: "accredit plan" shows how\n',
    );
    stage().clock.advance(31 * DAY);
    const due = await workshop().accredit(['apply', '--yes', '--only-due', '--json', file]);
    expect(due.status, due.stderr).to.equal(0);
    const answer = JSON.parse(due.stdout);
    expect(answer.summary).to.deep.equal({
      created: 0,
      updated: 0,
      rotated: 1,
      deleted: 0,
      unchanged: 1,
      taken_over: 0,
    });
    expect(answer.left_alone.map((one: string) => one.split('/').slice(2).join('/'))).to.deep.equal([
      ...[
        'accounts/ci/tokens/deploy',
        'accounts/ci/tokens/other',
        'apps/web',
        'projects/shop',
        'roles/publisher',
        'teams/web',
      ],
    ]);
    expect(answer.delivered).to.deep.equal(['organizations/default/accounts/ci/tokens/deploy']);
    const fresh = workshop().read('secrets/ci-deploy');
    expect(fresh).to.not.equal(old);
    expect(await opens(fresh)).to.equal(true);
    expect((await resource('projects/shop')).display_name).to.equal('Shop');
    expect((await resource('apps/web')).address).to.equal('organizations/default/apps/web');
    expect((await resource('accounts/ci/tokens/deploy')).overlap).to.equal('1d');
    // What is left is still to do.
    expect((await workshop().accredit(['plan', '--detailed-exitcode', file])).status).to.equal(2);
  });

  it('--only-due says that nothing is due, and no more where nothing differs or only one resource does', async () => {
    const file = await applied();
    const nothing = await workshop().accredit(['apply', '--yes', '--only-due', file]);
    expect(nothing).to.include({ status: 0, stderr: 'Nothing is due.\n' });
    workshop().write('shop.yaml', SHOP.replace('Shop', 'The shop'));
    const one = await workshop().accredit(['plan', '--only-due', file]);
    expect(one.stdout).to.equal(
      'Nothing is due.\nnote: projects/shop differs from the manifest, which is left alone: "accredit plan" shows how\n',
    );
    stage().clock.advance(31 * DAY);
    const due = await workshop().accredit(['apply', '--yes', '--only-due', file]);
    expect(due.stderr)
      .to.include('note: projects/shop differs')
      .and.to.include('1 to rotate, 0 to delete, 3 unchanged.');
    expect(due.stderr).to.include('Applied: 0 created, 0 updated, 1 rotated, 0 deleted, 3 unchanged.');
    // What the daemon refuses as a whole is no reason not to rotate.
    workshop().write('shop.yaml', SHOP.replace('role: publisher', 'role: nowhere'));
    stage().clock.advance(31 * DAY);
    const refused = await workshop().accredit(['apply', '--yes', '--only-due', file]);
    expect(refused.status, refused.stderr).to.equal(0);
    expect(refused.stderr).to.include('note: whether anything else differs is not known');
  });

  it('--only-due does not say that nothing is due where what is due could go nowhere', async () => {
    const file = await applied();
    stage().clock.advance(31 * DAY);
    workshop().write('shop.yaml', SHOP.slice(0, SHOP.indexOf('        deliver')));
    const { status, stdout } = await workshop().accredit(['plan', '--only-due', file]);
    expect(status).to.equal(0);
    expect(stdout).to.equal(
      'Nothing that is due can be rotated from here.\n' +
        'note: accounts/ci/tokens/deploy is due, and only a token with "deliver" gets a new secret from here\n',
    );
  });

  it('--only-due leaves alone what another manager has taken over, and deletes nothing because of that', async () => {
    const file = await applied();
    const take = (address: string, body: object) =>
      stage()
        .daemon.request.put(`/v1/organizations/default/${address}`)
        .set('Accredit-Manager', 'terraform')
        .set('Accredit-Adopt', 'true')
        .send(body)
        .expect(200);
    await take('roles/publisher', { permissions: ['builds.*'] });
    const old = workshop().read('secrets/ci-deploy');
    stage().clock.advance(31 * DAY);
    const { status, stderr } = await workshop().accredit(['apply', '--yes', '--only-due', file]);
    expect(status, stderr).to.equal(0);
    expect(workshop().read('secrets/ci-deploy')).to.not.equal(old);
    expect((await resource('roles/publisher')).managed_by).to.equal('terraform');
    // The token is still the manifest's, and what it belongs to is not.
    await take('accounts/ci', { grants: [] });
    stage().clock.advance(31 * DAY);
    const refused = await workshop().accredit(['apply', '--yes', '--only-due', file]);
    expect(refused.status, refused.stderr).to.equal(5);
    expect((await resource('accounts/ci/tokens/deploy')).status).to.equal('active');
  });

  it('--only-due keeps what the journal has of tokens that it is not about', async () => {
    const file = await applied();
    const secret = mintToken('sa');
    const key = { endpoint: stage().daemon.url, manifest: 'organizations/default/manifests/shop' };
    const journal = () => openJournal(workshop().file('.local/state/accredit'), key);
    const address = 'organizations/default/accounts/ci/tokens/other';
    journal().add(new Map([[address, secret]]));
    workshop().write('shop.yaml', CHANGED);
    stage().clock.advance(31 * DAY);
    expect((await workshop().accredit(['apply', '--yes', '--only-due', file])).status).to.equal(0);
    expect([...journal().found]).to.deep.equal([[address, secret]]);
    expect((await workshop().accredit(['apply', '--yes', '--only-due', file])).status).to.equal(0);
    expect([...journal().found]).to.deep.equal([[address, secret]]);
    expect((await workshop().accredit(['apply', '--yes', file])).status).to.equal(0);
    expect(workshop().read('.env')).to.equal(`OTHER=${secret}\n`);
    expect(journal().found.size).to.equal(0);
  });

  it('--only-due of a manifest that was never applied says so', async () => {
    const file = workshop().write('shop.yaml', SHOP);
    const { status, stderr } = await workshop().accredit(['apply', '--yes', '--only-due', file]);
    expect(status).to.equal(1);
    expect(stderr).to.include('never applied');
  });
});
