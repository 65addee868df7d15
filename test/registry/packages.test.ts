/** What `npm run package:provider` writes. */
import { execFileSync } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { unzipSync } from 'fflate';
import { createMessage, generateKey, readKey, readSignature, unarmor, verify } from 'openpgp';
import { keyId } from '../../daemon/registry/key-id.ts';
import { providerExecutables, writePackages } from '../../scripts/package-provider.ts';
import { newSigningKey, readSigningKey, SigningKeyError } from '../../scripts/packages/signature.ts';
import { parseSums, setFiles } from '../../terraform-provider-spec/packages.ts';
import { unpackRelease } from '../deploy/installed.ts';
import { stubPackages, throwAwayKey } from '../support/packages.ts';

const { sums, signature, signingKey, manifest } = setFiles('0.1.0');

describe('the packages of the provider', () => {
  let directory: string;
  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'accredit-packages-'));
  });
  afterEach(() => rmSync(directory, { recursive: true }));

  const file = (name: string, version = '0.1.0') => readFileSync(join(directory, version, name));

  it('are a zip file for each platform, the manifest, and the sums of them all', async () => {
    const zips = ['darwin_arm64', 'linux_amd64', 'windows_amd64'].map(
      (platform) => `terraform-provider-accredit_0.1.0_${platform}.zip`,
    );
    const { names } = await stubPackages(directory);
    expect(readdirSync(join(directory, '0.1.0'))).to.have.members([...names]);
    expect(names).to.have.members([...zips, manifest, sums]);
    expect(JSON.parse(file(manifest).toString())).to.deep.equal({
      version: 1,
      metadata: { protocol_versions: ['6.0'] },
    });
    const summed = parseSums(file(sums).toString());
    expect([...summed.keys()]).to.have.members([...zips, manifest]);
    for (const [name, sum] of summed) {
      expect(createHash('sha256').update(file(name)).digest('hex'), name).to.equal(sum);
    }
  });

  it('hold one executable of the name that Terraform looks for, which is executable', async () => {
    await stubPackages(directory);
    for (const [platform, ending] of Object.entries({ linux_amd64: '', windows_amd64: '.exe' })) {
      const zip = file(`terraform-provider-accredit_0.1.0_${platform}.zip`);
      const name = `terraform-provider-accredit_v0.1.0${ending}`;
      expect(Object.entries(unzipSync(zip)).map(([found, content]) => [found, Buffer.from(content).toString()])).to.eql(
        [[name, 'a provider']],
      );
      // The central directory: made on UNIX, and behind that a regular file of mode 0755.
      const entry = zip.indexOf('PK\x01\x02');
      expect(zip[entry + 5]).to.equal(3);
      expect(zip.readUInt32LE(entry + 38) >>> 16).to.equal(0o100755);
    }
  });

  it('are the same bytes each time, in whatever zone, order and directory they are made', async function () {
    this.timeout(60_000);
    const executables = await providerExecutables();
    const digests = async (order: typeof executables) => {
      await writePackages({ directory, version: '0.1.0', executables: order });
      return file(sums).toString();
    };
    const zone = process.env.TZ;
    try {
      process.env.TZ = 'Pacific/Kiritimati';
      const first = await digests(executables);
      process.env.TZ = 'America/Los_Angeles';
      expect(await digests(await providerExecutables().then((again) => again.reverse()))).to.equal(first);
    } finally {
      if (zone === undefined) delete process.env.TZ;
      else process.env.TZ = zone;
    }
    // And in another directory, as a release is unpacked on another machine.
    const [release, elsewhere] = [join(directory, 'release'), join(directory, 'elsewhere')];
    unpackRelease(release);
    const command = ['--import', 'tsx', 'scripts/package-provider.ts', '--directory', elsewhere];
    execFileSync(process.execPath, command, { cwd: release, stdio: 'pipe' });
    expect(readFileSync(join(elsewhere, '0.1.0', sums), 'utf8')).to.equal(file(sums).toString());
    expect(executables.map(({ os, arch }) => `${os}_${arch}`)).to.have.members([
      ...['darwin_amd64', 'darwin_arm64', 'linux_amd64', 'linux_arm64'],
    ]);
  });

  it('are signed by a key that is given, with the public key beside them', async () => {
    const key = await throwAwayKey();
    const { signedBy } = await stubPackages(directory, { signingKey: key });
    const armoredKey = file(signingKey).toString();
    expect(armoredKey).to.match(/^-----BEGIN PGP PUBLIC KEY BLOCK-----/);
    const publicKey = await readKey({ armoredKey });
    expect(publicKey.isPrivate()).to.equal(false);
    expect(publicKey.getKeyID().toHex().toUpperCase()).to.equal(signedBy);
    expect(await isSigned(file(sums), file(signature), armoredKey)).to.equal(true);
    expect(await isSigned(Buffer.concat([file(sums), Buffer.of(10)]), file(signature), armoredKey)).to.equal(false);
  });

  it('keep a signature as long as it is right, and only then', async () => {
    await stubPackages(directory, { signingKey: await throwAwayKey() });
    const before = file(signature);
    await stubPackages(directory);
    expect(file(signature)).to.deep.equal(before);
    await stubPackages(directory, { text: 'another provider' });
    expect(readdirSync(join(directory, '0.1.0')))
      .to.not.include.members([signature])
      .and.not.include(signingKey);
  });

  it('of one version take the place of those of that version alone', async () => {
    await stubPackages(directory, { version: '0.0.9' });
    await stubPackages(directory);
    writeFileSync(join(directory, '0.1.0', 'left over'), '');
    await stubPackages(directory);
    expect(readdirSync(directory).sort()).to.deep.equal(['0.0.9', '0.1.0']);
    expect(readdirSync(join(directory, '0.1.0'))).to.not.include('left over');
  });
});

