/** What `npm start` does about the provider's packages, in a release of its own: the first of its two steps, before the daemon. */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { newSigningKey } from '../../scripts/packages/signature.ts';
import { setFiles } from '../../terraform-provider-spec/packages.ts';
import { unpackRelease } from '../deploy/installed.ts';
import { stubPackages, throwAwayKey } from '../support/packages.ts';

const { sums, signature } = setFiles('0.1.0');

describe('npm start', function () {
  this.timeout(120_000);
  let directory: string;
  let release: string;
  let packages: string;
  let key: string;

  before(async () => {
    directory = mkdtempSync(join(tmpdir(), 'accredit-start-'));
    release = join(directory, 'release');
    packages = join(directory, 'packages');
    key = join(directory, 'key.asc');
    unpackRelease(release);
    writeFileSync(key, await newSigningKey());
  });
  beforeEach(() => rmSync(packages, { recursive: true, force: true }));
  after(() => rmSync(directory, { recursive: true, force: true }));

  const file = (name: string) => readFileSync(join(packages, '0.1.0', name), 'utf8');
  const isSigned = () => existsSync(join(packages, '0.1.0', signature));

  /** Runs it, and answers what it says on standard error. */
  function run(words: readonly string[], env: Readonly<Record<string, string>> = {}): string {
    const { status, stderr } = spawnSync(process.execPath, words, {
      cwd: release,
      encoding: 'utf8',
      env: { PATH: process.env.PATH, ACCREDIT_PROVIDER_PACKAGES: packages, ...env },
    });
    expect(status, stderr).to.equal(0);
    return stderr;
  }
  const start = (env?: Readonly<Record<string, string>>) => run(['scripts/install.mjs', '--packages'], env);
  const pack = (...words: string[]) => run(['--import', 'tsx', 'scripts/package-provider.ts', ...words]);

  /** Other sources of the same version, and so other packages. */
  function edit(): void {
    const source = join(release, 'scripts/build-provider.ts');
    writeFileSync(source, readFileSync(source, 'utf8').replace(/The +(?=accredit)/, '$& '));
  }

  it('packs what the sources have become, and nothing while they are the same', () => {
    expect(start()).to.include('packing');
    const before = file(sums);
    expect(start()).to.equal('');
    edit();
    expect(start()).to.include('packing');
    expect(file(sums)).to.not.equal(before);
  });

  it('packs anew what was packed by hand without a signature, too', () => {
    pack();
    const before = file(sums);
    edit();
    expect(start()).to.include('packing');
    expect(file(sums)).to.not.equal(before);
  });

  it('does not sign, also where it could, and hands the key on to nobody', () => {
    start({ ACCREDIT_PROVIDER_SIGNING_KEY_FILE: key });
    expect([file(sums) !== '', isSigned()]).to.deep.equal([true, false]);
  });

  it('never replaces what is signed by what is not, and says what keeps the former provider', () => {
    pack('--signing-key', key);
    const before = [file(sums), file(signature)];
    expect(start()).to.equal('');
    edit();
    expect(start()).to.include(packages).and.include('npm run package:provider -- --signing-key FILE');
    expect([file(sums), file(signature)]).to.deep.equal(before);
    expect(pack('--signing-key', key)).to.equal('');
    expect(start()).to.equal('');
    expect(file(sums)).to.not.equal(before[0]);
    expect(isSigned()).to.equal(true);
  });

  it('keeps a signature, and asks for none, while the sources say the same', () => {
    pack('--signing-key', key);
    const before = [file(sums), file(signature)];
    utimesSync(join(release, 'scripts/build-provider.ts'), 1, 1);
    expect(start()).to.include('packing').and.not.include('signed');
    expect(start()).to.equal('');
    expect([file(sums), file(signature)]).to.deep.equal(before);
  });

  it('says that the registry lacks a version which is packed beside a signed one', async () => {
    await stubPackages(packages, { version: '0.0.9', signingKey: await throwAwayKey() });
    expect(start()).to.match(/0\.1\.0 .*not signed.*registry/);
  });
});
