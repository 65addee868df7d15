import { expect } from 'chai';
import type { SchemaAttribute } from '../../../terraform-provider/plugin/messages.ts';
import { NESTING } from '../../../terraform-provider/plugin/messages.ts';
import { equalValues, UNKNOWN, type Value } from '../../../terraform-provider/values/value.ts';
import { assertApplied, assertReplanned } from './compatible.ts';
import { assertPlanValid } from './plan-valid.ts';
import { proposedState } from './proposed.ts';
import { replacingPaths } from './replacement.ts';
import { RESOURCE, STRING } from './rule-schemas.ts';
import { schemaProblems } from './schema.ts';

const { schema: SCHEMA, type: TYPE } = RESOURCE;
/** Every attribute, not set. */
const NULLS = Object.fromEntries(SCHEMA.block.attributes!.map(({ name }) => [name, null]));
const value = (fields: Record<string, Value>): Value => ({ ...NULLS, name: 'n', ...fields });

describe("Core's rules, as the tests hold the provider to them", () => {
  const plan =
    (config: Value, planned: Value, prior: Value = null) =>
    () =>
      assertPlanValid(SCHEMA, TYPE, prior, config, planned);

  it('propose the configuration, with prior values where it leaves the provider a choice', () => {
    const prior = value({ id: 'i', level: 'l', note: 'old', limit: { mode: 'm', days: 1 } });
    const config = value({ secret_wo: 's', limit: { mode: null, days: 2 } });
    expect(proposedState(SCHEMA, prior, config)).to.deep.equal(
      Object.assign(Object.create(null), value({ id: 'i', level: 'l', secret_wo: 's' }), {
        limit: Object.assign(Object.create(null), { mode: 'm', days: 2 }),
      }),
    );
  });

  it('propose for a member of a set what it has from a prior member from which it can have come', () => {
    const grants = (...members: [string, string | null][]): Value => members.map(([role, scope]) => ({ role, scope }));
    const prior = value({ grants: grants(['viewer', 'all'], ['owner', 'some']) });
    const config = value({ grants: grants(['owner', null], ['viewer', 'none'], ['new', null]) });
    const proposed = proposedState(SCHEMA, prior, config) as Record<string, Value>;
    expect(
      equalValues(
        TYPE,
        { grants: proposed.grants! },
        { grants: grants(['owner', 'some'], ['viewer', 'none'], ['new', null]) },
      ),
    ).to.equal(true);
  });

  it('replace only for what really changes, and what is not there at all is no reason', () => {
    const path = (...names: string[]) => ({ steps: names.map((name) => ({ attribute_name: name })) });
    const replacing = (paths: string[][], prior: Value, planned: Value) =>
      replacingPaths(
        SCHEMA,
        paths.map((names) => path(...names)),
        prior,
        planned,
      ).map(({ steps }) => steps.length);
    expect(replacing([['name']], value({}), value({}))).to.deep.equal([]);
    expect(replacing([['name']], null, value({}))).to.deep.equal([]);
    expect(replacing([['name']], value({}), value({ name: UNKNOWN }))).to.deep.equal([1]);
    expect(replacing([['secret_wo']], value({}), value({}))).to.deep.equal([1]);
    const limits = [1, 2].map((days) => value({ limit: { mode: 'm', days } }));
    expect(
      replacing(
        [
          ['limit', 'days'],
          ['limit', 'mode'],
        ],
        limits[0]!,
        limits[1]!,
      ),
    ).to.deep.equal([2]);
    expect(() => replacing([['other']], value({}), value({}))).to.throw(/other forces replacement/);
  });

  it('find the faults of a schema', () => {
    const faults = (attribute: SchemaAttribute, kind: 'resource' | 'other' = 'resource') =>
      schemaProblems({ block: { attributes: [attribute] } }, kind);
    expect(schemaProblems(SCHEMA, 'resource')).to.deep.equal([]);
    expect(faults({ name: 'A-b', type: STRING, optional: true })).to.deep.equal([
      'A-b has a name that is no identifier',
    ]);
    expect(faults({ name: 'a', type: STRING })).to.deep.equal(['a is neither required nor optional nor computed']);
    expect(faults({ name: 'a', type: STRING, required: true, computed: true })).to.have.length(1);
    expect(faults({ name: 'a', optional: true })).to.deep.equal(['a has not exactly one type']);
    expect(faults({ name: 'a', type: STRING, optional: true, write_only: true }, 'other')).to.have.length(1);
    const inner = [{ name: 'b', type: STRING, optional: true, write_only: true }];
    const set = { name: 'a', optional: true, nested_type: { nesting: NESTING.set, attributes: inner } };
    expect(faults(set)).to.deep.equal(['a.b is write-only inside a set']);
  });

  it('accept what a provider may plan', () => {
    plan(value({}), value({ id: UNKNOWN, level: 'default' }))();
    plan(value({ tags: ['b', 'a'] }), value({ tags: ['a', 'b'] }))();
    plan(value({ note: 'A' }), value({ note: 'a' }), value({ note: 'a' }))();
    plan(value({ note: UNKNOWN }), value({ note: UNKNOWN }))();
    plan(value({ limit: { mode: null, days: 1 } }), value({ limit: { mode: 'm', days: 1 } }))();
    plan(null, null, value({}))();
  });

  const wrong: [string, () => void, RegExp][] = [
    [
      'another value than the configured one',
      plan(value({ note: 'a' }), value({ note: 'b' })),
      /note is planned as neither/,
    ],
    [
      'a value for what is neither configured nor computed',
      plan(value({}), value({ note: 'b' })),
      /note is not configured/,
    ],
    ['a known value for an unknown one', plan(value({ note: UNKNOWN }), value({ note: 'a' })), /note/],
    ['a write-only value', plan(value({ secret_wo: 's' }), value({ secret_wo: 's' })), /secret_wo is write-only/],
    ['nothing where something is configured', plan(value({}), null), /existence/],
    ['an extra attribute', plan(value({}), value({ extra: 'x' })), /does not conform/],
    [
      'another nested value',
      plan(value({ limit: { mode: null, days: 1 } }), value({ limit: { mode: null, days: 2 } })),
      /limit\.days/,
    ],
    [
      'another value in the apply phase',
      () => assertReplanned(SCHEMA, TYPE, value({ id: 'a' }), value({ id: UNKNOWN })),
      /inconsistent final plan: id was "a" and is unknown/,
    ],
    [
      'an unknown result',
      () => assertApplied(SCHEMA, TYPE, value({ id: UNKNOWN }), value({ id: UNKNOWN })),
      /holds an unknown/,
    ],
    [
      'a result that was not planned',
      () => assertApplied(SCHEMA, TYPE, value({ note: 'a', id: UNKNOWN }), value({ note: 'b', id: 'i' })),
      /inconsistent result after apply: note/,
    ],
    ['no result', () => assertApplied(SCHEMA, TYPE, value({}), null), /existence/],
  ];
  for (const [what, check, message] of wrong) {
    it(`refuse ${what}`, () => {
      expect(check).to.throw(message);
    });
  }

  it('let unknown values become known', () => {
    assertReplanned(SCHEMA, TYPE, value({ id: UNKNOWN }), value({ id: 'a' }));
    assertApplied(SCHEMA, TYPE, value({ id: UNKNOWN, tags: ['a', UNKNOWN] }), value({ id: 'a', tags: ['a', 'b'] }));
  });
});
