/**
 * deploy/container without a container engine: the steps of the container file are run as a shell script in an empty directory,
 * what they leave is started with the settings of the image, and the nginx of the compose file stands in front of it.
 */
import { execFileSync, spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { request } from 'node:https';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { expect } from 'chai';
import { parse } from 'yaml';
import { packagedVersions } from '../../daemon/registry/package-sets.ts';
import { createCertificate } from '../../terraform-provider/plugin/certificate.ts';
import { setFiles } from '../../terraform-provider-spec/packages.ts';
import { projectFiles, readText } from '../architecture/sources.ts';
import { freeAddress } from '../proxies/proxies.ts';
import { stubPackages } from '../support/packages.ts';
import { stagesOf, variablesOf, wordsOf } from './container.ts';
import { copyTree, unpackRelease } from './installed.ts';
import { startProgram } from './programs.ts';

const [build = [], image = []] = stagesOf(readText('deploy/container/Containerfile'));
const compose = parse(readText('deploy/container/compose.yaml'));

const SIGNATURE = `dist/packages/0.1.0/${setFiles('0.1.0').signature}`;

describe('the container file', () => {
  it('builds in one stage and runs in another, both on a base image without the name of a registry', () => {
    for (const stage of [build, image]) expect(wordsOf(stage, 'FROM')[0]).to.match(/^node:20-\w+-slim( AS build)?$/);
  });

  it('runs as somebody who is not root, with the data in a volume and a check of its health', () => {
    expect(wordsOf(image, 'USER')).to.deep.equal(['node']);
    expect(wordsOf(image, 'VOLUME')).to.deep.equal(['/var/lib/accredit']);
    expect(variablesOf(image)).to.include({ ACCREDIT_DATA_DIR: '/var/lib/accredit' });
    expect(wordsOf(image, 'HEALTHCHECK')[0]).to.include('/opt/accredit/deploy/container/healthcheck.mjs');
    expect(JSON.parse(wordsOf(image, 'ENTRYPOINT')[0] as string)).to.deep.equal(['accredit']);
  });

  it('takes neither secrets nor what was built elsewhere into an image, but for packages, which may be signed', () => {
    const ignored = readText('.dockerignore').split('\n');
    expect(ignored).to.include.members(['.git', 'node_modules', 'dist/*', 'data', 'deploy/container/secrets']);
    expect(ignored.filter((line) => line.startsWith('!'))).to.deep.equal(['!dist/packages']);
    expect(projectFiles((path) => path.startsWith('deploy/container/secrets'))).to.deep.equal([]);
  });
});

describe('the compose file', () => {
  it('gives no container more than it needs', () => {
    for (const service of Object.values(compose.services) as Record<string, unknown>[]) {
      expect(service).to.deep.include({
        read_only: true,
        cap_drop: ['ALL'],
        security_opt: ['no-new-privileges:true'],
        tmpfs: ['/tmp'],
        ulimits: { core: 0 },
      });
      expect(service).to.not.have.property('privileged');
      expect(JSON.stringify(service.environment ?? {})).to.not.match(/ACCREDIT_(MASTER_KEY|TOKEN)"/);
    }
  });

  it('lets nobody reach the daemon past nginx, and the daemon believe nobody else', () => {
    const { accredit, nginx } = compose.services;
    expect(accredit).to.not.have.property('ports');
    expect(Object.keys(accredit.networks)).to.deep.equal(['inside']);
    expect(compose.networks.inside.internal).to.equal(true);
    expect(accredit.environment.ACCREDIT_TRUSTED_PROXIES).to.equal(`${nginx.networks.inside.ipv4_address}/32`);
  });

  it('keeps the packages of all images in a volume, which the daemon reads and cannot write', () => {
    const { accredit, packages } = compose.services;
    const directory = accredit.environment.ACCREDIT_PROVIDER_PACKAGES;
    expect(accredit.volumes).to.include(`packages:${directory}:ro`);
    expect(accredit.depends_on.packages.condition).to.equal('service_completed_successfully');
    expect(packages.volumes).to.deep.equal([`packages:${directory}`]);
    expect(packages.command).to.deep.equal(['/opt/accredit/dist/packages', directory]);
    // Docker gives a new volume the owner of the directory in the image.
    expect(wordsOf(image, 'RUN').join()).to.include(`install -d -o node -g node -m 755 ${directory}`);
  });

  it('names files that exist, and secrets that it declares', () => {
    expect(existsSync(`deploy/container/${compose.services.nginx.volumes[0].split(':')[0]}`)).to.equal(true);
    expect(existsSync(`deploy/container/${compose.services.packages.build.context}/package.json`)).to.equal(true);
    expect(existsSync(compose.services.packages.build.dockerfile)).to.equal(true);
    for (const { secrets = [] } of Object.values(compose.services) as { secrets?: string[] }[]) {
      expect(Object.keys(compose.secrets)).to.include.members(secrets);
    }
  });
});

describe('the steps of the container file, in an empty directory', function () {
  this.timeout(180_000);
  let directory: string;
  let root: string;
  let signature: Buffer;
  const running: { stop(): Promise<void> }[] = [];

  before(() => {
    directory = mkdtempSync(join(tmpdir(), 'accredit-image-'));
    const source = join(directory, 'src');
    root = join(directory, 'root');
    mkdirSync(source);
    unpackRelease(source);
    // Signed before, as docs/provider-packages.md has it: no key comes near the build.
    const signing = ['scripts/package-provider.ts', '--directory', join(source, 'dist/packages')];
    const key = ['--new-signing-key', join(directory, 'key.asc')];
    execFileSync(process.execPath, ['--import', 'tsx', ...signing, ...key], { stdio: 'pipe' });
    signature = readFileSync(join(source, SIGNATURE));
    const steps = wordsOf(build, 'RUN').filter((words) => !words.includes('apt-get'));
    expect(steps).to.have.length(2);
    for (const step of steps) execFileSync('sh', ['-euc', step], { cwd: source, stdio: 'pipe' });
    for (const words of wordsOf(image, 'COPY')) {
      const [, from = '', to = ''] = /^--from=build \/src\/(\S+) (\S+)$/.exec(words) ?? [];
      copyTree(join(source, from), join(root, to));
    }
  });
  after(async () => {
    for (const one of running.reverse()) await one.stop();
    rmSync(directory, { recursive: true, force: true });
  });

  it('leave a program that needs nothing of what it was made of', () => {
    rmSync(join(directory, 'src'), { recursive: true, force: true });
    for (const name of ['typescript', 'tsx', 'mocha']) {
      expect(existsSync(join(root, 'opt/accredit/node_modules', name)), name).to.equal(false);
    }
    const { stdout, stderr } = accredit(['version'], {});
    expect(stdout, stderr).to.match(/^accredit \d/);
  });

  it('leave the packages as they were signed, and no key', () => {
    expect(readFileSync(join(root, 'opt/accredit', SIGNATURE))).to.deep.equal(signature);
    const found = spawnSync('grep', ['-rl', 'PGP PRIVATE KEY', join(root, 'opt/accredit/dist')], { encoding: 'utf8' });
    expect(found.stdout).to.equal('');
  });

  it('leave an image that refuses to listen without TLS until it is told that a proxy has it', () => {
    const { status, stderr } = accredit(['serve'], imageEnvironment({}));
    expect(status).to.equal(2);
    expect(stderr).to.include('ACCREDIT_ALLOW_PLAINTEXT');
  });

  it('serve behind the nginx of the compose file: TLS, the address of the client, manifests that are large', async () => {
    const listen = await freeAddress();
    const front = await freeAddress();
    const { certificate, key } = createCertificate();
    writeFileSync(join(directory, 'master-key'), `${randomBytes(32).toString('base64')}\n`);
    const environment = imageEnvironment({
      ...compose.services.accredit.environment,
      ACCREDIT_ISSUER: `https://${front}`,
      ACCREDIT_LISTEN: listen,
      ACCREDIT_MASTER_KEY_FILE: join(directory, 'master-key'),
      ACCREDIT_TRUSTED_PROXIES: '127.0.0.1',
    });
    running.push(
      await startProgram(process.execPath, [join(root, 'opt/accredit/bin/accredit'), 'serve'], {
        environment,
        ready: /^accredit ready on /m,
      }),
    );
    // Its health is asked for as in the image.
    const check = () =>
      spawnSync(process.execPath, [join(root, 'opt/accredit/deploy/container/healthcheck.mjs')], {
        env: { ...environment },
        encoding: 'utf8',
      });
    expect(check().status, check().stderr).to.equal(0);

    const run = join(directory, 'nginx');
    mkdirSync(run);
    writeFileSync(join(run, 'certificate.pem'), certificate);
    writeFileSync(join(run, 'key.pem'), key);
    const text = readText('deploy/container/nginx.conf')
      .replaceAll(/\/(run\/secrets|tmp)\//g, `${run}/`)
      .replace('accredit:7345', listen)
      .replace('listen 8443', `listen ${front}`);
    // In the container everything runs as one user.
    const user = process.getuid?.() === 0 ? 'user root;' : '';
    writeFileSync(join(run, 'nginx.conf'), `daemon off;\n${user}\n${text}`);
    running.push(await startProgram('nginx', ['-p', run, '-c', join(run, 'nginx.conf')], { address: front }));

    const token = readFileSync(join(root, 'var/lib/accredit/admin-token'), 'utf8').trim();
    const put = (path: string, body: string) => send(front, certificate, { method: 'PUT', path, token, body });
    const [, port] = front.split(':');
    const metadata = await send(front, certificate, { path: '/.well-known/oauth-authorization-server' });
    expect(JSON.parse(metadata.body).issuer).to.equal(`https://127.0.0.1:${port}`);
    // Larger than nginx takes by itself, and than Accredit takes of anything but a manifest.
    const accounts = Object.fromEntries(
      Array.from({ length: 3000 }, (_, index) => [`a${index}`, { description: 'x'.repeat(500) }]),
    );
    const manifests = '/v1/organizations/default/manifests/large?dry_run=true';
    expect((await put(manifests, JSON.stringify({ accounts }))).status).to.equal(200);
    // By the header that nginx adds, the client comes from a machine that is not this one: no metrics without a token.
    expect((await send(front, certificate, { path: '/metrics' })).status).to.equal(401);
  });

  it('keep the packages of the provider beside those of a former image', async () => {
    const { entrypoint, command, volumes } = compose.services.packages;
    const kept = join(root, volumes[0].split(':')[1]);
    await stubPackages(kept, { version: '0.0.9' });
    const words = [...entrypoint.slice(1), ...command].map((path: string) => join(root, path));
    const { status, stderr } = spawnSync(process.execPath, words, { encoding: 'utf8' });
    expect(status, stderr).to.equal(0);
    expect(await packagedVersions(kept)).to.have.members(['0.0.9', '0.1.0']);
  });

  it('say that a daemon that is not there is ill', () => {
    const { status, stderr } = spawnSync(
      process.execPath,
      [join(root, 'opt/accredit/deploy/container/healthcheck.mjs')],
      { env: imageEnvironment({ ACCREDIT_LISTEN: '127.0.0.1:1' }), encoding: 'utf8' },
    );
    expect(status).to.equal(1);
    expect(stderr).to.include('does not answer on 127.0.0.1:1');
  });

  /** What runs in the image sees: the variables of the image, with its paths below `root`, and those that are given. */
  function imageEnvironment(given: Readonly<Record<string, string>>): Record<string, string> {
    const environment = variablesOf(image);
    const data = join(root, environment.ACCREDIT_DATA_DIR as string);
    mkdirSync(data, { recursive: true, mode: 0o700 });
    return { PATH: dirname(process.execPath), ...environment, ACCREDIT_DATA_DIR: data, ...given };
  }

  function accredit(words: readonly string[], env: Record<string, string>) {
    const command = join(root, 'opt/accredit/bin/accredit');
    return spawnSync(process.execPath, [command, ...words], { env, encoding: 'utf8' });
  }
});

interface Question {
  readonly method?: string;
  readonly path: string;
  readonly token?: string;
  readonly body?: string;
}

function send(front: string, ca: string, { method = 'GET', path, token, body }: Question) {
  const [host = '', port] = front.split(':');
  const headers = {
    ...(token !== undefined && { Authorization: `Bearer ${token}` }),
    ...(body !== undefined && { 'Content-Type': 'application/json', 'Content-Length': Buffer.byteLength(body) }),
  };
  return new Promise<{ status: number; body: string }>((resolve, reject) => {
    const sent = request({ host, port, path, method, headers, ca, servername: 'localhost', agent: false }, (answer) => {
      let text = '';
      answer.setEncoding('utf8').on('data', (chunk: string) => {
        text += chunk;
      });
      answer.on('end', () => resolve({ status: answer.statusCode as number, body: text }));
    });
    sent.on('error', reject);
    sent.end(body);
  });
}
