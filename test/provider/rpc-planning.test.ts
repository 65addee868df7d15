import { expect } from 'chai';
import fc from 'fast-check';
import type { Schema } from '../../terraform-provider/plugin/messages.ts';
import { getProviderSchema } from '../../terraform-provider/rpc/get-provider-schema.ts';
import { stateOf, triggersHash } from '../../terraform-provider/rpc/mapping.ts';
import { type Plan, plan } from '../../terraform-provider/rpc/planning.ts';
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
import type { Json, JsonObject } from '../../terraform-provider-spec/kind.ts';
import { printedSeed } from '../support/seed.ts';
import { assertApplied, assertPlanValid, assertReplanned } from '../support/terraform-rules.ts';

const TOKEN = RESOURCE_SCHEMAS.get('accredit_service_account_token') as TerraformSchema;
const ACCOUNT = RESOURCE_SCHEMAS.get('accredit_service_account') as TerraformSchema;
const ORGANIZATION = RESOURCE_SCHEMAS.get('accredit_organization') as TerraformSchema;

/** A configuration with every attribute that is not given null, as Terraform sends it. */
function configOf(schema: TerraformSchema, given: ValueRecord): ValueRecord {
  return { ...Object.fromEntries(schema.attributes.map(({ name }) => [name, null])), ...given };
}

/** The state after a creation, with what a daemon would decide. */
function created(schema: TerraformSchema, given: ValueRecord): ValueRecord {
  const config = configOf(schema, given);
  const made = plan({ schema, prior: null, config, organization: 'default' });
  const body = desiredBody({ schema, prior: null, planned: made.planned, config }) as JsonObject;
  const decided = Object.fromEntries(
    schema.attributes
      .filter(({ api, source }) => api?.access === 'read-only' && source.from === 'api')
      .map(({ name, api }): [string, Json] => [
        name,
        api?.nullable || api?.type === 'object' ? null : `daemon's ${name}`,
      ]),
  );
  const resource: JsonObject = { ...decided, ...body };
  delete resource.secret;
  if ('secret' in decided && body.secret_hash === undefined) resource.secret = 'acr_sa_x';
  return stateOf(schema, resource, String(made.planned.id), made.planned);
}

function updated(
  schema: TerraformSchema,
  prior: ValueRecord,
  given: ValueRecord,
): Plan & { body: JsonObject | undefined } {
  const config = configOf(schema, given);
  const made = plan({ schema, prior, config, organization: 'default' });
  return { ...made, body: desiredBody({ schema, prior, planned: made.planned, config }) };
}

function unknowns(planned: ValueRecord): string[] {
  return Object.keys(planned)
    .filter((name) => planned[name] === UNKNOWN)
    .sort();
}

