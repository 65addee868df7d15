/** What `accredit doctor` finds, on the way to a daemon and in a data directory. */
import { randomBytes } from 'node:crypto';
import { chmodSync, chownSync, renameSync } from 'node:fs';
import { createServer as createHttp, type Server } from 'node:http';
import { createServer as createHttps } from 'node:https';
import type { AddressInfo } from 'node:net';
import { expect } from 'chai';
import { VERSION } from '../../client/version.ts';
import { checkInstallation } from '../../daemon/doctor.ts';
import { createCertificate } from '../../terraform-provider/plugin/certificate.ts';
import { mintToken } from '../../terraform-provider-spec/token.ts';
import { freshStage } from './stage.ts';

interface Found {
  readonly status: number | string;
  readonly checks: Readonly<Record<string, { readonly status: string; readonly detail: string }>>;
}

describe('accredit doctor', () => {
  const { stage, place } = freshStage();
  const servers: Server[] = [];
  afterEach(() => {
    for (const server of servers.splice(0)) server.close().closeAllConnections();
  });

  async function examine(env: Record<string, string> = {}, ...words: string[]): Promise<Found> {
    const { status, stdout } = await place().cli(['doctor', '--json', ...words], env);
    const { ok, checks } = JSON.parse(stdout) as {
      ok: boolean;
      checks: { name: string; status: string; detail: string }[];
    };
    expect(ok).to.equal(status === 0);
    return { status, checks: Object.fromEntries(checks.map((check) => [check.name, check])) };
  }

  /** Answers like a daemon of another version, another time or another kind. */
  async function pretend(
    answer: { status?: number; body?: string; date?: Date },
    secure?: { key: string; cert: string },
  ): Promise<string> {
    const handler: Parameters<typeof createHttp>[1] = (_request, response) => {
      if (answer.date !== undefined) response.setHeader('Date', answer.date.toUTCString());
      response.writeHead(answer.status ?? 200).end(answer.body ?? JSON.stringify({ status: 'ok', version: VERSION }));
    };
    const server = secure === undefined ? createHttp(handler) : createHttps(secure, handler);
    servers.push(server as Server);
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return `${secure === undefined ? 'http' : 'https'}://127.0.0.1:${(server.address() as AddressInfo).port}`;
  }

  it('finds nothing wrong with a daemon and the data directory beside it', async () => {
    const { dataDirectory } = stage().daemon;
    const { status, checks } = await examine({}, '--data-dir', dataDirectory);
    expect(status).to.equal(0);
    const names = ['endpoint', 'TLS', 'database', 'version', 'clock', 'token', 'permissions', 'master key', 'disk'];
    expect(Object.keys(checks)).to.deep.equal(names);
    for (const name of names.filter((each) => each !== 'disk')) expect(checks[name]?.status, name).to.equal('ok');
    const text = (await place().cli(['doctor'])).stdout;
    expect(text)
      .to.match(/^ok {7}endpoint {8}/m)
      .and.to.match(/^skipped {2}data directory/m);
  });

  it('finds a daemon that is away, and something else in its place', async () => {
    const away = await examine({ ACCREDIT_ENDPOINT: 'http://127.0.0.1:1' });
    expect(away.status).to.equal(1);
    expect(away.checks.endpoint).to.include({ status: 'failed' });
    expect(away.checks.endpoint?.detail).to.include('ACCREDIT_ENDPOINT').and.to.include('Is the daemon running');
    const other = await examine({ ACCREDIT_ENDPOINT: await pretend({ body: '<html>' }) });
    expect(other.checks.endpoint?.detail).to.include('no daemon of Accredit');
    const none = await examine({ ACCREDIT_ENDPOINT: 'nowhere' });
    expect(none.checks.settings).to.include({ status: 'failed' });
  });

  it('finds a token that is bad or about to end, and one that is missing', async () => {
    expect((await examine({ ACCREDIT_TOKEN: mintToken('sa') })).checks.token).to.include({ status: 'failed' });
    expect((await examine({ ACCREDIT_TOKEN: '' })).checks.token?.detail).to.include('ACCREDIT_TOKEN_FILE');
    const file = place().write('token', stage().daemon.adminToken, 0o644);
    const loose = await examine({ ACCREDIT_TOKEN: '', ACCREDIT_TOKEN_FILE: file });
    expect(loose.checks['token file']).to.include({ status: 'warning' });
    expect(loose.checks['token file']?.detail).to.include('mode 0644').and.to.include('chmod 600');
    expect(loose.status, 'a warning is no failure').to.equal(0);
  });

  it('finds another version and another time', async () => {
    const old = JSON.stringify({ status: 'ok', version: '0.0.1' });
    const { checks } = await examine({
      ACCREDIT_ENDPOINT: await pretend({ body: old, date: new Date(Date.now() + 60_000) }),
    });
    expect(checks.version).to.include({ status: 'warning' });
    expect(checks.version?.detail).to.include('0.0.1');
    expect(checks.clock).to.include({ status: 'warning' });
    expect(checks.clock?.detail).to.match(/the daemon is (59|60|61) s ahead of/);
    const behind = await examine({ ACCREDIT_ENDPOINT: await pretend({ date: new Date(Date.now() - 60_000) }) });
    expect(behind.checks.clock?.detail).to.match(/(59|60|61) s behind/);
    const same = await examine({ ACCREDIT_ENDPOINT: await pretend({ date: new Date() }) });
    expect(same.checks.clock).to.include({ status: 'ok' });
  });

  it('finds a certificate that nobody trusts, and one that ends soon', async () => {
    const soon = Date.now() - (10 * 365 - 5) * 86_400_000;
    for (const [made, status] of [
      [createCertificate(), 'ok'],
      [createCertificate(soon), 'warning'],
    ] as const) {
      const url = await pretend({}, { key: made.key, cert: made.certificate });
      const env = { ACCREDIT_ENDPOINT: url.replace('127.0.0.1', 'localhost') };
      const trusted = await examine({ ...env, ACCREDIT_CA_CERTIFICATE: made.certificate });
      expect(trusted.checks.TLS, trusted.checks.endpoint?.detail).to.include({ status });
      expect(trusted.checks.TLS?.detail).to.include('TLSv1.3');
      const untrusted = await examine(env);
      expect(untrusted.checks.endpoint).to.include({ status: 'failed' });
      expect(untrusted.checks.endpoint?.detail).to.include('--ca-certificate-file');
    }
  });

  it('finds permissions that are too wide, and a key that is another one or cut short', async () => {
    const { dataDirectory } = stage().daemon;
    const look = async (env = {}) => (await examine(env, '--data-dir', dataDirectory)).checks;
    chmodSync(`${dataDirectory}/accredit.db`, 0o644);
    expect((await look()).permissions).to.include({ status: 'failed' });
    chmodSync(`${dataDirectory}/accredit.db`, 0o600);
    const other = await look({ ACCREDIT_MASTER_KEY: randomBytes(32).toString('base64') });
    expect(other['master key']?.detail).to.include('is not the key of the database');
    const cut = place().write('cut', 'c2hvcnQ=');
    expect((await look({ ACCREDIT_MASTER_KEY_FILE: cut })).settings).to.include({ status: 'failed' });
    expect((await look({ ACCREDIT_LISTEN: 'nowhere' })).settings).to.include({ status: 'failed' });
  });

  it('says of the directory itself what its mode and owner allow', async () => {
    const { dataDirectory } = stage().daemon;
    const look = async () => {
      const { status, checks } = await examine({}, '--data-dir', dataDirectory);
      return { exit: status, ...checks.permissions };
    };
    chmodSync(dataDirectory, 0o700);
    expect(await look()).to.include({ exit: 0, status: 'ok' });
    for (const mode of [0o755, 0o750, 0o711]) {
      chmodSync(dataDirectory, mode);
      const found = await look();
      expect(found).to.include({ exit: 0, status: 'warning' });
      expect(found.detail)
        .to.include(`${dataDirectory} (mode 0${mode.toString(8)})`)
        .and.include('chmod 700')
        .and.not.include('closed to others');
    }
    for (const mode of [0o770, 0o733, 0o777]) {
      chmodSync(dataDirectory, mode);
      expect(await look()).to.include({ exit: 1, status: 'failed' });
    }
    chmodSync(dataDirectory, 0o700);
  });

  it('finds a directory or a file that belongs to somebody else than the database', async function () {
    if (process.getuid?.() !== 0) this.skip();
    const { dataDirectory } = stage().daemon;
    for (const path of [dataDirectory, `${dataDirectory}/master-key`]) {
      chownSync(path, 65_534, 65_534);
      const { checks } = await examine({}, '--data-dir', dataDirectory);
      expect(checks.permissions).to.include({ status: 'failed' });
      expect(checks.permissions?.detail).to.include(`${path} belongs to uid 65534, the database to uid 0`);
      chownSync(path, 0, 0);
    }
  });

  it('fails no installation whose key is kept elsewhere, and looks at that key where it is named', async () => {
    const { dataDirectory } = stage().daemon;
    const elsewhere = place().file('etc-master-key');
    renameSync(`${dataDirectory}/master-key`, elsewhere);
    const unnamed = await examine({}, '--data-dir', dataDirectory);
    expect(unnamed.checks['master key']).to.include({ status: 'skipped' });
    expect(unnamed.checks['master key']?.detail).to.include('ACCREDIT_MASTER_KEY_FILE');
    expect(unnamed.status).to.equal(0);
    const named = await examine({ ACCREDIT_MASTER_KEY_FILE: elsewhere }, '--data-dir', dataDirectory);
    expect(named.checks['master key']).to.include({ status: 'ok' });
  });

  it('tells a directory that it may not enter from one that has no database', async () => {
    const { dataDirectory } = stage().daemon;
    const [none] = await checkInstallation({}, ['--data-dir', place().path]);
    expect(none).to.include({ name: 'data directory', status: 'skipped' });
    expect(none?.detail).to.include('there is no database in');
    const own = process.geteuid?.();
    try {
      if (own === 0) process.seteuid?.(65_534);
      else chmodSync(dataDirectory, 0);
      const [closed, ...others] = await checkInstallation({}, ['--data-dir', dataDirectory]);
      expect(others).to.deep.equal([]);
      expect(closed).to.include({ name: 'data directory', status: 'skipped' });
      expect(closed?.detail).to.include('may not').and.to.not.include('there is no database');
    } finally {
      if (own === 0) process.seteuid?.(0);
      else chmodSync(dataDirectory, 0o700);
    }
  });

  it('looks at the token files of profiles too', async () => {
    place().write('.config/accredit/own-token', stage().daemon.adminToken, 0o640);
    place().write('home-token', stage().daemon.adminToken);
    const profiles = {
      own: { token_file: 'own-token' },
      other: { token_file: place().file('home-token') },
      none: { token_file: 'x' },
    };
    place().write('.config/accredit/config.json', JSON.stringify({ profiles }));
    const { stdout } = await place().cli(['doctor', '--json']);
    const found = (JSON.parse(stdout).checks as { name: string; status: string; detail: string }[])
      .filter(({ name }) => name === 'token file')
      .map(({ status, detail }) => [status, detail.replace(place().path, '~').split(':')[0]]);
    expect(found).to.deep.equal([
      ['warning', '~/.config/accredit/own-token (mode 0640) can be read by others'],
      ['ok', '~/home-token (mode 0600)'],
    ]);
  });
});
