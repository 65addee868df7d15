/** What works for a few works for many, and what an independent look found to be open stays shut. */
import { expect } from 'chai';
import { recoverOperation } from '../../daemon/domain/bootstrap.ts';
import { ambient } from '../../daemon/domain/identity.ts';
import { mintToken, tokenHash } from '../../terraform-provider-spec/token.ts';
import { type Fixture, openFixture, refused, secretOf } from '../support/service.ts';

const D = 'organizations/default';
const MANY = 40;

describe('holders and places with a lot in them', () => {
  let f: Fixture;
  beforeEach(async () => {
    f = await openFixture();
  });
  afterEach(() => f.close());

  it('an account with many tokens is planned, kept with cascade=false, and deleted', async () => {
    const account = `${D}/accounts/busy`;
    await f.put(account);
    for (let index = 0; index < MANY; index += 1) await f.put(`${account}/tokens/t${index}`);
    const dry = await f.delete(account, { dryRun: true });
    expect(dry.plan?.cuts_off).to.have.length(MANY);
    const problem = await refused(f.delete(account, { cascade: false }), 'live-tokens');
    expect(problem.errors).to.have.length(20);
    expect((await f.delete(account)).outcome).to.equal('deleted');
  });

  it('an app comes into many teams at once', async () => {
    const teams = Array.from({ length: MANY }, (_, index) => `team-${index}`);
    for (const team of teams) await f.put(`${D}/teams/${team}`);
    await f.put(`${D}/apps/till`);
    expect((await f.put(`${D}/apps/till`, { teams })).outcome).to.equal('updated');
  });

  it('tokens without a successor are found among many that are revoked', async () => {
    const account = `${D}/accounts/busy`;
    await f.put(account);
    const expires_at = '2031-01-01T00:00:00Z';
    for (let index = 0; index < MANY; index += 1) {
      const end = index === 0 ? '2030-06-01T00:00:00Z' : expires_at;
      await f.put(`${account}/tokens/t${index}`, { expires_at: end, state: index === 0 ? 'active' : 'revoked' });
    }
    const filters = { without_successor: 'true', status: 'active' };
    const list = { caller: f.as(f.root), kinds: ['service_account_token'], parent: account, limit: 10, filters };
    const { items } = await f.service.list(list);
    expect(items.map(({ name }) => name)).to.deep.equal(['t0']);
  });
});

describe('what a credential is not good for', () => {
  let f: Fixture;
  beforeEach(async () => {
    f = await openFixture();
  });
  afterEach(() => f.close());

  it('a previous secret rotates nothing: it ends with its overlap', async () => {
    const old = await f.account('ci', ['viewer'], { overlap: '1h', rotation: 'a' });
    const body = { overlap: '1h', rotation: 'b' };
    const current = secretOf(await f.put(`${D}/accounts/ci/tokens/main`, body));
    await refused(f.service.rotateSelf({ caller: f.as(old), body: { overlap: '0s' } }), 'forbidden');
    expect(await f.decision(current)).to.equal('allowed');
    expect(await f.decision(old)).to.equal('allowed');
  });

  it('introspection of a SCIM token is inactive, and of an app token at another app not allowed', async () => {
    await f.put(`${D}/accounts/provider`, { grants: [{ role: 'admin' }] });
    const scim = secretOf(await f.put(`${D}/accounts/provider/tokens/scim`, { purpose: 'scim' }));
    for (const app of ['a', 'b']) await f.put(`${D}/apps/${app}`);
    const token = secretOf(await f.put(`${D}/apps/a/tokens/main`));
    const ask = (secret: string, scope?: string) => {
      const credential = { scheme: 'bearer', token: secret } as const;
      return f.service.introspect(f.as(f.root), { credential, ip: null, ...(scope !== undefined && { scope }) });
    };
    expect(await ask(scim)).to.deep.equal({ active: false });
    expect(await ask(token, 'apps/b')).to.include({ active: true, allowed: false });
    expect(await ask(token, 'apps/a')).to.include({ active: true, allowed: true });
  });

  it('a pending enrolment does not grow with its user', async () => {
    const user = `${D}/users/bob`;
    await f.put(user);
    const made = await f.service.enrol({ caller: f.as(f.root), address: user, body: null });
    const enrolment = secretOf(made);
    await f.put(user, { grants: [{ role: 'admin' }] });
    await refused(f.put(`${user}/tokens/x`, {}, { caller: f.as(enrolment) }), 'unauthenticated');
  });

  it('recovery gives an owner whom no team confines, so team isolation can be lifted', async () => {
    await f.put(`${D}/teams/blue`);
    await f.put(`${D}/accounts/root`, { grants: [{ role: 'owner' }], teams: ['blue'] });
    await f.put(D, { settings: { team_isolation: true } });
    await refused(f.put(D, { settings: { team_isolation: false } }), 'forbidden');
    const secret = mintToken('sa');
    const clock = () => f.clock.now;
    await f.store.engine.submit(recoverOperation(ambient(f.keyring, clock), tokenHash(secret), 'recovery'));
    const open = { settings: { team_isolation: false } };
    expect((await f.put(D, open, { caller: f.as(secret) })).outcome).to.equal('updated');
  });
});

describe('what lies in a project or team', () => {
  let f: Fixture;
  beforeEach(async () => {
    f = await openFixture();
    for (const [project, parent] of [['parent'], ['child', 'parent']]) {
      await f.put(`${D}/projects/${project}`, parent === undefined ? {} : { parent });
    }
    for (const team of ['blue', 'red']) await f.put(`${D}/teams/${team}`);
    await f.put(`${D}/roles/mover`, { permissions: ['projects.*', 'apps.*', '*.read'] });
  });
  afterEach(() => f.close());

  async function mover(scope: string): Promise<string> {
    const account = `${D}/accounts/mover-${scope.replace('/', '-')}`;
    await f.put(account, { grants: [{ role: 'mover', scope }] });
    return secretOf(await f.put(`${account}/tokens/main`));
  }

  it('is taken out of it only by who may write there, and to the top only by who may in the organization', async () => {
    const caller = f.as(await mover('projects/child'));
    await refused(f.put(`${D}/projects/child`, {}, { caller }), 'not-found');
    const parent = f.as(await mover('projects/parent'));
    await refused(f.put(`${D}/projects/child`, {}, { caller: parent }), 'not-found');
    expect((await f.put(`${D}/projects/child`)).outcome).to.equal('updated');
  });

  it('is taken from no other team by who may write through one', async () => {
    await f.put(`${D}/apps/shared`, { project: 'parent', teams: ['blue', 'red'] });
    const caller = f.as(await mover('teams/blue'));
    const body = { project: 'parent', teams: ['blue', 'red'] };
    expect((await f.put(`${D}/apps/shared`, { ...body, description: 'x' }, { caller })).outcome).to.equal('updated');
    await refused(f.put(`${D}/apps/shared`, { ...body, teams: ['blue'] }, { caller }), 'not-found');
    await refused(f.put(`${D}/apps/shared`, { teams: body.teams }, { caller }), 'not-found');
  });
});
