/** Who sees the metrics. */
import { expect } from 'chai';
import { Api } from '../contract/api.ts';
import { startTestDaemon, type TestDaemon } from '../support/daemon.ts';

const ACCOUNTS = 'organizations/default/accounts';

describe('the metrics of a daemon', () => {
  let daemon: TestDaemon;
  afterEach(() => daemon.close());

  const start = async (env: Record<string, string> = {}) => {
    daemon = await startTestDaemon({ env });
  };
  const ask = async (headers: Record<string, string> = {}, token?: string, method: 'GET' | 'PUT' = 'GET') =>
    (await new Api(daemon.url, token).send(method, '/metrics', undefined, headers)).status;

  /** The token of an account with a role that holds these permissions. */
  const holding = async (name: string, permissions: string[]): Promise<string> => {
    const owner = new Api(daemon.url, daemon.adminToken);
    await owner.put(`organizations/default/roles/${name}`, { permissions });
    await owner.put(`${ACCOUNTS}/${name}`, { grants: [{ role: name }] });
    const { body } = await owner.put(`${ACCOUNTS}/${name}/tokens/it`, {});
    return String(body.secret);
  };

  it('are open to whoever asks on the machine itself', async () => {
    await start();
    expect(await ask()).to.equal(200);
    for (const host of ['localhost', 'localhost:9', '127.0.0.1:80', '[::1]:80']) {
      expect(await ask({ Host: host }), host).to.equal(200);
    }
  });

  for (const header of ['X-Forwarded-For', 'Forwarded', 'Via', 'X-Real-IP', 'X-Forwarded-Host', 'X-Forwarded-Proto']) {
    it(`need a token of whoever comes through a proxy that says so by ${header}`, async () => {
      await start();
      expect(await ask({ [header]: '127.0.0.1' })).to.equal(401);
      expect(await ask({ [header]: '127.0.0.1' }, daemon.adminToken)).to.equal(200);
    });
  }

  it('need a token of whoever comes from a trusted proxy, whatever it says, and 401 names the setting', async () => {
    await start({ ACCREDIT_TRUSTED_PROXIES: '127.0.0.1' });
    const { status, body } = await new Api(daemon.url).send('GET', '/metrics');
    expect(status).to.equal(401);
    expect(body.detail).to.include('metrics.read').and.include('ACCREDIT_TRUSTED_PROXIES');
  });

  it('need a token of a page whose own name was made to mean this machine', async () => {
    await start();
    for (const host of ['attacker.example', '127.0.0.1.attacker.example:80', 'localhost.attacker.example']) {
      expect(await ask({ Host: host }), host).to.equal(401);
    }
  });

  it('need the permission metrics.read in the organization default, where a token is needed', async () => {
    await start({ ACCREDIT_METRICS_ACCESS: 'token' });
    expect(await ask()).to.equal(401);
    expect(await ask({}, await holding('enough', ['metrics.read']))).to.equal(200);
    expect(await ask({}, await holding('reader', ['*.read']))).to.equal(200);
    // What services ask about, and Accredit does not, is of another sort.
    expect(await ask({}, await holding('services', ['~.*', 'metrics.write']))).to.equal(403);
    const owner = new Api(daemon.url, daemon.adminToken);
    await owner.put('organizations/acme', {});
    await owner.put('organizations/acme/accounts/boss', { grants: [{ role: 'owner' }] });
    const { body } = await owner.put('organizations/acme/accounts/boss/tokens/it', {});
    expect(await ask({}, String(body.secret)), 'the owner of another organization').to.equal(403);
  });

  it('can be open to anyone', async () => {
    await start({ ACCREDIT_METRICS_ACCESS: 'anyone' });
    expect(await ask({ 'X-Forwarded-For': '203.0.113.7' })).to.equal(200);
  });

  it('are read and nothing else, and 405 says so before anything is asked', async () => {
    await start();
    const { status, headers } = await new Api(daemon.url).send('PUT', '/metrics', '{}');
    expect(status).to.equal(405);
    expect(headers.allow).to.equal('GET, HEAD');
    const head = await fetch(`${daemon.url}/metrics`, { method: 'HEAD' });
    expect([head.status, await head.text()]).to.deep.equal([200, '']);
    expect(Number(head.headers.get('content-length'))).to.be.above(1000);
    expect((await fetch(`${daemon.url}/metrics?name=x`)).status).to.equal(400);
  });
});
