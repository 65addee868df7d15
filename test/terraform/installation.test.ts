/** `terraform init` with a daemon as the only source of the provider: the real binary, over the network. */
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import type { Packed } from '../../scripts/package-provider.ts';
import { providerExecutables, writePackages } from '../../scripts/package-provider.ts';
import type { SigningKey } from '../../scripts/packages/signature.ts';
import { createCertificate } from '../../terraform-provider/plugin/certificate.ts';
import {
  archiveName,
  type Platform,
  platformName,
  platformNamed,
  SOURCE_ADDRESS,
  setFiles,
} from '../../terraform-provider-spec/packages.ts';
import { readText } from '../architecture/sources.ts';
import { startProgram } from '../deploy/programs.ts';
import { freeAddress } from '../proxies/proxies.ts';
import { startTestDaemon, type TestDaemon } from '../support/daemon.ts';
import { throwAwayKey } from '../support/packages.ts';
import { requireTerraform, Workspace, type WorkspaceOptions } from '../support/terraform.ts';
import { PATIENCE } from './bench.ts';

const VERSION = '0.1.0';
/** The platform of this machine. */
const HERE = platformNamed(`${process.platform}_${process.arch.replace('x64', 'amd64')}`) as Platform;
const ZIP = archiveName(VERSION, HERE);
const { sums, signature } = setFiles(VERSION);

