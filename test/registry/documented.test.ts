/** The commands of docs/provider-packages.md, pasted one after the other into a release of its own. */
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, utimesSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { decryptKey, readPrivateKey } from 'openpgp';
import { readPackageSet } from '../../daemon/registry/package-sets.ts';
import { setFiles } from '../../terraform-provider-spec/packages.ts';
import { readText } from '../architecture/sources.ts';
import { unpackRelease } from '../deploy/installed.ts';
import { ownBlocks } from '../support/command-blocks.ts';

const { sums, signature, signingKey } = setFiles('0.1.0');

describe('docs/provider-packages.md', function () {
  this.timeout(120_000);
  let directory: string;
  let release: string;
  const blocks = ownBlocks('test/registry/documented.test.ts');

  before(() => {
    directory = mkdtempSync(join(tmpdir(), 'accredit-documented-'));
    release = join(directory, 'release');
    unpackRelease(release);
    mkdirSync(join(directory, 'gnupg'), { mode: 0o700 });
  });
  after(() => {
    spawnSync('gpgconf', ['--kill', 'all'], { env: { PATH: process.env.PATH, GNUPGHOME: join(directory, 'gnupg') } });
    rmSync(directory, { recursive: true, force: true });
  });

  /** Runs the block with these words in it as somebody whose home is `directory`, and answers what it prints. */
  function paste(mark: string, input: string, change = (block: string) => block): string {
    const block = blocks.take(mark);
    const { status, stdout, stderr } = spawnSync('bash', ['-euo', 'pipefail', '-c', change(block)], {
      cwd: release,
      encoding: 'utf8',
      env: { PATH: process.env.PATH, HOME: directory, GNUPGHOME: join(directory, 'gnupg'), ...secret },
      input,
    });
    expect(status, `${stdout}${stderr}`).to.equal(0);
    return stdout;
  }
  let secret: Readonly<Record<string, string>> = {};
  const packages = () => join(release, 'dist/packages');
  const signedBy = (output: string) => /Signed by the key ([0-9A-F]{16})/.exec(output)?.[1];

  it('makes a key that a passphrase locks outside the data directory, and signs with it from then on', async () => {
    const first = signedBy(paste('--new-signing-key', 'a passphrase\n'));
    expect(first).to.be.a('string');
    const key = await readPrivateKey({ armoredKey: readFileSync(join(directory, 'accredit-signing-key.asc'), 'utf8') });
    expect(key.isDecrypted()).to.equal(false);
    await decryptKey({ privateKey: key, passphrase: 'a passphrase' });
    secret = { ACCREDIT_PROVIDER_SIGNING_KEY_PASSPHRASE: 'a passphrase' };
    expect(signedBy(paste('-- --signing-key', ''))).to.equal(first);
    expect(readText('README.md')).to.include('--new-signing-key ~/accredit-signing-key.asc');
  });

  it('brings what is signed to a service, whose installation leaves it as it is', async () => {
    const [service, kept] = [join(directory, 'service'), join(directory, 'kept')];
    mkdirSync(kept);
    // An image takes it along by test/deploy/container.test.ts.
    paste('scp -r', '', (block) =>
      block
        .replace('scp -r', 'cp -r')
        .replace(/root@\S+/, kept)
        .replace(/^docker build .*/m, ''),
    );
    unpackRelease(service);
    const installed = spawnSync(process.execPath, ['scripts/install.mjs', '--packages'], {
      cwd: service,
      encoding: 'utf8',
      env: { PATH: process.env.PATH, ACCREDIT_PROVIDER_PACKAGES: kept },
    });
    expect(installed.status, installed.stderr).to.equal(0);
    expect(installed.stderr).to.not.include('signed');
    const signed = (where: string) => readFileSync(join(where, '0.1.0', signature));
    expect(signed(kept)).to.deep.equal(signed(packages()));
  });

  it('signs by hand', async function () {
    const isThere = spawnSync('gpg', ['--version']).status === 0;
    if (!isThere && process.env.CI !== 'true') this.skip();
    const words = ['--batch', '--passphrase', '', '--quick-generate-key', 'somebody', 'ed25519', 'sign'];
    const made = spawnSync('gpg', words, {
      encoding: 'utf8',
      env: { PATH: process.env.PATH, GNUPGHOME: join(directory, 'gnupg') },
    });
    expect(made.status, made.stderr).to.equal(0);
    for (const name of [signature, signingKey]) rmSync(join(packages(), '0.1.0', name));
    paste('gpg --detach-sign', '', (block) => block.replace('KEY', 'somebody'));
    expect((await readPackageSet(packages(), '0.1.0'))?.signingKey).to.include('BEGIN PGP PUBLIC KEY BLOCK');
  });

  it('packs a Node executable, which a start that has none does not replace', function () {
    if (process.platform !== 'linux') this.skip();
    const here = `linux_${process.arch.replace('x64', 'amd64')}`;
    const output = paste('--node', '', (block) =>
      block.replace(/ --node windows_amd64=\S+/, '').replace('linux_amd64', here),
    );
    expect(output).to.include(`${here}.zip`);
    const before = readFileSync(join(packages(), '0.1.0', sums), 'utf8');
    utimesSync(join(release, 'scripts/build-provider.ts'), 1, 1);
    const started = spawnSync(process.execPath, ['scripts/install.mjs', '--packages'], {
      cwd: release,
      encoding: 'utf8',
    });
    expect([started.status, started.stderr]).to.deep.equal([0, 'accredit: compiling\n']);
    expect(readFileSync(join(packages(), '0.1.0', sums), 'utf8')).to.equal(before);
  });
});
