/** What Terraform can do with a token in place: rotate, prolong, revoke, restore, and leave its secret out of the state. */
import { expect } from 'chai';
import { mintToken, tokenHash } from '../../terraform-provider-spec/token.ts';
import { uniqueName } from '../contract/bench.ts';
import { fakeClock } from '../support/daemon.ts';
import type { Workspace } from '../support/terraform.ts';
import { accountAndToken, addressesOf, expectReplaced, TOKEN, useTerraform } from './bench.ts';

const HOUR = 3_600_000;

describe('a token in Terraform', () => {
  const clock = fakeClock();
  const bench = useTerraform(clock);

  /** Applies the token with these lines, which must change nothing but the token and that in place. */
  async function converge(terraform: Workspace, name: string, token: string): Promise<Record<string, unknown>> {
    await terraform.configure(accountAndToken(name, { token }));
    const planned = await terraform.planned();
    expect(planned.map(({ address, actions }) => [address, ...actions])).to.deep.equal([[TOKEN, 'update']]);
    await terraform.apply();
    await terraform.assertConverged();
    return terraform.values(TOKEN);
  }

  async function applied(
    token: string,
  ): Promise<{ name: string; terraform: Workspace; values: Record<string, unknown> }> {
    const name = uniqueName('ci');
    const terraform = await bench().workspace(accountAndToken(name, { token }));
    await terraform.apply();
    await terraform.assertConverged();
    return { name, terraform, values: await terraform.values(TOKEN) };
  }

  it('rotates in place when its triggers change, and at no other time', async () => {
    const { terraform, name, values: first } = await applied('rotation_triggers = { month = "01" }');
    const second = await converge(terraform, name, 'rotation_triggers = { month = "02" }');
    expect(second.uid).to.equal(first.uid);
    await expectReplaced(bench(), first.secret, second.secret);
    const third = await converge(terraform, name, 'rotation_triggers = { month = "02" }\n  description = "same"');
    expect(third.secret).to.equal(second.secret);
    expect(third.rotated_at).to.equal(second.rotated_at);
  });

  it('keeps its secret when triggers are taken away or come for the first time, and rotates when they change', async () => {
    const { terraform, name, values: first } = await applied('rotation_triggers = { month = "01" }');
    const without = await converge(terraform, name, '');
    const again = await converge(terraform, name, 'rotation_triggers = { month = "03" }');
    for (const { secret } of [without, again]) expect(secret).to.equal(first.secret);
    const changed = await converge(terraform, name, 'rotation_triggers = { month = "04" }');
    await expectReplaced(bench(), first.secret, changed.secret);
  });

  it('rotated with an overlap, keeps both secrets working until the overlap ends', async () => {
    const { authorize } = bench();
    const { terraform, name, values: first } = await applied('overlap = "2h"\n  rotation_triggers = { n = "1" }');
    const second = await converge(terraform, name, 'overlap = "2h"\n  rotation_triggers = { n = "2" }');
    expect(await authorize(first.secret)).to.equal(200);
    expect(await authorize(second.secret)).to.equal(200);
    clock.advance(3 * HOUR);
    expect(await authorize(first.secret)).to.equal(401);
    expect(await authorize(second.secret)).to.equal(200);
    await terraform.assertConverged();
  });

  it('changes its lifetime in place, with the same secret', async () => {
    const { authorize } = bench();
    const { terraform, name, values: first } = await applied('expires_in = "24h"');
    const longer = await converge(terraform, name, 'expires_in = "240h"');
    expect(longer).to.include({ uid: first.uid, secret: first.secret, rotated_at: first.rotated_at });
    expect(Date.parse(String(longer.valid_until)) - Date.parse(String(first.valid_until))).to.equal(216 * HOUR);
    const endless = await converge(terraform, name, '');
    expect(endless).to.include({ valid_until: null, secret: first.secret });
    const end = new Date(clock.now() + 48 * HOUR).toISOString().replace('.000Z', 'Z');
    const fixed = await converge(terraform, name, `expires_at = "${end}"`);
    expect(fixed).to.include({ valid_until: end, secret: first.secret });
    expect(await authorize(first.secret)).to.equal(200);
  });

  it('is revoked and restored as declared, with the same secret', async () => {
    const { authorize } = bench();
    const { terraform, name, values: first } = await applied('');
    const revoked = await converge(terraform, name, 'state = "revoked"');
    expect(revoked).to.include({ status: 'revoked', uid: first.uid });
    expect(await authorize(first.secret)).to.equal(401);
    const restored = await converge(terraform, name, 'state = "active"');
    expect(restored).to.include({ status: 'active', uid: first.uid, secret: first.secret });
    expect(await authorize(first.secret)).to.equal(200);
  });

  it('with a secret made elsewhere, keeps secret and hash out of the state, and rotates with the version', async () => {
    const { authorize, daemon } = bench();
    const [one, two] = [mintToken('sa'), mintToken('sa')];
    const lines = (secret: string, version: number) =>
      `secret_hash_wo = "sha256:${tokenHash(secret)}"\n  secret_hash_wo_version = "${version}"`;
    const { terraform, name, values: first } = await applied(lines(one, 1));
    expect(first).to.include({ secret: null, secret_hash_wo: null });
    expect(await authorize(one)).to.equal(200);
    await terraform.configure(accountAndToken(name, { token: lines(two, 1) }));
    await terraform.assertConverged();
    expect(await authorize(one)).to.equal(200);
    const second = await converge(terraform, name, lines(two, 2));
    expect(second).to.include({ secret: null, uid: first.uid });
    expect(await authorize(one)).to.equal(401);
    expect(await authorize(two)).to.equal(200);
    const state = await terraform.rawState();
    for (const secret of [one, two, tokenHash(one), tokenHash(two), daemon.adminToken]) {
      expect(state.includes(secret)).to.equal(false);
    }
  });

  it('an invalid attribute is an error of the plan that names file and line', async () => {
    const { api, workspace } = bench();
    const attempts: [string, string][] = [
      ['expires_in = "0s"', 'expires_in = "0s"'],
      ['expires_in = "1d"\n  expires_at = "2090-01-01T00:00:00Z"', 'expires_'],
      ['allowed_cidrs = ["10.0.0.0/33"]', 'allowed_cidrs'],
      ['state = "gone"', 'state = "gone"'],
      ['permissions = ["everything"]', 'permissions'],
    ];
    const name = uniqueName('ci');
    const terraform = await workspace(accountAndToken(name));
    for (const [token, named] of attempts) {
      await terraform.configure(accountAndToken(name, { token }));
      const text = await terraform.diagnostic(['plan']);
      expect(text)
        .to.match(/on main\.tf line \d+/)
        .and.include(named);
    }
    expect((await api.get(addressesOf(name).account)).status).to.equal(404);
  });

  it('what the daemon refuses is an error that names the attribute', async () => {
    const { workspace } = bench();
    const name = uniqueName('ci');
    const terraform = await workspace(accountAndToken(name, { account: 'grants = [{ role = "no-such-role" }]' }));
    const text = await terraform.diagnostic(['apply', '-auto-approve']);
    expect(text)
      .to.include('no-such-role')
      .and.match(/on main\.tf line \d+/);
    expect(await terraform.resources()).to.be.empty;
  });
});
