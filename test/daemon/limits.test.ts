/** Rate limits at every door of a running daemon. */
import { expect } from 'chai';
import { mintToken } from '../../terraform-provider-spec/token.ts';
import { type Answer, Api } from '../contract/api.ts';
import { type FakeClock, fakeClock, startTestDaemon, type TestDaemon } from '../support/daemon.ts';

const ROOT = 'organizations/default/accounts/root';
const FORM = { 'Content-Type': 'application/x-www-form-urlencoded' };

interface Door {
  readonly name: string;
  ask(api: Api, headers?: Record<string, string>): Promise<Answer>;
}

const DOORS: readonly Door[] = [
  { name: 'the management API', ask: (api, headers) => api.send('GET', '/v1/organizations', undefined, headers) },
  { name: 'authorize', ask: (api, headers) => api.send('GET', '/v1/authorize', undefined, headers) },
  {
    name: 'introspect',
    ask: (api, headers) => api.send('POST', '/v1/introspect', 'token=nonsense', { ...FORM, ...headers }),
  },
  { name: 'self', ask: (api, headers) => api.send('GET', '/v1/self', undefined, headers) },
  {
    name: 'the token endpoint',
    ask: (api, headers) => api.as(undefined).send('POST', '/v1/oauth/token', clientForm(api), { ...FORM, ...headers }),
  },
  { name: 'SCIM', ask: (api, headers) => api.send('GET', '/scim/v2/Users', undefined, headers) },
];

/** With the credential of a client in the form (RFC 6749, section 2.3.1). */
function clientForm({ token = '' }: Api): string {
  return `grant_type=client_credentials&client_id=root&client_secret=${token}`;
}

const bad = () => mintToken('sa');

function expectLimited({ status, headers, text }: Answer, policy: string, quota: string, seconds: number): void {
  expect(status, text).to.equal(429);
  expect(headers['retry-after']).to.equal(String(seconds));
  expect(headers.ratelimit).to.equal(`"${policy}";r=0;t=${seconds}`);
  expect(headers['ratelimit-policy']).to.equal(`"${policy}";${quota}`);
  expect(headers).to.not.have.property('www-authenticate');
  expect(headers['cache-control']).to.equal('no-store');
}

