/** A state that any released provider has left is taken over, and with an unchanged configuration there is nothing to plan. */
import { readdirSync, readFileSync } from 'node:fs';
import { expect } from 'chai';
import fc from 'fast-check';
import { createHandlers } from '../../terraform-provider/rpc/index.ts';
import { plan } from '../../terraform-provider/rpc/planning.ts';
import { decodeDynamic, encodeDynamic, type Value, type ValueRecord } from '../../terraform-provider/values/value.ts';
import { objectType, RESOURCE_SCHEMAS, type TerraformSchema } from '../../terraform-provider-spec/derive/terraform.ts';
import type { Json, JsonObject } from '../../terraform-provider-spec/kind.ts';
import { cases } from '../support/cases.ts';
import { printedSeed } from '../support/seed.ts';

interface Recorded {
  readonly type: string;
  readonly schema_version: number;
  readonly attributes: JsonObject;
}

const STATES = new URL('states/', import.meta.url);
const VERSIONS = readdirSync(STATES).filter((name) => /^\d+$/.test(name));
const CONTEXT = { signal: new AbortController().signal };

function recordings(version: string): [string, Recorded[]][] {
  const directory = new URL(`${version}/`, STATES);
  return readdirSync(directory).map((name) => [name, JSON.parse(readFileSync(new URL(name, directory), 'utf8'))]);
}

describe('The state of a released provider', () => {
  const handlers = createHandlers({ environment: {} });

  async function upgraded(type: string, version: number, state: JsonObject): Promise<ValueRecord> {
    const answer = await handlers.UpgradeResourceState!(
      { type_name: type, version, raw_state: { json: Buffer.from(JSON.stringify(state)), flatmap: {} } },
      CONTEXT,
    );
    expect(answer.diagnostics ?? [], type).to.deep.equal([]);
    return decodeDynamic(typeOf(schemaOf(type)), answer.upgraded_state) as ValueRecord;
  }

  it('is recorded for every schema version that there was, with every type of that time', () => {
    const present = Math.max(...[...RESOURCE_SCHEMAS.values()].map(({ version }) => version));
    expect(VERSIONS.map(Number).sort()).to.deep.equal(Array.from({ length: present + 1 }, (_, version) => version));
    const newest = recordings(String(present)).map(([, states]) => states.map(({ type }) => type));
    for (const types of newest) expect(types).to.have.members([...RESOURCE_SCHEMAS.keys()]);
  });

  for (const version of VERSIONS) {
    for (const [name, states] of recordings(version)) {
      for (const { type, schema_version, attributes } of states) {
        it(`${name}: ${type} is taken over as it was, and leaves nothing to plan`, async () => {
          const schema = schemaOf(type);
          const state = await upgraded(type, schema_version, attributes);
          const known = schema.attributes.filter((one) => one.name in attributes);
          const recorded = Object.fromEntries(known.map((one) => [one.name, attributes[one.name] as Value]));
          expect(normal(schema, state, known)).to.deep.equal(normal(schema, recorded, known));
          const config: ValueRecord = {};
          for (const one of schema.attributes) {
            const isGiven = (one.required || one.optional) && one.name in attributes;
            config[one.name] = isGiven ? (attributes[one.name] as Value) : null;
          }
          const made = plan({ schema, prior: state, config, organization: 'default', manager: 'terraform' });
          expect([made.differs, made.replacedBy]).to.deep.equal([false, []]);
        });
      }
    }
  }

  it('may lack attributes that were added since and hold some that are gone, at any depth', async () => {
    const all = VERSIONS.flatMap(recordings).flatMap(([, states]) => states);
    const property = fc.asyncProperty(
      fc.constantFrom(...all),
      fc.array(fc.nat(20), { minLength: 1 }),
      async (one, picks) => {
        const state = await upgraded(one.type, one.schema_version, altered(one.attributes, picks) as JsonObject);
        const schema = schemaOf(one.type);
        for (const { name, writeOnly, source } of schema.attributes) {
          if (writeOnly) expect(state[name]).to.equal(null);
          if (source.from === 'option') expect(state[name], name).to.be.a('boolean');
        }
        // It is a value of the present type: it can be sent.
        encodeDynamic(typeOf(schema), state);
      },
    );
    await fc.assert(property, { seed: printedSeed('altered states'), numRuns: cases(200) });
  });

  it('that is newer than the provider is refused, and so is one that is none', async () => {
    const refused = async (version: number, text: string) => {
      const request = { type_name: 'accredit_team', version, raw_state: { json: Buffer.from(text), flatmap: {} } };
      return (await handlers.UpgradeResourceState!(request, CONTEXT)).diagnostics?.map(({ summary }) => summary);
    };
    expect(await refused(99, '{}')).to.deep.equal(['The state was written by a newer provider']);
    expect(await refused(0, '{"labels": "none"}')).to.deep.equal(['The stored state cannot be read']);
    expect(await refused(0, '{')).to.deep.equal(['The stored state cannot be read']);
  });
});

/** Takes attributes out and puts others in, at the places that the picks say. */
function altered(value: Json, picks: readonly number[]): Json {
  let next = 0;
  const pick = () => picks[next++ % picks.length] as number;
  const alter = (one: Json, isObject: boolean): Json => {
    if (Array.isArray(one)) return one.map((item) => alter(item, true));
    if (typeof one !== 'object' || one === null) return one;
    const entries = Object.entries(one).flatMap(([key, item]): [string, Json][] => {
      if (isObject && key !== 'id' && pick() === 0) return [];
      // Maps hold what people have named, not attributes.
      return [[key, alter(item, !['labels', 'rotation_triggers'].includes(key))]];
    });
    return Object.fromEntries(isObject && pick() % 2 === 0 ? [...entries, ['gone_since', { a: [1] }]] : entries);
  };
  return alter(value, true);
}

function normal(schema: TerraformSchema, state: ValueRecord, known: TerraformSchema['attributes']) {
  const type = typeOf(schema);
  const kept = Object.fromEntries(known.map(({ name }) => [name, state[name] ?? null]));
  return decodeDynamic(type, encodeDynamic(type, kept));
}

function typeOf(schema: TerraformSchema) {
  return objectType(schema.attributes);
}

function schemaOf(type: string): TerraformSchema {
  return RESOURCE_SCHEMAS.get(type) as TerraformSchema;
}
