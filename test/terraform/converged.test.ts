/** The check that everything here relies on: it notices a plan that is not empty, before and after a refresh. */
import { expect } from 'chai';
import { uniqueName } from '../contract/bench.ts';
import { useTerraform } from './bench.ts';

describe('the check that nothing is left to do', () => {
  const bench = useTerraform();

  it('fails for a change that only the refresh shows, and for one that it hides', async () => {
    const { api, workspace } = bench();
    const name = uniqueName('mobile');
    const block = (description: string) =>
      `resource "accredit_team" "it" {\n  name = "${name}"\n  description = "${description}"\n}\n`;
    const terraform = await workspace(block('declared'));
    await terraform.apply();
    await terraform.assertConverged();
    const adopt = { headers: { 'Accredit-Adopt': 'true' } };
    const changed = await api.put(`organizations/default/teams/${name}`, { description: 'by hand' }, adopt);
    expect(changed.status, changed.text).to.equal(200);
    await expectLeft('accredit_team.it: update');
    await terraform.configure(block('by hand'));
    expect((await terraform.plan()).isEmpty, 'once refreshed, there is no difference').to.equal(true);
    await expectLeft('accredit_team.it: update');

    async function expectLeft(change: string): Promise<void> {
      const error: unknown = await terraform.assertConverged().then(
        () => undefined,
        (thrown) => thrown,
      );
      expect(error).to.be.an('error').with.property('message').that.includes(change);
    }
  });
});
