/** The list resources, which Terraform has from 1.14 on; the RPCs are called as it calls them. */
import { expect } from 'chai';
import { type CtyType, decodeDynamic, encodeDynamic, type ValueRecord } from '../../terraform-provider/values/value.ts';
import { objectType, RESOURCE_SCHEMAS, type TerraformSchema } from '../../terraform-provider-spec/derive/terraform.ts';
import { IDENTITY_SCHEMAS } from '../../terraform-provider-spec/derive/terraform-identity.ts';
import { LIST_RESOURCE_SCHEMAS } from '../../terraform-provider-spec/derive/terraform-list-resources.ts';
import { ACCOUNT, Bench, placed, TOKEN } from './rpc-bench.ts';

describe('List resources', function () {
  this.timeout(60_000);
  const organization = 'listed';
  let bench: Bench;

  before(async () => {
    bench = await Bench.start();
    await bench.put(`organizations/${organization}`, {});
    for (const name of ['a', 'b', 'c']) {
      const account = `organizations/${organization}/accounts/${name}`;
      await bench.put(account, { labels: { team: name }, ...(name === 'b' && { display_name: 'The second' }) });
      await bench.put(`${account}/tokens/main`, {});
    }
  });
  after(() => bench?.stop());
  beforeEach(() => bench.configure({ organization }));

  const configOf = (type: string, given: ValueRecord) =>
    encodeDynamic(objectType((LIST_RESOURCE_SCHEMAS.get(type) as TerraformSchema).attributes) as CtyType, given);

  async function list(type: string, given: ValueRecord = {}, limit = 100, withObject = false) {
    const events = await bench.core.events('ListResource', {
      type_name: type,
      config: configOf(type, given),
      include_resource_object: withObject,
      limit,
    });
    return events.map(({ identity, display_name, resource_object: object, diagnostic = [] }) => ({
      identity: decodeDynamic(IDENTITY_SCHEMAS.get(type)?.type as CtyType, identity?.identity_data),
      display_name,
      object: object && decodeDynamic(objectType((RESOURCE_SCHEMAS.get(type) as TerraformSchema).attributes), object),
      diagnostic,
    }));
  }

  const nameOf = ({ identity }: { identity: unknown }) => (identity as ValueRecord).name;

  it('are there for every resource, and compute nothing', async () => {
    const { list_resource_schemas: schemas = {}, resource_schemas: resources = {} } = await bench.core.schema();
    expect(Object.keys(schemas)).to.have.members(Object.keys(resources));
    for (const [type, { block }] of Object.entries(schemas)) {
      for (const { name, computed, description } of block.attributes ?? []) {
        expect(computed, `${type}.${name}`).to.equal(false);
        expect(description).to.match(/\S/);
      }
    }
  });

  it('find what there is with its identity, by which it can be imported, and a name for people', async () => {
    const found = await list(ACCOUNT);
    expect(found.map(nameOf)).to.deep.equal(['a', 'b', 'c']);
    expect(found[1]).to.deep.include({
      identity: { organization, name: 'b' },
      display_name: 'The second',
      object: undefined,
    });
    expect(found[0]?.display_name).to.equal('a');
  });

  it('stop at the limit, and keep what the filters keep', async () => {
    expect((await list(ACCOUNT, {}, 2)).map(nameOf)).to.deep.equal(['a', 'b']);
    expect((await list(ACCOUNT, { label: ['team:c'] })).map(nameOf)).to.deep.equal(['c']);
    expect(await list(ACCOUNT, { label: ['team:z'] })).to.deep.equal([]);
  });

  it('find tokens below one owner and below all, as whole objects without their secrets', async () => {
    const all = await list(TOKEN, {}, 100, true);
    expect(all.map(({ identity }) => (identity as ValueRecord).account)).to.deep.equal(['a', 'b', 'c']);
    for (const { object } of all)
      expect(object).to.include({ organization, name: 'main', secret: null, status: 'active' });
    const [one, ...more] = await list(TOKEN, { account: 'b', status: 'active' });
    expect(more).to.deep.equal([]);
    expect(one?.identity).to.deep.equal({ organization, account: 'b', name: 'main' });
  });

  it('leave out what is built in, which no configuration can have', async () => {
    await bench.put(`organizations/${organization}/roles/own`, { permissions: ['builds.read'] });
    expect((await list('accredit_role')).map(nameOf)).to.deep.equal(['own']);
    expect(await list('accredit_token_profile')).to.deep.equal([]);
  });

  it('say what is wrong at its attribute, in validation and in the stream', async () => {
    const config = configOf(TOKEN, { account: 'No Name', status: 'lost' });
    const { diagnostics = [] } = await bench.core.call('ValidateListResourceConfig', { type_name: TOKEN, config });
    expect(placed(diagnostics)).to.have.members(['account: Invalid name', 'status: Invalid value']);
    const [said, ...more] = await list(TOKEN, { account: 'nobody' });
    expect(more).to.deep.equal([]);
    expect(placed(said?.diagnostic ?? [])).to.deep.equal(['account: No such service account']);
  });
});
