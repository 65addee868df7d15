/** Every resource with the real Terraform: applied, planned empty, changed in place, imported, destroyed. */
import { expect } from 'chai';
import { formatAddress } from '../../terraform-provider-spec/address.ts';
import { resourceSchema } from '../../terraform-provider-spec/derive/terraform.ts';
import type { JsonObject, Kind } from '../../terraform-provider-spec/kind.ts';
import { lineage } from '../../terraform-provider-spec/kinds/index.ts';
import { uniqueName, WRITABLE } from '../contract/bench.ts';
import { echo, writtenPart } from '../contract/expectations.ts';
import { resourceAddress, resourceBlocks, useTerraform } from './bench.ts';

describe('the life of a resource in Terraform', () => {
  const bench = useTerraform();

  for (const kind of WRITABLE) {
    describe(kind.kind, () => {
      it('is applied as declared, and then no plan has anything to do', async () => {
        const { api, workspace } = bench();
        const { address, names } = somewhere(kind);
        const terraform = await workspace(resourceBlocks(kind, names, kind.examples.full));
        await terraform.apply();
        await terraform.assertConverged();
        const stored = (await api.get(address)).body;
        expect(written(kind, stored)).to.deep.equal(expected(kind, kind.examples.full));
        const values = await terraform.values(resourceAddress(kind));
        expect(values).to.include({ id: address, uid: stored.uid, claim: stored.claim, managed_by: 'terraform' });
        expect(stored.claim).to.be.a('string').that.has.length.of.at.least(16);
      });

      it('changes in place, and then no plan has anything to do', async () => {
        const { api, workspace } = bench();
        const { address, names } = somewhere(kind);
        const terraform = await workspace(resourceBlocks(kind, names, kind.examples.full));
        await terraform.apply();
        const before = await terraform.values(resourceAddress(kind));
        await terraform.configure(resourceBlocks(kind, names, kind.examples.changed));
        const changes = await terraform.planned();
        expect(changes.map(({ address: changed, actions }) => [changed, ...actions])).to.deep.equal([
          [resourceAddress(kind), 'update'],
        ]);
        await terraform.apply();
        await terraform.assertConverged();
        const after = await terraform.values(resourceAddress(kind));
        expect(after).to.include({ id: address, uid: before.uid, claim: before.claim, created_at: before.created_at });
        expect(written(kind, (await api.get(address)).body)).to.deep.equal(expected(kind, kind.examples.changed));
        await terraform.configure(resourceBlocks(kind, names, kind.examples.full));
        await terraform.apply();
        await terraform.assertConverged();
      });

      it('is applied from the smallest configuration, whose defaults plan to nothing', async () => {
        const { workspace } = bench();
        const { names } = somewhere(kind);
        const terraform = await workspace(resourceBlocks(kind, names, {}));
        await terraform.apply();
        await terraform.assertConverged();
      });

      it('is imported by its address; what is then left to do is the provider’s own and rotates nothing', async () => {
        const { api, workspace } = bench();
        const { address, names } = somewhere(kind);
        const configuration = resourceBlocks(kind, names, kind.examples.full);
        const terraform = await workspace(configuration);
        await terraform.apply();
        const original = await terraform.values(resourceAddress(kind));
        await terraform.forgetState();
        for (const level of lineage(kind)) await terraform.import(resourceAddress(level), formatAddress(level, names));
        const before = (await api.get(address)).body;
        const ownAttributes = resourceSchema(kind).attributes.filter(({ source }) => source.from !== 'api');
        for (const { address: changed, actions, before: prior, after } of await terraform.planned()) {
          expect(actions, changed).to.deep.equal(['update']);
          const differing = Object.keys(after ?? {}).filter(
            (name) => JSON.stringify(after?.[name]) !== JSON.stringify(prior?.[name]),
          );
          if (changed !== resourceAddress(kind)) continue;
          expect(ownAttributes.map(({ name }) => name)).to.include.members(differing);
        }
        await terraform.apply();
        await terraform.assertConverged();
        const after = (await api.get(address)).body;
        for (const name of ['uid', 'claim', 'rotation', 'rotated_at', 'created_at']) {
          expect(after[name], name).to.deep.equal(before[name]);
        }
        expect(await terraform.values(resourceAddress(kind))).to.include({ uid: original.uid });
      });

      it('what somebody else made is imported only into a configuration that declares it, and adopted by the next apply', async () => {
        const { api, workspace } = bench();
        const { address, names } = somewhere(kind);
        for (const level of lineage(kind)) await api.put(formatAddress(level, names), level.examples.full);
        const terraform = await workspace(resourceBlocks(kind, names, kind.examples.full));
        expect(await terraform.diagnostic(['apply', '-auto-approve'])).to.include('managed');
        for (const level of lineage(kind)) await terraform.import(resourceAddress(level), formatAddress(level, names));
        const before = (await api.get(address)).body;
        await terraform.apply();
        await terraform.assertConverged();
        const { managed_by, uid, rotated_at } = (await api.get(address)).body;
        expect([managed_by, uid, rotated_at]).to.deep.equal(['terraform', before.uid, before.rotated_at]);
        await terraform.configure(resourceBlocks(kind, names, kind.examples.changed));
        await terraform.apply();
        await terraform.assertConverged();
      });

      it('is destroyed without a trace', async () => {
        const { api, workspace } = bench();
        const { names } = somewhere(kind);
        const terraform = await workspace(resourceBlocks(kind, names, kind.examples.full));
        await terraform.apply();
        await terraform.destroy();
        expect(await terraform.resources()).to.be.empty;
        for (const level of lineage(kind)) {
          expect((await api.get(formatAddress(level, names))).status).to.equal(404);
        }
      });

      it('is read by a data source as the API answers it, without any secret', async () => {
        const { api, workspace } = bench();
        const { address, names } = somewhere(kind);
        const { type } = resourceSchema(kind);
        const inputs = lineage(kind).map((level) =>
          level === kind
            ? `  name = "${names[level.parameter]}"`
            : `  ${level.parameter} = "${names[level.parameter]}"`,
        );
        const terraform = await workspace(resourceBlocks(kind, names, kind.examples.full));
        await terraform.apply();
        await terraform.configure(
          `${resourceBlocks(kind, names, kind.examples.full)}\ndata "${type}" "it" {\n${inputs.join('\n')}\n}\n`,
        );
        await terraform.apply();
        await terraform.assertConverged();
        const values = await terraform.values(`data.${type}.it`);
        const stored = (await api.get(address, { query: 'view=full' })).body;
        expect(values).to.include({ id: address, uid: stored.uid, revision: stored.revision });
        expect(values).to.not.have.property('secret');
      });
    });
  }
});

function somewhere(kind: Kind): { address: string; names: Record<string, string> } {
  const names = Object.fromEntries(lineage(kind).map(({ parameter }) => [parameter, uniqueName(parameter)]));
  return { names, address: formatAddress(kind, names) };
}

/** The written part without what Terraform sends in another form. */
function written(kind: Kind, answer: JsonObject): JsonObject {
  return withoutTriggers(kind, writtenPart(kind, answer));
}

function expected(kind: Kind, body: JsonObject): JsonObject {
  return withoutTriggers(kind, echo(kind, body));
}

function withoutTriggers(kind: Kind, values: JsonObject): JsonObject {
  return Object.fromEntries(Object.entries(values).filter(([name]) => kind.attributes[name]?.terraform !== 'triggers'));
}
