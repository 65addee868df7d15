/** What the provider says about a configuration before anything is planned. */
import { expect } from 'chai';
import type { Handlers } from '../../terraform-provider/plugin/messages.ts';
import { createHandlers } from '../../terraform-provider/rpc/index.ts';
import { encodeDynamic, UNKNOWN, type Value, type ValueRecord } from '../../terraform-provider/values/value.ts';
import {
  DATA_SOURCE_SCHEMAS,
  objectType,
  RESOURCE_SCHEMAS,
  type TerraformSchema,
} from '../../terraform-provider-spec/derive/terraform.ts';
import { KINDS } from '../../terraform-provider-spec/kinds/index.ts';
import { mintToken } from '../../terraform-provider-spec/token.ts';
import { ACCOUNT, CONTEXT, TOKEN, texts, validateResource } from './offline-bench.ts';

describe('Without a daemon the provider', () => {
  let handlers: Handlers;
  beforeEach(() => {
    handlers = createHandlers({ environment: {} });
  });

  const validate = (type: string, given: ValueRecord, capable = true) =>
    validateResource(handlers, type, given, capable);

  const token = { account: 'ci', name: 'deploy' };
  const hash = `sha256:${'0'.repeat(64)}`;

  it('refuses values that are good each by itself and not together, and says nothing where one is unknown', async () => {
    const token = (given: ValueRecord) => validate(TOKEN, { account: 'ci', name: 'x', ...given });
    const profile = (given: ValueRecord) => validate('accredit_token_profile', { name: 'x', ...given });
    const before = { rotate_before_expiry: '20d' };
    const once = { retire_previous: 'on_first_use' };
    expect(await token(before)).to.deep.equal([
      'rotate_before_expiry: rotate_before_expiry: needs "expires_in" or "expires_at".',
    ]);
    expect(await token({ ...before, expires_in: '480h' })).to.deep.equal([
      'rotate_before_expiry: rotate_before_expiry: must be shorter than "expires_in", 480h.',
    ]);
    expect(await token(once)).to.deep.equal([
      'retire_previous: retire_previous: "on_first_use" needs an overlap above "0s".',
    ]);
    expect(await profile({ schemes: [] })).to.deep.equal([
      'schemes: schemes: must name a scheme, or no token could be presented.',
    ]);
    expect(await profile({ max_lifetime: '30d', allowed_lifetimes: ['90d'] })).to.deep.equal([
      'allowed_lifetimes: allowed_lifetimes "90d": is longer than "max_lifetime", 30d.',
    ]);
    const sound = [
      token({ ...before, expires_in: UNKNOWN }),
      token({ ...before, expires_at: UNKNOWN }),
      token({ ...before, expires_in: '21d' }),
      token({ ...once, overlap: UNKNOWN }),
      token({ ...once, overlap: '1h' }),
      profile({ allowed_lifetimes: [UNKNOWN] }),
      profile({ schemes: [UNKNOWN] }),
      profile({ expiry: UNKNOWN, max_lifetime: '3d' }),
      profile({ revoke: false, restore: UNKNOWN }),
    ];
    for (const said of await Promise.all(sound)) expect(said).to.deep.equal([]);
  });

  describe('validates', () => {
    it('names, each at its attribute', async () => {
      const wrong = await validate(TOKEN, { account: 'UPPER', name: 'a/b', organization: '..' });
      expect(wrong.map((text) => text.split(':')[0])).to.have.members(['organization', 'account', 'name']);
      expect(wrong[0]).to.include('a name has 1 to 63 characters');
    });

    it('values, at the innermost place that Terraform can name', async () => {
      expect(await validate('accredit_organization', { name: 'a', settings: { domain: null, purge_after: '0d' } }))
        .to.have.length(1)
        .and.to.have.property('0')
        .that.matches(/^settings\.purge_after: settings\.purge_after: must be a duration/);
      expect(await validate(ACCOUNT, { name: 'a', labels: { ok: 'x', 'Not a name': 'y' } }))
        .to.have.property('0')
        .that.matches(/^labels\.\[Not a name\]: labels\.Not a name: the key must be/);
      expect(await validate(ACCOUNT, { name: 'a', grants: [{ role: 'viewer', scope: 'everywhere' }] }))
        .to.have.property('0')
        .that.matches(/^grants: scope of grants \{ role = "viewer", scope = "everywhere" \}: must be a scope/);
      expect(await validate(TOKEN, { ...token, permissions: [UNKNOWN, 'a.read', 'everything'] }))
        .to.have.property('0')
        .that.matches(/^permissions: permissions "everything": must be/);
    });

    it('attributes that exclude each other', async () => {
      expect(await validate(TOKEN, { ...token, expires_in: '1d', expires_at: '2091-01-01T00:00:00Z' })).to.deep.equal([
        'expires_in: expires_in: cannot be given together with "expires_at".',
      ]);
    });

    it('the write-only hash under its own name', async () => {
      expect(await validate(TOKEN, { ...token, secret_hash_wo: 'sha256:abc' }))
        .to.have.property('0')
        .that.matches(/^secret_hash_wo: secret_hash_wo: must be "sha256:"/);
    });

    it('the secret itself, of which it repeats nothing', async () => {
      const secret = mintToken('app');
      const mistyped = secret.replace(/.$/, (last) => (last === '0' ? '1' : '0'));
      for (const wrong of ['hunter2', mistyped, ` ${mintToken('sa')}`, '']) {
        const [said = '', ...more] = await validate(TOKEN, { ...token, secret_wo: wrong });
        expect(more).to.deep.equal([]);
        expect(said).to.match(/^secret_wo: secret_wo: must be a well-formed token/);
        if (wrong !== '') expect(said).to.not.include(wrong.trim());
      }
      expect(await validate(TOKEN, { ...token, secret_wo: secret })).to.deep.equal([
        'secret_wo: secret_wo: must be a token that begins with acr_sa_, and this one begins with acr_app_.',
      ]);
      const scim = { ...token, secret_wo: mintToken('scim') };
      expect(await validate(TOKEN, scim)).to.have.length(1);
      for (const purpose of ['scim', UNKNOWN]) expect(await validate(TOKEN, { ...scim, purpose })).to.deep.equal([]);
      expect(await validate('accredit_app_token', { app: 'till', name: 'x', secret_wo: secret })).to.deep.equal([]);
    });

    it('one secret at most: itself or its hash', async () => {
      const both = { ...token, secret_hash_wo: hash, secret_wo: mintToken('sa') };
      expect(await validate(TOKEN, both)).to.deep.equal([
        'secret_wo: secret_wo: cannot be given together with "secret_hash_wo".',
      ]);
      expect(await validate(TOKEN, { ...both, secret_wo: UNKNOWN })).to.deep.equal([]);
    });

    it('no version of a secret without that secret, and says nothing where either is unknown', async () => {
      const alone = (name: string) => [
        `${name}_version: ${name}_version: is given without "${name}", so nothing is sent.`,
      ];
      const secret = mintToken('sa');
      for (const name of ['secret_wo', 'secret_hash_wo']) {
        const version = `${name}_version`;
        expect(await validate(TOKEN, { ...token, [version]: '1' }), name).to.deep.equal(alone(name));
        for (const [value, known] of [
          [name === 'secret_wo' ? secret : hash, '1'],
          [UNKNOWN, '1'],
          [null, UNKNOWN],
          [null, null],
        ] as const) {
          expect(await validate(TOKEN, { ...token, [name]: value, [version]: known }), name).to.deep.equal([]);
        }
      }
      const other = { secret_wo: secret, secret_hash_wo_version: '1' };
      expect(await validate(TOKEN, { ...token, ...other })).to.deep.equal(alone('secret_hash_wo'));
    });

    it('members of a set that defaults make the same', async () => {
      const grants = [
        { role: 'viewer', scope: null },
        { role: 'viewer', scope: 'organization' },
      ];
      expect(await validate(ACCOUNT, { name: 'a', grants }))
        .to.have.property('0')
        .that.includes('same as member');
    });

    it('no unknown value as wrong', async () => {
      const everything: ValueRecord = {};
      for (const { name, required, optional } of (RESOURCE_SCHEMAS.get(TOKEN) as TerraformSchema).attributes) {
        if (required || optional) everything[name] = UNKNOWN;
      }
      expect(await validate(TOKEN, everything)).to.deep.equal([]);
      const unknown = (grants: Value) => validate(ACCOUNT, { name: 'a', grants });
      expect(await unknown([{ role: UNKNOWN, scope: null }])).to.deep.equal([]);
      expect(
        await unknown([
          { role: 'viewer', scope: UNKNOWN },
          { role: 'viewer', scope: null },
        ]),
      ).to.deep.equal([]);
      expect(await unknown([UNKNOWN, { role: 'viewer', scope: null }])).to.deep.equal([]);
      expect(await validate(ACCOUNT, { name: 'a', labels: { a: UNKNOWN } })).to.deep.equal([]);
      expect(
        await validate('accredit_organization', { name: 'a', settings: { domain: UNKNOWN, purge_after: null } }),
      ).to.deep.equal([]);
    });

    it('the examples of every kind as good', async () => {
      for (const kind of KINDS) {
        const schema = [...RESOURCE_SCHEMAS.values()].find((one) => one.kind === kind) as TerraformSchema;
        const given: ValueRecord = {};
        for (const { name, required } of schema.attributes) {
          if (required) given[name] = 'x';
          const example = kind.examples.full[name];
          if (example !== undefined) given[name] = example as Value;
        }
        expect(await validate(schema.type, given), kind.kind).to.deep.equal([]);
      }
    });

    it('no write-only value with a Terraform that would store it', async () => {
      expect(await validate(TOKEN, { ...token, secret_hash_wo: hash }, false)).to.deep.equal([
        'secret_hash_wo: secret_hash_wo is write-only, which needs Terraform 1.11.',
      ]);
      expect(await validate(TOKEN, { ...token, secret_wo: mintToken('sa') }, false)).to.deep.equal([
        'secret_wo: secret_wo is write-only, which needs Terraform 1.11.',
      ]);
    });

    it('the names of a data source', async () => {
      const { attributes } = DATA_SOURCE_SCHEMAS.get('accredit_role') as TerraformSchema;
      const config = encodeDynamic(objectType(attributes), { name: 'No Role' });
      const answer = await handlers.ValidateDataResourceConfig!({ type_name: 'accredit_role', config }, CONTEXT);
      expect(texts(answer.diagnostics)[0]).to.match(/^name: "No Role" is no name for the role/);
    });
  });
});
