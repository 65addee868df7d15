/**
 * The whole life of some kinds with the real Terraform, walked through once in one workspace that declares them together
 * with their parents and everything that their examples refer to. Each step starts where the one before has ended.
 */
import { expect } from 'chai';
import { formatAddress } from '../../terraform-provider-spec/address.ts';
import { resourceSchema } from '../../terraform-provider-spec/derive/terraform.ts';
import type { JsonObject, Kind } from '../../terraform-provider-spec/kind.ts';
import { KINDS, kindNamed, lineage, TOKEN_KINDS } from '../../terraform-provider-spec/kinds/index.ts';
import { askedAt, prerequisitesOf, uniqueName } from '../contract/bench.ts';
import { echo, inOrder, smallest, writtenPart } from '../contract/expectations.ts';
import type { Workspace } from '../support/terraform.ts';
import { type Bench, PATIENCE, useTerraform } from './bench.ts';
import { type Block, type BodyOf, blocksOf, dataSources, importBlocks } from './blocks.ts';

type Names = Readonly<Record<string, string>>;

/** Kinds that can be declared together, by what they are called. */
export const LIFECYCLES = {
  resources: KINDS.filter(({ token }) => token === undefined),
  tokens: TOKEN_KINDS.filter(({ token }) => !token?.selfService),
  personal: TOKEN_KINDS.filter(({ token }) => token?.selfService),
} as const satisfies Readonly<Record<string, readonly Kind[]>>;

const full = (kind: Kind): JsonObject => kind.examples.full;
const changed = (kind: Kind): JsonObject => kind.examples.changed;

/**
 * Declares the suite. Kinds `given` are made past Terraform by `prepare`, which answers the token to give the provider,
 * in place of the owner's.
 */
