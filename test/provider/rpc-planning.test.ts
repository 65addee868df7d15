import { expect } from 'chai';
import { triggersHash } from '../../terraform-provider/rpc/mapping.ts';
import { type Plan, plan } from '../../terraform-provider/rpc/planning.ts';
import { desiredBody } from '../../terraform-provider/rpc/requests.ts';
import { UNKNOWN, type Value, type ValueRecord } from '../../terraform-provider/values/value.ts';
import { RESOURCE_SCHEMAS, type TerraformSchema } from '../../terraform-provider-spec/derive/terraform.ts';
import type { JsonObject } from '../../terraform-provider-spec/kind.ts';
import { configOf, created } from './planned.ts';

const TOKEN = RESOURCE_SCHEMAS.get('accredit_service_account_token') as TerraformSchema;
const ACCOUNT = RESOURCE_SCHEMAS.get('accredit_service_account') as TerraformSchema;
const ORGANIZATION = RESOURCE_SCHEMAS.get('accredit_organization') as TerraformSchema;
const PROFILE = RESOURCE_SCHEMAS.get('accredit_token_profile') as TerraformSchema;

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
      const none = { domain: null, team_isolation: null, max_token_lifetime: null, purge_after: null };
      const defaults = { ...none, domain: 'accredit.internal', team_isolation: false };
      expect(settings(null)).to.deep.equal(defaults);
      expect(settings({ ...none, purge_after: '9d' })).to.deep.equal({ ...defaults, purge_after: '9d' });
      expect(settings({ ...none, domain: UNKNOWN })).to.deep.equal({ ...defaults, domain: UNKNOWN });
    });

    it('fills in the defaults of an object inside an object, which is left out as a whole or not at all', () => {
      const lifetime = (given: Value) =>
        plan({
          schema: ORGANIZATION,
          prior: null,
          config: configOf(ORGANIZATION, { name: 'acme', settings: { max_token_lifetime: given } }),
          organization: UNKNOWN,
        }).planned.settings;
      expect(lifetime(null)).to.have.property('max_token_lifetime', null);
      expect(lifetime({ duration: '30d', mode: null })).to.deep.include({
        max_token_lifetime: { duration: '30d', mode: 'block' },
      });
      expect(lifetime({ duration: UNKNOWN, mode: 'warn' })).to.deep.include({
        max_token_lifetime: { duration: UNKNOWN, mode: 'warn' },
      });
    });

    it('sends a number as a number, and a set with a default as the default', () => {
      const config = configOf(PROFILE, { name: 'quarterly', max_tokens: 5 });
      const { planned } = plan({ schema: PROFILE, prior: null, config, organization: 'default' });
      expect(desiredBody({ schema: PROFILE, prior: null, planned, config })).to.deep.include({
        max_tokens: 5,
        schemes: ['bearer', 'basic'],
      });
      expect(planned).to.include({ allowed_lifetimes: null, max_lifetime: null });
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
        profile: 'standard',
        purpose: 'api',
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
      expect(unknowns(made.planned)).to.deep.equal(['managed_by']);
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
        ...['labels', 'profile', 'purpose', 'state', 'overlap', 'retire_previous'],
        ...['expires_in', 'rotation', 'secret_hash'],
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
      expect(unknowns(made.planned)).to.deep.equal(['managed_by']);
      expect(made.body).not.to.have.property('force_destroy');
    });

    it('takes no order of a set for a difference', () => {
      const narrowed = created(TOKEN, { ...token, permissions: ['a.read', 'b.read'] });
      expect(updated(TOKEN, narrowed, { ...token, permissions: ['b.read', 'a.read'] }).differs).to.equal(false);
    });
  });
});
