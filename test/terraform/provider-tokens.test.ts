/** Providers whose token Terraform manages itself: the very token of the provider, and that of another one beside it. */
import { expect } from 'chai';
import { uniqueName } from '../contract/bench.ts';
import { fakeClock } from '../support/daemon.ts';
import type { Workspace } from '../support/terraform.ts';
import { accountAndToken, addressesOf, PATIENCE, TOKEN, useTerraform } from './bench.ts';

const HOUR = 3_600_000;
const ADMIN = 'grants = [{ role = "admin" }]';

describe("a provider's token that Terraform manages", () => {
  const clock = fakeClock();
  const bench = useTerraform(clock);

  const stored = async (address: string) => (await bench().api.get(address)).body;
  const events = async (organization = 'organizations/default') => {
    const { body } = await bench().daemon.request.get(`/v1/${organization}/audit-events?limit=1`).expect(200);
    return body.items;
  };

  describe('for itself', () => {
    const name = uniqueName('ci');
    const { token: address } = addressesOf(name);
    const configuration = (version: number, lines = '') =>
      accountAndToken(name, { account: ADMIN, token: `rotation_triggers = { v = "${version}" }\n  ${lines}` });
    let terraform: Workspace;
    let secret: unknown;

    before(async function () {
      this.timeout(PATIENCE);
      terraform = await bench().workspace(configuration(1));
      await terraform.apply();
      ({ secret } = await terraform.values(TOKEN));
      terraform.setEnvironment({ ACCREDIT_TOKEN: String(secret) });
    });

    it('is not touched by a plan that rotates it, however often that is made', async () => {
      await terraform.configure(configuration(2));
      const before = [await stored(address), await events()];
      for (const _ of [1, 2]) {
        const { changes, warnings } = await terraform.plan();
        expect(changes).to.deep.equal([`${TOKEN}: update`]);
        expect(warnings.join()).to.include("It would end the provider's own token");
      }
      expect([await stored(address), await events()]).to.deep.equal(before);
      expect(await bench().authorize(secret)).to.equal(200);
    });

    it('is not ended by an apply either, which is refused and says how it goes', async () => {
      const before = await stored(address);
      const said = await terraform.diagnostic(['apply', '-auto-approve']);
      expect(said).to.include("It would end the provider's own token").and.include('the rotation an overlap');
      expect(await stored(address)).to.deep.equal(before);
      expect((await terraform.values(TOKEN)).secret).to.equal(secret);
      expect(await bench().authorize(secret)).to.equal(200);
    });

    it('is rotated with an overlap: the new secret is in the state, and either serves the provider until that ends', async () => {
      await terraform.configure(configuration(2, 'overlap = "1h"'));
      const before = [await stored(address), await events()];
      const { warnings } = await terraform.plan();
      expect(warnings.join()).to.not.include("provider's own token");
      expect([await stored(address), await events()], 'the plan').to.deep.equal(before);
      await terraform.applyPlanned();
      const { secret: next } = await terraform.values(TOKEN);
      expect(next).to.be.a('string').and.not.equal(secret);
      await terraform.assertConverged();
      terraform.setEnvironment({ ACCREDIT_TOKEN: String(next) });
      clock.advance(HOUR);
      await terraform.assertConverged();
      expect([await bench().authorize(secret), await bench().authorize(next)]).to.deep.equal([401, 200]);
    });
  });

  for (const overlap of ['1h', '0s']) {
    describe(`for another provider of the same configuration, with an overlap of ${overlap}`, () => {
      const name = uniqueName('robot');
      const team = uniqueName('team');
      const lines = (text: string) =>
        accountAndToken(name, { account: ADMIN, token: `overlap = "${overlap}"\n  ${text}` });
      const configuration = (text: string, description: string) => `${lines(text)}
provider "accredit" {
  alias = "robot"
  token = accredit_service_account_token.it.secret
}

resource "accredit_team" "its" {
  provider    = accredit.robot
  name        = "${team}"
  description = "${description}"
}
`;
      const TEAM = 'accredit_team.its';
      let terraform: Workspace;

      before(async function () {
        this.timeout(PATIENCE);
        terraform = await bench().workspace(configuration('rotation_triggers = { v = "1" }', 'first'));
        await terraform.apply();
      });

      /** Applies what rotates the token and changes what its provider manages; nothing is left to do, then or later. */
      async function rotate(text: string, description: string): Promise<void> {
        const { secret: former } = await terraform.values(TOKEN);
        await terraform.configure(configuration(text, description));
        const { changes } = await terraform.plan();
        expect(changes).to.deep.equal([`${TOKEN}: update`, `${TEAM}: update`]);
        expect(await bench().authorize(former), 'after the plan').to.equal(200);
        await terraform.applyPlanned();
        const { secret: next } = await terraform.values(TOKEN);
        expect(next).to.not.equal(former);
        expect((await stored(`organizations/default/teams/${team}`)).description).to.equal(description);
        await terraform.assertConverged();
        clock.advance(HOUR);
        expect([await bench().authorize(former), await bench().authorize(next)]).to.deep.equal([401, 200]);
        await terraform.assertConverged();
      }

      it('serves it before, in and after the apply that changes the triggers', async () => {
        await terraform.assertConverged();
        await rotate('rotation_triggers = { v = "2" }', 'second');
      });

      it('serves it before, in and after the apply that the schedule asks for', async () => {
        await terraform.configure(configuration('rotate_every = "30d"', 'second'));
        await terraform.apply();
        clock.advance(31 * 24 * HOUR);
        await rotate('rotate_every = "30d"', 'third');
      });

      it('serves it to its end', async () => {
        await terraform.destroy();
        expect(await terraform.resources()).to.deep.equal([]);
      });
    });
  }
});
