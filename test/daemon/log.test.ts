/** The log of a running daemon: one line for each request, at every door, whatever becomes of it. */
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { expect } from 'chai';
import { mintToken } from '../../terraform-provider-spec/token.ts';
import { readText } from '../architecture/sources.ts';
import { Api } from '../contract/api.ts';
import { startTestDaemon, type TestDaemon } from '../support/daemon.ts';

const ROOT = 'organizations/default/accounts/root';
const BOOTSTRAP = `${ROOT}/tokens/bootstrap`;
const FORM = { 'Content-Type': 'application/x-www-form-urlencoded' };

type Line = Readonly<Record<string, unknown>>;

describe('the request log', () => {
  let daemon: TestDaemon;
  let owner: Api;
  before(async () => {
    daemon = await startTestDaemon({
      env: { ACCREDIT_RATE_LIMIT_FAILURES: '1/60m', ACCREDIT_TRUSTED_PROXIES: '127.0.0.1' },
    });
    owner = new Api(daemon.url, daemon.adminToken);
  });
  after(() => daemon.close());

  const lines = (from = 0): Line[] =>
    daemon.log
      .slice(from)
      .map((line) => JSON.parse(line) as Line)
      .filter(({ msg }) => msg === 'request');

  /** The lines that `work` leads to, once there are so many. */
  async function during(work: () => Promise<unknown>, count = 1): Promise<Line[]> {
    const from = daemon.log.length;
    await work();
    const deadline = Date.now() + 5000;
    while (lines(from).length < count && Date.now() < deadline) await new Promise((resolve) => setImmediate(resolve));
    expect(lines(from)).to.have.lengthOf(count);
    return lines(from);
  }

  const lineOf = async (work: () => Promise<unknown>): Promise<Line> => (await during(work))[0] as Line;

  /** Sends bytes as they are, and resolves to all that comes back. */
  async function raw(...parts: string[]): Promise<string> {
    const socket = await opened();
    for (const part of parts) socket.write(part);
    let text = '';
    socket.setEncoding('latin1').on('data', (chunk: string) => {
      text += chunk;
    });
    await once(socket, 'close');
    return text;
  }

  async function opened(): Promise<Socket> {
    const { port } = new URL(daemon.url);
    const socket = connect(Number(port), '127.0.0.1');
    socket.on('error', () => undefined);
    await once(socket, 'connect');
    return socket;
  }

  it('has a line for a request at each door, with who asked by which token, and what came of it', async () => {
    const { body } = await owner.put(`${ROOT}/tokens/scim`, { purpose: 'scim' });
    const scim = owner.as(String(body.secret));
    const cases: readonly (readonly [() => Promise<unknown>, Line])[] = [
      [() => owner.send('GET', '/v1/self'), { path: '/v1/self', status: 200, token: BOOTSTRAP }],
      [() => owner.put('organizations/default/teams/a', {}), { status: 201, outcome: 'created', token: BOOTSTRAP }],
      [() => owner.get('organizations/default/teams/none'), { status: 404, code: 'not-found', token: BOOTSTRAP }],
      [() => owner.send('GET', '/nothing'), { path: '/nothing', status: 404, code: 'not-found' }],
      [() => owner.send('DELETE', '/healthz'), { method: 'DELETE', status: 405, code: 'method-not-allowed' }],
      [() => owner.send('GET', '/healthz'), { path: '/healthz', status: 200 }],
      [() => owner.send('GET', '/metrics'), { path: '/metrics', status: 200, token: BOOTSTRAP }],
      [() => scim.send('GET', '/scim/v2/Users'), { path: '/scim/v2/Users', status: 200, token: `${ROOT}/tokens/scim` }],
      [() => scim.send('GET', '/scim/v2/Nothing'), { status: 404, token: `${ROOT}/tokens/scim` }],
      [() => scim.send('GET', '/v1/self'), { status: 403, code: 'forbidden' }],
      [() => owner.send('GET', '/.well-known/jwks.json'), { path: '/.well-known/jwks.json', status: 200 }],
    ];
    for (const [work, expected] of cases) {
      const line = await lineOf(work);
      expect(line).to.deep.include(expected);
      expect(line).to.include({ level: 'info', ip: '127.0.0.1' });
      expect(line).to.include.keys('time', 'request_id', 'method', 'path', 'ms');
    }
  });

  it('says what was asked about a token and what was decided, also for an answer from memory', async () => {
    const query = 'organization=default&permission=apps.read&scope=teams/a';
    const asked = { organization: 'default', permission: 'apps.read', scope: 'teams/a' };
    for (const _time of ['made', 'known', 'known']) {
      const line = await lineOf(() => owner.send('GET', `/v1/authorize?${query}`));
      expect(line).to.deep.include({ status: 200, path: '/v1/authorize', asked, token: BOOTSTRAP });
      const form = `token=${daemon.adminToken}&permission=apps.read`;
      const found = await lineOf(() => owner.send('POST', '/v1/introspect', form, FORM));
      expect(found).to.deep.include({ asked: { permission: 'apps.read' }, decision: 'allowed', about: BOOTSTRAP });
      const bad = await lineOf(() => owner.send('POST', '/v1/introspect', `token=${mintToken('sa')}`, FORM));
      expect(bad).to.deep.include({ status: 200, decision: 'unauthenticated', token: BOOTSTRAP });
      expect(bad).to.not.have.any.keys('asked', 'about');
      expect(await lineOf(() => owner.send('GET', '/v1/authorize'))).to.not.have.property('asked');
    }
  });

  it('says why a credential was refused, and what held a request back', async () => {
    const from = { 'X-Forwarded-For': '203.0.113.9' };
    const bad = owner.as(mintToken('sa'));
    const refused = await lineOf(() => bad.send('GET', '/v1/self', undefined, from));
    expect(refused).to.include({ status: 401, code: 'unauthenticated', note: 'unknown token', ip: '203.0.113.9' });
    const limited = await lineOf(() => bad.send('GET', '/v1/self', undefined, from));
    expect(limited).to.include({ status: 429, code: 'too-many-requests', limited: 'failures', note: 'unknown token' });
  });

  it('says what is wrong with a question, since proxies keep the answer from whoever wrote it', async () => {
    const misspelt = await lineOf(() => owner.send('GET', `/v1/authorize?permision=a.b`));
    expect(misspelt).to.include({ status: 400, code: 'invalid-query' });
    expect(misspelt.note).to.include('"permision" is no query parameter').and.include('"permission" is');
    const impossible = await lineOf(() => owner.send('GET', '/v1/authorize?permission=a.b&scope=shop'));
    expect(impossible.note).to.include('The query parameter scope must be');
    const form = `token=${daemon.adminToken}&permission=orders`;
    const asked = await lineOf(() => owner.send('POST', '/v1/introspect', form, FORM));
    expect(asked).to.include({ status: 422, code: 'invalid' });
    expect(asked.note).to.include('"permission" must be');
    const named = await lineOf(() => owner.send('GET', `/v1/authorize?${secret}=1`));
    expect(named.note).to.include('is no query parameter');
    expect(JSON.stringify(named)).to.not.include(secret.slice(7, 30));
  });

  it('has a line for a request whose client went away', async () => {
    const line = await lineOf(async () => {
      const socket = await opened();
      socket.write(
        `PUT /v1/organizations/default/teams/b HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${daemon.adminToken}\r\n` +
          'Content-Type: application/json\r\nContent-Length: 100\r\nExpect: 100-continue\r\n\r\n',
      );
      await once(socket, 'data');
      socket.destroy();
    });
    expect(line).to.deep.include({ aborted: true, path: '/v1/organizations/default/teams/b', token: BOOTSTRAP });
  });

  const secret = mintToken('sa');
  for (const [what, bytes, status, note] of [
    ['no HTTP at all', `${secret}\r\n\r\n`, 400, /^HPE_/],
    ['TLS where HTTP is spoken', '\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03', 400, /^TLS_CLIENT_HELLO$/],
    ['a method that there is not', `LOOK /v1/self?${secret} HTTP/1.1\r\nHost: x\r\n\r\n`, 400, /^HPE_/],
    ['a header that is none', `GET /v1/self HTTP/1.1\r\nHost: x\r\n${secret}\r\n\r\n`, 400, /^HPE_/],
    ['headers that are too large', `GET / HTTP/1.1\r\nHost: x\r\nX: ${secret.repeat(400)}\r\n\r\n`, 431, /^HPE_HEADER/],
    ['a request to connect to elsewhere', `CONNECT ${secret}:443 HTTP/1.1\r\nHost: x\r\n\r\n`, 405, /^CONNECT$/],
  ] as const) {
    it(`has a line for ${what}, and nothing of it in the line`, async () => {
      let answer = '';
      const line = await lineOf(async () => {
        answer = await raw(bytes);
      });
      expect(answer)
        .to.match(new RegExp(`^HTTP/1\\.1 ${status} `))
        .and.include(`X-Request-Id: ${line.request_id}`);
      expect(line).to.include({ status, code: 'malformed-request', ip: '127.0.0.1' });
      expect(line.note).to.match(note);
      for (const text of [answer, JSON.stringify(line)]) expect(text).to.not.include(secret.slice(7, 30));
    });
  }

  it('has a line for a request without a host, which is refused', async () => {
    const line = await lineOf(async () => {
      expect(await raw('GET /healthz HTTP/1.1\r\nConnection: close\r\n\r\n')).to.match(/^HTTP\/1\.1 400 /);
    });
    expect(line).to.include({ path: '/healthz', status: 400, code: 'malformed-request' });
    const old = await lineOf(async () => {
      expect(await raw('GET /healthz HTTP/1.0\r\n\r\n')).to.match(/^HTTP\/1\.1 200 /);
    });
    expect(old).to.include({ path: '/healthz', status: 200 });
  });

  it('holds no token of a path, however it is written there', async () => {
    const octets = (text: string) => text.replaceAll(/./g, (letter) => `%${letter.charCodeAt(0).toString(16)}`);
    for (const written of [secret.replaceAll('_', '%5F'), secret.replaceAll('_', '%5f'), octets(secret)]) {
      const line = await lineOf(() => owner.send('GET', `/v1/organizations/${written}/%c3%a9`));
      expect(line.path).to.match(/^\/v1\/organizations\/acr_\[redacted\]\//);
    }
    const { path } = await lineOf(() => owner.send('GET', '/v1/organizations/%c3%a9%5f'));
    expect(path, 'what holds none is logged as it came').to.equal('/v1/organizations/%c3%a9%5f');
  });

  it('has a line for a request that expects what nobody knows', async () => {
    const line = await lineOf(async () => {
      const request = 'GET /healthz HTTP/1.1\r\nHost: x\r\nConnection: close\r\nExpect: miracles\r\n\r\n';
      expect(await raw(request)).to.match(/^HTTP\/1\.1 200 /);
    });
    expect(line).to.include({ path: '/healthz', status: 200 });
  });

  it('has one line, and not two, for a request whose body breaks off in nonsense', async () => {
    const line = await lineOf(() =>
      raw(
        `PUT /v1/organizations/default/teams/c HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${daemon.adminToken}\r\n` +
          'Content-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n',
        `2\r\n{}\r\n${secret}\r\n`,
      ),
    );
    expect(line).to.include({ path: '/v1/organizations/default/teams/c' });
    expect((await owner.get('organizations/default/teams/c')).status).to.equal(404);
  });

  it('has no line for a connection on which nothing was asked', async () => {
    const [line] = await during(async () => {
      const socket = await opened();
      socket.resetAndDestroy();
      await owner.send('GET', '/healthz');
    });
    expect(line).to.include({ path: '/healthz' });
  });

  it('has the fields that docs/operations.md explains, and no other', () => {
    const [, section = ''] = readText('docs/operations.md').split('## The log');
    const explained = [...section.matchAll(/^\| (`.*?`) \|/gm)].flatMap(([, cell = '']) =>
      [...cell.matchAll(/`([a-z_]+)`/g)].map(([, field]) => field),
    );
    expect([...new Set(lines().flatMap((line) => Object.keys(line)))]).to.have.members(explained);
  });

  it('holds none of all these tokens', () => {
    const text = daemon.log.join('');
    for (const token of [secret, daemon.adminToken]) expect(text).to.not.include(token.slice(7, 30));
  });
});
