import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect } from 'chai';
import { DATA_SOURCE_SCHEMAS, RESOURCE_SCHEMAS } from '../../terraform-provider-spec/derive/terraform.ts';
import type { JsonObject } from '../../terraform-provider-spec/kind.ts';
import { KINDS } from '../../terraform-provider-spec/kinds/index.ts';
import { mintToken } from '../../terraform-provider-spec/token.ts';
import { OwnersApi } from '../contract/owners-api.ts';
import { startTestDaemon, type TestDaemon } from '../support/daemon.ts';
import { requireTerraform, type StateResource, Workspace } from '../support/terraform.ts';

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
];

/** Whose example applies only with a token of the user that it is about. */
const PERSONAL = 'accredit_personal_access_token';

describe('The Terraform examples', function () {
  this.timeout(120_000);
  let daemon: TestDaemon;
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

  it('cover every resource and data source', () => {
    expect(readdirSync(join(EXAMPLES, 'resources'))).to.have.members([...RESOURCE_SCHEMAS.keys()]);
    expect(readdirSync(join(EXAMPLES, 'data-sources'))).to.have.members([...DATA_SOURCE_SCHEMAS.keys()]);
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
    await other.import(address, id);
    const { changes } = await other.plan();
    expect(changes).to.satisfy(() => changes.every((change) => change.endsWith(': update')));
  }

  describe('of resources', () => {
    let workspace: Workspace;
    before(async () => {
      workspace = await open(undefined, {
        TF_VAR_backup_token_hash: `sha256:${createHash('sha256').update(mintToken('sa')).digest('hex')}`,
      });
    });

    for (const type of [...RESOURCE_SCHEMAS.keys()].filter((each) => each !== PERSONAL)) {
      it(`apply and import ${type}`, async () => {
        await applyAndImport(workspace, type);
      });
    }

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
      const types = [...DATA_SOURCE_SCHEMAS.keys()];
      await workspace.configure(types.map((type) => read('data-sources', type, 'data-source.tf')).join('\n'));
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

    it(`apply, import and destroy ${PERSONAL}`, async () => {
      const workspace = await open(daemon.adminToken, { TF_VAR_alice_token: alice });
      await applyAndImport(workspace, PERSONAL);
      await workspace.destroy();
      expect(await workspace.resources()).to.be.empty;
    });
  });
});
