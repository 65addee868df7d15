import { createHash, randomBytes } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect } from 'chai';
import { documentationInputs } from '../../scripts/documentation-inputs.ts';
import { documentation } from '../../terraform-provider-spec/derive/documentation/index.ts';
import { DATA_SOURCE_SCHEMAS, RESOURCE_SCHEMAS } from '../../terraform-provider-spec/derive/terraform.ts';
import { ACTION_SCHEMAS } from '../../terraform-provider-spec/derive/terraform-actions.ts';
import { EPHEMERAL_SCHEMAS } from '../../terraform-provider-spec/derive/terraform-ephemeral.ts';
import { LIST_RESOURCE_SCHEMAS } from '../../terraform-provider-spec/derive/terraform-list-resources.ts';
import { PROVIDER_FUNCTIONS } from '../../terraform-provider-spec/functions/index.ts';
import type { JsonObject } from '../../terraform-provider-spec/kind.ts';
import { KINDS } from '../../terraform-provider-spec/kinds/index.ts';
import { deriveToken } from '../../terraform-provider-spec/seeded-token.ts';
import { mintToken } from '../../terraform-provider-spec/token.ts';
import { OwnersApi } from '../contract/owners-api.ts';
import { startTestDaemon, type TestDaemon } from '../support/daemon.ts';
import { requireTerraform, Workspace } from '../support/terraform.ts';
import type { StateResource } from '../support/terraform-answers.ts';

const EXAMPLES = fileURLToPath(new URL('../../examples', import.meta.url));

function read(...path: string[]): string {
  return readFileSync(join(EXAMPLES, ...path), 'utf8');
}

/** What the examples look up or are written for, made past Terraform. */
const THERE: readonly (readonly [address: string, body: object])[] = [
  ['projects/shop', { parent: null }],
  ['teams/mobile', { description: 'Builds the apps' }],
  ['apps/till', { teams: ['mobile'] }],
  ['apps/till/tokens/fastlane', {}],
  ['users/alice', { email: 'alice@example.com', grants: [{ role: 'viewer' }] }],
  ['users/alice/tokens/laptop', {}],
  ['accounts/auditor', { grants: [{ role: 'viewer' }] }],
];

/** What the examples take from whoever applies them. */
const SEED = randomBytes(32).toString('hex');
const BACKUP_TOKEN = mintToken('sa');
const GIVEN: Readonly<Record<string, string>> = {
  TF_VAR_seed: SEED,
  TF_VAR_backup_token: BACKUP_TOKEN,
  TF_VAR_backup_token_hash: `sha256:${createHash('sha256').update(mintToken('sa')).digest('hex')}`,
  TF_VAR_pipeline_token: mintToken('sa'),
};

/** The example that is imported by its command; the others are by the block that their page shows. */
const BY_COMMAND = 'accredit_app_token';

/** What is opened for one run and closed at its end. */
const OPENED = ['accredit_access_token', 'accredit_token'];

/** Whose example applies only with a token of the user that it is about. */
const PERSONAL = 'accredit_personal_access_token';

