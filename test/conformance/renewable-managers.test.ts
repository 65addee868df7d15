/** Reference 004 again: who manages the service accounts of Platformer, in the organization and in one project. */
import { expect } from 'chai';
import type { JsonObject } from '../../terraform-provider-spec/kind.ts';
import type { Answer } from '../contract/api.ts';
import { expectOutcome, expectProblem, pointersOf } from '../contract/bench.ts';
import { addShopAndDepot, inProject, onOneDaemon, type Tenant, told } from './support.ts';

const RENEWABLE = { profile: 'renewable' };

onOneDaemon('who manages accounts, as in Platformer', (stage) => {
  const withProjects = async () => addShopAndDepot(await stage().tenant());
  const projectAdmin = (tenant: Tenant) => tenant.account('chief', [{ role: 'admin', scope: 'projects/shop' }]);

  it('the organization lists all accounts, a project admin those of the project', async () => {
    const tenant = await withProjects();
    await tenant.account('global', [], RENEWABLE);
    for (const project of ['shop', 'depot', 'web']) await tenant.account(project, inProject(project), RENEWABLE);
    const { api } = await projectAdmin(tenant);
    const names = (items: JsonObject[]) => items.map(({ name }) => name);
    const all = await tenant.api.all(tenant.at('accounts'));
    expect(names(all)).to.deep.equal(['chief', 'depot', 'global', 'shop', 'web']);
    expect(all.map(({ scope }) => scope)).to.include.members(['organization', 'projects/shop', 'projects/depot']);
    expect(names(await api.all(tenant.at('accounts')))).to.deep.equal(['shop', 'web']);
    const tokens = await api.all(tenant.at('tokens'));
    expect(tokens.map(({ address }) => address)).to.deep.equal(
      ['shop', 'web'].map((name) => tenant.at(`accounts/${name}/tokens/main`)),
    );
  });

  it('a project admin creates, renews and deletes accounts of the project', async () => {
    const tenant = await withProjects();
    const { api } = await projectAdmin(tenant);
    const address = tenant.at('accounts/robot');
    expectOutcome(await api.put(address, inProject('shop')), 201, 'created');
    const { secret } = expectOutcome(await api.put(`${address}/tokens/main`, RENEWABLE), 201, 'created');
    expectOutcome(await api.post(`${address}/tokens/main/rotation`, {}), 200, 'rotated');
    expect(await tenant.ask(String(secret))).to.equal(401);
    expectOutcome(await api.delete(address), 204, 'deleted');
  });

  it('a project admin touches no account of the organization or of another project, nor learns of any', async () => {
    const tenant = await withProjects();
    await tenant.account('global', [], RENEWABLE);
    await tenant.account('depot', inProject('depot'), RENEWABLE);
    const { api } = await projectAdmin(tenant);
    const attempts = (name: string): Promise<Answer>[] => {
      const account = tenant.at(`accounts/${name}`);
      const token = `${account}/tokens/main`;
      return [
        api.get(account),
        api.put(account, { grants: [] }),
        api.delete(account),
        api.get(`${account}/tokens`),
        api.put(token, RENEWABLE),
        api.post(`${token}/rotation`, {}),
        api.delete(token),
      ];
    };
    const never = (await Promise.all(attempts('never-was'))).map(told);
    for (const name of ['global', 'depot']) {
      const answers = await Promise.all(attempts(name));
      for (const answer of answers) expectProblem(answer, 404, 'not-found');
      expect(answers.map(told)).to.deep.equal(never);
    }
    expectProblem(await api.put(tenant.at('accounts/new'), inProject('depot')), 404, 'not-found');
    expectProblem(await api.put(tenant.at('accounts/new'), {}), 404, 'not-found');
  });

  it('a project admin gives accounts of the project custom roles of the organization, as far as their own rights go', async () => {
    const tenant = await withProjects();
    await tenant.make('roles/deployer', { permissions: ['deployments.create'] });
    await tenant.make('roles/successor', { permissions: ['owners.write'] });
    const { api } = await projectAdmin(tenant);
    const robot = tenant.at('accounts/robot');
    expectOutcome(await api.put(robot, inProject('shop', 'deployer')), 201, 'created');
    const made = expectOutcome(await api.put(`${robot}/tokens/main`, RENEWABLE), 201, 'created');
    expect(await tenant.ask(String(made.secret), 'deployments.create', 'projects/shop')).to.equal(200);
    expectProblem(await api.put(robot, inProject('shop', 'successor')), 403, 'forbidden');
    const none = expectProblem(await api.put(robot, inProject('shop', 'never-was')), 422, 'invalid');
    expect(pointersOf(none)).to.deep.equal(['/grants/0/role']);
  });

  it('refused on purpose: to give an account permissions that the giver does not hold', async () => {
    const tenant = await withProjects();
    await tenant.make('roles/keeper', { permissions: ['accounts.*', 'tokens.*'] });
    const { api } = await tenant.account('keeper', [{ role: 'keeper', scope: 'projects/shop' }]);
    expectProblem(await api.put(tenant.at('accounts/robot'), inProject('shop')), 403, 'forbidden');
    expectOutcome(await api.put(tenant.at('accounts/robot'), inProject('shop', 'keeper')), 201, 'created');
  });
});
