import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { type BuiltProvider, buildProvider } from '../../scripts/build-provider.ts';
import { hasTerraform } from '../support/terraform.ts';

const CONFIGURATION = `
terraform {
  required_providers {
    accredit = { source = "registry.terraform.io/accredit/accredit" }
  }
}
resource "accredit_service_account" "ci" {
  organization = "default"
  name         = "ci"
}
`;

describe('The built provider under the real Terraform', function () {
  this.timeout(60_000);
  let directory: string;
  let built: BuiltProvider;

  before(async function () {
    if (!hasTerraform()) this.skip();
    directory = mkdtempSync(join(tmpdir(), 'accredit-plugin-terraform-'));
    built = await buildProvider(join(directory, 'mirror'));
    writeFileSync(
      join(directory, 'terraform.rc'),
      `disable_checkpoint = true\nprovider_installation {\n  filesystem_mirror {\n    path = "${built.mirror}"\n  }\n}\n`,
    );
    mkdirSync(join(directory, 'work'));
    writeFileSync(join(directory, 'work', 'main.tf'), CONFIGURATION);
    expect(terraform(['init']).output).to.contain('successfully initialized');
  });
  after(() => {
    if (directory !== undefined) rmSync(directory, { recursive: true, force: true });
  });

  function terraform(args: string[], env: Record<string, string> = {}) {
    const { status, stdout, stderr } = spawnSync('terraform', args, {
      cwd: join(directory, 'work'),
      encoding: 'utf8',
      env: {
        PATH: process.env.PATH,
        HOME: directory,
        TF_CLI_CONFIG_FILE: join(directory, 'terraform.rc'),
        ...env,
      },
    });
    return { status, stdout, output: `${stdout}${stderr}` };
  }

  it('is one executable file that Terraform finds in the mirror', () => {
    expect(readFileSync(join(directory, 'work', '.terraform.lock.hcl'), 'utf8')).to.contain(
      `version = "${built.version}"`,
    );
    expect(built.path.slice(built.mirror.length)).to.match(
      /^\/registry\.terraform\.io\/accredit\/accredit\/[^/]+\/[a-z]+_[a-z0-9]+\/terraform-provider-accredit_v[^/]+$/,
    );
  });

  it('shows its schemas, which pass all checks of core', () => {
    const { status, stdout, output } = terraform(['providers', 'schema', '-json']);
    expect(status, output).to.equal(0);
    const { provider_schemas: schemas } = JSON.parse(stdout);
    const shown = schemas['registry.terraform.io/accredit/accredit'];
    const types = ['accredit_organization', 'accredit_service_account', 'accredit_service_account_token'];
    expect(shown.resource_schemas).to.include.all.keys(types);
    expect(shown.data_source_schemas).to.include.all.keys(types);
  });

  const ways: [string, Record<string, string>][] = [
    ['over mutual TLS', {}],
    ['in plaintext', { TF_DISABLE_PLUGIN_TLS: '1' }],
    ['with a temporary directory whose path is too long for a socket', { TMPDIR: 'long' }],
  ];
  for (const [way, env] of ways) {
    it(`validates a configuration ${way}, without the two seconds that a plugin costs which does not leave`, () => {
      if (env.TMPDIR !== undefined) {
        env.TMPDIR = join(directory, 'long'.repeat(30));
        mkdirSync(env.TMPDIR);
      }
      const started = performance.now();
      const { status, stdout, output } = terraform(['validate', '-json'], env);
      const took = performance.now() - started;
      expect(status, output).to.equal(0);
      expect(JSON.parse(stdout)).to.include({ valid: true, error_count: 0, warning_count: 0 });
      console.log(`    terraform validate, two launches of the provider: ${took.toFixed(0)} ms`);
      // Two launches that do not leave would cost four seconds.
      expect(took).to.be.lessThan(4_000);
    });
  }
});
