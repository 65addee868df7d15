import { expect } from 'chai';
import { writableAttributes } from '../../terraform-provider-spec/derive/validate.ts';
import type { Attributes, JsonObject, ValueType } from '../../terraform-provider-spec/kind.ts';
import { KINDS, kindNamed } from '../../terraform-provider-spec/kinds/index.ts';
import { type Fixture, openFixture, refused, secretOf } from '../support/service.ts';

const ORGANIZATION = 'organizations/default';

/** Everything that can be referred to, and how one is made. */
const REFERRED: Readonly<Record<string, string>> = {
  project: 'projects/x',
  team: 'teams/x',
  app: 'apps/x',
  role: 'roles/x',
  token_profile: 'token-profiles/x',
};

/** Every way to refer to something: the kind, the attribute, and what refers to what. */
const WAYS: readonly (readonly [kind: string, attribute: string, target: string, path: string, body: JsonObject])[] = [
  ['project', '/parent', 'project', 'projects/y', { parent: 'x' }],
  ['app', '/project', 'project', 'apps/y', { project: 'x' }],
  ['app', '/teams/*', 'team', 'apps/y', { teams: ['x'] }],
  ['user', '/teams/*', 'team', 'users/y', { teams: ['x'] }],
  ['user', '/grants/*/role', 'role', 'users/y', { grants: [{ role: 'x' }] }],
  ['user', '/grants/*/scope', 'project', 'users/y', { grants: [{ role: 'none', scope: 'projects/x' }] }],
  ['user', '/grants/*/scope', 'team', 'users/y', { grants: [{ role: 'none', scope: 'teams/x' }] }],
  ['user', '/grants/*/scope', 'app', 'users/y', { grants: [{ role: 'none', scope: 'apps/x' }] }],
  ['service_account', '/scope', 'project', 'accounts/y', { scope: 'projects/x' }],
  ['service_account', '/scope', 'team', 'accounts/y', { scope: 'teams/x' }],
  ['service_account', '/teams/*', 'team', 'accounts/y', { teams: ['x'] }],
  ['service_account', '/grants/*/role', 'role', 'accounts/y', { grants: [{ role: 'x' }] }],
  ['service_account', '/grants/*/scope', 'project', 'accounts/y', { grants: [{ role: 'none', scope: 'projects/x' }] }],
  ['service_account', '/grants/*/scope', 'team', 'accounts/y', { grants: [{ role: 'none', scope: 'teams/x' }] }],
  ['service_account', '/grants/*/scope', 'app', 'accounts/y', { grants: [{ role: 'none', scope: 'apps/x' }] }],
  ['service_account_token', '/profile', 'token_profile', 'accounts/holder/tokens/y', { profile: 'x' }],
  ['app_token', '/profile', 'token_profile', 'apps/holder/tokens/y', { profile: 'x' }],
  ['personal_access_token', '/profile', 'token_profile', 'users/holder/tokens/y', { profile: 'x' }],
];

