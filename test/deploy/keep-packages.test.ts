/** What becomes of the provider's packages when one image takes the place of another. */
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { setFiles } from '../../terraform-provider-spec/packages.ts';
import { stubPackages, throwAwayKey } from '../support/packages.ts';

const { sums, signature } = setFiles('0.1.0');

describe('deploy/container/keep-packages.mjs', () => {
  let directory: string;
  let image: string;
  let volume: string;
  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'accredit-keep-'));
    [image, volume] = [join(directory, 'image'), join(directory, 'volume')];
  });
  afterEach(() => rmSync(directory, { recursive: true }));

  const file = (name: string, where = volume) => readFileSync(join(where, '0.1.0', name));
  const versions = () => readdirSync(volume).sort();

  function keep(): string {
    const script = join(import.meta.dirname, '../../deploy/container/keep-packages.mjs');
    const { status, stderr } = spawnSync(process.execPath, [script, image, volume], { encoding: 'utf8' });
    expect(status, stderr).to.equal(0);
    return stderr;
  }

  it('puts the version of an image beside the former ones, which stay as they are', async () => {
    await stubPackages(volume, { version: '0.0.9' });
    const former = readFileSync(join(volume, '0.0.9', setFiles('0.0.9').sums));
    await stubPackages(image);
    expect(keep()).to.equal('');
    expect(versions()).to.deep.equal(['0.0.9', '0.1.0']);
    expect(readFileSync(join(volume, '0.0.9', setFiles('0.0.9').sums))).to.deep.equal(former);
    expect(readdirSync(join(volume, '0.1.0'))).to.have.members(readdirSync(join(image, '0.1.0')));
  });

  it('replaces the same version by that of the image, whole, also where that alone is signed', async () => {
    await stubPackages(volume, { text: 'another provider' });
    await stubPackages(image);
    keep();
    expect(file(sums)).to.deep.equal(file(sums, image));
    await stubPackages(image, { signingKey: await throwAwayKey() });
    keep();
    expect(file(signature)).to.deep.equal(file(signature, image));
  });

  it('keeps what is signed when the image brings the same without a signature, and says so when it brings another', async () => {
    await stubPackages(volume, { signingKey: await throwAwayKey() });
    const [before, signed] = [file(sums), file(signature)];
    await stubPackages(image);
    expect(keep()).to.equal('');
    await stubPackages(image, { text: 'another provider' });
    expect(keep()).to.include('0.1.0').and.include('signed');
    expect([file(sums), file(signature)]).to.deep.equal([before, signed]);
  });

  it('leaves nothing of one that was killed', async () => {
    mkdirSync(join(volume, '.0.0.9'), { recursive: true });
    await stubPackages(image);
    keep();
    expect(versions()).to.deep.equal(['0.1.0']);
  });
});
