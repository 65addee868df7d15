/** Random pairs of trees: what is planned is done, and leads from the one to the other and back. */
import { expect } from 'chai';
import fc from 'fast-check';
import type { Answer, ManifestRequest } from '../../daemon/domain/api.ts';
import type { Resource } from '../../daemon/domain/model.ts';
import { nextRotation, tokenState } from '../../daemon/domain/token-state.ts';
import { readTree } from '../../terraform-provider-spec/derive/manifest.ts';
import { changedAttributes, readBody } from '../../terraform-provider-spec/derive/validate.ts';
import type { JsonObject } from '../../terraform-provider-spec/kind.ts';
import { KINDS } from '../../terraform-provider-spec/kinds/index.ts';
import { cases, caseTime } from '../support/cases.ts';
import { printedSeed } from '../support/seed.ts';
import { type Fixture, openFixture } from '../support/service.ts';
import { shuffled, THEIRS, trees, withSecrets } from './trees.ts';

const D = 'organizations/default';
const ADDRESS = `${D}/manifests/random`;
const MANAGER = 'manifest/random';

describe('random manifests', () => {
  let f: Fixture;
  before(async () => {
    f = await openFixture();
    const options = { manager: 'terraform' };
    await f.put(`${D}/roles/${THEIRS.role}`, { permissions: ['builds.read'] }, options);
    await f.put(`${D}/teams/${THEIRS.team}`, {}, options);
    await f.put(`${D}/projects/${THEIRS.project}`, {}, options);
    await f.put(`${D}/accounts/theirs`, { grants: [{ role: THEIRS.role }], teams: [THEIRS.team] }, options);
    await f.put(`${D}/accounts/theirs/tokens/main`, {}, options);
  });
  after(() => f.close());

  const send = (body: JsonObject, options: Partial<ManifestRequest> = {}): Promise<Answer> =>
    f.service.putManifest({ caller: f.as(f.root), address: ADDRESS, body, ...options });

  const rows = async (): Promise<readonly Resource[]> =>
    f.store.reader.list({ kinds: [...KINDS.map(({ kind }) => kind), 'manifest'], organization: D, limit: 1000 });
  const ours = (all: readonly Resource[]) => all.filter((row) => row.managed_by === MANAGER && row.kind !== 'manifest');
  const others = (all: readonly Resource[]) => all.filter((row) => row.managed_by !== MANAGER);
  const lastEvent = async () => (await f.store.reader.audit({ organization: D, limit: 1 }))[0]?.id;

  /** What the manifest manages is what the tree declares, no more and no less. */
  async function expectDeclared(tree: JsonObject): Promise<void> {
    const found = new Map(ours(await rows()).map((row) => [row.address, row]));
    const { members, violations } = readTree(D, tree);
    expect(violations).to.deep.equal([]);
    expect([...found.keys()].sort()).to.deep.equal(members.map(({ address }) => address).sort());
    for (const { kind, address, body } of members) {
      const reading = readBody(kind, body);
      if (!reading.ok) throw new Error(`${address}: ${JSON.stringify(reading.violations)}`);
      const { attributes } = found.get(address) as Resource;
      const { secret_hash: _hash, ...desired } = reading.desired;
      expect(changedAttributes(kind, attributes, desired), address).to.deep.equal([]);
    }
  }

  /** The secrets that the tree brought are those in force, and waited for. */
  async function expectSecrets(tree: JsonObject, { resource }: Answer): Promise<void> {
    const found = new Map((await rows()).map((row) => [row.address, row]));
    for (const { address, body } of readTree(D, tree).members) {
      const { secret_hash: hash } = body as JsonObject;
      if (typeof hash !== 'string') continue;
      const stored = f.keyring.hashSecret(hash.slice('sha256:'.length));
      expect(tokenState(found.get(address) as Resource).current.hash, address).to.equal(stored);
      expect(resource?.undelivered).to.include(address);
    }
  }

  /** What is due has a schedule that has come, or a secret that nobody has confirmed; and nothing that is stopped is. */
  async function expectDue({ resource }: Answer): Promise<void> {
    const found = new Map((await rows()).map((row) => [row.address, row]));
    const { due, undelivered } = resource as { due: string[]; undelivered: string[] };
    for (const address of due) {
      const token = found.get(address) as Resource;
      const next = nextRotation(token);
      const isScheduled = next !== null && next <= f.clock.now;
      expect(isScheduled || undelivered.includes(address), address).to.equal(true);
      expect(token.attributes.state, address).to.equal('active');
      expect(found.get(token.parent)?.attributes.disabled ?? false, address).to.equal(false);
    }
  }

  const COUNT = cases(100);

  it(`${COUNT} pairs: the plan is what is done, done twice changes nothing, and the way back leads back`, async function () {
    this.timeout(caseTime(120_000));
    const seed = printedSeed('random manifests');
    const theirs = others(await rows());
    const pairs = fc.tuple(trees(), trees(), fc.nat(1000), fc.constantFrom(0, 40_000));
    const property = fc.asyncProperty(pairs, async ([first, second, order, pause]) => {
      const [from, to] = [withSecrets(first), withSecrets(second)];
      await expectSecrets(from, await send(from));
      await expectDeclared(from);
      f.clock.advance(pause);

      const plan = await send(to, { dryRun: true });
      const again = await send(shuffled(to, order), { dryRun: true });
      expect(again, 'the plan for the same in another order').to.deep.equal(plan);
      await expectDeclared(from);

      const done = await send(shuffled(to, order), { ifMatch: [plan.etag as string] });
      expect(whatIsDone(done)).to.deep.equal(whatIsDone(plan));
      await expectDeclared(to);
      await expectSecrets(to, done);
      await expectDue(done);
      expect(others(await rows()), 'what others manage').to.deep.equal(theirs);

      const [before, event] = [await rows(), await lastEvent()];
      expect((await send(to)).outcome).to.equal('unchanged');
      expect([await rows(), await lastEvent()]).to.deep.equal([before, event]);

      // With other secrets: those that were replaced never come back.
      await send(withSecrets(first));
      await expectDeclared(from);
      expect(others(await rows()), 'what others manage').to.deep.equal(theirs);
    });
    await fc.assert(property, { seed, numRuns: COUNT });
  });
});

/** What was done, without what only the doing gives, or only the plan. */
function whatIsDone({ resource }: Answer): unknown {
  const changes = ((resource?.changes ?? []) as JsonObject[]).map(
    ({ secret: _secret, before: _before, ...change }) => change,
  );
  return { changes, summary: resource?.summary, due: resource?.due, declares: resource?.declares };
}