describe('the limit of failures', () => {
  let daemon: TestDaemon;
  let clock: FakeClock;
  let scim: string;

  before(async () => {
    clock = fakeClock();
    const env = { ACCREDIT_TRUSTED_PROXIES: '127.0.0.1, 10.0.0.1', ACCREDIT_RATE_LIMIT_FAILURES: '4/1m' };
    daemon = await startTestDaemon({ clock, env });
    const { body } = await new Api(daemon.url, daemon.adminToken).put(`${ROOT}/tokens/scim`, { purpose: 'scim' });
    scim = String(body.secret);
  });
  after(() => daemon.close());

  let addresses = 0;
  const fresh = () => {
    addresses += 1;
    return { 'X-Forwarded-For': `203.0.113.${addresses}` };
  };
  const as = (token?: string) => new Api(daemon.url, token);

  async function exhausted(headers: Record<string, string>): Promise<void> {
    for (let count = 0; count < 4; count += 1) {
      expect((await as(bad()).send('GET', '/v1/self', undefined, headers)).status).to.equal(401);
    }
  }

  for (const { name, ask } of DOORS) {
    it(`answers a bad credential at ${name} 401 as often as it is allowed, and then 429`, async () => {
      const headers = fresh();
      for (let count = 0; count < 4; count += 1) expect((await ask(as(bad()), headers)).status).to.equal(401);
      expectLimited(await ask(as(bad()), headers), 'failures', 'q=4;w=60', 15);
    });

    it(`serves a good credential at ${name} from an address that is held back`, async () => {
      const headers = fresh();
      await exhausted(headers);
      const good = as(name === 'SCIM' ? scim : daemon.adminToken);
      for (let count = 0; count < 10; count += 1) expect((await ask(good, headers)).status).to.equal(200);
    });
  }

  it('is one for all doors', async () => {
    const headers = fresh();
    for (const { ask } of DOORS.slice(0, 4)) expect((await ask(as(bad()), headers)).status).to.equal(401);
    for (const { ask } of DOORS) expect((await ask(as(bad()), headers)).status).to.equal(429);
  });

  it('goes by the address, and lets one more through when the time has come', async () => {
    const headers = fresh();
    await exhausted(headers);
    const attempt = async (from: Record<string, string>) =>
      (await as(bad()).send('GET', '/v1/self', undefined, from)).status;
    expect(await attempt(headers)).to.equal(429);
    expect(await attempt(fresh()), 'from elsewhere').to.equal(401);
    clock.advance(14_999);
    expect(await attempt(headers)).to.equal(429);
    clock.advance(1);
    expect([await attempt(headers), await attempt(headers)]).to.deep.equal([401, 429]);
  });

  it('still asks for a credential: a client that sends its own only when asked gets through', async () => {
    const headers = fresh();
    await exhausted(headers);
    const asked = await as().send('GET', '/v1/self', undefined, headers);
    expect(asked.status).to.equal(401);
    expect(asked.headers['www-authenticate']).to.include('Bearer');
    expect((await as(daemon.adminToken).send('GET', '/v1/self', undefined, headers)).status).to.equal(200);
  });

  it('does not count requests without a credential', async () => {
    const headers = fresh();
    for (let count = 0; count < 10; count += 1) await as().send('GET', '/v1/self', undefined, headers);
    await exhausted(headers);
  });

  it('counts a bad token that is presented to be exchanged', async () => {
    const headers = { ...fresh(), ...FORM };
    const exchange = () => {
      const grant = 'urn:ietf:params:oauth:grant-type:token-exchange';
      const type = 'urn:ietf:params:oauth:token-type:access_token';
      const form = `grant_type=${grant}&subject_token=${bad()}&subject_token_type=${type}`;
      return as().send('POST', '/v1/oauth/token', form, headers);
    };
    for (let count = 0; count < 4; count += 1) expect((await exchange()).body).to.include({ error: 'invalid_request' });
    const limited = await exchange();
    expectLimited(limited, 'failures', 'q=4;w=60', 15);
    expect(limited.body).to.include({ error: 'temporarily_unavailable' });
  });

  it('does not count what a good credential is refused', async () => {
    const headers = fresh();
    const refused = await as(scim).send('GET', '/v1/self', undefined, headers);
    expect(refused.status).to.equal(403);
    for (let count = 0; count < 10; count += 1) await as(scim).send('GET', '/v1/self', undefined, headers);
    await exhausted(headers);
  });

  it('holds no trusted proxy and nobody on the machine itself back', async () => {
    for (const address of ['', '10.0.0.1', '::1']) {
      const headers = { 'X-Forwarded-For': address };
      for (let count = 0; count < 10; count += 1) {
        expect((await as(bad()).send('GET', '/v1/self', undefined, headers)).status).to.equal(401);
      }
    }
  });

  it('is in the log, with the reason why the credential was bad', async () => {
    const headers = { ...fresh(), 'X-Request-Id': 'limited-request' };
    await exhausted(headers);
    expect((await as(bad()).send('GET', '/v1/self', undefined, headers)).status).to.equal(429);
    const lines = daemon.log.map((line) => JSON.parse(line)).filter((line) => line.request_id === 'limited-request');
    expect(lines.at(-1)).to.include({ status: 429, code: 'too-many-requests', limited: 'failures' });
    expect(lines.at(-1)).to.include({ note: 'unknown token', ip: headers['X-Forwarded-For'] });
    expect(lines[0]).to.not.have.property('limited');
  });

  it('can be switched off, and is generous by default', async () => {
    const proxies = { ACCREDIT_TRUSTED_PROXIES: '127.0.0.1' };
    const headers = { 'X-Forwarded-For': '203.0.113.1' };
    const failuresUntilLimited = async (env: Record<string, string>) => {
      const other = await startTestDaemon({ clock, env });
      try {
        for (let count = 0; count < 100; count += 1) {
          const { status } = await new Api(other.url, 'nonsense').send('GET', '/v1/self', undefined, headers);
          if (status === 429) return count;
        }
        return undefined;
      } finally {
        await other.close();
      }
    };
    expect(await failuresUntilLimited({ ...proxies, ACCREDIT_RATE_LIMIT_FAILURES: 'off' })).to.equal(undefined);
    expect(await failuresUntilLimited(proxies)).to.equal(60);
  });
});

