import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import type { Diagnostic, Handlers, SchemaAttribute } from '../../terraform-provider/plugin/messages.ts';
import { SEVERITY } from '../../terraform-provider/plugin/messages.ts';
import { createHandlers } from '../../terraform-provider/rpc/index.ts';
import { PROVIDER_TYPE } from '../../terraform-provider/rpc/settings.ts';
import {
  decodeDynamic,
  encodeDynamic,
  UNKNOWN,
  type Value,
  type ValueRecord,
} from '../../terraform-provider/values/value.ts';
import {
  DATA_SOURCE_SCHEMAS,
  objectType,
  RESOURCE_SCHEMAS,
  type TerraformSchema,
} from '../../terraform-provider-spec/derive/terraform.ts';
import { KINDS } from '../../terraform-provider-spec/kinds/index.ts';
import { mintToken } from '../../terraform-provider-spec/token.ts';
import { schemaProblems } from './core/schema.ts';

const TOKEN = 'accredit_service_account_token';
const ACCOUNT = 'accredit_service_account';
const CONTEXT = { signal: new AbortController().signal };
const CAPABLE = { deferral_allowed: false, write_only_attributes_allowed: true };

function typeOf(type: string) {
  return objectType((RESOURCE_SCHEMAS.get(type) as TerraformSchema).attributes);
}

/** Errors as `path: text`. */
function texts(diagnostics: Diagnostic[] | undefined): string[] {
  return (diagnostics ?? []).map(({ detail, attribute }) => {
    const steps = attribute?.steps.map((step) => step.attribute_name ?? `[${step.element_key_string}]`) ?? [];
    return `${steps.join('.')}: ${detail}`;
  });
}