describe('The Terraform examples', function () {
  this.timeout(120_000);
  let daemon: TestDaemon;
  const pages = documentation(documentationInputs());
  const workspaces: Workspace[] = [];

  /** A workspace of the owner, or of whoever holds `token`. */
  async function open(
    token = daemon.adminToken,
    environment: Readonly<Record<string, string>> = {},
  ): Promise<Workspace> {
    const workspace = await Workspace.create('', { endpoint: daemon.url, token, environment });
    workspaces.push(workspace);
    return workspace;
  }

  before(async function () {
    requireTerraform(this);
    daemon = await startTestDaemon();
  });
  after(async () => {
    for (const workspace of workspaces) await workspace.dispose();
    await daemon?.close();
  });

  it('cover everything that the provider offers', () => {
    expect(readdirSync(join(EXAMPLES, 'resources'))).to.have.members([...RESOURCE_SCHEMAS.keys()]);
    expect(readdirSync(join(EXAMPLES, 'data-sources'))).to.have.members([...DATA_SOURCE_SCHEMAS.keys()]);
    expect(readdirSync(join(EXAMPLES, 'ephemeral-resources'))).to.have.members([...EPHEMERAL_SCHEMAS.keys()]);
    expect(readdirSync(join(EXAMPLES, 'list-resources'))).to.have.members([...LIST_RESOURCE_SCHEMAS.keys()]);
    expect(readdirSync(join(EXAMPLES, 'actions'))).to.have.members([...ACTION_SCHEMAS.keys()]);
    expect(readdirSync(join(EXAMPLES, 'functions'))).to.have.members(PROVIDER_FUNCTIONS.map(({ name }) => name));
  });

  it('are formatted as terraform fmt formats', async () => {
    await (await open()).run(['fmt', '-check', '-diff', '-recursive', EXAMPLES]);
  });

  /** Applies an example, over whatever was applied before, and imports what it shows how to import. */
  async function applyAndImport(workspace: Workspace, type: string): Promise<void> {
    await workspace.configure(read('resources', type, 'resource.tf'));
    await workspace.apply();
    await workspace.assertConverged();
    const [, , quoted = '', id = ''] = read('resources', type, 'import.sh').trim().split(' ');
    const address = quoted.replaceAll("'", '');
    expect((await workspace.values(address)).id).to.equal(id);
    // With a state of its own: what was imported does not know yet what it depends on, and the next example removes it.
    const other = await workspace.copy();
    workspaces.push(other);
    await other.run(['state', 'rm', address]);
    if (type === BY_COMMAND) await other.script(read('resources', type, 'import.sh'));
    else await other.configure(`${read('resources', type, 'resource.tf')}\n${shownImport(type)}`);
    const { changes } = await other.plan();
    expect(changes).to.satisfy(() => changes.every((change) => /: (update|import)$/.test(change)), changes.join());
  }

  /** The `import` block on the page of a resource. */
  function shownImport(type: string): string {
    const page = pages.get(`resources/${type.replace('accredit_', '')}.md`) ?? '';
    const [block] = /^import \{[\s\S]*?^\}$/m.exec(page) ?? [];
    if (block === undefined) throw new Error(`the page of ${type} shows no import block`);
    return block;
  }

  describe('of resources', () => {
    let workspace: Workspace;
    before(async () => {
      workspace = await open(undefined, GIVEN);
    });

    for (const type of [...RESOURCE_SCHEMAS.keys()].filter((each) => each !== PERSONAL)) {
      it(`apply and import ${type}`, async () => {
        await applyAndImport(workspace, type);
      });
    }

    it('apply accredit_generated_secret, whose secret works and is not in the state', async () => {
      await workspace.configure(read('ephemeral-resources', 'accredit_generated_secret', 'ephemeral-resource.tf'));
      await workspace.apply();
      await workspace.assertConverged();
      const [kind, address] = ['sa', 'organizations/default/accounts/deployer/tokens/pipeline'] as const;
      const secret = deriveToken(SEED, { kind, address, version: '2027-Q1' });
      expect(await new OwnersApi(daemon.url, daemon.adminToken).authorize(secret)).to.equal(200);
      for (const hidden of [SEED, secret]) expect(await workspace.rawState()).to.not.include(hidden);
    });

    it('apply every function', async () => {
      await workspace.configure(
        `${read('functions', 'address', 'function.tf')}\n${read('functions', 'token_parse', 'function.tf')}`,
      );
      const { output } = await workspace.apply();
      expect(output).to.include('deployer_address = "organizations/default/accounts/deployer"');
      workspace.setEnvironment({ TF_VAR_pipeline_token: GIVEN.TF_VAR_pipeline_token?.slice(0, -1) ?? '' });
      expect(await workspace.diagnostic(['plan'])).to.include('This is no token, or a part of one is missing.');
      workspace.setEnvironment(GIVEN);
      await workspace.configure(read('functions', 'token_hash', 'function.tf'));
      await workspace.apply();
      expect(await new OwnersApi(daemon.url, daemon.adminToken).authorize(BACKUP_TOKEN)).to.equal(200);
    });

    it('leave nothing behind when they are destroyed', async () => {
      await workspace.destroy();
      const { body } = await daemon.request.get('/v1/organizations');
      expect(body.items).to.have.length(1);
      for (const kind of KINDS.filter(({ parent }) => parent === 'organization')) {
        const left = await daemon.request.get(`/v1/organizations/default/${kind.collection}`).expect(200);
        const managed = (left.body.items as { managed_by: string | null }[]).filter(({ managed_by }) => managed_by);
        expect(managed, kind.collection).to.deep.equal([]);
      }
    });
  });

  describe('of what a person and others look up', () => {
    let alice: string;
    let found: readonly StateResource[];

    before(async () => {
      const api = new OwnersApi(daemon.url, daemon.adminToken);
      const make = async (address: string, body: object) => {
        const answer = await api.put(`organizations/default/${address}`, body as JsonObject);
        expect(answer.status, answer.text).to.equal(201);
        return String(answer.body.secret);
      };
      for (const [address, body] of THERE) await make(address, body);
      alice = await make('users/alice/tokens/own', {});
      const workspace = await open();
      const lookedUp = [...DATA_SOURCE_SCHEMAS.keys()].map((type) => read('data-sources', type, 'data-source.tf'));
      const opened = OPENED.map((type) => read('ephemeral-resources', type, 'ephemeral-resource.tf'));
      await workspace.configure([...lookedUp, ...opened].join('\n'));
      await workspace.apply();
      found = await workspace.resources();
      await api.delete('organizations/default/users/alice/tokens/laptop');
    });

    for (const [type, { lists }] of DATA_SOURCE_SCHEMAS) {
      it(`look up ${type}`, () => {
        const [one] = found.filter((resource) => resource.type === type);
        if (lists) expect(one?.values.items, type).to.be.an('array');
        else expect(one?.values.uid, type).to.be.a('string');
      });
    }

    it('open what is there for one run, and leave none of it behind', async () => {
      const { body } = await daemon.request.get('/v1/organizations/default/accounts/auditor/tokens').expect(200);
      expect(body.items).to.deep.equal([]);
      expect(found.map(({ address }) => address)).to.include.members([
        'data.accredit_service_account.auditor',
        'terraform_data.catalog',
      ]);
    });

    it('apply under the block of the provider', async () => {
      const workspace = await open();
      const block = read('provider', 'provider.tf');
      const shown = `${block.replace('http://127.0.0.1:7345', daemon.url)}\n${read('resources', 'accredit_role', 'resource.tf')}`;
      expect(block).to.include('http://127.0.0.1:7345').and.include('terraform/platform');
      workspace.setEnvironment({ ACCREDIT_ENDPOINT: '' });
      await workspace.configure(shown);
      await workspace.apply();
      expect((await workspace.values('accredit_role.release_manager')).managed_by).to.equal('terraform/platform');
      await workspace.destroy();
    });

    it(`apply, import and destroy ${PERSONAL}`, async () => {
      const workspace = await open(daemon.adminToken, { TF_VAR_alice_token: alice });
      await applyAndImport(workspace, PERSONAL);
      await workspace.destroy();
      expect(await workspace.resources()).to.be.empty;
    });
  });
});
