/** A manifest's PUT: all of a tree in one transaction, decided as each of it would be by itself. */
import { expect } from 'chai';
import type { Answer, ManifestRequest } from '../../daemon/domain/api.ts';
import type { JsonObject } from '../../terraform-provider-spec/kind.ts';
import { mintToken, tokenHash } from '../../terraform-provider-spec/token.ts';
import { type Fixture, openFixture, refused } from '../support/service.ts';

const D = 'organizations/default';
const SHOP = `${D}/manifests/shop`;

const TREE: JsonObject = {
  projects: { shop: { display_name: 'Shop' } },
  roles: { publisher: { permissions: ['builds.*'] } },
  accounts: {
    ci: {
      grants: [{ role: 'publisher', scope: 'projects/shop' }],
      tokens: { deploy: { expires_in: '90d', rotate_every: '30d', overlap: '1d' } },
    },
  },
};

function outcomes(answer: Answer): string[] {
  return ((answer.resource?.changes ?? []) as JsonObject[]).map(
    ({ address, outcome }) => `${outcome} ${String(address).replace(`${D}/`, '')}`,
  );
}

describe('a manifest', () => {
  let f: Fixture;
  beforeEach(async () => {
    f = await openFixture();
  });
  afterEach(() => f.close());

  const apply = (body: JsonObject, options: Partial<ManifestRequest> = {}) =>
    f.service.putManifest({ caller: f.as(f.root), address: SHOP, body, ...options });
  const plan = (body: JsonObject, options: Partial<ManifestRequest> = {}) => apply(body, { ...options, dryRun: true });

  it('creates what it declares, dependencies first, and the secrets are in the answer', async () => {
    const answer = await apply(TREE);
    expect(answer.outcome).to.equal('created');
    expect(outcomes(answer)).to.deep.equal([
      'created projects/shop',
      'created roles/publisher',
      'created accounts/ci',
      'created accounts/ci/tokens/deploy',
    ]);
    const changes = answer.resource?.changes as JsonObject[];
    expect(await f.decision(changes[3]?.secret as string)).to.equal('allowed');
    expect(answer.resource?.summary).to.deep.equal({ created: 4, updated: 0, rotated: 0, deleted: 0, unchanged: 0 });
    const { resource } = await f.service.manifest({ caller: f.as(f.root), address: SHOP });
    expect(resource.declares).to.deep.equal([
      `${D}/accounts/ci`,
      `${D}/accounts/ci/tokens/deploy`,
      `${D}/projects/shop`,
      `${D}/roles/publisher`,
    ]);
    const { resource: role } = await f.service.get({ caller: f.as(f.root), address: `${D}/roles/publisher` });
    expect(role.managed_by).to.equal('manifest/shop');
  });

  it('applied twice changes nothing and writes nothing', async () => {
    const first = await apply(TREE);
    const before = await f.store.reader.audit({ organization: D, limit: 100 });
    const again = await apply(TREE);
    expect(again.outcome).to.equal('unchanged');
    expect(outcomes(again)).to.deep.equal([]);
    expect(again.etag).to.equal(first.etag);
    expect(await f.store.reader.audit({ organization: D, limit: 100 })).to.deep.equal(before);
  });

  it('deletes what it no longer declares, what refers to it first, and says what that cuts off', async () => {
    await apply(TREE);
    const dry = await plan({ projects: TREE.projects as JsonObject });
    const done = await apply({ projects: TREE.projects as JsonObject });
    for (const answer of [dry, done]) {
      expect(outcomes(answer)).to.deep.equal([
        'deleted accounts/ci/tokens/deploy',
        'deleted accounts/ci',
        'deleted roles/publisher',
      ]);
      const effects = ((answer.resource?.changes ?? []) as JsonObject[]).flatMap(
        (change) => change.effects as string[],
      );
      expect(effects).to.deep.equal([`${D}/accounts/ci/tokens/deploy: the secret, never used, stops working at once`]);
    }
    await refused(f.service.get({ caller: f.as(f.root), address: `${D}/roles/publisher` }), 'not-found');
  });

  it('does all or nothing: one thing that is refused leaves everything as it was', async () => {
    const broken = { ...TREE, apps: { till: { project: 'none' } } };
    const problem = await refused(apply(broken), 'invalid');
    expect(problem.errors.map(({ pointer }) => pointer)).to.deep.equal(['/apps/till/project']);
    await refused(f.service.manifest({ caller: f.as(f.root), address: SHOP }), 'not-found');
    await refused(f.service.get({ caller: f.as(f.root), address: `${D}/projects/shop` }), 'not-found');
  });

  it('a plan applies with its entity tag, with other secrets too, until something of it has changed', async () => {
    const withHash = (secret_hash: string) => ({ accounts: { ci: { tokens: { deploy: { secret_hash } } } } });
    const hash = () => `sha256:${tokenHash(mintToken('sa'))}`;
    const dry = await plan({ accounts: { ci: { tokens: { deploy: {} } } } });
    const done = await apply(withHash(hash()), { ifMatch: [dry.etag as string] });
    expect(outcomes(done)).to.deep.equal(['created accounts/ci', 'created accounts/ci/tokens/deploy']);
    expect(done.resource?.undelivered).to.deep.equal([`${D}/accounts/ci/tokens/deploy`]);
    await refused(apply(withHash(hash()), { ifMatch: [dry.etag as string] }), 'precondition-failed');
    const next = await plan({ accounts: { ci: { tokens: { deploy: {} } } } });
    const rotated = await apply(withHash(hash()), { ifMatch: [next.etag as string] });
    expect(outcomes(rotated)).to.deep.equal(['rotated accounts/ci/tokens/deploy']);
  });

  it('a replay gives the same answer with the same secrets', async () => {
    const first = await apply(TREE, { idempotencyKey: 'k' });
    const again = await apply(TREE, { idempotencyKey: 'k' });
    expect(again.replayed).to.equal(true);
    expect(again.resource).to.deep.equal(first.resource);
  });

  it('leaves what another manager declares alone, unless it adopts', async () => {
    await f.put(`${D}/roles/publisher`, { permissions: [] }, { manager: 'terraform' });
    const problem = await refused(apply(TREE), 'managed-by-another');
    expect(problem.errors[0]?.pointer).to.equal('/roles/publisher');
    expect(outcomes(await apply(TREE, { adopt: true }))).to.include('updated roles/publisher');
  });
});