describe('Without a daemon the provider', () => {
  let handlers: Handlers;
  beforeEach(() => {
    handlers = createHandlers({ environment: {} });
  });

  async function validate(type: string, given: ValueRecord, capable = true): Promise<string[]> {
    const answer = await handlers.ValidateResourceConfig!(
      {
        type_name: type,
        config: encodeDynamic(typeOf(type), given),
        client_capabilities: { ...CAPABLE, write_only_attributes_allowed: capable },
      },
      CONTEXT,
    );
    return texts(answer.diagnostics);
  }

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

  describe('that must keep secrets out of the state', () => {
    const said = 'secret_hash_wo: The provider is configured with forbid_secrets_in_state.';

    it('refuses a token whose secret the daemon would make, in validation and plan', async () => {
      handlers = createHandlers({ environment: { ACCREDIT_FORBID_SECRETS_IN_STATE: 'true' } });
      expect((await validate(TOKEN, token))[0]).to.match(new RegExp(`^${said}`));
      const config = encodeDynamic(typeOf(TOKEN), token);
      const { diagnostics } = await handlers.PlanResourceChange!(
        { type_name: TOKEN, proposed_new_state: config, config, prior_private: new Uint8Array() },
        CONTEXT,
      );
      expect(texts(diagnostics)[0]).to.match(new RegExp(`^${said}`));
    });

    it('takes one whose secret the caller made, or may turn out to have made', async () => {
      handlers = createHandlers({ environment: { ACCREDIT_FORBID_SECRETS_IN_STATE: '1' } });
      expect(await validate(TOKEN, { ...token, secret_hash_wo: hash })).to.deep.equal([]);
      expect(await validate(TOKEN, { ...token, secret_hash_wo: UNKNOWN })).to.deep.equal([]);
      expect(await validate(TOKEN, { ...token, secret_wo: mintToken('sa') })).to.deep.equal([]);
      expect(await validate(TOKEN, { ...token, secret_wo: UNKNOWN })).to.deep.equal([]);
      expect(await validate(ACCOUNT, { name: 'a' })).to.deep.equal([]);
    });

    it('of whatever resource there is: exactly those that hold a secret are refused', async () => {
      handlers = createHandlers({ environment: { ACCREDIT_FORBID_SECRETS_IN_STATE: 'true' } });
      for (const [type, { attributes }] of RESOURCE_SCHEMAS) {
        const stored = attributes.filter((one) => one.sensitive && !one.writeOnly).map(({ name }) => name);
        const required = Object.fromEntries(attributes.filter((one) => one.required).map(({ name }) => [name, 'x']));
        const refused = (await validate(type, required)).filter((text) => text.includes('forbid_secrets_in_state'));
        expect(refused, type).to.have.length(stored.length);
        expect(stored, type).to.deep.equal(stored.length === 0 ? [] : ['secret']);
      }
    });

    it('reads it from the provider block too', async () => {
      const config = encodeDynamic(PROVIDER_TYPE, { forbid_secrets_in_state: true });
      await handlers.ValidateProviderConfig!({ config }, CONTEXT);
      expect(await validate(TOKEN, token)).to.have.length(1);
    });
  });

  describe('is configured', () => {
    let directory: string;
    before(() => {
      directory = mkdtempSync(join(tmpdir(), 'accredit-settings-'));
    });
    after(() => rmSync(directory, { recursive: true }));

    async function configure(block: ValueRecord | null, environment: Record<string, string> = {}): Promise<string[]> {
      handlers = createHandlers({ environment });
      const config = encodeDynamic(PROVIDER_TYPE, block);
      const answer = await handlers.ConfigureProvider!({ terraform_version: '1.11.4', config }, CONTEXT);
      return texts(answer.diagnostics);
    }

    it('only with an endpoint and a token, and says how to give them', async () => {
      expect(await configure({})).to.deep.equal([
        'endpoint: Give endpoint in the provider block, or set ACCREDIT_ENDPOINT, or ACCREDIT_ENDPOINT_FILE to a file that holds it.',
        'token: Give token in the provider block, or set ACCREDIT_TOKEN, or ACCREDIT_TOKEN_FILE to a file that holds it.',
      ]);
    });

    it('from the environment, and from files that it names', async () => {
      const file = join(directory, 'token');
      writeFileSync(file, 'acr_sa_x\n');
      const environment = { ACCREDIT_ENDPOINT: 'http://127.0.0.1:1', ACCREDIT_TOKEN_FILE: file };
      expect(await configure(null, environment)).to.deep.equal([]);
      expect((await configure({}, { ...environment, ACCREDIT_TOKEN: 'x' }))[0]).to.match(
        /^token: Both ACCREDIT_TOKEN and/,
      );
      expect((await configure({}, { ...environment, ACCREDIT_TOKEN_FILE: `${file}.none` }))[0]).to.match(
        /^token: ACCREDIT_TOKEN_FILE names .*token\.none, which cannot be read/,
      );
    });

    it('with nothing that makes no sense', async () => {
      const good = { endpoint: 'https://accredit.example.com', token: 'acr_sa_x' };
      expect(await configure(good)).to.deep.equal([]);
      expect((await configure({ ...good, endpoint: 'accredit.example.com' }))[0]).to.match(
        /^endpoint: the endpoint is no URL/,
      );
      for (const endpoint of ['https://accredit.example.com/v1', 'https://accredit.example.com/below/v1/']) {
        expect((await configure({ ...good, endpoint }))[0]).to.match(/^endpoint: the endpoint ends before the \/v1/);
      }
      expect((await configure({ ...good, token: '' }))[0]).to.match(/^token: It is empty/);
      expect((await configure({ ...good, organization: 'No Org' }))[0]).to.match(/^organization: "No Org" is no name/);
      expect((await configure({ ...good, ca_certificate_file: join(directory, 'none.pem') }))[0]).to.match(
        /^ca_certificate_file: ca_certificate_file names .*none\.pem, which cannot be read/,
      );
      expect((await configure(good, { ACCREDIT_FORBID_SECRETS_IN_STATE: 'maybe' }))[0]).to.match(
        /^forbid_secrets_in_state: ACCREDIT_FORBID_SECRETS_IN_STATE must be/,
      );
    });

    it('naming the variable in which what makes no sense is', async () => {
      const file = join(directory, 'spaced');
      writeFileSync(file, 'acr_sa_x acr_sa_y');
      const environment = {
        ACCREDIT_ENDPOINT: '127.0.0.1:7345',
        ACCREDIT_TOKEN_FILE: file,
        ACCREDIT_MANAGER: 'two words',
        ACCREDIT_ORGANIZATION: 'No Org',
      };
      const said = (await configure(null, environment)).map((text) => text.slice(0, text.indexOf(':', 20)));
      expect(said).to.deep.equal([
        'endpoint: In ACCREDIT_ENDPOINT',
        'token: In ACCREDIT_TOKEN_FILE',
        'manager: In ACCREDIT_MANAGER',
        'organization: In ACCREDIT_ORGANIZATION',
      ]);
      expect((await configure({ manager: 'ci' }, environment)).join()).not.to.include('ACCREDIT_MANAGER');
    });

    it('by values with white space around them, as they come out of files', async () => {
      const padded = { endpoint: ' http://127.0.0.1:1\n', token: 'acr_sa_x\n', manager: ' ci\n' };
      expect(await configure(padded)).to.deep.equal([]);
      expect(await configure({}, { ACCREDIT_ENDPOINT: 'http://127.0.0.1:1\n', ACCREDIT_TOKEN: 'x\n' })).to.deep.equal(
        [],
      );
      expect((await configure({ ...padded, token: ' \n' }))[0]).to.match(/^token: It is empty/);
    });

    it('with nothing that no header can carry, and repeats no token', async () => {
      const good = { endpoint: 'http://127.0.0.1:1', token: 'acr_sa_x' };
      const spaced = await configure({ ...good, token: 'acr_sa_x\nacr_sa_y' });
      expect(spaced[0])
        .to.match(/^token: It holds white space/)
        .and.not.include('acr_sa_y');
      for (const manager of ['two words', '团队', 'x'.repeat(129)]) {
        expect((await configure({ ...good, manager }))[0]).to.match(/^manager: It must be 1 to 128 of A-Z/);
      }
      const file = join(directory, 'none.crt');
      writeFileSync(file, 'no certificate');
      expect((await configure({ ...good, ca_certificate_file: file }))[0]).to.match(
        /^ca_certificate_file: ca_certificate_file names .*none\.crt, which holds no certificate in PEM/,
      );
    });

    it('with a warning when the token would travel in the clear', async () => {
      const config = encodeDynamic(PROVIDER_TYPE, { endpoint: 'http://accredit.example.com', token: 'acr_sa_x' });
      const { diagnostics } = await handlers.ConfigureProvider!({ terraform_version: '1.11.4', config }, CONTEXT);
      expect(diagnostics).to.have.length(1);
      expect(diagnostics?.[0]).to.include({ severity: SEVERITY.warning, summary: 'The token travels in the clear' });
    });

    it('and plans although all of its configuration is unknown, but reads nothing', async () => {
      const unknown = Object.fromEntries(
        ['endpoint', 'token', 'organization', 'manager'].map((name) => [name, UNKNOWN]),
      );
      expect(await configure(unknown)).to.deep.equal([]);
      const type = typeOf(ACCOUNT);
      const config = encodeDynamic(type, { name: 'ci' });
      const plan = await handlers.PlanResourceChange!(
        { type_name: ACCOUNT, proposed_new_state: config, config, prior_private: new Uint8Array() },
        CONTEXT,
      );
      expect(plan.diagnostics).to.deep.equal([]);
      expect(decodeDynamic(type, plan.planned_state)).to.include({ id: UNKNOWN, organization: UNKNOWN, name: 'ci' });

      const state = encodeDynamic(type, { id: 'organizations/default/accounts/ci', name: 'ci' });
      const read = await handlers.ReadResource!(
        { type_name: ACCOUNT, current_state: state, private: new Uint8Array() },
        CONTEXT,
      );
      expect(read.diagnostics ?? []).to.deep.equal([]);
      expect(read.new_state).to.deep.equal(state);

      const data = await handlers.ReadDataSource!(
        {
          type_name: ACCOUNT,
          config: encodeDynamic(objectType((DATA_SOURCE_SCHEMAS.get(ACCOUNT) as TerraformSchema).attributes), {
            name: 'ci',
          }),
        },
        CONTEXT,
      );
      expect(texts(data.diagnostics)[0]).to.include('depends on something that is known only after an apply');
    });
  });

  describe('imports', () => {
    async function imported(type: string, id: string) {
      const answer = await handlers.ImportResourceState!({ type_name: type, id }, CONTEXT);
      const state = answer.imported_resources?.[0]?.state;
      return { errors: texts(answer.diagnostics), state: state && decodeDynamic(typeOf(type), state) };
    }

    it('by address', async () => {
      const { errors, state } = await imported(ACCOUNT, 'organizations/acme/accounts/ci');
      expect(errors).to.deep.equal([]);
      expect(state).to.deep.include({
        id: 'organizations/acme/accounts/ci',
        organization: 'acme',
        name: 'ci',
        force_destroy: false,
        display_name: null,
        uid: null,
      });
    });

    it('nothing that is no address, or that of another kind, and shows the right shape', async () => {
      const shape = `terraform import ${TOKEN}.NAME organizations/ORGANIZATION/accounts/ACCOUNT/tokens/TOKEN`;
      for (const id of ['', 'deploy', '/organizations/a/accounts/b/tokens/c', 'organizations/a/accounts/b/tokens/C']) {
        const said = (await imported(TOKEN, id)).errors[0];
        expect(said, id).to.include(shape);
        // Of all the addresses that there are, only this kind's is of use.
        expect(said, id).not.to.include('token-profiles');
      }
      expect((await imported(TOKEN, 'organizations/a/accounts/b')).errors[0])
        .to.include('the address of a service account, which accredit_service_account stands for')
        .and.to.include(shape);
    });
  });

  it('refuses to move a resource to another type', async () => {
    const answer = await handlers.MoveResourceState!(
      {
        source_provider_address: 'registry.terraform.io/accredit/accredit',
        source_type_name: ACCOUNT,
        source_schema_version: 0,
        target_type_name: TOKEN,
        source_private: new Uint8Array(),
        source_identity_schema_version: 0,
      },
      CONTEXT,
    );
    expect(texts(answer.diagnostics)[0]).to.include('import it under the new type');
  });

  it('takes over a stored state, without write-only values and attributes that are gone', async () => {
    const json = { id: 'organizations/default/accounts/ci/tokens/deploy', secret_hash_wo: 'x', gone: 1, secret: 's' };
    const answer = await handlers.UpgradeResourceState!(
      { type_name: TOKEN, version: 0, raw_state: { json: Buffer.from(JSON.stringify(json)), flatmap: {} } },
      CONTEXT,
    );
    expect(decodeDynamic(typeOf(TOKEN), answer.upgraded_state)).to.include({
      secret_hash_wo: null,
      secret: 's',
      uid: null,
    });
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
