import { readFileSync } from 'node:fs';
import http from 'node:http';
import https from 'node:https';
import type { AddressInfo } from 'node:net';
import { expect } from 'chai';
import { Client, type ClientOptions } from '../../client/client.ts';
import { ApiError, ConnectionError } from '../../client/errors.ts';
import type { Clock } from '../../client/retry.ts';
import { VERSION } from '../../client/version.ts';
import { createCertificate } from '../../terraform-provider/plugin/certificate.ts';

type Answer = { status: number; headers?: Record<string, string>; body?: unknown } | 'drop' | 'hang';
interface Seen {
  method: string;
  url: string;
  headers: http.IncomingHttpHeaders;
  body: string;
}

const TOKEN = 'acr_sa_0000000000000000000000000000000000000000000000';
const ADDRESS = 'organizations/default/accounts/ci/tokens/deploy';

describe('the API client', () => {
  let server: http.Server;
  let answers: Answer[];
  let seen: Seen[];
  let sleeps: number[];
  let clock: Clock;
  let clients: Client[];

  beforeEach(async () => {
    answers = [];
    seen = [];
    sleeps = [];
    clients = [];
    let now = 0;
    clock = {
      now: () => now,
      sleep: async (milliseconds) => {
        sleeps.push(milliseconds);
        now += milliseconds;
      },
      random: () => 0.5,
    };
    server = http.createServer(async (request, response) => {
      let body = '';
      for await (const chunk of request) body += chunk;
      seen.push({ method: request.method ?? '', url: request.url ?? '', headers: request.headers, body });
      const answer = answers.length > 1 ? answers.shift() : answers[0];
      if (answer === undefined || answer === 'drop') request.socket.destroy();
      else if (answer !== 'hang') {
        const text = typeof answer.body === 'string' ? answer.body : JSON.stringify(answer.body ?? {});
        response.writeHead(answer.status, { 'content-type': 'application/json', ...answer.headers });
        response.end(answer.status === 204 ? undefined : text);
      }
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  });

  afterEach(async () => {
    for (const client of clients) client.close();
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });

  function client(options: Partial<ClientOptions> = {}): Client {
    const { port } = server.address() as AddressInfo;
    const made = new Client({ endpoint: `http://127.0.0.1:${port}`, token: TOKEN, clock, ...options });
    clients.push(made);
    return made;
  }

  const problem = (status: number, code: string, more: object = {}): Answer => ({
    status,
    headers: { 'content-type': 'application/problem+json' },
    body: { type: 'about:blank', title: 'x', status, code, detail: `about ${code}`, ...more },
  });
  const stored = (body: object = {}): Answer => ({
    status: 200,
    headers: { etag: '"u.1"', 'accredit-outcome': 'updated' },
    body,
  });

  async function failure(promise: Promise<unknown>): Promise<unknown> {
    try {
      await promise;
    } catch (error) {
      return error;
    }
    throw new Error('it did not fail');
  }

  it('sends the headers of the contract and reads outcome, entity tag and secret', async () => {
    answers = [
      {
        status: 201,
        headers: { etag: '"u.1"', 'accredit-outcome': 'created' },
        body: { secret: 's', address: ADDRESS },
      },
    ];
    const made = await client({ product: 'accredit-terraform', manager: 'terraform' }).put(
      ADDRESS,
      { expires_in: '90d' },
      { claim: 'c1', adopt: true, allowSelf: true, ifMatch: '"u.0"', idempotencyKey: 'k1' },
    );
    expect(made).to.deep.equal({
      resource: { secret: 's', address: ADDRESS },
      etag: '"u.1"',
      outcome: 'created',
      warnings: [],
    });
    expect(seen[0]).to.include({ method: 'PUT', url: `/v1/${ADDRESS}`, body: '{"expires_in":"90d"}' });
    expect(seen[0]?.headers).to.include({
      authorization: `Bearer ${TOKEN}`,
      'user-agent': `accredit-terraform/${VERSION}`,
      'accredit-manager': 'terraform',
      'accredit-claim': 'c1',
      'accredit-adopt': 'true',
      'accredit-allow-self': 'true',
      'if-match': '"u.0"',
      'idempotency-key': 'k1',
      'content-type': 'application/json',
    });
  });

  it('names the version of the package', () => {
    const { version } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8'));
    expect(VERSION).to.equal(version);
  });

  it('repeats a PUT whose answer was lost with the same Idempotency-Key', async () => {
    answers = ['drop', 'drop', stored()];
    await client().put(ADDRESS, {});
    const keys = seen.map((request) => request.headers['idempotency-key']);
    expect(keys).to.have.length(3);
    expect(new Set(keys).size).to.equal(1);
    expect(keys[0]).to.match(/^[0-9a-f-]{36}$/);
  });

  it('gives every PUT a key of its own', async () => {
    answers = [stored()];
    await client().put(ADDRESS, {});
    await client().put(ADDRESS, {});
    expect(seen[0]?.headers['idempotency-key']).not.to.equal(seen[1]?.headers['idempotency-key']);
  });

  for (const status of [429, 502, 503, 504]) {
    it(`tries again after ${status}`, async () => {
      answers = [problem(status, 'x'), stored({ name: 'deploy' })];
      expect((await client().get(ADDRESS)).resource).to.deep.equal({ name: 'deploy' });
    });
  }

  it('confirms deliveries with the hashes of the secrets, and tells what is not confirmed', async () => {
    const refused = [{ address: ADDRESS, code: 'rotation-conflict', detail: 'another secret' }];
    answers = ['drop', stored({ outcome: 'updated', confirmed: 0, refused })];
    const found = await client().confirmDeliveries(
      'organizations/default/manifests/m',
      new Map([[ADDRESS, 'sha256:ab']]),
    );
    expect(found).to.deep.equal(refused);
    expect(seen[1]).to.include({
      method: 'POST',
      url: '/v1/organizations/default/manifests/m/delivered',
      body: JSON.stringify({ tokens: [{ address: ADDRESS, secret_hash: 'sha256:ab' }] }),
    });
    expect(seen[0]?.headers['idempotency-key']).to.equal(seen[1]?.headers['idempotency-key']);
    answers = [stored({ name: 'proxy' })];
    expect(await failure(client().confirmDeliveries('m', new Map()))).to.include({ code: 'unexpected-answer' });
  });

  it('waits while the first request with the same key still runs', async () => {
    answers = [problem(409, 'request-in-progress'), stored()];
    await client().put(ADDRESS, {});
    expect(seen).to.have.length(2);
  });

  for (const [status, code] of [
    [400, 'malformed-request'],
    [401, 'unauthenticated'],
    [403, 'forbidden'],
    [404, 'not-found'],
    [409, 'managed-by-another'],
    [412, 'precondition-failed'],
    [422, 'invalid'],
    [500, 'internal'],
  ] as const) {
    it(`does not repeat what ${status} ${code} refused`, async () => {
      answers = [problem(status, code, { errors: [{ pointer: '/a', detail: 'b' }], request_id: 'r1' })];
      const error = await failure(client().put(ADDRESS, {}));
      expect(error)
        .to.be.instanceOf(ApiError)
        .and.include({ status, code, detail: `about ${code}`, requestId: 'r1' });
      expect((error as ApiError).errors).to.deep.equal([{ pointer: '/a', detail: 'b' }]);
      expect(seen).to.have.length(1);
    });
  }

  it('says of a refusal whether it answers a repetition, after which nobody knows what the first request did', async () => {
    answers = [problem(401, 'unauthenticated')];
    expect(await failure(client().put(ADDRESS, {}))).to.include({ status: 401, isRepeated: false });
    answers = ['drop', problem(401, 'unauthenticated')];
    expect(await failure(client().put(ADDRESS, {}))).to.include({ status: 401, isRepeated: true });
    answers = [problem(503, 'unavailable'), problem(403, 'forbidden')];
    expect(await failure(client().put(ADDRESS, {}))).to.include({ status: 403, isRepeated: true });
  });

  it('pauses longer each time, and never past the deadline', async () => {
    answers = [problem(503, 'unavailable')];
    const error = await failure(client({ deadline: 3_000 }).get(ADDRESS));
    expect(error).to.include({ status: 503, code: 'unavailable' });
    expect(sleeps).to.deep.equal([150, 300, 600, 1200]);
  });

  it('waits as long as Retry-After says', async () => {
    answers = [
      { status: 429, headers: { 'retry-after': '7' } },
      {
        status: 503,
        headers: { date: 'Mon, 01 Jan 2024 00:00:00 GMT', 'retry-after': 'Mon, 01 Jan 2024 00:00:09 GMT' },
      },
      stored(),
    ];
    await client().get(ADDRESS);
    expect(sleeps).to.deep.equal([7_000, 9_000]);
  });

  it('gives up at once when Retry-After lies beyond the deadline', async () => {
    answers = [problem(429, 'too-many-requests')];
    (answers[0] as { headers: Record<string, string> }).headers['retry-after'] = '3600';
    expect(await failure(client().get(ADDRESS))).to.include({ status: 429 });
    expect(sleeps).to.deep.equal([]);
  });

  it('says which endpoint does not answer when the daemon is down', async () => {
    const unused = client({ deadline: 9_000 });
    await new Promise((resolve) => server.close(resolve));
    const error = await failure(unused.get(ADDRESS));
    expect(error).to.be.instanceOf(ConnectionError).and.include({ code: 'ECONNREFUSED' });
    expect((error as Error).message).to.match(/^http:\/\/127\.0\.0\.1:\d+ cannot be reached: connect ECONNREFUSED/);
    expect(sleeps).to.deep.equal([150, 300, 600, 1200]);
    server.listen(0, '127.0.0.1');
  });

  it('takes an answer that is no problem of the daemon for what it is, and quotes none of it', async () => {
    answers = [{ status: 404, headers: { 'content-type': 'text/html' }, body: '<h1>nothing</h1>' }];
    const error = await failure(client().get(ADDRESS));
    expect(error).to.include({ status: 404, code: 'unexpected-answer' });
    expect((error as Error).message).not.to.include('nothing');
  });

  it('refuses a 200 that holds no JSON, and a write without an outcome', async () => {
    answers = [{ status: 200, body: '<html>' }];
    expect(await failure(client().get(ADDRESS))).to.include({ code: 'unexpected-answer' });
    answers = [{ status: 204 }];
    expect(await failure(client().delete(ADDRESS))).to.include({ code: 'unexpected-answer' });
  });

  it('follows no redirect', async () => {
    answers = [{ status: 302, headers: { location: 'http://127.0.0.1:1/' } }];
    expect(await failure(client().get(ADDRESS))).to.include({ status: 302, code: 'unexpected-answer' });
    expect(seen).to.have.length(1);
  });

  it('passes claim and cascade of a DELETE in the query', async () => {
    answers = [{ status: 204, headers: { 'accredit-outcome': 'slot-ended' } }];
    expect(await client().delete(ADDRESS, { claim: 'c/1', cascade: false })).to.equal('slot-ended');
    expect(seen[0]?.url).to.equal(`/v1/${ADDRESS}?claim=c%2F1&cascade=false`);
    await client().delete(ADDRESS);
    expect(seen[1]?.url).to.equal(`/v1/${ADDRESS}`);
  });

  it('reads a dry run, which carries no Idempotency-Key', async () => {
    answers = [
      {
        status: 200,
        body: {
          outcome: 'rotated',
          changed: ['/rotation'],
          cuts_off: ['the secret'],
          warnings: ['too long'],
          resource: { name: 'deploy' },
        },
      },
      { status: 200, body: { outcome: 'rotated', changed: [], cuts_off: [], warnings: [] } },
    ];
    const expected = { outcome: 'rotated', changed: ['/rotation'], cutsOff: ['the secret'], warnings: ['too long'] };
    const plan = await client().planPut(ADDRESS, { rotation: '2' });
    expect(plan).to.deep.equal({ ...expected, parts: [], resource: { name: 'deploy' } });
    expect((await client().planRotate(ADDRESS)).resource).to.equal(undefined);
    expect(seen.map(({ method, url }) => `${method} ${url}`)).to.deep.equal([
      `PUT /v1/${ADDRESS}?dry_run=true`,
      `POST /v1/${ADDRESS}/rotation?dry_run=true`,
    ]);
    for (const { headers } of seen) expect(headers).not.to.have.property('idempotency-key');
  });

  it('rotates by POST with an Idempotency-Key', async () => {
    answers = [{ status: 200, headers: { 'accredit-outcome': 'rotated' }, body: { secret: 's' } }];
    expect((await client().rotate(ADDRESS, { overlap: '1h' })).resource).to.deep.equal({ secret: 's' });
    expect(seen[0]).to.include({ method: 'POST', url: `/v1/${ADDRESS}/rotation`, body: '{"overlap":"1h"}' });
    expect(seen[0]?.headers).to.have.property('idempotency-key');
  });

  it('lists every page', async () => {
    answers = [
      { status: 200, body: { items: [{ name: 'a' }, { name: 'b' }], next_cursor: 'n 1' } },
      { status: 200, body: { items: [{ name: 'c' }], next_cursor: null } },
    ];
    const names = [];
    for await (const item of client().list('organizations/default/accounts', { limit: 2, labels: ['a:b', 'c'] })) {
      names.push(item.name);
    }
    expect(names).to.deep.equal(['a', 'b', 'c']);
    expect(seen.map(({ url }) => url)).to.deep.equal([
      '/v1/organizations/default/accounts?limit=2&label=a%3Ab&label=c',
      '/v1/organizations/default/accounts?cursor=n+1&limit=2&label=a%3Ab&label=c',
    ]);
  });

  it('works below a path', async () => {
    const answer = {
      organization: 'organizations/acme',
      permissions: ['*'],
      permissions_by_scope: [{ scope: 'organization', permissions: ['*'] }],
      confined_to: 'organization',
      identifier: 'i',
      address: 'a',
      token: 'a/tokens/t',
      valid_until: '2027-01-01T00:00:00.000Z',
    };
    answers = [{ status: 200, body: answer }];
    const { port } = server.address() as AddressInfo;
    const self = await client({ endpoint: `http://127.0.0.1:${port}/accredit/` }).self();
    expect(seen[0]?.url).to.equal('/accredit/v1/self');
    expect(self).to.deep.equal({
      identifier: 'i',
      address: 'a',
      organization: 'acme',
      permissions: ['*'],
      permissionsByScope: [{ scope: 'organization', permissions: ['*'] }],
      confinedTo: 'organization',
      token: 'a/tokens/t',
      validUntil: '2027-01-01T00:00:00.000Z',
      answer,
    });
  });

  describe('over TLS', () => {
    const certificate = createCertificate();
    let secure: https.Server;
    let endpoint: string;

    beforeEach(async () => {
      secure = https.createServer({ key: certificate.key, cert: certificate.certificate }, (_request, response) => {
        response.writeHead(200, { 'content-type': 'application/json' }).end('{"name":"deploy"}');
      });
      await new Promise<void>((resolve) => secure.listen(0, 'localhost', resolve));
      endpoint = `https://localhost:${(secure.address() as AddressInfo).port}`;
    });
    afterEach(() => {
      secure.closeAllConnections();
      secure.close();
    });

    it('trusts the certificates that it is given', async () => {
      const trusting = client({ endpoint, caCertificate: certificate.certificate });
      expect((await trusting.get(ADDRESS)).resource).to.deep.equal({ name: 'deploy' });
    });

    it('sends nothing to a server that it does not trust, and does not insist', async () => {
      expect(await failure(client({ endpoint }).get(ADDRESS))).to.be.instanceOf(ConnectionError);
      expect(sleeps).to.deep.equal([]);
    });
  });

  it('stops at once when aborted, with the reason of the signal', async () => {
    answers = ['hang'];
    const controller = new AbortController();
    server.once('request', () => controller.abort(new Error('Terraform stops')));
    expect(await failure(client().get(ADDRESS, { signal: controller.signal }))).to.have.property(
      'message',
      'Terraform stops',
    );
  });

  it('refuses endpoints that are none', () => {
    for (const endpoint of ['', 'localhost:7345', 'ftp://x', 'https://user:pw@x', 'https://x/?a=b']) {
      expect(() => new Client({ endpoint, token: TOKEN }), endpoint).to.throw(TypeError);
    }
  });

  it('never puts the token into an error', async () => {
    answers = [problem(401, 'unauthenticated')];
    const error = await failure(client().get(ADDRESS));
    expect(JSON.stringify(error) + (error as Error).stack).not.to.include(TOKEN);
  });
});
