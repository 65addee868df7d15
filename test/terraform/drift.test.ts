/** What happens behind Terraform's back is shown for what it is, and never empties the state by mistake. */
import { expect } from 'chai';
import { uniqueName } from '../contract/bench.ts';
import { fakeClock } from '../support/daemon.ts';
import type { Workspace } from '../support/terraform.ts';
import type { Plan } from '../support/terraform-answers.ts';
import { accountAndToken, addressesOf, expectReplaced, PATIENCE, TOKEN, useTerraform } from './bench.ts';

const HOUR = 3_600_000;
const ADOPT = { headers: { 'Accredit-Adopt': 'true' } };

describe('drift in Terraform', () => {
  const clock = fakeClock();
  const bench = useTerraform(clock);

  describe('that happens all at once', () => {
    const [GONE, ALL_GONE, REVOKED, CHANGED, ROTATED] = ['gone', 'all_gone', 'revoked', 'changed', 'rotated'];
    const labels = [GONE, ALL_GONE, REVOKED, CHANGED, ROTATED] as string[];
    const names = new Map(labels.map((label) => [label, uniqueName('ci')]));
    const addresses = (label = '') => addressesOf(String(names.get(label)));
    const token = (label = ''): string => `accredit_service_account_token.${label}`;
    const account = (label = ''): string => `accredit_service_account.${label}`;
    const former = new Map<string, unknown>();
    let terraform: Workspace;
    let plan: Plan;
    let rotated: unknown;

    before(async function () {
      this.timeout(PATIENCE);
      const { api, workspace, authorize } = bench();
      terraform = await workspace(
        labels
          .map((label) =>
            accountAndToken(String(names.get(label)), {
              label,
              account: label === CHANGED ? 'grants = [{ role = "viewer" }]' : '',
            }),
          )
          .join('\n'),
      );
      await terraform.apply();
      for (const label of labels) former.set(label, (await terraform.values(token(label))).secret);
      clock.advance(HOUR);
      expect((await api.delete(addresses(GONE).token, ADOPT)).status).to.equal(204);
      expect((await api.delete(addresses(ALL_GONE).account, ADOPT)).status).to.equal(204);
      expect((await api.put(addresses(REVOKED).token, { state: 'revoked' }, ADOPT)).status).to.equal(200);
      const other = { disabled: true, grants: [{ role: 'admin' }] };
      expect((await api.put(addresses(CHANGED).account, other, ADOPT)).status).to.equal(200);
      const answer = await api.post(`${addresses(ROTATED).token}/rotation`, {}, ADOPT);
      expect(answer.status, answer.text).to.equal(200);
      rotated = answer.body.secret;
      for (const label of labels) expect(await authorize(former.get(label)), label).to.equal(401);
      plan = await terraform.plan();
      await terraform.applyPlanned();
    });

    it('is planned for what it is', () => {
      expect(plan.changes).to.deep.equal(
        [
          `${token(GONE)}: create`,
          `${account(ALL_GONE)}: create`,
          `${token(ALL_GONE)}: create`,
          `${token(REVOKED)}: update`,
          `${account(CHANGED)}: update`,
        ].sort(),
      );
    });

    it('a token that was deleted is created again, with another secret', async () => {
      await expectReplaced(bench(), former.get(String(GONE)), (await terraform.values(token(GONE))).secret);
    });

    it('an account that was deleted is created again together with its token', async () => {
      await expectReplaced(bench(), former.get(String(ALL_GONE)), (await terraform.values(token(ALL_GONE))).secret);
    });

    it('a token that was revoked is restored with the same secret, as declared', async () => {
      const { secret } = await terraform.values(token(REVOKED));
      expect(secret).to.equal(former.get(String(REVOKED)));
      expect(await bench().authorize(secret)).to.equal(200);
    });

    it('an account that was changed converges to what is declared', async () => {
      const { api, authorize } = bench();
      expect(await authorize(former.get(String(CHANGED)))).to.equal(200);
      expect((await api.get(addresses(CHANGED).account)).body).to.deep.include({
        disabled: false,
        grants: [{ role: 'viewer', scope: 'organization' }],
      });
    });

    it('a token that was rotated is said to be so, and its new secret is not touched', async () => {
      expect(plan.warnings.join('\n')).to.include('not the current one').and.to.include(addresses(ROTATED).token);
      expect(await bench().authorize(rotated)).to.equal(200);
    });

    it('leaves nothing to do', () => terraform.assertConverged());
  });

  it('a token revoked in an emergency shows as revoked, and no apply, taint or re-creation brings it back', async () => {
    const { api, workspace, authorize } = bench();
    const name = uniqueName('ci');
    const { token } = addressesOf(name);
    const terraform = await workspace(accountAndToken(name));
    await terraform.apply();
    const { secret } = await terraform.values(TOKEN);
    expect((await api.put(`${token}/revocation`, { reason: 'compromised' })).status).to.be.oneOf([200, 201]);
    await terraform.apply();
    expect(await terraform.values(TOKEN)).to.include({ status: 'revoked', state: 'active', secret });
    await terraform.assertConverged();
    expect((await terraform.plan()).warnings.join('\n')).to.include(`${token} is revoked as compromised`);
    expect(await authorize(secret)).to.equal(401);
    await terraform.taint(TOKEN);
    expect(await terraform.diagnostic(['apply', '-auto-approve'])).to.include('revoked');
    expect((await api.get(`${token}/revocation`)).body).to.include({ reason: 'compromised' });
    expect((await api.delete(`${token}/revocation`)).status).to.equal(204);
    await terraform.apply();
    await expectReplaced(bench(), secret, (await terraform.values(TOKEN)).secret);
    await terraform.assertConverged();
  });

  it('an expired token is neither gone nor a difference; it is renewed in place, replaced and destroyed', async () => {
    const { api, workspace, authorize } = bench();
    const name = uniqueName('ci');
    const terraform = await workspace(accountAndToken(name, { token: 'expires_in = "2h"' }));
    await terraform.apply();
    const before = await terraform.values(TOKEN);
    clock.advance(3 * HOUR);
    expect(await authorize(before.secret)).to.equal(401);
    await terraform.assertConverged();
    await terraform.apply();
    expect(await terraform.values(TOKEN)).to.include({ status: 'expired', uid: before.uid, secret: before.secret });
    await terraform.configure(accountAndToken(name, { token: 'expires_in = "48h"' }));
    expect((await terraform.plan()).changes).to.deep.equal([`${TOKEN}: update`]);
    await terraform.applyPlanned();
    expect(await terraform.values(TOKEN)).to.include({ status: 'active', uid: before.uid, secret: before.secret });
    expect(await authorize(before.secret)).to.equal(200);
    await terraform.assertConverged();
    clock.advance(49 * HOUR);
    await terraform.apply(`-replace=${TOKEN}`);
    await expectReplaced(bench(), before.secret, (await terraform.values(TOKEN)).secret);
    clock.advance(49 * HOUR);
    await terraform.destroy();
    expect((await api.get(addressesOf(name).account)).status).to.equal(404);
  });
});
