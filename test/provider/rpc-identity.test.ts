/** The identity of resources, which Terraform has from 1.12 on; the RPCs are called as it calls them. */
import { expect } from 'chai';
import type { ResourceIdentityData } from '../../terraform-provider/plugin/messages.ts';
import {
  type CtyType,
  decodeDynamic,
  encodeDynamic,
  UNKNOWN,
  type Value,
  type ValueRecord,
} from '../../terraform-provider/values/value.ts';
import { objectType, RESOURCE_SCHEMAS, type TerraformSchema } from '../../terraform-provider-spec/derive/terraform.ts';
import { KINDS, lineage } from '../../terraform-provider-spec/kinds/index.ts';
import { ACCOUNT, Bench, summaries, TOKEN, values } from './rpc-bench.ts';

const CAPABLE = { deferral_allowed: false, write_only_attributes_allowed: true };

describe('The identity of a resource', function () {
  this.timeout(60_000);
  let bench: Bench;
  before(async () => {
    bench = await Bench.start();
  });
  after(() => bench?.stop());
  beforeEach(() => bench.reset());

  const typeOf = (type: string): CtyType => objectType((RESOURCE_SCHEMAS.get(type) as TerraformSchema).attributes);

  /** The names of an identity as its schema has them. */
  async function read(type: string, data: ResourceIdentityData | undefined): Promise<Value> {
    return data === undefined ? null : decodeDynamic(await identityType(type), data.identity_data);
  }

  async function identityType(type: string): Promise<CtyType> {
    const { identity_schemas: schemas = {} } = await bench.core.call('GetResourceIdentitySchemas', {});
    const names = (schemas[type]?.identity_attributes ?? []).map(({ name }) => [name, 'string'] as const);
    return ['object', Object.fromEntries(names)];
  }

  async function identity(type: string, names: ValueRecord): Promise<ResourceIdentityData> {
    return { identity_data: encodeDynamic(await identityType(type), names) };
  }

  it('of every kind is made of the names along its address; an import may leave out the organization', async () => {
    const { identity_schemas: schemas = {} } = await bench.core.call('GetResourceIdentitySchemas', {});
    expect(Object.keys(schemas)).to.have.members([...RESOURCE_SCHEMAS.keys()]);
    for (const kind of KINDS) {
      const attributes = schemas[`accredit_${kind.kind}`]?.identity_attributes ?? [];
      expect(attributes).to.have.length(lineage(kind).length);
      for (const {
        name,
        type,
        description,
        required_for_import: required,
        optional_for_import: optional,
      } of attributes) {
        expect(Buffer.from(type).toString()).to.equal('"string"');
        expect(description).to.match(/\S/);
        expect(required, name).to.equal(!optional);
        expect(optional, name).to.equal(name === 'organization');
      }
    }
  });

  it('comes with plan, apply and read, always the same, and with a deletion as it was', async () => {
    await bench.makeAccount();
    const config = bench.tokenConfig();
    const names = { organization: 'default', account: bench.account, name: 'deploy' };
    const plan = {
      type_name: TOKEN,
      config: encodeDynamic(typeOf(TOKEN), config),
      proposed_new_state: encodeDynamic(typeOf(TOKEN), config),
      prior_private: new Uint8Array(),
      client_capabilities: CAPABLE,
    };
    const planned = await bench.core.call('PlanResourceChange', plan);
    expect(await read(TOKEN, planned.planned_identity)).to.deep.equal(names);
    const made = await bench.core.call('ApplyResourceChange', {
      type_name: TOKEN,
      config: plan.config,
      planned_state: planned.planned_state!,
      planned_private: new Uint8Array(),
      planned_identity: planned.planned_identity!,
    });
    expect(await read(TOKEN, made.new_identity)).to.deep.equal(names);
    // A state of before Terraform 1.12 has none.
    const refreshed = await bench.core.call('ReadResource', {
      type_name: TOKEN,
      current_state: made.new_state!,
      private: new Uint8Array(),
    });
    expect(await read(TOKEN, refreshed.new_identity)).to.deep.equal(names);
    const gone = await bench.core.call('PlanResourceChange', {
      type_name: TOKEN,
      prior_state: refreshed.new_state!,
      prior_private: new Uint8Array(),
      prior_identity: refreshed.new_identity!,
      client_capabilities: CAPABLE,
    });
    expect(await read(TOKEN, gone.planned_identity)).to.deep.equal(names);
  });

  it('is not planned while the names are unknown', async () => {
    const config = encodeDynamic(typeOf(ACCOUNT), { name: UNKNOWN });
    const { planned_identity: planned, diagnostics } = await bench.core.call('PlanResourceChange', {
      type_name: ACCOUNT,
      config,
      proposed_new_state: config,
      prior_private: new Uint8Array(),
      client_capabilities: CAPABLE,
    });
    expect(diagnostics).to.deep.equal([]);
    expect(planned).to.equal(undefined);
  });

  it('is what an import can go by, in the organization of the provider if it names none', async () => {
    await bench.makeAccount();
    const whole = { organization: 'default', name: bench.account };
    for (const given of [whole, { name: bench.account }]) {
      const { imported_resources: [imported] = [], diagnostics } = await bench.core.call('ImportResourceState', {
        type_name: ACCOUNT,
        id: '',
        identity: await identity(ACCOUNT, given),
      });
      expect(diagnostics).to.deep.equal([]);
      expect(await read(ACCOUNT, imported?.identity)).to.deep.equal(whole);
      const state = {
        value: decodeDynamic(typeOf(ACCOUNT), imported?.state),
        private: imported?.private ?? new Uint8Array(),
      };
      expect(values((await bench.read(ACCOUNT, state)).state)).to.include({ id: bench.accountAddress });
    }
    const wrong = await bench.core.call('ImportResourceState', {
      type_name: ACCOUNT,
      id: '',
      identity: await identity(ACCOUNT, { name: 'No Name' }),
    });
    expect(summaries(wrong.diagnostics ?? [])).to.deep.equal(['This is no address to import']);
  });

  it('that was stored is taken over, and one of a newer provider is not', async () => {
    const stored = { json: Buffer.from('{"organization":"default","name":"ci"}'), flatmap: {} };
    const upgrade = { type_name: ACCOUNT, version: 0, raw_identity: stored };
    const { upgraded_identity: taken } = await bench.core.call('UpgradeResourceIdentity', upgrade);
    expect(await read(ACCOUNT, taken)).to.deep.equal({ organization: 'default', name: 'ci' });
    const { diagnostics } = await bench.core.call('UpgradeResourceIdentity', { ...upgrade, version: 1 });
    expect(summaries(diagnostics ?? [])).to.deep.equal(['The state was written by a newer provider']);
  });
});