describe('the limit of uses', () => {
  let daemon: TestDaemon;
  let clock: FakeClock;
  before(async () => {
    clock = fakeClock();
    daemon = await startTestDaemon({ clock, env: { ACCREDIT_RATE_LIMIT_USE: '3/1s' } });
  });
  after(() => daemon.close());

  /** A new token that may do anything, or is for SCIM. */
  async function token(name: string, body: { purpose?: string } = {}): Promise<Api> {
    clock.advance(1000);
    const made = await new Api(daemon.url, daemon.adminToken).put(`${ROOT}/tokens/${name}`, body);
    return new Api(daemon.url, String(made.body.secret));
  }

  for (const { name, ask } of DOORS) {
    it(`answers a token that is used at ${name} more often than allowed 429, and serves it again soon`, async () => {
      const isScim = name === 'SCIM';
      const api = await token(name.toLowerCase().replaceAll(' ', '-'), isScim ? { purpose: 'scim' } : {});
      const statuses = async () => {
        const found: number[] = [];
        for (let count = 0; count < 3; count += 1) found.push((await ask(api)).status);
        return found;
      };
      expect(await statuses()).to.deep.equal([200, 200, 200]);
      expectLimited(await ask(api), 'use', 'q=3;w=1', 1);
      clock.advance(1000);
      expect(await statuses()).to.deep.equal([200, 200, 200]);
    });
  }

  it('answers whoever asks about a token that is used too often 429, and never that it is not active', async () => {
    const [asking, asked] = [await token('asking'), await token('asked')];
    const introspect = () => asking.send('POST', '/v1/introspect', `token=${asked.token}`, FORM);
    const authorize = () => asked.send('GET', '/v1/authorize');
    expect((await introspect()).body).to.include({ active: true });
    expect([(await authorize()).status, (await authorize()).status]).to.deep.equal([200, 200]);
    expectLimited(await introspect(), 'use', 'q=3;w=1', 1);
    expect((await authorize()).status).to.equal(429);
    expect((await asking.send('GET', '/v1/self')).status, 'whoever asked').to.equal(200);
    clock.advance(1000);
    expect((await introspect()).body).to.include({ active: true });
  });

  it('goes by the token: another one of the same account is served', async () => {
    const [one, other] = [await token('one'), await token('other')];
    for (let count = 0; count < 4; count += 1) await one.send('GET', '/v1/self');
    expect((await one.send('GET', '/v1/self')).status).to.equal(429);
    expect((await other.send('GET', '/v1/self')).status).to.equal(200);
  });

  it('is not got around by a rotation, and changes nothing when it refuses', async () => {
    const [reader, api] = [await token('reader'), await token('rotating')];
    const address = `${ROOT}/tokens/rotating`;
    for (let count = 0; count < 3; count += 1) await api.send('GET', '/v1/self');
    const admin = new Api(daemon.url, daemon.adminToken);
    const { body } = await admin.post(`${address}/rotation`, { overlap: '1h' });
    const rotated = new Api(daemon.url, String(body.secret));
    const before = await reader.get(address);
    expect((await rotated.put(address, { description: 'changed' })).status).to.equal(429);
    expect(before.status).to.equal(200);
    expect((await reader.get(address)).body).to.deep.equal(before.body);
  });

  it('holds no token back that revokes itself: somebody else may be using it', async () => {
    const leaked = await token('leaked');
    for (let count = 0; count < 4; count += 1) await leaked.send('GET', '/v1/self');
    const form = `client_id=root&client_secret=${leaked.token}&token=${leaked.token}`;
    const { status, text } = await leaked.as(undefined).send('POST', '/v1/oauth/revoke', form, FORM);
    expect(status, text).to.equal(200);
    expect((await leaked.send('GET', '/v1/authorize')).status).to.equal(401);
  });

  it('never makes a bad credential of a good one: a bad one is 401 and no use', async () => {
    const api = await token('other-kind');
    for (let count = 0; count < 10; count += 1) {
      expect((await new Api(daemon.url, bad()).send('GET', '/v1/self')).status).to.equal(401);
    }
    expect((await api.send('GET', '/v1/self')).status).to.equal(200);
  });
});