describe('a plan of the provider', () => {
  const token = { account: 'ci', name: 'deploy' };

  describe('for a creation', () => {
    it('knows the address, the defaults and nothing that the daemon decides', () => {
      const { planned } = plan({
        schema: ACCOUNT,
        prior: null,
        config: configOf(ACCOUNT, { name: 'ci', grants: [{ role: 'viewer', scope: null }] }),
        organization: 'acme',
      });
      expect(planned).to.deep.include({
        id: 'organizations/acme/accounts/ci',
        organization: 'acme',
        labels: {},
        scope: 'organization',
        grants: [{ role: 'viewer', scope: 'organization' }],
        disabled: false,
        force_destroy: false,
        display_name: null,
        uid: UNKNOWN,
        claim: UNKNOWN,
        identifier: UNKNOWN,
      });
    });

    it('fills in the defaults inside an object, also of one that is left out', () => {
      const settings = (given: Value) =>
        plan({
          schema: ORGANIZATION,
          prior: null,
          config: configOf(ORGANIZATION, { name: 'acme', settings: given }),
          organization: UNKNOWN,
        }).planned.settings;
      const defaults = { domain: 'accredit.internal', purge_after: null };
      expect(settings(null)).to.deep.equal(defaults);
      expect(settings({ domain: null, purge_after: '9d' })).to.deep.equal({ ...defaults, purge_after: '9d' });
      expect(settings({ domain: UNKNOWN, purge_after: null })).to.deep.equal({ ...defaults, domain: UNKNOWN });
    });

    it('does not know the address while a name or the organization is unknown', () => {
      const address = (given: ValueRecord, organization: string | typeof UNKNOWN) =>
        plan({ schema: TOKEN, prior: null, config: configOf(TOKEN, { ...token, ...given }), organization }).planned.id;
      expect(address({}, 'acme')).to.equal('organizations/acme/accounts/ci/tokens/deploy');
      expect(address({ organization: 'own' }, UNKNOWN)).to.equal('organizations/own/accounts/ci/tokens/deploy');
      expect(address({}, UNKNOWN)).to.equal(UNKNOWN);
      expect(address({ account: UNKNOWN }, 'acme')).to.equal(UNKNOWN);
    });

    it('expects a secret unless the caller makes it', () => {
      const secret = (given: ValueRecord) =>
        plan({ schema: TOKEN, prior: null, config: configOf(TOKEN, { ...token, ...given }), organization: 'a' })
          .planned;
      expect(secret({}).secret).to.equal(UNKNOWN);
      expect(secret({ secret_hash_wo: 'sha256:0' })).to.include({ secret: null, secret_hash_wo: null });
      expect(secret({ secret_hash_wo: UNKNOWN })).to.include({ secret: UNKNOWN, secret_hash_wo: null });
    });

    it('sends the hash of the triggers as the marker of rotation, and a hash of the secret only from the configuration', () => {
      const config = configOf(TOKEN, {
        ...token,
        rotation_triggers: { b: '2', a: '1' },
        secret_hash_wo: 'sha256:0',
        permissions: ['b.read', 'a.read'],
      });
      const { planned } = plan({ schema: TOKEN, prior: null, config, organization: 'default' });
      expect(desiredBody({ schema: TOKEN, prior: null, planned, config })).to.deep.equal({
        labels: {},
        state: 'active',
        overlap: '0s',
        retire_previous: 'after_overlap',
        permissions: ['b.read', 'a.read'],
        rotation: triggersHash({ a: '1', b: '2' }),
        secret_hash: 'sha256:0',
      });
    });
  });

  describe('for an update', () => {
    const prior = created(TOKEN, { ...token, expires_in: '90d', rotation_triggers: { v: '1' } });
    const same = { ...token, expires_in: '90d', rotation_triggers: { v: '1' } };

    it('changes nothing when nothing changes', () => {
      const made = updated(TOKEN, prior, same);
      expect(made).to.deep.include({ planned: prior, replacedBy: [], differs: false });
      expect(made.body).not.to.have.any.keys('rotation', 'secret_hash');
    });

    it('keeps the secret, its dates and the claim known when only a text changes', () => {
      const made = updated(TOKEN, prior, { ...same, description: 'new' });
      expect(unknowns(made.planned)).to.deep.equal(['managed_by', 'previous', 'status', 'status_reason']);
      expect(made.planned.secret).to.equal('acr_sa_x');
      expect(made.body).not.to.have.property('rotation');
    });

    it('moves the end of a token with its expiry, and not its secret', () => {
      const made = updated(TOKEN, prior, { ...same, expires_in: '30d' });
      expect(unknowns(made.planned)).to.include.members(['valid_until', 'next_rotation_at']);
      expect(unknowns(made.planned)).not.to.include.members(['secret', 'rotated_at']);
    });

    it('rotates in place when the triggers change', () => {
      const made = updated(TOKEN, prior, { ...same, rotation_triggers: { v: '2' } });
      expect(made.replacedBy).to.deep.equal([]);
      expect(unknowns(made.planned)).to.include.members(['secret', 'rotated_at', 'valid_until']);
      expect(made.planned).to.include({ uid: prior.uid, claim: prior.claim, created_at: prior.created_at });
      expect(made.body).to.have.property('rotation', triggersHash({ v: '2' }));
    });

    it('rotates nothing when triggers are given for the first time or taken away', () => {
      const imported = { ...prior, rotation_triggers: null };
      const first = updated(TOKEN, imported, same);
      expect(first.differs).to.equal(true);
      expect(first.changed).to.deep.equal(new Map());
      expect(first.planned).to.include({ secret: 'acr_sa_x', rotated_at: prior.rotated_at });
      expect(first.body).not.to.have.property('rotation');
      const last = updated(TOKEN, prior, { ...same, rotation_triggers: null });
      expect(last.differs).to.equal(true);
      expect(last.planned).to.include({ secret: 'acr_sa_x', rotation_triggers: null });
      expect(last.body).not.to.have.property('rotation');
    });

    it('may rotate while the triggers are unknown', () => {
      for (const triggers of [UNKNOWN, { v: UNKNOWN }] as Value[]) {
        const made = updated(TOKEN, prior, { ...same, rotation_triggers: triggers });
        expect(made.planned.secret).to.equal(UNKNOWN);
        expect(made.body).to.equal(undefined);
      }
    });

    it('sends a hash again only when its version changes, and then forgets the old secret', () => {
      const hash = { ...same, secret_hash_wo: 'sha256:1' };
      expect(updated(TOKEN, prior, hash).differs).to.equal(false);
      expect(updated(TOKEN, prior, hash).body).not.to.have.property('secret_hash');
      const made = updated(TOKEN, prior, { ...hash, secret_hash_wo_version: '1' });
      expect(made.planned).to.include({ secret: null, secret_hash_wo: null, rotated_at: UNKNOWN });
      expect(made.body).to.include({ secret_hash: 'sha256:1' }).and.not.have.property('rotation');
    });

    it('sends the hash along with changed triggers, so that the daemon makes no secret of its own', () => {
      const made = updated(TOKEN, prior, { ...same, secret_hash_wo: 'sha256:1', rotation_triggers: { v: '2' } });
      expect(made.planned.secret).to.equal(null);
      expect(made.body).to.have.all.keys(
        ...['labels', 'state', 'overlap', 'retire_previous', 'expires_in', 'rotation', 'secret_hash'],
      );
    });

    it('replaces for another name, parent or immutable value, and for one that is unknown', () => {
      expect(updated(TOKEN, prior, { ...same, name: 'other' }).replacedBy).to.deep.equal(['name']);
      expect(updated(TOKEN, prior, { ...same, account: UNKNOWN }).replacedBy).to.deep.equal(['account']);
      expect(updated(TOKEN, prior, { ...same, organization: 'acme' }).replacedBy).to.deep.equal(['organization']);
      const account = created(ACCOUNT, { name: 'ci' });
      expect(updated(ACCOUNT, account, { name: 'ci', scope: 'teams/x' }).replacedBy).to.deep.equal(['scope']);
      expect(updated(ACCOUNT, account, { name: 'ci', disabled: true }).replacedBy).to.deep.equal([]);
    });

    it('forgets the secret only once it is sure that the hash is sent', () => {
      const hash = { ...same, secret_hash_wo: 'sha256:1' };
      expect(updated(TOKEN, prior, { ...hash, secret_hash_wo_version: UNKNOWN }).planned.secret).to.equal(UNKNOWN);
      expect(updated(TOKEN, prior, { ...hash, secret_hash_wo_version: '2' }).planned.secret).to.equal(null);
    });

    it("keeps the organization while the provider's is unknown", () => {
      const made = plan({ schema: TOKEN, prior, config: configOf(TOKEN, same), organization: UNKNOWN });
      expect(made.planned).to.deep.equal(prior);
    });

    it('changes nothing but the setting when only a setting of the provider changes', () => {
      const account = created(ACCOUNT, { name: 'ci' });
      const made = updated(ACCOUNT, account, { name: 'ci', force_destroy: true });
      expect(made.changed).to.deep.equal(new Map());
      expect(unknowns(made.planned)).to.deep.equal(['identifier', 'managed_by']);
      expect(made.body).not.to.have.property('force_destroy');
    });

    it('takes no order of a set for a difference', () => {
      const narrowed = created(TOKEN, { ...token, permissions: ['a.read', 'b.read'] });
      expect(updated(TOKEN, narrowed, { ...token, permissions: ['b.read', 'a.read'] }).differs).to.equal(false);
    });
  });

  describe('holds to the rules of Terraform whatever is configured', () => {
    let schemas: Record<string, Schema>;
    before(async () => {
      schemas = (await getProviderSchema()).resource_schemas ?? {};
    });

    for (const [type, schema] of RESOURCE_SCHEMAS) {
      it(type, () => {
        const wire = schemas[type] as Schema;
        const cty = objectType(schema.attributes);
        const configs = fc.tuple(configuration(schema), configuration(schema), mask(schema), mask(schema));
        fc.assert(
          fc.property(configs, ([first, second, hideFirst, hideSecond]) => {
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
            const change = plan({ schema, prior: state, config, organization: 'default' });
            assertPlanValid(wire, cty, state, config, change.planned);
            const final = plan({ schema, prior: state, config: second, organization: 'default' });
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
