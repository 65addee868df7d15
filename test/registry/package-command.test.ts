/** `npm run package:provider`, and the Node executables that it takes. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect } from 'chai';
import { NodeExecutableError, selfContained } from '../../scripts/packages/self-contained.ts';
import type { Platform } from '../../terraform-provider-spec/packages.ts';
import { stubPackages, throwAwayKey } from '../support/packages.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));

describe('npm run package:provider', function () {
  this.timeout(60_000);
  let directory: string;
  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'accredit-package-command-'));
  });
  afterEach(() => rmSync(directory, { recursive: true }));

  function run(words: readonly string[], env: Record<string, string> = {}) {
    const command = [
      '--import',
      'tsx',
      'scripts/package-provider.ts',
      '--directory',
      join(directory, 'packages'),
      ...words,
    ];
    return spawnSync(process.execPath, command, {
      cwd: ROOT,
      encoding: 'utf8',
      env: { PATH: process.env.PATH, ...env },
    });
  }
  const packed = () => readdirSync(join(directory, 'packages', '0.1.0')).filter((name) => !name.startsWith('.'));

  it('says what it packed, what it left out, and that a registry needs a signature', () => {
    const { status, stdout } = run([]);
    expect(status, stdout).to.equal(0);
    for (const name of packed()) expect(stdout).to.include(name);
    expect(packed()).to.have.length(6);
    expect(stdout).to.include('None for Windows').and.include('Not signed');
  });

  it('makes a key that its owner alone can read, never over another file, and signs with it from then on', () => {
    const file = join(directory, 'key.asc');
    const first = run(['--new-signing-key', file]);
    expect(first.status, first.stderr).to.equal(0);
    expect(statSync(file).mode & 0o777).to.equal(0o600);
    const signedBy = /Signed by the key ([0-9A-F]{16})/.exec(first.stdout)?.[0] ?? 'a key';
    const text = readFileSync(file, 'utf8');
    const again = run(['--new-signing-key', file]);
    expect([again.status, readFileSync(file, 'utf8')]).to.deep.equal([1, text]);
    expect(again.stderr).to.include('already exists').and.not.include('    at ');
    for (const later of [run(['--signing-key', file]), run([], { ACCREDIT_PROVIDER_SIGNING_KEY_FILE: file })]) {
      expect(later.stdout, later.stderr).to.include(signedBy);
    }
    for (const name of packed()) {
      expect(readFileSync(join(directory, 'packages', '0.1.0', name)).includes('PRIVATE KEY'), name).to.equal(false);
    }
  });

  it('makes a key that only its passphrase opens, where there is one', () => {
    const file = join(directory, 'key.asc');
    const passphrase = { ACCREDIT_PROVIDER_SIGNING_KEY_PASSPHRASE: 'hunter2' };
    const made = run(['--new-signing-key', file], passphrase);
    expect(made.status, made.stderr).to.equal(0);
    const locked = run(['--signing-key', file]);
    expect([locked.status, locked.stderr]).to.deep.equal([
      1,
      'accredit: the signing key is locked: set ACCREDIT_PROVIDER_SIGNING_KEY_PASSPHRASE, or …_FILE\n',
    ]);
    expect(run(['--signing-key', file], passphrase).stdout).to.include('Signed by the key');
    const unlocked = run(['--new-signing-key', join(directory, 'unlocked.asc')]);
    expect(unlocked.stdout).to.include('no passphrase').and.include('ACCREDIT_PROVIDER_SIGNING_KEY_PASSPHRASE');
    expect(made.stdout).to.not.include('no passphrase');
  });

  it('says on standard error that it ends a registry, and nothing there when it does not', async () => {
    await stubPackages(join(directory, 'packages'), { signingKey: await throwAwayKey() });
    expect(run([]).stderr).to.include('the registry does not have it');
    expect(run([]).stderr).to.equal('');
  });

  it('refuses a key that is none and flags that it does not know, and leaves what was there', () => {
    expect(run([]).status).to.equal(0);
    const before = packed();
    for (const [words, env, status, text] of [
      [[], { ACCREDIT_PROVIDER_SIGNING_KEY: 'hunter2' }, 1, 'no OpenPGP private key'],
      [['--signing-key', join(directory, 'none')], {}, 1, 'ENOENT'],
      [['--node', 'plan9_amd64=/bin/true'], {}, 2, 'OS_ARCH=FILE'],
      [['--node', `windows_amd64=${process.execPath}`], {}, 1, 'is no executable for that platform'],
      [['--singing-key', 'x'], {}, 2, '--signing-key FILE'],
    ] as const) {
      const refused = run(words, env);
      expect([refused.status, packed()], refused.stderr).to.deep.equal([status, before]);
      expect(refused.stderr).to.include(text).and.not.include('hunter2').and.not.include('    at ');
    }
  });
});

describe('a Node executable for a package', () => {
  let directory: string;
  before(() => {
    directory = mkdtempSync(join(tmpdir(), 'accredit-package-node-'));
  });
  after(() => rmSync(directory, { recursive: true }));

  const linux: Platform = { os: 'linux', arch: 'amd64' };

  /** A file with the marks of a Node executable. */
  function executable(header: Buffer, text: string): string {
    const file = join(directory, 'node');
    writeFileSync(file, Buffer.concat([header, Buffer.alloc(0x1000 - header.length), Buffer.from(text)]));
    return file;
  }
  const elf = (machine: number) => Buffer.concat([Buffer.from('\x7fELF'), Buffer.alloc(14), Buffer.of(machine, 0)]);
  /** With its header at 0x80. */
  const pe = (machine: number, header = 0x80) => {
    const file = Buffer.alloc(0x86);
    file.write('MZ');
    file.writeUInt32LE(header, 0x3c);
    file.write('PE', 0x80);
    file.writeUInt16LE(machine, 0x84);
    return file;
  };
  const windows: Platform = { os: 'windows', arch: 'amd64' };
  const fuse = 'NODE_SEA_FUSE_fce680ab2cc467b6e072b8b5df1996b2:0';
  const source = (version: string) => `https://example.com/v${version}/node-v${version}.tar.gz`;

  for (const [what, file, platform, text] of [
    ['is not there', () => join(directory, 'none'), linux, 'ENOENT'],
    ['is for another processor', () => executable(elf(0xb7), fuse), linux, 'no executable for that platform'],
    ['is for another system', () => executable(elf(0x3e), fuse), windows, 'that platform'],
    ['is a script', () => executable(Buffer.from('#!/bin/sh\n'), fuse), linux, 'no executable for that platform'],
    ['is no Node', () => executable(elf(0x3e), 'x'), linux, 'is no Node executable'],
    ['carries a program', () => executable(elf(0x3e), fuse.replace(':0', ':1')), linux, 'carries a program already'],
    ['is of another version', () => executable(elf(0x3e), fuse + source('18.0.0')), linux, 'is of version 18.0.0'],
    [
      'is of another version, for Windows',
      () => executable(pe(0x8664), fuse + source('18.0.0')),
      windows,
      'is of version 18.0.0',
    ],
    [
      'is for Windows on another processor',
      () => executable(pe(0xaa64), fuse),
      windows,
      'no executable for that platform',
    ],
    ['is for DOS', () => executable(pe(0x8664, 0x40), fuse), windows, 'no executable for that platform'],
    ['is cut short', () => executable(pe(0x8664, 0xffff), fuse), windows, 'no executable for that platform'],
    ['does not say its version', () => executable(elf(0x3e), fuse), linux, 'is of an unknown version'],
    ['is for a Mac', () => executable(elf(0x3e), fuse), { os: 'darwin', arch: 'arm64' }, 'macOS'],
  ] as const) {
    it(`is refused when it ${what}`, () => {
      expect(() => selfContained('', file(), platform)).to.throw(NodeExecutableError, text);
    });
  }

  it('need not say its version when it is the one that runs this', () => {
    const file = executable(elf(0x3e), fuse);
    const link = join(directory, 'link');
    symlinkSync(file, link);
    const { execPath } = process;
    try {
      // It prepares the program then, which this one cannot do.
      process.execPath = link;
      expect(() => selfContained('', file, linux)).to.throw(NodeExecutableError, 'this Node prepares no');
    } finally {
      process.execPath = execPath;
    }
  });
});