describe('terraform init from a daemon', () => {
  let directory: string;
  let packages: string;
  let certificate: string;
  let executables: Packed[];
  let key: SigningKey;
  let plain: TestDaemon;
  let secure: TestDaemon;
  const workspaces: Workspace[] = [];

  before(async function () {
    requireTerraform(this);
    directory = mkdtempSync(join(tmpdir(), 'accredit-installation-'));
    packages = join(directory, 'packages');
    executables = await providerExecutables();
    key = await throwAwayKey();
    const tls = createCertificate();
    certificate = join(directory, 'certificate.pem');
    writeFileSync(certificate, tls.certificate);
    writeFileSync(join(directory, 'key.pem'), tls.key);
    const env = { ACCREDIT_PROVIDER_PACKAGES: packages };
    plain = await startTestDaemon({ env });
    secure = await startTestDaemon({
      env: { ...env, ACCREDIT_TLS_CERTIFICATE: tls.certificate, ACCREDIT_TLS_KEY: tls.key },
    });
  });
  beforeEach(async function () {
    this.currentTest?.timeout(PATIENCE);
    rmSync(packages, { recursive: true, force: true });
    await writePackages({ directory: packages, version: VERSION, executables, signingKey: key });
  });
  after(async () => {
    for (const workspace of workspaces) await workspace.dispose();
    await plain?.close();
    await secure?.close();
    if (directory !== undefined) rmSync(directory, { recursive: true, force: true });
  });

  async function prepare(source: string, options: Partial<WorkspaceOptions>, daemon = plain): Promise<Workspace> {
    const workspace = await Workspace.prepare(configuration(source), {
      endpoint: secureUrl(daemon),
      token: daemon.adminToken,
      ...options,
      environment: { SSL_CERT_FILE: certificate, ACCREDIT_CA_CERTIFICATE_FILE: certificate, ...options.environment },
    });
    workspaces.push(workspace);
    return workspace;
  }
  const fromMirror = () => prepare(SOURCE_ADDRESS, { installation: mirrored(secure) }, secure);
  const fromRegistry = () => prepare('accredit.test/accredit/accredit', { installation: registered(plain) });
  const lockOf = (workspace: Workspace) => readFileSync(join(workspace.directory, '.terraform.lock.hcl'), 'utf8');
  const file = (name: string) => join(packages, VERSION, name);

  it('installs from the network mirror over TLS, locks what it got, and works', async () => {
    const terraform = await fromMirror();
    await terraform.run(['init']);
    expect(lockOf(terraform)).to.include(`provider "${SOURCE_ADDRESS}"`).and.include(`version = "${VERSION}"`);
    expect(lockOf(terraform)).to.match(/"h1:/);
    expect((await terraform.plan()).changes).to.deep.equal(['accredit_service_account.it: create']);
    await terraform.apply();
    await terraform.assertConverged();
    await terraform.destroy();
  });

  it('takes the lines of README.md for the mirror', async () => {
    const [, block = ''] =
      /^```hcl\n(provider_installation \{\n {2}network_mirror[\s\S]*?)^```$/m.exec(readText('README.md')) ?? [];
    expect(block).to.include('network_mirror').and.include('exclude');
    const installation = block.replace('https://accredit.example.com:7345', secureUrl(secure));
    const terraform = await prepare(SOURCE_ADDRESS, { installation }, secure);
    await terraform.run(['init']);
    expect(lockOf(terraform)).to.include(`provider "${SOURCE_ADDRESS}"`);
  });

  it('installs from the registry that another host stands for, verifies the signature, and works', async () => {
    const terraform = await fromRegistry();
    const { output } = await terraform.run(['init']);
    expect(output).to.include('self-signed').and.include(key.id);
    expect(lockOf(terraform)).to.include('provider "accredit.test/accredit/accredit"').and.match(/"h1:/);
    // What is signed holds for every platform, and is locked for each.
    const zips = readFileSync(file(sums), 'utf8').matchAll(/^([0-9a-f]{64}) {2}.+\.zip$/gm);
    for (const [, sum] of zips) expect(lockOf(terraform)).to.include(`"zh:${sum}"`);
    expect((await terraform.plan()).changes).to.deep.equal(['accredit_service_account.it: create']);
  });

  it('needs no configuration of Terraform where the source address names the daemon', async () => {
    const host = new URL(secureUrl(secure)).host;
    const terraform = await prepare(`${host}/accredit/accredit`, { installation: '' }, secure);
    await terraform.run(['init']);
    expect(lockOf(terraform)).to.include(`provider "${host}/accredit/accredit"`);
    expect((await terraform.plan()).changes).to.deep.equal(['accredit_service_account.it: create']);
  });

  it('gets no package that is not what its sum says, from the mirror and from the registry', async () => {
    const tampered = readFileSync(file(ZIP));
    tampered[tampered.length - 1] = 1;
    writeFileSync(file(ZIP), tampered);
    for (const terraform of [await fromMirror(), await fromRegistry()]) {
      expect(await terraform.diagnostic(['init'])).to.include('404');
      expect(readdirSync(terraform.directory)).to.not.include('.terraform.lock.hcl');
    }
  });

  it('installs through a proxy that has the daemon below a path, from the mirror and from the registry, and works', async function () {
    const isThere = spawnSync('nginx', ['-v'], { env: { PATH: `${process.env.PATH}:/usr/sbin` } }).status === 0;
    if (!isThere && process.env.CI !== 'true') this.skip();
    const address = await freeAddress();
    const proxy = await startProgram('nginx', ['-p', directory, '-c', proxyConfiguration(address)], { address });
    try {
      const url = `https://${address.replace('127.0.0.1', 'localhost')}/accredit`;
      for (const [source, installation] of [
        [SOURCE_ADDRESS, mirrored({ url })],
        ['accredit.test/accredit/accredit', registered({ url })],
      ] as const) {
        const terraform = await prepare(source, { installation, endpoint: url });
        await terraform.run(['init']);
        expect((await terraform.plan()).changes).to.deep.equal(['accredit_service_account.it: create']);
      }
    } finally {
      await proxy.stop();
    }
  });

  /** The file of an nginx with TLS that has the daemon without TLS below /accredit/. */
  function proxyConfiguration(address: string): string {
    const path = join(directory, 'nginx.conf');
    const paths = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map((name) => `${name}_temp_path ${name};`);
    writeFileSync(
      path,
      `daemon off;
pid ${directory}/nginx.pid;
error_log stderr;
${process.getuid?.() === 0 ? 'user root;' : ''}
events {}
http {
  access_log off;
  ${paths.join(' ')}
  server {
    listen ${address} ssl;
    ssl_certificate ${certificate};
    ssl_certificate_key ${directory}/key.pem;
    location /accredit/ { proxy_pass ${plain.url}/; }
  }
}
`,
    );
    return path;
  }

  it('refuses sums that the key did not sign, even where they are right', async () => {
    const [tampered, text] = [readFileSync(file(ZIP)), readFileSync(file(sums), 'utf8')];
    tampered[tampered.length - 1] = 1;
    await writePackages({ directory: packages, version: VERSION, executables, signingKey: await throwAwayKey() });
    const another = readFileSync(file(signature));
    await writePackages({ directory: packages, version: VERSION, executables, signingKey: key });
    writeFileSync(file(signature), another);
    expect(readFileSync(file(sums), 'utf8')).to.equal(text);
    const terraform = await fromRegistry();
    expect(await terraform.diagnostic(['init'])).to.include('signature');
  });

  it('from a registry needs a signature', async () => {
    rmSync(packages, { recursive: true });
    await writePackages({ directory: packages, version: VERSION, executables });
    const terraform = await fromRegistry();
    expect(await terraform.diagnostic(['init'])).to.match(/does not have a provider named|no available releases/);
  });

  it('holds to the lock file when a package of the same version is another one later', async () => {
    const terraform = await fromMirror();
    await terraform.run(['init']);
    rmSync(join(terraform.directory, '.terraform'), { recursive: true });
    const others = executables.map((one) => ({ ...one, executable: Buffer.concat([one.executable, Buffer.of(10)]) }));
    await writePackages({ directory: packages, version: VERSION, executables: others, signingKey: key });
    expect(await terraform.diagnostic(['init'])).to.match(/checksums/);
  });

  it('lets Terraform lock other platforms, and copy the packages to a mirror of its own', async () => {
    const platforms = [platformName(HERE), 'linux_arm64'].map((platform) => `-platform=${platform}`);
    const mirror = await fromMirror();
    await mirror.run(['providers', 'lock', `-net-mirror=${secureUrl(secure)}/terraform/mirror/`, ...platforms]);
    const registry = await fromRegistry();
    await registry.run(['providers', 'lock', ...platforms]);
    // The script is the same wherever it runs, and so is its hash.
    for (const terraform of [mirror, registry]) expect(lockOf(terraform).match(/"h1:/g)).to.have.length(1);
    const copy = join(directory, 'copy');
    await registry.run(['providers', 'mirror', ...platforms, copy]);
    expect(readdirSync(join(copy, 'accredit.test', 'accredit', 'accredit'))).to.include.members([
      ...[ZIP, ZIP.replace(platformName(HERE), 'linux_arm64'), 'index.json', `${VERSION}.json`],
    ]);
  });

  it('takes the command of the documentation for the lock file of several platforms', async () => {
    const page = readText('terraform-provider-spec/docs/index.md');
    const [, command = ''] = /^```shell\n(terraform providers lock [\s\S]*?)^```$/m.exec(page) ?? [];
    const platforms = [...command.matchAll(/-platform=(\w+)/g)].map(([, platform]) => platform);
    expect(platforms).to.have.length.above(2);
    const terraform = await fromMirror();
    const { output } = await terraform.script(command.replace('https://accredit.example.com', secureUrl(secure)));
    for (const platform of platforms) expect(output).to.match(new RegExp(`Retrieved .+ ${VERSION} for ${platform}`));
    expect(lockOf(terraform)).to.include(`version = "${VERSION}"`).and.match(/"h1:/);
    await terraform.run(['init', '-lockfile=readonly']);
  });

  it('gives a machine without Node a reason, and a package that holds its own Node works there', async function () {
    if (HERE.os !== 'linux') this.skip();
    const bin = join(directory, 'bin');
    mkdirSync(bin);
    symlinkSync(execFileSync('which', ['terraform'], { encoding: 'utf8' }).trim(), join(bin, 'terraform'));
    const terraform = await fromMirror();
    terraform.setEnvironment({ PATH: bin });
    await terraform.run(['init']);
    expect(await terraform.diagnostic(['plan'])).to.include('needs Node.js');
    const contained = await providerExecutables(new Map([[platformName(HERE), process.execPath]]));
    await writePackages({ directory: packages, version: VERSION, executables: contained, signingKey: key });
    const alone = await fromMirror();
    alone.setEnvironment({ PATH: bin });
    await alone.run(['init']);
    expect((await alone.plan()).changes).to.deep.equal(['accredit_service_account.it: create']);
  });
});

type Served = Pick<TestDaemon, 'url'>;

/** The certificate is that of a name, and what listens without TLS keeps its URL. */
function secureUrl({ url }: Served): string {
  return url.startsWith('https:') ? url.replace('127.0.0.1', 'localhost') : url;
}

function mirrored(daemon: Served): string {
  return `provider_installation {\n  network_mirror {\n    url = "${secureUrl(daemon)}/terraform/mirror/"\n  }\n}\n`;
}

function registered({ url }: Served): string {
  return `host "accredit.test" {\n  services = { "providers.v1" = "${url}/terraform/providers/v1/" }\n}\n`;
}

function configuration(source: string): string {
  return `terraform {
  required_providers {
    accredit = { source = "${source}" }
  }
}

resource "accredit_service_account" "it" {
  name = "installed"
}
`;
}
