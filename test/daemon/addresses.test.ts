/** A token that works only from some networks: which address counts, directly and behind a proxy. */
import { expect } from 'chai';
import { Api } from '../contract/api.ts';
import { startTestDaemon, type TestDaemon } from '../support/daemon.ts';

const TOKEN = 'organizations/default/accounts/root/tokens';

describe('allowed networks', () => {
  let proxied: TestDaemon;
  let direct: TestDaemon;
  before(async () => {
    proxied = await startTestDaemon({ env: { ACCREDIT_TRUSTED_PROXIES: '127.0.0.1/32, ::1' } });
    direct = await startTestDaemon();
  });
  after(async () => {
    await proxied?.close();
    await direct?.close();
  });

  async function secretFor(daemon: TestDaemon, name: string, allowed_cidrs: string[]): Promise<string> {
    const { status, body, text } = await new Api(daemon.url, daemon.adminToken).put(`${TOKEN}/${name}`, {
      allowed_cidrs,
    });
    expect(status, text).to.equal(201);
    return String(body.secret);
  }

  async function from(daemon: TestDaemon, secret: string, forwarded: string | undefined, path = '/v1/authorize') {
    const headers: Record<string, string> = forwarded === undefined ? {} : { 'X-Forwarded-For': forwarded };
    return (await new Api(daemon.url, secret).send('GET', path, undefined, headers)).status;
  }

  it('are held against the address that a trusted proxy forwards, IPv4 and IPv6', async () => {
    const secret = await secretFor(proxied, 'networks', ['203.0.113.0/24', '2001:db8:1::/48']);
    for (const path of ['/v1/authorize', '/v1/self', '/v1/organizations/default']) {
      expect(await from(proxied, secret, '203.0.113.7', path), path).to.equal(200);
      expect(await from(proxied, secret, '::ffff:203.0.113.7', path), path).to.equal(200);
      expect(await from(proxied, secret, '2001:db8:1::7', path), path).to.equal(200);
      expect(await from(proxied, secret, '203.0.114.7', path), path).to.equal(401);
      expect(await from(proxied, secret, '2001:db8:2::7', path), path).to.equal(401);
      expect(await from(proxied, secret, undefined, path), `${path} from the proxy itself`).to.equal(401);
    }
  });

  it('cannot be got around by what the client puts in front of what the proxy adds', async () => {
    const secret = await secretFor(proxied, 'forged', ['203.0.113.0/24']);
    expect(await from(proxied, secret, '203.0.113.7, 198.51.100.9')).to.equal(401);
    expect(await from(proxied, secret, '198.51.100.9, 203.0.113.7')).to.equal(200);
    expect(await from(proxied, secret, 'unknown')).to.equal(401);
  });

  it('are held against the connection where no proxy is trusted', async () => {
    const loopback = await secretFor(direct, 'loopback', ['127.0.0.0/8', '::1/128']);
    const elsewhere = await secretFor(direct, 'elsewhere', ['203.0.113.0/24']);
    expect(await from(direct, loopback, '203.0.113.7')).to.equal(200);
    expect(await from(direct, elsewhere, '203.0.113.7')).to.equal(401);
  });
});
