import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect } from 'chai';
import { DATA_SOURCE_SCHEMAS, RESOURCE_SCHEMAS } from '../../terraform-provider-spec/derive/terraform.ts';
import { mintToken } from '../../terraform-provider-spec/token.ts';
import { startTestDaemon, type TestDaemon } from '../support/daemon.ts';
import { requireTerraform, Workspace } from '../support/terraform.ts';

const EXAMPLES = fileURLToPath(new URL('../../examples', import.meta.url));

function read(...path: string[]): string {
  return readFileSync(join(EXAMPLES, ...path), 'utf8');
}

describe('The Terraform examples', () => {
  let daemon: TestDaemon;
  let workspace: Workspace;

  before(async function () {
    requireTerraform(this);
    daemon = await startTestDaemon();
    workspace = await Workspace.create('', {
      endpoint: daemon.url,
      token: daemon.adminToken,
      environment: { TF_VAR_backup_token_hash: hash(mintToken('sa')) },
    });
  });
  after(async () => {
    await workspace?.dispose();
    await daemon?.close();
  });

  const hash = (token: string) => `sha256:${createHash('sha256').update(token).digest('hex')}`;

  it('cover every resource and data source', () => {
    expect(readdirSync(join(EXAMPLES, 'resources'))).to.have.members([...RESOURCE_SCHEMAS.keys()]);
    expect(readdirSync(join(EXAMPLES, 'data-sources'))).to.have.members([...DATA_SOURCE_SCHEMAS.keys()]);
  });

  it('are formatted as terraform fmt formats', async function () {
    this.timeout(60_000);
    await workspace.run(['fmt', '-check', '-diff', '-recursive', EXAMPLES]);
  });

  for (const type of RESOURCE_SCHEMAS.keys()) {
    it(`apply, import and destroy ${type}`, async function () {
      this.timeout(120_000);
      await workspace.configure(read('resources', type, 'resource.tf'));
      await workspace.apply();
      await workspace.assertConverged();
      const [, , address = '', id = ''] = read('resources', type, 'import.sh').trim().split(' ');
      expect((await workspace.values(address)).id).to.equal(id);
      await workspace.run(['state', 'rm', address]);
      await workspace.import(address, id);
      expect((await workspace.planned()).map(({ actions }) => actions)).to.satisfy((all: string[][]) =>
        all.every((actions) => actions.join() === 'update'),
      );
      await workspace.destroy();
    });
  }

  for (const type of DATA_SOURCE_SCHEMAS.keys()) {
    it(`look up ${type}`, async function () {
      this.timeout(60_000);
      await workspace.configure(read('data-sources', type, 'data-source.tf'));
      await workspace.apply();
      await workspace.destroy();
    });
  }
});