export function declareLifecycle(
  subjects: readonly Kind[],
  { given = [], prepare }: { given?: readonly Kind[]; prepare?: (bench: Bench, names: Names) => Promise<string> } = {},
): void {
  const bench = useTerraform();
  const kinds = [...new Set(subjects.flatMap(lineage))];
  const names = Object.fromEntries(kinds.map(({ parameter }) => [parameter, uniqueName(parameter)]));
  const blocks = blocksOf({ subjects, names, given });
  const own = blocks.filter(({ isSubject }) => isSubject);
  let terraform: Workspace;
  let broken = false;

  /** One step of the walk; once one has failed, there is no ground for the rest to stand on. */
  function step(guarantee: string, walk: () => Promise<void>): void {
    it(guarantee, async function () {
      if (broken) this.skip();
      broken = true;
      await walk();
      broken = false;
    });
  }

  const configuration = (bodyOf: BodyOf): string => blocks.map((one) => one.hcl(bodyOf)).join('\n');
  const stored = async ({ address }: Block): Promise<JsonObject> => (await bench().api.get(address)).body;

  /** What is stored, and the state, as `bodyOf` declares it. */
  async function expectDeclared(bodyOf: BodyOf): Promise<void> {
    for (const one of own) {
      const answer = await stored(one);
      expect(written(one.kind, answer), one.address).to.deep.equal(expected(one.kind, bodyOf(one.kind)));
      const values = await terraform.values(one.resource);
      const { uid, claim, created_at } = answer;
      expect(values, one.address).to.include({ id: one.address, uid, claim, created_at, managed_by: 'terraform' });
    }
  }

  /** Each subject as it is stored, by its address for Terraform. */
  async function everyStored(): Promise<Map<string, JsonObject>> {
    return new Map(await Promise.all(own.map(async (one) => [one.resource, await stored(one)] as const)));
  }

  /** Nothing of what an import must leave alone differs from `before`. */
  async function expectUntouched(before: ReadonlyMap<string, JsonObject>): Promise<void> {
    for (const one of own) {
      const after = await stored(one);
      for (const name of ['uid', 'claim', 'rotation', 'rotated_at', 'created_at']) {
        expect(after[name], `${name} of ${one.address}`).to.deep.equal(before.get(one.resource)?.[name]);
      }
    }
  }

  before(async function () {
    this.timeout(PATIENCE);
    const token = await prepare?.(bench(), names);
    terraform = await bench().workspace('', token === undefined ? {} : { token });
  });

  step('begins with the smallest configuration, whose defaults plan to nothing', async () => {
    await terraform.configure(configuration(smallest));
    await terraform.apply();
    await terraform.assertConverged();
    await expectDeclared(smallest);
    for (const { resource } of own) {
      const { claim } = await terraform.values(resource);
      expect(claim, resource).to.be.a('string').that.has.length.of.at.least(16);
    }
  });

  /** Changes all subjects in one apply that must plan and do nothing else. */
  async function changeInPlace(bodyOf: BodyOf, further = ''): Promise<void> {
    const before = await everyStored();
    await terraform.configure(`${configuration(bodyOf)}\n${further}`);
    expect((await terraform.plan()).changes).to.deep.equal(own.map(({ resource }) => `${resource}: update`).sort());
    await terraform.applyPlanned();
    await terraform.assertConverged();
    await expectDeclared(bodyOf);
    for (const one of own) {
      const { uid, claim, created_at } = before.get(one.resource) as JsonObject;
      expect(await terraform.values(one.resource), one.address).to.include({ uid, claim, created_at });
    }
  }

  step('goes on in place with everything that can be declared, and then no plan has anything to do', () =>
    changeInPlace(full),
  );

  step('goes on in place with other values, and then no plan has anything to do', () =>
    changeInPlace(changed, dataSources(own, names)),
  );

  step('is read by a data source as the API answers it, without any secret', async () => {
    for (const { resource, address } of own) {
      const values = await terraform.values(`data.${resource}`);
      const answer = (await bench().api.get(address, { query: 'view=full' })).body;
      const { uid, revision, display_name } = answer;
      expect(values, address).to.include({ id: address, uid, revision, display_name });
      expect(values, address).to.not.have.property('secret');
    }
  });

  step('is imported by its address; what is then left to do is the provider’s own and rotates nothing', async () => {
    const before = await everyStored();
    await terraform.forgetState();
    await terraform.configure(`${configuration(changed)}\n${importBlocks(blocks)}`);
    await terraform.plan();
    for (const { address, actions, before: prior, after } of await terraform.plannedValues()) {
      expect(actions, address).to.deep.equal(['update']);
      const block = blocks.find(({ resource }) => resource === address) as Block;
      const differing = Object.keys(after ?? {}).filter(
        (name) => JSON.stringify(after?.[name]) !== JSON.stringify(prior?.[name]),
      );
      expect(ownAttributes(block.kind), address).to.include.members(differing);
    }
    await terraform.applyPlanned();
    await terraform.assertConverged();
    await expectUntouched(before);
    await expectDeclared(changed);
  });

  step('is replaced on demand by a new one that is as declared from its creation on', async () => {
    const before = await everyStored();
    const formerly = new Map(
      await Promise.all(own.map(async ({ resource }) => [resource, await terraform.values(resource)] as const)),
    );
    await terraform.configure(configuration(full));
    const replaced = blocks.filter(({ isBelowSubject }) => isBelowSubject);
    await terraform.apply(...replaced.map(({ resource }) => `-replace=${resource}`));
    await terraform.assertConverged();
    await expectDeclared(full);
    for (const { kind, resource, address } of own) {
      const values = await terraform.values(resource);
      expect(values.uid, address).to.not.equal(before.get(resource)?.uid);
      expect(values.claim, address).to.not.equal(before.get(resource)?.claim);
      if (kind.token === undefined) continue;
      const { api } = bench();
      expect(await api.authorize(String(values.secret), askedAt(address)), address).to.equal(200);
      const former = formerly.get(resource)?.secret;
      if (typeof former === 'string') expect(await api.authorize(former, askedAt(address)), address).to.equal(401);
    }
  });

  step('is destroyed without a trace', async () => {
    await terraform.destroy();
    expect(await terraform.resources()).to.be.empty;
    for (const { address } of blocks) expect((await bench().api.get(address)).status, address).to.equal(404);
  });

  step(
    'made by somebody else, is neither taken over nor changed until it is imported; the next apply adopts it',
    async () => {
      for (const one of blocks) {
        const { status, text } = await bench().api.put(one.address, one.body(full));
        expect(status, text).to.equal(201);
      }
      const before = await everyStored();
      for (const [resource, { managed_by }] of before) expect(managed_by, resource).to.equal(null);
      const imported = blocks.filter(({ isSubject }) => !isSubject);
      const refused: Block[] = [];
      // What lies below something that is refused is not even tried, so one follows the other.
      while (refused.length < own.length) {
        await terraform.configure(`${configuration(full)}\n${importBlocks([...imported, ...refused])}`);
        const text = await terraform.diagnostic(['apply', '-auto-approve']);
        expect(text).to.include('Managed by somebody else');
        const more = own.filter((one) => !refused.includes(one) && text.includes(`To create ${one.address}:`));
        expect(more, text).to.not.be.empty;
        refused.push(...more);
      }
      await terraform.configure(`${configuration(full)}\n${importBlocks(blocks)}`);
      await terraform.apply();
      await terraform.assertConverged();
      await expectUntouched(before);
      await expectDeclared(full);
      await terraform.configure(configuration(changed));
      await terraform.apply();
      await expectDeclared(changed);
    },
  );
}

/** Makes, past Terraform, an organization and a user as in the examples; answers a token of the user's own. */
export async function userWithToken({ api }: Bench, names: Names): Promise<string> {
  for (const kind of lineage(kindNamed('user'))) {
    for (const { address, body } of [
      ...prerequisitesOf(kind, names),
      { address: formatAddress(kind, names), body: full(kind) },
    ]) {
      const { status, text } = await api.put(address, body);
      expect(status, text).to.equal(201);
    }
  }
  const { status, body, text } = await api.put(`${formatAddress(kindNamed('user'), names)}/tokens/own`, {});
  expect(status, text).to.equal(201);
  return String(body.secret);
}

/** The attributes that no answer of the daemon fills in, and so no import. */
function ownAttributes(kind: Kind): string[] {
  return resourceSchema(kind)
    .attributes.filter(({ source }) => source.from !== 'api')
    .map(({ name }) => name);
}

/** The written part without what Terraform sends in another form. */
function written(kind: Kind, answer: JsonObject): JsonObject {
  return withoutTriggers(kind, writtenPart(kind, answer));
}

function expected(kind: Kind, body: JsonObject): JsonObject {
  return withoutTriggers(kind, echo(kind, body));
}

function withoutTriggers(kind: Kind, values: JsonObject): JsonObject {
  const kept = Object.entries(values).filter(([name]) => kind.attributes[name]?.terraform !== 'triggers');
  return Object.fromEntries(kept.map(([name, value]) => [name, inOrder(value)]));
}