describe('a signing key', () => {
  it('is read armored and binary, and unlocked by its passphrase', async () => {
    const passphrase = randomBytes(8).toString('hex');
    const { privateKey: locked } = await generateKey({ userIDs: [{ name: 'x' }], passphrase });
    const { data: binary } = await unarmor(await newSigningKey());
    for (const key of [await readSigningKey(Buffer.from(locked), passphrase), await readSigningKey(binary)]) {
      expect(await isSigned(Buffer.from('text'), await key.sign(Buffer.from('text')), key.publicKey)).to.equal(true);
      expect(keyId(key.publicKey)).to.equal(key.id);
    }
    const refusals: [Promise<unknown>, string][] = [
      [readSigningKey(Buffer.from(locked)), 'is locked'],
      [readSigningKey(Buffer.from(locked), 'hunter2'), 'does not unlock'],
    ];
    for (const [reading, text] of refusals)
      expect(await messageOf(reading))
        .to.include(text)
        .and.not.include('hunter2');
  });

  it('may be of RSA, which the public registry asks for', async function () {
    this.timeout(60_000);
    const { privateKey } = await generateKey({ type: 'rsa', rsaBits: 2048, userIDs: [{ name: 'x' }] });
    const key = await readSigningKey(Buffer.from(privateKey));
    const { keyPacket } = await readKey({ armoredKey: key.publicKey });
    expect(key.id).to.equal(keyPacket.getKeyID().toHex().toUpperCase());
  });

  it('that is none is refused, and not repeated', async () => {
    expect(await messageOf(readSigningKey(Buffer.from('hunter2')))).to.include('no OpenPGP private key');
    const { publicKey } = await readSigningKey(Buffer.from(await newSigningKey()));
    expect(await messageOf(readSigningKey(Buffer.from(publicKey)))).to.include('is a public key');
    const { privateKey: sixth } = await generateKey({
      ...{ type: 'curve25519', userIDs: [{ name: 'x' }], format: 'armored' },
      config: { v6Keys: true },
    } as const);
    expect(await messageOf(readSigningKey(Buffer.from(sixth)))).to.include('version 4');
  });

  it('has the ID that OpenPGP gives it', () => {
    // The key and its ID are those of RFC 9580, appendix A.1 (a sample version 4 Ed25519Legacy key).
    const armored = [
      '-----BEGIN PGP PUBLIC KEY BLOCK-----',
      '',
      'xjMEU/NfCxYJKwYBBAHaRw8BAQdAPwmJlL3ZFu1AUxl5NOSofIBzOhKA1i+AEJku',
      'Q+47JAY=',
      '-----END PGP PUBLIC KEY BLOCK-----',
    ].join('\n');
    expect(keyId(armored)).to.equal('8CFDE12197965A9A');
    expect(() => keyId('hunter2')).to.throw('no OpenPGP public key');
  });
});

async function isSigned(data: Uint8Array, detached: Uint8Array, armoredKey: string): Promise<boolean> {
  const { signatures } = await verify({
    message: await createMessage({ binary: data }),
    signature: await readSignature({ binarySignature: detached }),
    verificationKeys: await readKey({ armoredKey }),
  });
  return Promise.all(signatures.map(({ verified }) => verified)).then(
    (all) => all.length === 1,
    () => false,
  );
}

async function messageOf(reading: Promise<unknown>): Promise<string> {
  return reading.then(
    () => expect.fail('it was taken'),
    (error) => {
      expect(error).to.be.instanceOf(SigningKeyError);
      return (error as Error).message;
    },
  );
}
