/**
 * Replacement of a token and of its account, by taint and by -replace, in both orders. Whatever is replaced, in the end
 * the secret in the state works, no other does, and nothing that works was ended without the plan saying so.
 */
import { expect } from 'chai';
import { uniqueName } from '../contract/bench.ts';
import type { Workspace } from '../support/terraform.ts';
import type { Run } from '../support/terraform-process.ts';
import { ACCOUNT, accountAndToken, addressesOf, expectReplaced, PATIENCE, TOKEN, useTerraform } from './bench.ts';

interface Way {
  readonly name: string;
  /** With several -replace, Terraform 1.11 can lose all replace_triggered_by but one. */
  readonly oneByOne: boolean;
  /** Replaces the resources in one apply; answers how that ended. */
  replace(terraform: Workspace, resources: readonly string[]): Promise<Run>;
}

const WAYS: readonly Way[] = [
  {
    name: 'taint',
    oneByOne: false,
    async replace(terraform, resources) {
      for (const resource of resources) await terraform.taint(resource);
      return terraform.run(['apply', '-auto-approve'], 'any');
    },
  },
  {
    name: '-replace',
    oneByOne: true,
    replace: (terraform, resources) =>
      terraform.run(['apply', '-auto-approve', ...resources.map((resource) => `-replace=${resource}`)], 'any'),
  },
];

/** An account with a token, one of which is replaced. */
interface Case {
  readonly replaced: 'token' | 'account';
  readonly createFirst?: boolean;
  /** Whether the token is replaced with its account. */
  readonly follows?: boolean;
  readonly overlap?: string;
}

const CASES = {
  'a token (destroy, then create)': { replaced: 'token' },
  'a token (create, then destroy)': { replaced: 'token', createFirst: true },
  'a token with an overlap (destroy, then create)': { replaced: 'token', overlap: '12h' },
  'a token with an overlap (create, then destroy)': { replaced: 'token', overlap: '12h', createFirst: true },
  'an account (destroy, then create) and the token that follows it': { replaced: 'account', follows: true },
  'an account (create, then destroy) and the token that follows it': {
    replaced: 'account',
    follows: true,
    createFirst: true,
  },
} as const satisfies Readonly<Record<string, Case>>;

/** Terraform creates the account first as well, for the sake of a token that depends on it. */
const STAYING: Case = { replaced: 'account', createFirst: true };

/** One of the cases, in the configuration that holds all of them. */
class Instance {
  readonly token: string;
  readonly account: string;
  readonly name = uniqueName('ci');
  readonly #label: string;
  readonly #case: Case;

  constructor(label: string, given: Case) {
    this.#label = label;
    this.#case = given;
    this.token = `accredit_service_account_token.${label}`;
    this.account = `accredit_service_account.${label}`;
  }

  get follows(): boolean {
    return this.#case.follows === true;
  }

  get replaced(): string {
    return this.#case.replaced === 'token' ? this.token : this.account;
  }

  get blocks(): string {
    const { createFirst, follows, overlap } = this.#case;
    const first = createFirst ? 'create_before_destroy = true' : '';
    const following = follows ? `replace_triggered_by = [${this.account}.uid]` : '';
    return accountAndToken(this.name, {
      label: this.#label,
      account: follows ? `lifecycle {\n    ${first}\n  }` : '',
      token: `${overlap ? `overlap = "${overlap}"` : ''}\n  lifecycle {\n    ${first}\n    ${following}\n  }`,
    });
  }
}

