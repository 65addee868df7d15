/** What Terraform writes down of what is there already, with `plan -generate-config-out`, applies and leaves it as it is. */
import { expect } from 'chai';
import { formatAddress } from '../../terraform-provider-spec/address.ts';
import { terraformType } from '../../terraform-provider-spec/derive/terraform.ts';
import type { JsonObject, Kind } from '../../terraform-provider-spec/kind.ts';
import { KINDS } from '../../terraform-provider-spec/kinds/index.ts';
import { prerequisitesOf, uniqueName } from '../contract/bench.ts';
import { inOrder, smallest } from '../contract/expectations.ts';
import type { Workspace } from '../support/terraform.ts';
import type { PlannedValues } from '../support/terraform-answers.ts';
import { useTerraform } from './bench.ts';

const MANAGED = { 'Accredit-Manager': 'terraform' };

interface Way {
  body(kind: Kind): JsonObject;
  headers(kind: Kind): Record<string, string>;
  /** What may differ in the plan that imports it. */
  differs(kind: Kind): string[];
}

/** Nobody adopts a person's token but the person. */
const isAdopted = ({ token }: Kind): boolean => token?.selfService !== true;

const WAYS: Readonly<Record<string, Way>> = {
  'under the same manager, with everything that can be declared': {
    body: ({ examples }) => examples.full,
    headers: () => MANAGED,
    differs: () => [],
  },
  'by hand, with what is required and nothing else': {
    body: smallest,
    headers: (kind) => (isAdopted(kind) ? {} : MANAGED),
    differs: (kind) => (isAdopted(kind) ? ['managed_by'] : []),
  },
};

describe('a configuration that Terraform generates', () => {
  const bench = useTerraform();

  for (const [way, { body, headers, differs }] of Object.entries(WAYS)) {
    it(`for every kind, of what was made ${way}, applies and changes nothing`, async () => {
      const { api, workspace } = bench();
      const names = Object.fromEntries(KINDS.map(({ parameter }) => [parameter, uniqueName(parameter)]));
      const addresses = new Map(KINDS.map((kind) => [kind, formatAddress(kind, names)]));
      for (const [kind, address] of addresses) {
        for (const one of [...prerequisitesOf(kind, names), { address, body: body(kind) }]) {
          expect((await api.put(one.address, one.body, { headers: headers(kind) })).status, one.address).to.be.oneOf([
            200, 201,
          ]);
        }
      }
      const stored = async () => Promise.all([...addresses.values()].map(async (one) => (await api.get(one)).body));
      const before = await stored();
      const terraform: Workspace = await workspace('');
      await terraform.configure(
        [...addresses]
          .map(([kind, address]) => `import {\n  to = ${terraformType(kind)}.it\n  id = "${address}"\n}\n`)
          .join('\n'),
      );
      await terraform.run(['plan', '-generate-config-out=generated.tf']);
      const { changes } = await terraform.plan();
      expect(changes.filter((change) => !/: (import|update|no-op)$/.test(change))).to.deep.equal([]);
      for (const planned of await terraform.plannedValues()) {
        const kind = KINDS.find((one) => planned.address === `${terraformType(one)}.it`) as Kind;
        expect(differing(planned), planned.address).to.deep.equal(differs(kind));
      }
      await terraform.applyPlanned();
      await terraform.assertConverged();
      expect((await terraform.resources()).map(({ type }) => type)).to.have.members(KINDS.map(terraformType));
      for (const [index, after] of (await stored()).entries()) {
        const { revision: _was, updated_at: _then, managed_by: _nobody, ...kept } = before[index] as JsonObject;
        expect(inOrder(after)).to.deep.include(inOrder(kept));
      }
    });
  }
});

function differing({ before, after }: PlannedValues): string[] {
  const names = Object.keys(after ?? {});
  return names.filter((name) => JSON.stringify(after?.[name]) !== JSON.stringify(before?.[name]));
}
