/** Rotation on a schedule with the real Terraform, under a clock of the daemon's that the tests move. */
import { expect } from 'chai';
import { mintToken, tokenHash } from '../../terraform-provider-spec/token.ts';
import { uniqueName } from '../contract/bench.ts';
import { fakeClock } from '../support/daemon.ts';
import type { Workspace } from '../support/terraform.ts';
import { accountAndToken, addressesOf, expectReplaced, PATIENCE, TOKEN, useTerraform } from './bench.ts';

const HOUR = 3_600_000;
const DAY = 24 * HOUR;
const EVERY = 'rotate_every = "30d"\n  overlap = "12h"';

describe('rotation on a schedule in Terraform', () => {
  const clock = fakeClock();
  const bench = useTerraform(clock);

  /** A workspace whose one token was made so many days ago, with the address of that token. */
  async function made(token: string, days: number): Promise<{ terraform: Workspace; address: string; name: string }> {
    const name = uniqueName('ci');
    const terraform = await bench().workspace(accountAndToken(name, { token }));
    await terraform.apply();
    await terraform.assertConverged();
    clock.advance(days * DAY);
    return { terraform, address: addressesOf(name).token, name };
  }

  const revision = async (address: string) => (await bench().api.get(address)).body.revision;

  it('is seen by a refresh alone, planned with its reason, and applied as planned an hour later', async () => {
    const { authorize } = bench();
    const { terraform, address } = await made(EVERY, 31);
    const before = await terraform.values(TOKEN);
    expect((await terraform.hasChanges('-refresh=false')).changes).to.equal(false);
    // What a refresh remembers beside the attributes is no change to show.
    expect((await terraform.hasChanges('-refresh-only')).output).to.include('No changes');
    expect(await revision(address)).to.equal(1);
    const plan = await terraform.plan();
    expect([plan.changes, plan.drifted]).to.deep.equal([[`${TOKEN}: update`], []]);
    expect(plan.warnings[0]).to.include(
      `Due for rotation: ${address} is due since ${before.next_rotation_at}, by rotate_every = "30d"`,
    );
    expect(plan.warnings[1]).to.include(`The update of ${address} cuts something off`);
    clock.advance(HOUR);
    await terraform.applyPlanned();
    const after = await terraform.values(TOKEN);
    expect(after.uid).to.equal(before.uid);
    for (const secret of [before.secret, after.secret]) expect(await authorize(secret)).to.equal(200);
    await terraform.assertConverged();
    clock.advance(12 * HOUR);
    await expectReplaced(bench(), before.secret, after.secret);
    await terraform.assertConverged();
    expect(await revision(address)).to.equal(2);
  });

  it('is left out of a plan that was saved before it was due', async () => {
    const { terraform, address, name } = await made(EVERY, 29);
    const { secret } = await terraform.values(TOKEN);
    await terraform.configure(accountAndToken(name, { token: `${EVERY}\n  description = "x"` }));
    await terraform.plan();
    clock.advance(2 * DAY);
    await terraform.applyPlanned();
    expect(await terraform.values(TOKEN)).to.include({ secret, description: 'x' });
    await terraform.apply();
    await terraform.assertConverged();
    expect((await terraform.values(TOKEN)).secret).to.not.equal(secret);
    expect(await revision(address)).to.equal(3);
  });

  it('is not repeated when somebody else has rotated since the plan', async () => {
    const { api, authorize } = bench();
    const { terraform, address } = await made(EVERY, 30);
    const { secret } = await terraform.values(TOKEN);
    await terraform.plan();
    clock.advance(HOUR);
    const managed = { headers: { 'Accredit-Manager': 'terraform' } };
    const other = await api.post(`${address}/rotation`, {}, managed);
    expect(other.status, other.text).to.equal(200);
    expect((await terraform.applyPlanned()).output).to.include('Rotated by somebody else since the plan was made');
    expect(await terraform.values(TOKEN)).to.include({ secret, rotated_at: other.body.rotated_at });
    await terraform.assertConverged();
    expect(await authorize(other.body.secret)).to.equal(200);
    expect(await revision(address)).to.equal(2);
  });

  it('is made once by two applies of one state, and found again by one whose state was never stored', async () => {
    const { terraform, address } = await made(EVERY, 30);
    const before = await terraform.values(TOKEN);
    const killed = await terraform.copy();
    const late = await terraform.copy();
    try {
      await late.plan();
      await terraform.apply();
      const after = await terraform.values(TOKEN);
      await late.applyPlanned();
      clock.advance(HOUR);
      expect((await killed.plan()).changes).to.deep.equal([]);
      await killed.apply();
      for (const other of [late, killed]) {
        expect((await other.values(TOKEN)).secret).to.equal(after.secret);
        await other.assertConverged();
      }
      clock.advance(12 * HOUR);
      await expectReplaced(bench(), before.secret, after.secret);
      expect(await revision(address)).to.equal(2);
    } finally {
      for (const other of [killed, late]) await other.dispose();
    }
  });

  it('that a refresh has found and the state knows of, is made without another one', async () => {
    const { terraform, address } = await made(EVERY, 30);
    await terraform.apply('-refresh-only');
    expect((await terraform.plan('-refresh=false')).changes).to.deep.equal([`${TOKEN}: update`]);
    await terraform.applyPlanned();
    await terraform.assertConverged();
    expect(await revision(address)).to.equal(2);
  });

  it('brings a token that has expired back to life', async () => {
    const { terraform } = await made('expires_in = "30d"\n  rotate_before_expiry = "10d"', 40);
    const { secret } = await terraform.values(TOKEN);
    await terraform.apply();
    await terraform.assertConverged();
    expect(await terraform.values(TOKEN)).to.include({ status: 'active' });
    await expectReplaced(bench(), secret, (await terraform.values(TOKEN)).secret);
  });

  it('of a secret that is made elsewhere is left to whoever makes it, and the plan says how', async () => {
    const [first, second] = [mintToken('sa'), mintToken('sa')];
    const own = (secret: string, version: number) =>
      `${EVERY}\n  secret_hash_wo = "sha256:${tokenHash(secret)}"\n  secret_hash_wo_version = ${version}`;
    const { terraform, name } = await made(own(first, 1), 31);
    const plan = await terraform.plan();
    expect(plan.changes).to.deep.equal([]);
    expect(plan.warnings.join()).to.include('made elsewhere').and.to.include('change secret_hash_wo_version');
    await terraform.configure(accountAndToken(name, { token: own(second, 2) }));
    await terraform.apply();
    await terraform.assertConverged();
    clock.advance(DAY);
    await expectReplaced(bench(), first, second);
    expect((await terraform.plan()).warnings).to.deep.equal([]);
  });

  describe('with create_before_destroy', () => {
    const first = (lines: string) => `${lines}\n  lifecycle {\n    create_before_destroy = true\n  }`;
    const label = (way: string) => `accredit_service_account_token.${way}`;
    const ways = ['triggers', 'taint', 'replace'] as const;
    const names = Object.fromEntries(ways.map((way) => [way, uniqueName('ci')]));
    const blocks = (trigger: string) =>
      ways
        .map((way) => {
          const triggers = way === 'triggers' ? `\n  rotation_triggers = { v = "${trigger}" }` : '';
          return accountAndToken(names[way] as string, { label: way, token: first(EVERY + triggers) });
        })
        .join('\n');

    it('leaves one working secret of a token that is due, whatever else makes a new one', async function () {
      this.timeout(PATIENCE);
      const terraform = await bench().workspace(blocks('1'));
      await terraform.apply();
      const before = new Map((await terraform.resources()).map(({ address, values }) => [address, values]));
      clock.advance(31 * DAY);
      await terraform.configure(blocks('2'));
      await terraform.taint(label('taint'));
      const plan = await terraform.plan(`-replace=${label('replace')}`);
      expect(plan.changes).to.deep.equal([
        `${label('replace')}: replace`,
        `${label('taint')}: replace`,
        `${label('triggers')}: update`,
      ]);
      await terraform.applyPlanned();
      await terraform.assertConverged();
      clock.advance(12 * HOUR);
      for (const way of ways) {
        const { secret } = await terraform.values(label(way));
        await expectReplaced(bench(), before.get(label(way))?.secret, secret);
        expect((await bench().api.get(addressesOf(names[way] as string).token)).body.previous).to.equal(null);
      }
      await terraform.assertConverged();
      await terraform.destroy();
    });
  });
});
