/** Manifests of a thousand resources and more over HTTP, on both databases. */
import { expect } from 'chai';
import type { JsonObject } from '../../terraform-provider-spec/kind.ts';
import { mintToken, secretHash } from '../../terraform-provider-spec/token.ts';
import { type Bench, expectOutcome, expectProblem, onEveryDatabase, uniqueName } from '../contract/bench.ts';

onEveryDatabase('a large manifest', (bench: () => Bench) => {
  let organization: string;
  let manifest: string;
  beforeEach(async () => {
    organization = `organizations/${uniqueName()}`;
    manifest = `${organization}/manifests/shop`;
    await bench().api.put(organization, {});
  });

  it('is written whole, also where that takes several statements', async function () {
    this.timeout(60_000);
    const { api } = bench();
    const named = (prefix: string, count: number, make: () => JsonObject) =>
      Object.fromEntries(Array.from({ length: count }, (_, index) => [`${prefix}${index}`, make()]));
    const tree = (mark: string) => ({
      teams: named('t', 3, () => ({})),
      accounts: named('a', 350, () => ({
        display_name: mark,
        teams: ['t0', 't1', 't2'],
        tokens: named('k', 2, () => ({ secret_hash: secretHash(mintToken('sa')), overlap: '1d' })),
      })),
    });
    expect((await api.put(manifest, tree('one'))).body.summary).to.include({ created: 1053 });
    const second = tree('two');
    const changed = expectOutcome(await api.put(manifest, second), 200, 'updated');
    expect(changed.summary).to.include({ updated: 350, rotated: 700, unchanged: 3 });
    const accounts = await api.all(`${organization}/accounts`, 'limit=1000');
    expect(new Set(accounts.map(({ display_name: name }) => name))).to.deep.equal(new Set(['two']));
    expect(await api.all(`${organization}/tokens`, 'limit=1000')).to.have.length(700);
    // What refers to a team is found by its key: all of it is gone before the team is.
    expectProblem(
      await api.delete(`${organization}/teams/t0`, { headers: { 'Accredit-Adopt': 'true' } }),
      409,
      'in-use',
    );
    const gone = expectOutcome(await api.put(manifest, {}), 200, 'updated');
    expect(gone.summary).to.include({ deleted: 1053 });
    expect(await api.all(`${organization}/tokens`, 'limit=1000')).to.deep.equal([]);
    const events = await api.all(`${organization}/audit-events`, 'limit=1000');
    expect(events).to.have.length(1 + 2 * 1054 + 1051);
    expectOutcome(await api.delete(manifest), 204, 'deleted');
    expectOutcome(await api.delete(organization), 204, 'deleted');
  });

  it('takes more than other bodies may have', async () => {
    const { api } = bench();
    const description = 'x'.repeat(1000);
    const teams = Object.fromEntries(Array.from({ length: 1100 }, (_, index) => [`t${index}`, { description }]));
    const plan = await api.put(manifest, { teams }, { query: 'dry_run=true' });
    expect(plan.status, plan.text.slice(0, 300)).to.equal(200);
    expect(plan.body.summary).to.include({ created: 1100 });
    expectProblem(await api.put(`${organization}/teams/big`, { teams }), 413, 'too-large');
  });
});
