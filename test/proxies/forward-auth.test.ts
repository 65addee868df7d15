/** What holds behind each proxy, configured as its example says. */
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { Agent, createServer, type IncomingHttpHeaders, request, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { createCertificate } from '../../terraform-provider/plugin/certificate.ts';
import type { JsonObject } from '../../terraform-provider-spec/kind.ts';
import { mintToken } from '../../terraform-provider-spec/token.ts';
import { startTestDaemon, type TestDaemon } from '../support/daemon.ts';
import { freeAddress, PROXIES, programOf, type RunningProxy, startProxy } from './proxies.ts';

const ORGANIZATION = '/v1/organizations/default';

/** A request as the protected service got it. */
interface Received {
  readonly method: string;
  readonly url: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

type Headers = Readonly<Record<string, string | string[]>>;

interface Sending {
  readonly method?: string;
  readonly headers?: Headers;
  readonly body?: string | Buffer;
  readonly agent?: Agent;
  /** The address that the client comes from. */
  readonly from?: string;
}

interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

for (const proxy of PROXIES) {
  const isThere = programOf(proxy) !== undefined || (process.env.CI === 'true' && proxy.needed);
  (isThere ? describe : describe.skip)(`a service behind ${proxy.name}`, function () {
    this.timeout(30_000);
    const received: Received[] = [];
    let service: Server;
    let dataDirectory: string;
    let listen: string;
    let front: string;
    let daemon: TestDaemon;
    let adminToken: string;
    let running: RunningProxy;
    let reader: string;
    let writer: string;
    let nobody: string;

    const { asksAuthorize } = proxy;
    const { certificate, key } = createCertificate();
    /** What is answered where a good token does not allow it, and where Accredit is away. */
    const forbidden = asksAuthorize ? 403 : 401;
    const away = asksAuthorize ? [502, 503] : [401];
    const onlyAsked = asksAuthorize ? it : () => undefined;
    const startDaemon = () =>
      startTestDaemon({
        dataDirectory,
        env: {
          ACCREDIT_LISTEN: listen,
          ACCREDIT_TRUSTED_PROXIES: '127.0.0.1',
          ACCREDIT_RATE_LIMIT_USE: '200/60m',
          ...(!asksAuthorize && { ACCREDIT_TLS_CERTIFICATE: certificate, ACCREDIT_TLS_KEY: key }),
        },
      });
    const put = async (path: string, body: JsonObject = {}): Promise<JsonObject> => {
      const answer = await daemon.as(adminToken).put(`${ORGANIZATION}${path}`).trustLocalhost().send(body);
      expect(answer.status, answer.text).to.be.below(300);
      return answer.body;
    };
    const account = async (name: string, role: string, token: JsonObject = {}): Promise<string> => {
      await put(`/accounts/${name}`, { grants: [{ role }] });
      return (await put(`/accounts/${name}/tokens/t`, token)).secret as string;
    };
    const send = (path: string, { method = 'GET', headers = {}, body, agent, from }: Sending = {}): Promise<Answer> =>
      new Promise((resolve, reject) => {
        const [host = '', port] = front.split(':');
        const options = { host, port: Number(port), path, method, headers, agent: agent ?? false, localAddress: from };
        const sent = request(options, (answer) => {
          const chunks: Buffer[] = [];
          answer.on('data', (chunk: Buffer) => chunks.push(chunk));
          answer.on('end', () =>
            resolve({
              status: answer.statusCode as number,
              headers: answer.headers,
              body: Buffer.concat(chunks).toString('utf8'),
            }),
          );
        });
        sent.on('error', reject);
        sent.end(body);
      });
    const bearer = (token: string) => ({ Authorization: `Bearer ${token}` });

    before(async () => {
      dataDirectory = await mkdtemp(join(tmpdir(), 'accredit-proxied-'));
      service = createServer((one, response) => {
        const hash = createHash('sha256');
        one.on('data', (chunk) => hash.update(chunk));
        one.on('end', () => {
          received.push({
            method: one.method as string,
            url: one.url as string,
            headers: one.headers,
            body: hash.digest('hex'),
          });
          response.end(JSON.stringify({ subject: one.headers['accredit-subject'] ?? null }));
        });
      }).listen(0, '127.0.0.1');
      await once(service, 'listening');
      [listen, front] = [await freeAddress(), await freeAddress()];
      daemon = await startDaemon();
      adminToken = daemon.adminToken;
      await put('/roles/reader', { permissions: ['orders.read'] });
      await put('/roles/writer', { permissions: ['orders.*'] });
      reader = await account('reader', 'reader');
      writer = await account('writer', 'writer');
      nobody = await account('nobody', 'none');
      await put('/roles/gateway', { permissions: ['tokens.introspect'] });
      running = await startProxy(proxy, {
        front,
        accredit: asksAuthorize ? listen : listen.replace('127.0.0.1', 'localhost'),
        service: `127.0.0.1:${(service.address() as AddressInfo).port}`,
        certificate,
        token: await account('gateway', 'gateway'),
      });
    });
    beforeEach(() => {
      received.length = 0;
    });
    after(async () => {
      await running?.stop();
      await daemon?.close();
      service?.close();
      service?.closeAllConnections();
      await rm(dataDirectory, { recursive: true, force: true });
    });

    it('is reached with a good token, and learns whose it is and not what it is', async () => {
      const answer = await send('/orders?page=2', { headers: bearer(reader) });
      expect(answer.status).to.equal(200);
      expect(received).to.have.length(1);
      expect(received[0]).to.include({ method: 'GET', url: '/orders?page=2' });
      expect(received[0]?.headers).to.include({
        'accredit-subject': 'reader@default.accredit.internal',
        'accredit-account': 'organizations/default/accounts/reader',
        'accredit-organization': 'default',
        'accredit-token': 'organizations/default/accounts/reader/tokens/t',
      });
      expect(JSON.stringify(received)).to.not.include(reader.slice(7, 40));
    });

    onlyAsked('is reached with the token as a password and as an API key', async () => {
      const presented: Headers[] = [{ Authorization: `Basic ${btoa(`reader:${reader}`)}` }, { 'X-Api-Key': reader }];
      for (const headers of presented) {
        expect((await send('/', { headers })).status).to.equal(200);
      }
      expect(JSON.stringify(received)).to.not.include(reader.slice(7, 40));
    });

    it('is not reached without a good credential: 401, and how to present one', async () => {
      const revoked = await account('revoked', 'reader');
      await put('/accounts/revoked/tokens/t', { state: 'revoked' });
      const bad: Headers[] = [
        {},
        bearer('nonsense'),
        bearer(mintToken('sa')),
        bearer(revoked),
        { 'X-Api-Key': revoked },
      ];
      for (const headers of bad) {
        const answer = await send('/', { headers });
        expect(answer.status).to.equal(401);
        expect(answer.headers['www-authenticate']).to.match(/Bearer/);
      }
      expect(received).to.deep.equal([]);
    });

    it('is not reached by who may not do that', async () => {
      expect((await send('/', { headers: bearer(nobody) })).status).to.equal(forbidden);
      expect(received).to.deep.equal([]);
    });

    onlyAsked('is asked for another permission by who would change something', async () => {
      for (const method of ['POST', 'PUT', 'DELETE', 'PATCH', 'OPTIONS']) {
        expect((await send('/', { method, headers: bearer(reader) })).status, method).to.equal(403);
        expect((await send('/', { method, headers: bearer(writer) })).status, method).to.equal(200);
      }
      expect((await send('/', { method: 'HEAD', headers: bearer(reader) })).status).to.equal(200);
      const override = { ...bearer(reader), 'X-HTTP-Method-Override': 'GET', 'X-Original-Method': 'GET' };
      expect((await send('/', { method: 'POST', headers: override })).status).to.equal(403);
    });

    it('is not reached any more by a connection that was served before, once its token is revoked', async () => {
      const agent = new Agent({ keepAlive: true, maxSockets: 1 });
      const token = await account('leaving', 'reader');
      for (let time = 1; time <= 3; time += 1) {
        expect((await send('/', { headers: bearer(token), agent })).status).to.equal(200);
      }
      await put('/accounts/leaving/tokens/t', { state: 'revoked' });
      expect((await send('/', { headers: bearer(token), agent })).status).to.equal(401);
      agent.destroy();
    });

    it('takes nobody’s word but Accredit’s for who it is', async () => {
      const forged = {
        'Accredit-Subject': 'root@default.accredit.internal',
        'accredit-account': 'organizations/default/accounts/root',
        'ACCREDIT-TOKEN': ['one', 'two'],
        'Accredit-Organization': 'acme',
      };
      expect((await send('/', { headers: { ...forged, ...bearer(reader) } })).status).to.equal(200);
      expect(JSON.stringify(received)).to.not.match(/root@|accounts\/root|acme|"one|two"/);
      expect(received[0]?.headers).to.include({ 'accredit-subject': 'reader@default.accredit.internal' });
    });

    onlyAsked('is reached from the networks of a token alone, as the proxy sees them', async () => {
      const token = await account('local', 'reader', { allowed_cidrs: ['127.0.0.2/32'] });
      const headers = bearer(token);
      expect((await send('/', { headers, from: '127.0.0.2' })).status).to.equal(200);
      expect((await send('/', { headers, from: '127.0.0.3' })).status).to.equal(401);
      for (const forged of ['127.0.0.2', '127.0.0.2, 127.0.0.1', '127.0.0.1, 127.0.0.2']) {
        const claimed = {
          ...headers,
          'X-Forwarded-For': forged,
          'X-Real-IP': '127.0.0.2',
          Forwarded: 'for=127.0.0.2',
        };
        expect((await send('/', { headers: claimed, from: '127.0.0.3' })).status, forged).to.equal(401);
      }
      expect(received).to.have.length(1);
    });

    it('gets large bodies as they were sent', async () => {
      const body = Buffer.alloc(1024 * 1024, 'accredit');
      const answer = await send('/', { method: 'POST', headers: bearer(writer), body });
      expect(answer.status).to.equal(200);
      expect(received[0]?.body).to.equal(createHash('sha256').update(body).digest('hex'));
    });

    it('is asked about whatever the path is, and no path changes the question', async () => {
      const paths = [
        '/?organization=acme&permission=orders.read',
        '/x&permission=orders.read',
        '/%26permission=orders.read%3f',
        '//orders',
        '/a%2Fb',
        '/a%2f..%2fb',
        '/%20%0d%0aAccredit-Subject:%20root',
        `/?q=${'x'.repeat(6000)}`,
        '/v1/authorize?permission=orders.read',
      ];
      for (const path of paths) {
        if (asksAuthorize) {
          expect((await send(path, { method: 'POST', headers: bearer(reader) })).status, path).to.equal(403);
        }
        expect((await send(path, { headers: bearer(nobody) })).status, path).to.equal(forbidden);
      }
      expect(received).to.deep.equal([]);
      for (const path of paths) expect((await send(path, { headers: bearer(reader) })).status, path).to.equal(200);
      expect((await send('/_accredit', {})).status).to.be.oneOf([401, 404]);
    });

    it('never gets one client for another, however many there are at once', async () => {
      const tokens = await Promise.all(
        Array.from(
          { length: 8 },
          async (_, number) => [`many${number}`, await account(`many${number}`, 'reader')] as const,
        ),
      );
      const agent = new Agent({ keepAlive: true, maxSockets: 10 });
      await Promise.all(
        Array.from({ length: 100 }, async (_, number) => {
          const [name, token] = tokens[number % tokens.length] as (typeof tokens)[number];
          const answer = await send('/', { headers: bearer(token), agent });
          expect(JSON.parse(answer.body)).to.deep.equal({ subject: `${name}@default.accredit.internal` });
        }),
      );
      agent.destroy();
    });

    onlyAsked('is held back with 429 and when to try again, where a token is used too often', async () => {
      const token = await account('busy', 'reader');
      const agent = new Agent({ keepAlive: true, maxSockets: 4 });
      const answers = await Promise.all(
        Array.from({ length: 205 }, () => send('/', { headers: bearer(token), agent })),
      );
      agent.destroy();
      const limited = answers.filter(({ status }) => status !== 200);
      expect(limited).to.have.length(5);
      for (const { status, headers } of limited) {
        expect(status).to.equal(429);
        expect(Number(headers['retry-after'])).to.be.above(0);
      }
      expect(received).to.have.length(200);
      expect((await send('/', { headers: bearer(writer) })).status).to.equal(200);
    });

    it('is not reached while Accredit is away, and is again as soon as it is back', async () => {
      await daemon.close();
      for (const headers of [bearer(reader), bearer('nonsense'), {}]) {
        expect((await send('/', { headers })).status).to.be.oneOf(away);
      }
      expect(received).to.deep.equal([]);
      daemon = await startDaemon();
      let status = 0;
      const deadline = Date.now() + 10_000;
      // Some proxies pause before they try again a server that was away.
      while (status !== 200 && Date.now() < deadline) {
        ({ status } = await send('/', { headers: bearer(reader) }));
      }
      expect(status).to.equal(200);
    });
  });
}
