import { createPrivateKey } from 'node:crypto';
import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import type { IncomingMessage } from 'node:http';
import { get } from 'node:https';
import { expect } from 'chai';
import { ConfigError } from '../../daemon/config.ts';
import { listen } from '../../daemon/server.ts';
import { createCertificate } from '../../terraform-provider/plugin/certificate.ts';
import { stop } from '../support/process.ts';
import { freshDirectory, statusOf } from './directory.ts';

describe('listening', () => {
  const directory = freshDirectory();

  for (const address of ['0.0.0.0:0', '[::]:0', ':0', 'example.com:0', '192.0.2.1:0']) {
    it(`beyond loopback without TLS is refused before anything is touched: ${address}`, async () => {
      const daemon = directory().serve({ env: { ACCREDIT_LISTEN: address } });
      expect(await daemon.exit).to.equal(2);
      expect(daemon.stderr())
        .to.include('without TLS')
        .and.include('ACCREDIT_TLS_CERTIFICATE')
        .and.include('ACCREDIT_ALLOW_PLAINTEXT=true');
      expect(await directory().exists('accredit.db')).to.equal(false);
    });
  }

  it('beyond loopback without TLS needs to be meant', async () => {
    const daemon = directory().serve({ env: { ACCREDIT_LISTEN: '0.0.0.0:0', ACCREDIT_ALLOW_PLAINTEXT: 'true' } });
    const { port } = new URL(await daemon.ready);
    expect(await statusOf(`http://127.0.0.1:${port}`, await directory().token())).to.equal(200);
    await stop(daemon);
    expect(daemon.stderr()).to.include('ACCREDIT_ISSUER is not set');
  });

  it('beyond loopback, or for others too, asks for the public URL, and elsewhere does not', async () => {
    const plain = { ACCREDIT_LISTEN: '0.0.0.0:0', ACCREDIT_ALLOW_PLAINTEXT: 'true' };
    const named = directory().serve({ env: { ...plain, ACCREDIT_ISSUER: 'https://accredit.test' } });
    const { port } = new URL(await named.ready);
    const metadata = await fetch(`http://127.0.0.1:${port}/.well-known/oauth-authorization-server`);
    expect(await metadata.json()).to.include({
      issuer: 'https://accredit.test',
      token_endpoint: 'https://accredit.test/v1/oauth/token',
    });
    await stop(named);
    const local = directory().serve();
    await local.ready;
    await stop(local);
    for (const daemon of [named, local]) expect(daemon.stderr()).to.not.include('ACCREDIT_ISSUER');
  });

  it('keeps an idle connection for longer than a proxy does, which is the one to close it', async () => {
    const daemon = directory().serve();
    const { headers } = await fetch(`${await daemon.ready}/healthz`);
    await stop(daemon);
    // nginx and most load balancers close theirs after 60 seconds.
    expect(Number(/^timeout=([0-9]+)$/.exec(headers.get('keep-alive') ?? '')?.[1])).to.be.above(60);
  });

  it('with certificate and key speaks TLS, and nothing else', async () => {
    const { certificate, key } = createCertificate();
    await writeFile(directory().file('tls.crt'), certificate);
    await writeFile(directory().file('tls.key'), key, { mode: 0o600 });
    const daemon = directory().serve({}, [
      `--tls-certificate=${directory().file('tls.crt')}`,
      '--tls-key',
      directory().file('tls.key'),
    ]);
    const url = await daemon.ready;
    expect(url).to.match(/^https:\/\/127\.0\.0\.1:[0-9]+$/);
    const headers = { Authorization: `Bearer ${await directory().token()}` };
    const asking = get(new URL('/v1/self', url), { ca: certificate, servername: 'localhost', headers, agent: false });
    const [answer] = (await once(asking, 'response')) as [IncomingMessage];
    answer.resume();
    expect(answer.statusCode).to.equal(200);
    const clear = await fetch(new URL('/v1/self', url.replace('https', 'http')), { headers });
    expect(clear.status).to.equal(400);
    const problem = (await clear.json()) as { detail: string; request_id: string };
    expect(problem).to.include({ code: 'malformed-request', status: 400 });
    expect(problem.detail).to.include('HTTPS');
    await stop(daemon);
    const line = daemon
      .stderr()
      .split('\n')
      .find((text) => text.includes(problem.request_id));
    expect(JSON.parse(line as string)).to.include({ status: 400, ip: '127.0.0.1', note: 'ERR_SSL_HTTP_REQUEST' });
    expect(daemon.stderr()).to.not.include(headers.Authorization.slice(14));
  });

  it('takes the certificate and key as the content of a file that a variable names', async () => {
    const { certificate, key } = createCertificate();
    await writeFile(directory().file('tls.crt'), certificate);
    await writeFile(directory().file('tls.key'), key);
    const env = {
      ACCREDIT_TLS_CERTIFICATE_FILE: directory().file('tls.crt'),
      ACCREDIT_TLS_KEY_FILE: directory().file('tls.key'),
    };
    expect(await directory().serve({ env }).ready).to.match(/^https:/);
  });

  it('with half of what TLS needs is refused', async () => {
    const { certificate } = createCertificate();
    await writeFile(directory().file('tls.crt'), certificate);
    const half = directory().serve({}, ['--tls-certificate', directory().file('tls.crt')]);
    expect(await half.exit).to.equal(2);
    expect(half.stderr()).to.include('TLS needs both');
  });

  it('with what is no certificate, or not its key, is refused, and the setting named whose file it is', async () => {
    const [{ certificate, key }, other] = [createCertificate(), createCertificate()];
    const locking = { type: 'pkcs8', format: 'pem', cipher: 'aes-256-cbc', passphrase: 'hunter2' } as const;
    const locked = createPrivateKey(key).export(locking).toString();
    for (const [certificateText, keyText, said] of [
      [certificate, 'hunter2', 'ACCREDIT_TLS_KEY holds no private key in PEM'],
      [certificate, certificate, 'ACCREDIT_TLS_KEY holds no private key in PEM'],
      [key, key, 'ACCREDIT_TLS_CERTIFICATE holds no certificate in PEM'],
      ['hunter2', key, 'ACCREDIT_TLS_CERTIFICATE holds no certificate in PEM'],
      [certificate, locked, 'ACCREDIT_TLS_KEY is locked with a passphrase'],
      [certificate, other.key, 'ACCREDIT_TLS_KEY is not the key of the first certificate in ACCREDIT_TLS_CERTIFICATE'],
    ] as const) {
      await writeFile(directory().file('tls.crt'), certificateText);
      await writeFile(directory().file('tls.key'), keyText);
      expect(await refusal(directory().file('tls.key')))
        .to.include(said)
        .and.to.not.include('hunter2');
    }
    expect(await refusal('/nowhere/tls.key')).to.match(/^ACCREDIT_TLS_KEY .*ENOENT.*\/nowhere\/tls\.key/);
  });

  /** What a daemon with this key says, which does not start. */
  async function refusal(tlsKey: string): Promise<string> {
    const tls = { tlsCertificate: directory().file('tls.crt'), tlsKey };
    const config = { listen: { host: '127.0.0.1', port: 0 }, allowPlaintext: false, ...tls };
    const error: unknown = await listen(config, { answer: () => undefined, refuse: () => undefined }).catch(
      (thrown: unknown) => thrown,
    );
    expect(error).to.be.instanceOf(ConfigError);
    return (error as ConfigError).message;
  }

  it('on a port that is taken says so', async () => {
    const { host } = new URL(await directory().serve().ready);
    const env = { ACCREDIT_LISTEN: host, ACCREDIT_DATA_DIR: directory().file('other') };
    const second = directory().serve({ env });
    expect(await second.exit).to.equal(2);
    expect(second.stderr()).to.include('EADDRINUSE').and.include('ACCREDIT_LISTEN').and.to.not.include('    at ');
  });
});