describe('replacement in Terraform', () => {
  const bench = useTerraform();

  for (const { name: way, oneByOne, replace } of WAYS) {
    describe(`by ${way}`, () => {
      const staying = new Instance('staying', STAYING);
      const instances = Object.entries(CASES).map(([title, given], index) => ({
        title,
        instance: new Instance(`case_${index}`, given),
      }));
      const all = [...instances.map(({ instance }) => instance), staying];
      const following = all.filter(({ follows }) => follows);
      const former = new Map<string, Record<string, unknown>>();
      let terraform: Workspace;

      before(async function () {
        this.timeout(PATIENCE);
        terraform = await bench().workspace(all.map(({ blocks }) => blocks).join('\n'));
        await terraform.apply();
        for (const { address, values } of await terraform.resources()) {
          former.set(address, values);
          if (values.secret !== undefined) expect(await bench().authorize(values.secret)).to.equal(200);
        }
        for (const group of oneByOne
          ? [all.filter(({ follows }) => !follows), ...following.map((one) => [one])]
          : [all]) {
          const { exitCode, output } = await replace(
            terraform,
            group.map(({ replaced }) => replaced),
          );
          expect(exitCode, output).to.equal(0);
        }
      });

      for (const { title, instance } of instances) {
        it(`${title}: in the end one secret works, the new one`, async () => {
          const { api } = bench();
          const { account, token } = addressesOf(instance.name);
          const values = await terraform.values(instance.token);
          const secret = former.get(instance.token)?.secret;
          await expectReplaced(bench(), secret, values.secret);
          expect((await terraform.rawState()).includes(String(secret))).to.equal(false);
          const { uid, claim } = values;
          expect((await api.get(token)).body).to.include({ uid, claim, status: 'active', previous: null });
          expect((await api.get(account)).body.uid).to.equal((await terraform.values(instance.account)).uid);
          expect(await api.all(`${account}/tokens`)).to.have.length(1);
        });
      }

      it('an account that is created anew before it is destroyed keeps its token alive', async () => {
        const { api, authorize } = bench();
        const { secret } = await terraform.values(staying.token);
        expect(secret).to.equal(former.get(staying.token)?.secret);
        expect(await authorize(secret)).to.equal(200);
        const { claim } = await terraform.values(staying.account);
        expect(claim).to.not.equal(former.get(staying.account)?.claim);
        expect((await api.get(addressesOf(staying.name).account)).body.claim).to.equal(claim);
      });

      it('leaves nothing to do, and nothing behind when everything is destroyed', async () => {
        await terraform.assertConverged();
        await terraform.destroy();
        for (const { name } of all) {
          expect((await bench().api.get(addressesOf(name).account)).status).to.equal(404);
        }
      });

      it('an account whose token stays is not destroyed, and no live token dies', async () => {
        const { workspace, authorize } = bench();
        const name = uniqueName('ci');
        const refused = await workspace(accountAndToken(name));
        await refused.apply();
        const before = await refused.values(TOKEN);
        const accountBefore = await refused.values(ACCOUNT);
        const { exitCode, output } = await replace(refused, [ACCOUNT]);
        expect(exitCode, output).to.equal(1);
        expect(output.replace(/[\s│]+/g, ' ')).to.include(addressesOf(name).token);
        expect(await authorize(before.secret)).to.equal(200);
        expect((await refused.values(ACCOUNT)).uid).to.equal(accountBefore.uid);
      });
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

  it('with deletion_protection nothing is destroyed or replaced, in either order, before an apply has lifted it', async () => {
    const { api, authorize, workspace } = bench();
    const name = uniqueName('ci');
    const blocks = (token: string) => accountAndToken(name, { token });
    const first = 'lifecycle {\n    create_before_destroy = true\n  }';
    const terraform = await workspace(blocks(`deletion_protection = true\n  ${first}`));
    await terraform.apply();
    const { secret } = await terraform.values(TOKEN);
    expect(await terraform.diagnostic(['destroy', '-auto-approve'])).to.include('Protected from deletion');
    expect(await terraform.diagnostic(['plan', `-replace=${TOKEN}`])).to.include('Protected from deletion');
    await terraform.taint(TOKEN);
    for (const lines of [`deletion_protection = true\n  ${first}`, 'deletion_protection = false']) {
      await terraform.configure(blocks(lines));
      const text = await terraform.diagnostic(['apply', '-auto-approve']);
      expect(text).to.include('Protected from deletion').and.to.include('terraform untaint keeps it');
      expect(text).to.match(/on main\.tf line \d+/);
    }
    await terraform.run(['untaint', TOKEN]);
    expect(await authorize(secret)).to.equal(200);
    await terraform.apply();
    await terraform.assertConverged();
    expect(await terraform.values(TOKEN)).to.include({ secret, deletion_protection: false });
    await terraform.destroy();
    expect((await api.get(addressesOf(name).account)).status).to.equal(404);
  });

  it('an attribute that cannot change plans a replacement, which is carried out', async () => {
    const { api, workspace } = bench();
    const [first, second] = [uniqueName('ci'), uniqueName('ci')];
    const terraform = await workspace(accountAndToken(first));
    await terraform.apply();
    const before = await terraform.values(TOKEN);
    await terraform.configure(accountAndToken(second));
    expect((await terraform.plan()).changes).to.deep.equal([`${ACCOUNT}: replace`, `${TOKEN}: replace`]);
    await terraform.applyPlanned();
    await expectReplaced(bench(), before.secret, (await terraform.values(TOKEN)).secret);
    await terraform.assertConverged();
    expect((await api.get(addressesOf(first).account)).status).to.equal(404);
    expect((await api.get(addressesOf(second).account)).status).to.equal(200);
  });
});
