import { createPrivateKey } from 'node:crypto';
import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import type { IncomingMessage } from 'node:http';
import { get } from 'node:https';
import { expect } from 'chai';
import { createCertificate } from '../../terraform-provider/plugin/certificate.ts';
import { stop } from '../support/process.ts';
import { freshDirectory, statusOf } from './directory.ts';

describe('listening', () => {
  const directory = freshDirectory();

  for (const listen of ['0.0.0.0:0', '[::]:0', ':0', 'example.com:0', '192.0.2.1:0']) {
    it(`beyond loopback without TLS is refused before anything is touched: ${listen}`, async () => {
      const daemon = directory().serve({ env: { ACCREDIT_LISTEN: listen } });
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
    const clear = await statusOf(url.replace('https', 'http'), 'x').catch(({ code }) => code);
    expect(clear).to.equal('ECONNRESET');
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
    expect(await refusal({ ACCREDIT_TLS_CERTIFICATE: directory().file('tls.crt') })).to.include('TLS needs both');
  });

  it('with what is no certificate, or not its key, is refused, and the setting named whose file it is', async () => {
    const [{ certificate, key }, other] = [createCertificate(), createCertificate()];
    const encrypted = createPrivateKey(key).export({
      type: 'pkcs8',
      format: 'pem',
      cipher: 'aes-256-cbc',
      passphrase: 'hunter2',
    });
    for (const [certificateText, keyText, said] of [
      [certificate, 'hunter2', 'ACCREDIT_TLS_KEY holds no private key in PEM'],
      [certificate, certificate, 'ACCREDIT_TLS_KEY holds no private key in PEM'],
      [key, key, 'ACCREDIT_TLS_CERTIFICATE holds no certificate in PEM'],
      ['hunter2', key, 'ACCREDIT_TLS_CERTIFICATE holds no certificate in PEM'],
      [certificate, encrypted, 'ACCREDIT_TLS_KEY is locked with a passphrase'],
      [certificate, other.key, 'ACCREDIT_TLS_KEY is not the key of the first certificate in ACCREDIT_TLS_CERTIFICATE'],
    ] as const) {
      await writeFile(directory().file('tls.crt'), certificateText);
      await writeFile(directory().file('tls.key'), keyText);
      const text = await refusal({
        ACCREDIT_TLS_CERTIFICATE: directory().file('tls.crt'),
        ACCREDIT_TLS_KEY: directory().file('tls.key'),
      });
      expect(text).to.include(said).and.to.not.include('hunter2');
    }
    const missing = { ACCREDIT_TLS_CERTIFICATE: directory().file('tls.crt'), ACCREDIT_TLS_KEY: '/nowhere/tls.key' };
    expect(await refusal(missing))
      .to.include('ACCREDIT_TLS_KEY')
      .and.include("ENOENT: no such file or directory, open '/nowhere");
  });

  async function refusal(env: Record<string, string>): Promise<string> {
    const daemon = directory().serve({ env });
    expect(await daemon.exit).to.equal(2);
    return daemon.stderr();
  }

  it('on a port that is taken says so', async () => {
    const { host } = new URL(await directory().serve().ready);
    const env = { ACCREDIT_LISTEN: host, ACCREDIT_DATA_DIR: directory().file('other') };
    const second = directory().serve({ env });
    expect(await second.exit).to.equal(2);
    expect(second.stderr()).to.include('EADDRINUSE').and.include('ACCREDIT_LISTEN').and.to.not.include('    at ');
  });
});
