/**
 * Replacement of a token and of its account, by taint and by -replace, in both orders. Whatever is replaced, in the end
 * the secret in the state works, no other does, and nothing that works was ended without the plan saying so.
 */
import { expect } from 'chai';
import { uniqueName } from '../contract/bench.ts';
import type { Run, Workspace } from '../support/terraform.ts';
import { ACCOUNT, accountAndToken, addressesOf, expectReplaced, TOKEN, useTerraform } from './bench.ts';

const CREATE_FIRST = 'lifecycle {\n    create_before_destroy = true\n  }';
const FOLLOWING = 'lifecycle {\n    replace_triggered_by = [accredit_service_account.it.uid]\n  }';
const FOLLOWING_CREATE_FIRST =
  'lifecycle {\n    create_before_destroy = true\n    replace_triggered_by  = [accredit_service_account.it.uid]\n  }';

interface Way {
  readonly name: string;
  /** Replaces the resource in one apply. */
  replace(terraform: Workspace, resource: string): Promise<Run>;
}

const WAYS: readonly Way[] = [
  {
    name: 'taint',
    async replace(terraform, resource) {
      await terraform.taint(resource);
      return terraform.apply();
    },
  },
  { name: '-replace', replace: (terraform, resource) => terraform.apply(`-replace=${resource}`) },
];

describe('replacement in Terraform', () => {
  const bench = useTerraform();

  for (const { name: way, replace } of WAYS) {
    for (const [order, lifecycle] of [
      ['destroy, then create', ''],
      ['create, then destroy', CREATE_FIRST],
    ] as const) {
      it(`a token replaced by ${way} (${order}) has one working secret, the new one`, async () => {
        const { api, workspace } = bench();
        const name = uniqueName('ci');
        const terraform = await workspace(accountAndToken(name, { token: lifecycle }));
        await terraform.apply();
        const before = await terraform.values(TOKEN);
        expect(await bench().authorize(before.secret)).to.equal(200);
        await replace(terraform, TOKEN);
        const after = await terraform.values(TOKEN);
        await expectReplaced(bench(), before.secret, after.secret);
        await terraform.assertConverged();
        const stored = (await api.get(addressesOf(name).token)).body;
        expect(stored).to.include({ uid: after.uid, claim: after.claim, status: 'active', previous: null });
        expect((await terraform.rawState()).includes(String(before.secret))).to.equal(false);
      });

      it(`a token with an overlap replaced by ${way} (${order}) leaves no former secret alive`, async () => {
        const { workspace } = bench();
        const token = `overlap = "12h"\n  ${lifecycle}`;
        const terraform = await workspace(accountAndToken(uniqueName('ci'), { token }));
        await terraform.apply();
        const before = await terraform.values(TOKEN);
        await replace(terraform, TOKEN);
        await expectReplaced(bench(), before.secret, (await terraform.values(TOKEN)).secret);
        await terraform.assertConverged();
      });
    }

    for (const [order, lifecycle] of [
      ['destroy, then create', FOLLOWING],
      ['create, then destroy', FOLLOWING_CREATE_FIRST],
    ] as const) {
      it(`an account replaced by ${way} (${order}) takes along the token that follows it`, async () => {
        const { api, workspace } = bench();
        const name = uniqueName('ci');
        const account = lifecycle === FOLLOWING ? '' : CREATE_FIRST;
        const terraform = await workspace(accountAndToken(name, { account, token: lifecycle }));
        await terraform.apply();
        const before = await terraform.values(TOKEN);
        await replace(terraform, ACCOUNT);
        const after = await terraform.values(TOKEN);
        await expectReplaced(bench(), before.secret, after.secret);
        await terraform.assertConverged();
        expect((await api.get(addressesOf(name).account)).body.uid).to.equal((await terraform.values(ACCOUNT)).uid);
        expect(await api.all(`${addressesOf(name).account}/tokens`)).to.have.length(1);
      });
    }

    it(`an account replaced by ${way} while its token stays is refused, and no live token dies`, async () => {
      const { workspace, authorize } = bench();
      const name = uniqueName('ci');
      const terraform = await workspace(accountAndToken(name));
      await terraform.apply();
      const before = await terraform.values(TOKEN);
      const accountBefore = await terraform.values(ACCOUNT);
      if (way === 'taint') await terraform.taint(ACCOUNT);
      const command = ['apply', '-auto-approve', ...(way === 'taint' ? [] : [`-replace=${ACCOUNT}`])];
      expect(await terraform.diagnostic(command)).to.include(addressesOf(name).token);
      expect(await authorize(before.secret)).to.equal(200);
      expect((await terraform.values(ACCOUNT)).uid).to.equal(accountBefore.uid);
    });

    it(`an account replaced by ${way} before it is destroyed keeps its token alive`, async () => {
      const { api, workspace, authorize } = bench();
      const name = uniqueName('ci');
      const terraform = await workspace(accountAndToken(name, { token: CREATE_FIRST }));
      await terraform.apply();
      const before = await terraform.values(TOKEN);
      const accountBefore = await terraform.values(ACCOUNT);
      await replace(terraform, ACCOUNT);
      expect(await authorize(before.secret)).to.equal(200);
      expect((await terraform.values(TOKEN)).secret).to.equal(before.secret);
      const accountAfter = await terraform.values(ACCOUNT);
      expect(accountAfter.claim).to.not.equal(accountBefore.claim);
      expect((await api.get(addressesOf(name).account)).body.claim).to.equal(accountAfter.claim);
      await terraform.assertConverged();
      await terraform.destroy();
      expect((await api.get(addressesOf(name).account)).status).to.equal(404);
    });
  }

  it('with force_destroy an account is deleted together with tokens of somebody else', async () => {
    const { api, workspace } = bench();
    const name = uniqueName('ci');
    const { account } = addressesOf(name);
    const block = (force: boolean) =>
      `resource "accredit_service_account" "it" {\n  name = "${name}"\n  force_destroy = ${force}\n}\n`;
    const terraform = await workspace(block(false));
    await terraform.apply();
    expect((await api.put(`${account}/tokens/by-hand`, {})).status).to.equal(201);
    expect(await terraform.diagnostic(['destroy', '-auto-approve'])).to.include('force_destroy');
    expect((await api.get(`${account}/tokens/by-hand`)).status).to.equal(200);
    await terraform.configure(block(true));
    await terraform.apply();
    await terraform.assertConverged();
    await terraform.destroy();
    expect((await api.get(account)).status).to.equal(404);
  });

  it('an attribute that cannot change plans a replacement, which is carried out', async () => {
    const { api, workspace } = bench();
    const [first, second] = [uniqueName('ci'), uniqueName('ci')];
    const terraform = await workspace(accountAndToken(first));
    await terraform.apply();
    const before = await terraform.values(TOKEN);
    await terraform.configure(accountAndToken(second));
    const planned = await terraform.planned();
    expect(planned.map(({ actions }) => actions)).to.deep.equal([
      ['delete', 'create'],
      ['delete', 'create'],
    ]);
    await terraform.apply();
    await expectReplaced(bench(), before.secret, (await terraform.values(TOKEN)).secret);
    await terraform.assertConverged();
    expect((await api.get(addressesOf(first).account)).status).to.equal(404);
    expect((await api.get(addressesOf(second).account)).status).to.equal(200);
  });
});
