/** What README.md tells people to do with Terraform works when it is pasted. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect } from 'chai';
import { readText } from '../architecture/sources.ts';
import { ownBlocks } from '../support/command-blocks.ts';
import { useTerraform } from './bench.ts';

describe('README.md with Terraform', () => {
  const bench = useTerraform();
  const blocks = ownBlocks('test/terraform/readme.test.ts');

  it('shows a Terraform configuration that applies, and then plans to nothing', async () => {
    const { workspace, authorize } = bench();
    const terraform = await workspace(blockOf('hcl', 'required_providers'));
    await terraform.apply();
    await terraform.assertConverged();
    const [token] = (await terraform.resources()).filter(({ values }) => typeof values.secret === 'string');
    expect(await authorize(token?.values.secret)).to.equal(200);
    await terraform.destroy();
  });

  it('shows Terraform where the provider is in the words that Terraform takes', async () => {
    const { workspace } = bench();
    const mirror = new URL('../../dist/mirror', import.meta.url).pathname;
    const text = blockOf('hcl', 'filesystem_mirror');
    const terraform = await workspace(blockOf('hcl', 'required_providers'));
    const file = join(terraform.directory, 'pasted.rc');
    await writeFile(file, text.replace(/path +=.*/, `path = "${mirror}"`));
    terraform.setEnvironment({ TF_CLI_CONFIG_FILE: file });
    await terraform.run(['init', '-upgrade']);
  });

  it('shows how what exists is imported, which then plans to nothing', async () => {
    const { workspace, daemon } = bench();
    await daemon.request.put('/v1/organizations/default/accounts/ci').send({ grants: [{ role: 'viewer' }] });
    const account = blockOf('hcl', 'required_providers').replace('"pipeline"', '"ci"').split('\nresource').slice(0, 2);
    const terraform = await workspace(account.join('\nresource'));
    const [program, ...words] = blocks.take('terraform import').trim().split(' ');
    expect(program).to.equal('terraform');
    await terraform.run(words);
    await terraform.apply();
    await terraform.assertConverged();
    expect((await terraform.resources()).map(({ values }) => values.id)).to.deep.equal([words.at(-1)]);
  });
});

/** The code block of that language that holds `text`. */
function blockOf(language: string, text: string): string {
  const blocks = [...readText('README.md').matchAll(/^```(\w+)\n([\s\S]*?)^```$/gm)];
  const found = blocks.find(([, name, body]) => name === language && body?.includes(text));
  if (found?.[2] === undefined) throw new Error(`README.md has no ${language} block with "${text}"`);
  return found[2];
}
