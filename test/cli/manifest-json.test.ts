// biome-ignore-all lint/suspicious/noTemplateCurlyInString: what is written so in a manifest is no template.
/** The JSON of plan and apply says to programs what the text says to people, and what they need to judge it. */
import { expect } from 'chai';
import { mintToken } from '../../terraform-provider-spec/token.ts';
import { CHANGED, freshShop, SHOP } from './manifest-shop.ts';

describe('the JSON of plan and apply', () => {
  const { workshop, applied, opens } = freshShop();

  it('a plan as JSON has the changes and no secret, nor the hash of one', async () => {
    const file = await applied();
    workshop().write('shop.yaml', CHANGED);
    const { status, stdout } = await workshop().accredit(['plan', '--json', file]);
    expect(status).to.equal(0);
    const plan = JSON.parse(stdout);
    expect(plan.summary).to.deep.equal({ created: 2, updated: 3, rotated: 0, deleted: 1, unchanged: 1, taken_over: 0 });
    expect(plan.has_changes).to.equal(true);
    expect(plan.to_deliver).to.deep.equal(['organizations/default/accounts/ci/tokens/other']);
    expect(stdout).to.not.match(/sha256:|acr_/);
  });

  it('a plan as JSON has of each change what there will be, defaults too, so that a program can judge it', async () => {
    const file = await applied();
    const token = mintToken('sa');
    const text = CHANGED.replace('The shop', token).replace('other:\n', 'other:\n        description: x\n');
    workshop().write('shop.yaml', text);
    const plan = JSON.parse((await workshop().accredit(['plan', '--json', file])).stdout);
    const after = Object.fromEntries(
      plan.changes.map((one: { address: string; after: object }) => [
        one.address.split('/').slice(2).join('/'),
        one.after,
      ]),
    );
    expect(after['projects/shop'].display_name).to.equal('acr_sa_'.padEnd(token.length, '*'));
    expect(after['roles/publisher']).to.deep.equal({
      ...{ display_name: null, description: null, labels: {} },
      permissions: ['builds.*', 'artifacts.read'],
    });
    expect(after['accounts/ci/tokens/deploy']).to.include({ expires_in: '90d', rotate_every: '30d', overlap: '1h' });
    // All that can be declared of a token, but for its secret and the marker that is kept.
    expect(Object.keys(after['accounts/ci/tokens/other'])).to.have.members([
      ...[
        'display_name',
        'description',
        'labels',
        'profile',
        'purpose',
        'expires_at',
        'expires_in',
        'state',
        'overlap',
      ],
      ...['retire_previous', 'rotate_every', 'rotate_before_expiry', 'permissions', 'allowed_cidrs'],
    ]);
    expect(after['accounts/ci/tokens/other']).to.include({ description: 'x', profile: 'standard', expires_in: null });
    expect(after).to.have.property('apps/web', undefined);
    const whole = await workshop().accredit(['apply', '--yes', '--json', file]);
    expect(JSON.parse(whole.stdout.trim().split('\n').at(-1) as string).changes).to.deep.equal(plan.changes);
  });

  it('a plan as JSON has what is only worth a warning, of the file and of this machine', async () => {
    const doubtful = SHOP.replace('- file: ./secrets/ci-deploy', '- command: [not-here]').replace('Shop }', '"${X}" }');
    const { status, stdout, stderr } = await workshop().accredit([
      'plan',
      '--json',
      workshop().write('a.yaml', doubtful),
    ]);
    expect({ status, stderr }).to.deep.equal({ status: 0, stderr: '' });
    const { warnings } = JSON.parse(stdout);
    expect(warnings.map(({ line, severity }: { line: number; severity: string }) => [line, severity])).to.deep.equal([
      [3, 'warning'],
      [17, 'warning'],
    ]);
  });

  it('an apply with --json prints a JSON value a line: the secrets that are to go there, and last what was done', async () => {
    const file = workshop().write('shop.yaml', SHOP.replace('file: ./secrets/ci-deploy', 'stdout-json: true'));
    const { status, stdout } = await workshop().accredit(['apply', '--yes', '--json', file]);
    expect(status).to.equal(0);
    const [handed, done, ...others] = stdout
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line));
    expect(others).to.deep.equal([]);
    expect(await opens(handed.secret)).to.equal(true);
    expect(done).to.include({ applied: true, manifest: 'organizations/default/manifests/shop' });
    const again = (await workshop().accredit(['apply', '--yes', '--json', file])).stdout;
    expect(again.trimEnd().split('\n')).to.have.length(1);
    expect(JSON.parse(again)).to.include({ has_changes: false });
  });
});
