/** What `terraform init` asks of a daemon, and what it is answered. */
import { createHash, randomBytes } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect } from 'chai';
import type { SigningKey } from '../../scripts/packages/signature.ts';
import { setFiles, TERRAFORM_PATHS } from '../../terraform-provider-spec/packages.ts';
import { readText } from '../architecture/sources.ts';
import { type Answer, Api } from '../contract/api.ts';
import { startTestDaemon, type TestDaemon } from '../support/daemon.ts';
import { stubPackages, throwAwayKey } from '../support/packages.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const MIRROR = '/terraform/mirror/registry.terraform.io/accredit/accredit';
const REGISTRY = '/terraform/providers/v1/accredit/accredit';
const ZIP = 'terraform-provider-accredit_0.1.0_linux_amd64.zip';
const { sums, signature, signingKey } = setFiles('0.1.0');

describe('a daemon that has packages of the provider', () => {
  let directory: string;
  let daemon: TestDaemon;
  let key: SigningKey;
  let nobody: Api;

  before(async () => {
    directory = mkdtempSync(join(tmpdir(), 'accredit-packages-'));
    key = await throwAwayKey();
    daemon = await startTestDaemon({ env: { ACCREDIT_PROVIDER_PACKAGES: directory } });
    nobody = new Api(daemon.url);
  });
  beforeEach(async () => {
    rmSync(directory, { recursive: true });
    await stubPackages(directory, { version: '0.0.9' });
    await stubPackages(directory, { signingKey: key });
  });
  after(async () => {
    await daemon.close();
    rmSync(directory, { recursive: true });
  });

  const get = (path: string, headers?: Record<string, string>) => nobody.send('GET', path, undefined, headers);
  const file = (name: string, version = '0.1.0') => readFileSync(join(directory, version, name));
  const sumOf = (name: string) => new RegExp(`^([0-9a-f]{64})  ${name}$`, 'm').exec(file(sums).toString())?.[1] ?? '';
  const content = async (path: string) => Buffer.from(await (await fetch(`${daemon.url}${path}`)).arrayBuffer());
  /** Where `url` leads in the answer at `path`, behind the path of a proxy, which takes its own off again. */
  const from = (path: string, url: unknown) => {
    const { pathname, search } = new URL(String(url), `https://proxy.example.com/behind/it${path}`);
    expect(pathname).to.match(/^\/behind\/it\//);
    return `${pathname.slice('/behind/it'.length)}${search}`;
  };
  /** A line of the log, which is written once an answer has left: another request gives it the time. */
  const logged = async (wanted: (line: string) => boolean): Promise<string> => {
    for (;;) {
      const line = daemon.log.find(wanted);
      if (line !== undefined) return line;
      await get('/healthz');
    }
  };
  const expectNothing = (answer: Answer, where?: string) => {
    expect(answer.status, where).to.equal(404);
    expect(answer.headers['content-type'], where).to.equal('application/problem+json');
    expect(answer.headers['cache-control'], where).to.equal('no-store');
    expect(answer.body.code, where).to.equal('not-found');
  };

  it('lists all versions to a mirror, and for each its packages with their sums', async () => {
    const { body, headers } = await get(`${MIRROR}/index.json`);
    expect(body).to.deep.equal({ versions: { '0.0.9': {}, '0.1.0': {} } });
    expect(headers).to.include({ 'content-type': 'application/json', 'cache-control': 'no-cache' });
    const { archives } = JSON.parse((await get(`${MIRROR}/0.1.0.json`)).text) as Mirrored;
    expect(Object.keys(archives)).to.have.members(['darwin_arm64', 'linux_amd64', 'windows_amd64']);
    expect(archives.linux_amd64?.hashes).to.deep.equal([`zh:${sumOf(ZIP)}`]);
    expect(await content(from(`${MIRROR}/0.1.0.json`, archives.linux_amd64?.url))).to.deep.equal(file(ZIP));
  });

  it('is a registry for what is signed, and for nothing else', async () => {
    expect((await get('/.well-known/terraform.json')).body).to.deep.equal({ 'providers.v1': TERRAFORM_PATHS.registry });
    expect((await get(`${REGISTRY}/versions`)).body.versions).to.deep.equal([
      {
        version: '0.1.0',
        protocols: ['6.0'],
        platforms: [
          { os: 'darwin', arch: 'arm64' },
          { os: 'linux', arch: 'amd64' },
          { os: 'windows', arch: 'amd64' },
        ],
      },
    ]);
    const { body } = await get(`${REGISTRY}/0.1.0/download/linux/amd64`);
    expect(body).to.deep.include({
      protocols: ['6.0'],
      os: 'linux',
      arch: 'amd64',
      filename: ZIP,
      shasum: sumOf(ZIP),
      signing_keys: { gpg_public_keys: [{ key_id: key.id, ascii_armor: key.publicKey }] },
    });
    for (const [url, name] of [
      [body.download_url, ZIP],
      [body.shasums_url, sums],
      [body.shasums_signature_url, signature],
    ] as const) {
      expect(await content(from(`${REGISTRY}/0.1.0/download/linux/amd64`, url)), name).to.deep.equal(file(name));
    }
    expectNothing(await get(`${REGISTRY}/0.0.9/download/linux/amd64`));
  });

  it('is no registry without anything signed, and still a mirror', async () => {
    await stubPackages(directory, { text: 'another provider' });
    for (const path of [
      '/.well-known/terraform.json',
      `${REGISTRY}/versions`,
      `${REGISTRY}/0.1.0/download/linux/amd64`,
    ]) {
      expectNothing(await get(path), path);
    }
    expect((await get(`${MIRROR}/index.json`)).status).to.equal(200);
  });

  it('without packages has none, and says in the log what it looked for', async () => {
    rmSync(directory, { recursive: true });
    for (const path of [`${MIRROR}/index.json`, `${MIRROR}/0.1.0.json`, '/.well-known/terraform.json']) {
      const answer = await get(path);
      expectNothing(answer, path);
      expect(await logged((line) => line.includes(String(answer.headers['x-request-id'])))).to.include(directory);
    }
    await stubPackages(directory);
    expect((await get(`${MIRROR}/index.json`)).status).to.equal(200);
  });

  it('lets caches keep for good what is named with its sum, and nothing else', async () => {
    const path = `/terraform/packages/0.1.0/${ZIP}`;
    const named = await get(`${path}?sha256=${sumOf(ZIP)}`);
    expect(named.headers).to.include({
      'cache-control': 'public, max-age=31536000, immutable',
      'content-type': 'application/zip',
      'content-length': String(file(ZIP).length),
      etag: `"${sumOf(ZIP)}"`,
      'x-content-type-options': 'nosniff',
    });
    for (const name of [ZIP, sums, signature, signingKey]) {
      expect((await get(`/terraform/packages/0.1.0/${name}`)).headers['cache-control'], name).to.equal('no-cache');
    }
    await stubPackages(directory, { text: 'another provider' });
    expectNothing(await get(`${path}?sha256=${named.headers.etag?.slice(1, -1)}`));
    expect((await get(path)).status).to.equal(200);
  });

  it('sends nothing under a sum that is not its own, whoever keeps it, until it is whole', async () => {
    const path = `/terraform/packages/0.1.0/${ZIP}`;
    const whole = file(ZIP);
    const asked = `?sha256=${sumOf(ZIP)}`;
    expect((await get(`${path}${asked}`)).status).to.equal(200);
    const another = Buffer.from(whole);
    another[whole.length - 1] = 1;
    // Cut short in place, of another content and the same length, and no longer written to since it was last asked for.
    for (const content of [whole.subarray(0, -1), another, another]) {
      writeFileSync(join(directory, '0.1.0', ZIP), content);
      for (const query of [asked, '']) {
        expectNothing(await get(`${path}${query}`), query);
        expectNothing(await get(`${path}${query}`, { 'If-None-Match': `"${sumOf(ZIP)}"` }), query);
        expect((await fetch(`${daemon.url}${path}${query}`, { method: 'HEAD' })).status).to.equal(404);
      }
    }
    const { headers } = await get(path);
    expect(await logged((line) => line.includes(String(headers['x-request-id'])))).to.include('SHA256SUMS');
    writeFileSync(join(directory, '0.1.0', ZIP), whole);
    expect(await content(`${path}${asked}`)).to.deep.equal(whole);
  });

  it('sends no file to whoever has it, and none to who asks for the headers', async () => {
    const path = `/terraform/packages/0.1.0/${ZIP}`;
    const etag = `"${sumOf(ZIP)}"`;
    const known = await get(path, { 'If-None-Match': `"other", ${etag}` });
    expect([known.status, known.text, known.headers.etag]).to.deep.equal([304, '', etag]);
    expect((await get(path, { 'If-None-Match': '"other"' })).status).to.equal(200);
    const head = await fetch(`${daemon.url}${path}`, { method: 'HEAD' });
    expect(head.headers.get('content-length')).to.equal(String(file(ZIP).length));
    expect((await fetch(`${daemon.url}${MIRROR}/index.json`, { method: 'HEAD' })).status).to.equal(200);
  });

  it('has nothing at any other path, whatever it is called on disk', async () => {
    writeFileSync(join(directory, '0.1.0', 'secret'), 'x');
    writeFileSync(join(directory, 'master-key'), 'x');
    for (const path of [
      '/terraform/',
      '/terraform/mirror/',
      `${MIRROR}/`,
      `${MIRROR}/index`,
      `${MIRROR}/0.2.0.json`,
      `${MIRROR}/..%2f0.1.0.json`,
      `${MIRROR}/0.1.0/index.json`,
      `${MIRROR.replace('accredit/accredit', 'accredit/other')}/index.json`,
      `${MIRROR.replace('terraform.io', 'example.com')}/index.json`,
      `${REGISTRY}/`,
      `${REGISTRY}/versions/`,
      `${REGISTRY}/0.1.0`,
      `${REGISTRY}/0.1.0/download/linux`,
      `${REGISTRY}/0.1.0/download/linux/386`,
      `${REGISTRY}/0.1.0/download/plan9/amd64`,
      `${REGISTRY}/0.1.0/download/linux/amd64/`,
      '/terraform/packages/0.1.0/',
      '/terraform/packages/0.1.0/secret',
      '/terraform/packages/0.1.0/%2e%2e%2fmaster-key',
      '/terraform/packages/0.1.0/../master-key',
      '/terraform/packages/../0.1.0/secret',
      '/terraform/packages/./master-key',
      `/terraform/packages/0.0.9/${ZIP}`,
      `/terraform/packages/0.1.0/${ZIP}/`,
      '/terraform/packages/0.0.9/terraform-provider-accredit_0.0.9_SHA256SUMS.sig',
      '/.well-known/terraform.json/',
    ]) {
      expectNothing(await get(path), path);
    }
    rmSync(join(directory, '0.1.0', ZIP));
    expectNothing(await get(`/terraform/packages/0.1.0/${ZIP}`));
  });

  it('takes no other method, and no query that means nothing', async () => {
    for (const path of [`${MIRROR}/index.json`, `${REGISTRY}/versions`, `/terraform/packages/0.1.0/${ZIP}`]) {
      const refused = await nobody.send('PUT', path, '{}');
      expect([refused.status, refused.headers.allow], path).to.deep.equal([405, 'GET, HEAD']);
      const queried = await get(`${path}?shasum=x`);
      expect([queried.status, queried.body.code], path).to.deep.equal([400, 'invalid-query']);
    }
  });

  it('asks nobody who he is, and does not care', async () => {
    for (const token of [undefined, daemon.adminToken, 'nonsense']) {
      expect((await nobody.as(token).send('GET', `${MIRROR}/index.json`)).status).to.equal(200);
    }
  });

  it('survives a client that goes away in the middle of a large package', async () => {
    const large = randomBytes(64 * 1024 * 1024);
    const sum = createHash('sha256').update(large).digest('hex');
    writeFileSync(
      join(directory, '0.1.0', sums),
      file(sums)
        .toString()
        .replace(`${sumOf(ZIP)}  ${ZIP}`, `${sum}  ${ZIP}`),
    );
    writeFileSync(join(directory, '0.1.0', ZIP), large);
    const abort = new AbortController();
    const answer = await fetch(`${daemon.url}/terraform/packages/0.1.0/${ZIP}`, { signal: abort.signal });
    const reader = answer.body?.getReader();
    await reader?.read();
    abort.abort();
    await reader?.closed.catch(() => undefined);
    await logged((line) => line.includes('"aborted":true') && line.includes(ZIP));
    expect(daemon.log.join('')).to.not.include('a request failed');
  });
});

describe('a daemon that is not told where the packages are', () => {
  it('looks where npm start packs them', async () => {
    const daemon = await startTestDaemon();
    try {
      const { headers } = await new Api(daemon.url).send('GET', `${MIRROR}/99.0.0.json`);
      await daemon.close();
      const line = daemon.log.find((each) => each.includes(String(headers['x-request-id'])));
      expect(line).to.include(join(ROOT, 'dist', 'packages'));
      expect(readText('package.json')).to.include('"prestart": "node scripts/install.mjs --packages"');
    } finally {
      await daemon.close();
    }
  });
});

interface Mirrored {
  readonly archives: Readonly<Record<string, { readonly url: string; readonly hashes: readonly string[] }>>;
}