describe('what others refer to', () => {
  let f: Fixture;
  let holder: string;
  beforeEach(async () => {
    f = await openFixture();
    await Promise.all(
      ['accounts/holder', 'apps/holder', 'users/holder'].map((path) => f.put(`${ORGANIZATION}/${path}`)),
    );
    const user = `${ORGANIZATION}/users/holder`;
    holder = secretOf(await f.service.enrol({ caller: f.as(f.root), address: user, body: null }));
  });
  afterEach(() => f.close());

  const put = (path: string, body: JsonObject = {}) =>
    // Whose personal token it is makes it.
    f.put(`${ORGANIZATION}/${path}`, body, path.startsWith('users/holder/') ? { caller: f.as(holder) } : {});
  const remove = (path: string) => f.delete(`${ORGANIZATION}/${path}`);
  const list = async (promise: Promise<unknown>) =>
    (await refused(promise, 'in-use')).errors.map(({ detail }) => detail);

  for (const [kind, attribute, target, path, body] of WAYS) {
    it(`stays: a ${kindNamed(target).title} in ${attribute} of a ${kindNamed(kind).title}, until that is gone`, async () => {
      const referred = REFERRED[target] as string;
      const missing = await refused(put(path, body), 'invalid');
      expect(missing.errors[0]?.pointer).to.match(pattern(attribute));
      await put(referred);
      await put(path, body);
      expect(await list(remove(referred))).to.deep.equal([`${ORGANIZATION}/${path}`]);
      await remove(path);
      expect((await remove(referred)).outcome).to.equal('deleted');
    });
  }

  it('is all of the above, and nothing else', () => {
    const described = KINDS.flatMap((kind) =>
      referring(writableAttributes(kind), '').map(([attribute, target]) => `${kind.kind} ${attribute} ${target}`),
    );
    expect(WAYS.map(([kind, attribute, target]) => `${kind} ${attribute} ${target}`)).to.have.members(described);
  });

  it('is free again when a change no longer refers to it, and only then', async () => {
    await Promise.all(['x', 'z'].map((name) => put(`teams/${name}`)));
    await put('apps/y', { teams: ['x', 'z'] });
    await put('apps/y', { teams: ['x'] });
    expect((await remove('teams/z')).outcome).to.equal('deleted');
    await put('apps/y', { teams: ['x'], display_name: 'renamed' });
    await list(remove('teams/x'));
    await put('apps/y', {});
    expect((await remove('teams/x')).outcome).to.equal('deleted');
  });

  it('is either there for what comes to refer to it, or gone, when both happen at the same time', async () => {
    await put('teams/x');
    const [referring, removing] = await Promise.allSettled([put('apps/y', { teams: ['x'] }), remove('teams/x')]);
    expect([referring.status, removing.status]).to.deep.equal(['fulfilled', 'rejected']);
    await put('teams/z');
    const [first, second] = await Promise.allSettled([remove('teams/z'), put('apps/z', { teams: ['z'] })]);
    expect([first.status, second.status]).to.deep.equal(['fulfilled', 'rejected']);
  });

  it('is listed up to a limit, however much it is', async () => {
    await put('roles/x');
    const names = Array.from({ length: 60 }, (_, index) => `accounts/y-${String(index).padStart(2, '0')}`);
    await Promise.all(names.map((name) => put(name, { grants: [{ role: 'x' }] })));
    const problem = await refused(remove('roles/x'), 'in-use');
    expect(problem.errors.map(({ detail }) => detail)).to.deep.equal(
      names.slice(0, 20).map((name) => `${ORGANIZATION}/${name}`),
    );
    expect(problem.message).to.include('and more');
  });

  it('is referred to by its own organization only', async () => {
    await put('teams/x');
    await f.put('organizations/acme');
    await f.put('organizations/acme/teams/x');
    await f.put('organizations/acme/apps/y', { teams: ['x'] });
    expect((await remove('teams/x')).outcome).to.equal('deleted');
    await refused(f.delete('organizations/acme/teams/x'), 'in-use');
  });

  it('is not what is built in, which stays anyway', async () => {
    await put('accounts/y', { grants: [{ role: 'viewer' }] });
    await put('accounts/y/tokens/t', { profile: 'static' });
    await refused(remove('roles/viewer'), 'built-in');
    await refused(remove('token-profiles/static'), 'built-in');
  });
});

/** The attributes that refer to something, with the kind that is meant: read off the description, apart from its own derivation. */
function referring(attributes: Attributes, at: string): [attribute: string, target: string][] {
  return Object.entries(attributes).flatMap(([name, attribute]) => ofType(attribute, `${at}/${name}`));
}

function ofType(type: ValueType, at: string): [attribute: string, target: string][] {
  if (type.type === 'set') return ofType(type.items, `${at}/*`);
  if (type.type === 'object') return referring(type.attributes, at);
  if (type.type !== 'string') return [];
  if (type.references !== undefined) return [[at, type.references]];
  const scopes =
    { scope: ['project', 'team', 'app'], home: ['project', 'team'] }[type.format as 'scope' | 'home'] ?? [];
  return scopes.map((target) => [at, target]);
}

function pattern(attribute: string): RegExp {
  return new RegExp(`^${attribute.replaceAll('*', '[0-9]+')}$`);
}
