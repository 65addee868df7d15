import { expect } from 'chai';
import fc from 'fast-check';
import type { Schema } from '../../terraform-provider/plugin/messages.ts';
import { getProviderSchema } from '../../terraform-provider/rpc/get-provider-schema.ts';
import { plan } from '../../terraform-provider/rpc/planning.ts';
import { desiredBody } from '../../terraform-provider/rpc/requests.ts';
import {
  type CtyType,
  equalValues,
  UNKNOWN,
  type Value,
  type ValueRecord,
} from '../../terraform-provider/values/value.ts';
import {
  attributeType,
  objectType,
  RESOURCE_SCHEMAS,
  type TerraformAttribute,
  type TerraformSchema,
} from '../../terraform-provider-spec/derive/terraform.ts';
import type { JsonObject } from '../../terraform-provider-spec/kind.ts';
import { printedSeed } from '../support/seed.ts';
import { assertApplied, assertReplanned } from './core/compatible.ts';
import { assertPlanValid } from './core/plan-valid.ts';
import { created } from './planned.ts';

describe('a plan of the provider holds to the rules of Terraform whatever is configured', () => {
  let schemas: Record<string, Schema>;
  before(async () => {
    schemas = (await getProviderSchema()).resource_schemas ?? {};
  });

  for (const [type, schema] of RESOURCE_SCHEMAS) {
    it(type, () => {
      const wire = schemas[type] as Schema;
      const cty = objectType(schema.attributes);
      const configs = fc.tuple(configuration(schema), configuration(schema), mask(schema), mask(schema), fc.boolean());
      fc.assert(
        fc.property(configs, ([first, second, hideFirst, hideSecond, due]) => {
          const before = plan({ schema, prior: null, config: hidden(first, hideFirst), organization: 'default' });
          assertPlanValid(wire, cty, null, hidden(first, hideFirst), before.planned);
          const again = plan({ schema, prior: null, config: first, organization: 'default' });
          assertReplanned(wire, cty, before.planned, again.planned);

          const state = created(schema, first);
          assertApplied(wire, cty, again.planned, state);
          const none = plan({ schema, prior: state, config: first, organization: 'default' });
          expect(none.differs).to.equal(false);
          expect(equalValues(cty, none.planned, state)).to.equal(true);

          const config = hidden(second, hideSecond);
          const change = plan({ schema, prior: state, config, organization: 'default', due });
          assertPlanValid(wire, cty, state, config, change.planned);
          const final = plan({ schema, prior: state, config: second, organization: 'default', due });
          assertReplanned(wire, cty, change.planned, final.planned);
          const body = desiredBody({ schema, prior: state, planned: final.planned, config: second }) as JsonObject;
          const triggers = [state.rotation_triggers ?? null, second.rotation_triggers ?? null];
          const rotates = !triggers.includes(null) && !equalValues(['map', 'string'], triggers[0]!, triggers[1]!);
          expect('rotation' in body, 'a marker is sent exactly when triggers change').to.equal(rotates);
        }),
        { seed: printedSeed(type), numRuns: 300 },
      );
    });
  }
});

const WORD = fc.constantFrom('a', 'b', 'c1');

function value(type: CtyType): fc.Arbitrary<Value> {
  if (type === 'bool') return fc.boolean();
  if (type === 'number') return fc.integer();
  if (type === 'string') return WORD;
  if (type[0] === 'map') return fc.dictionary(WORD, value(type[1] as CtyType), { maxKeys: 2 }) as fc.Arbitrary<Value>;
  if (type[0] === 'set') return fc.uniqueArray(value(type[1] as CtyType), { maxLength: 3 }) as fc.Arbitrary<Value>;
  throw new TypeError(`no values for ${JSON.stringify(type)}`);
}

function attributeValue(attribute: TerraformAttribute): fc.Arbitrary<Value> {
  const { nested, required, optional } = attribute;
  if (!required && !optional) return fc.constant(null);
  let given: fc.Arbitrary<Value>;
  if (nested === undefined) given = value(attributeType(attribute));
  else {
    const object = fc.record(Object.fromEntries(nested.attributes.map((inner) => [inner.name, attributeValue(inner)])));
    const key = nested.attributes[0]?.name ?? '';
    given =
      nested.nesting === 'single'
        ? object
        : (fc.uniqueArray(object, { maxLength: 2, selector: (item) => item[key] }) as fc.Arbitrary<Value>);
  }
  return required ? given : fc.option(given, { nil: null });
}

function configuration(schema: TerraformSchema): fc.Arbitrary<ValueRecord> {
  return fc.record(
    Object.fromEntries(schema.attributes.map((attribute) => [attribute.name, attributeValue(attribute)])),
  );
}

/** Which attributes are not known yet when the plan is made. */
function mask(schema: TerraformSchema): fc.Arbitrary<Set<string>> {
  const configurable = schema.attributes.filter(({ required, optional }) => required || optional);
  return fc.subarray(configurable.map(({ name }) => name)).map((names) => new Set(names));
}

function hidden(config: ValueRecord, names: Set<string>): ValueRecord {
  return Object.fromEntries(Object.entries(config).map(([name, item]) => [name, names.has(name) ? UNKNOWN : item]));
}
