/** The schema that the provider offers. */
import { expect } from 'chai';
import type { Handlers, SchemaAttribute } from '../../terraform-provider/plugin/messages.ts';
import { createHandlers } from '../../terraform-provider/rpc/index.ts';
import { RESOURCE_SCHEMAS } from '../../terraform-provider-spec/derive/terraform.ts';
import { KINDS } from '../../terraform-provider-spec/kinds/index.ts';
import { schemaProblems } from './core/schema.ts';
import { CONTEXT, TOKEN } from './offline-bench.ts';

describe('Without a daemon the provider', () => {
  let handlers: Handlers;
  beforeEach(() => {
    handlers = createHandlers({ environment: {} });
  });

  it('has no resource with two attributes that are sensitive, whose order Terraform would take for a change', () => {
    for (const [type, { attributes }] of RESOURCE_SCHEMAS) {
      const sensitive = attributes.filter((attribute) => attribute.sensitive).map(({ name }) => name);
      expect(sensitive.length, `${type}: ${sensitive.join(', ')}`).to.be.at.most(1);
    }
  });

  it('offers a schema that Terraform accepts', async () => {
    const answer = await handlers.GetProviderSchema!({}, CONTEXT);
    const described = (where: string, one: SchemaAttribute): void => {
      expect(one.description, where).to.match(/\S/);
      for (const inner of one.nested_type?.attributes ?? []) described(`${where}.${inner.name}`, inner);
    };
    const sets = [answer.resource_schemas ?? {}, answer.data_source_schemas ?? {}];
    for (const [index, schemas] of sets.entries()) {
      for (const [type, schema] of Object.entries(schemas)) {
        expect(schemaProblems(schema, index === 0 ? 'resource' : 'other'), type).to.deep.equal([]);
        for (const one of schema.block.attributes ?? []) described(`${type}.${one.name}`, one);
      }
    }
    const types = KINDS.map(({ kind }) => `accredit_${kind}`);
    expect(Object.keys(answer.resource_schemas ?? {})).to.have.members(types);
    const lists = types.map((type) => `${type}s`);
    expect(Object.keys(answer.data_source_schemas ?? {})).to.have.members([...types, ...lists]);
    const data = answer.data_source_schemas?.[TOKEN]?.block.attributes?.map(({ name }) => name);
    expect(data).to.include.members(['last_used_at', 'status']).and.not.to.include.members(['secret']);
    expect(data?.filter((name) => name.includes('secret'))).to.deep.equal([]);
  });
});
