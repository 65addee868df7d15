/** A service that knows nothing of tokens, the proxy in front of it, and the daemon that the proxy asks. */
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { type Agent, createServer, type IncomingHttpHeaders, request, type Server } from 'node:http';
import {
  type AddressInfo,
  createConnection,
  createServer as createTcpServer,
  type Socket,
  type Server as TcpServer,
} from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { createCertificate } from '../../terraform-provider/plugin/certificate.ts';
import type { JsonObject } from '../../terraform-provider-spec/kind.ts';
import { startTestDaemon, type TestDaemon } from '../support/daemon.ts';
import { freeAddress, type ProxyServer, programOf, type RunningProxy, startProxy } from './proxies.ts';

const ORGANIZATION = '/v1/organizations/default';

/** A request as the protected service got it. */
export interface Received {
  readonly method: string;
  readonly url: string;
  readonly headers: IncomingHttpHeaders;
  /** The hash of it. */
  readonly body: string;
}

export type Headers = Readonly<Record<string, string | string[]>>;

export interface Sending {
  readonly method?: string;
  readonly headers?: Headers;
  readonly body?: string | Buffer;
  readonly agent?: Agent;
  /** The address that the client comes from. */
  readonly from?: string;
}

export interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

/** Whether tests of this proxy are to run: it is there, or has to be. */
export function isTested(proxy: ProxyServer): boolean {
  return programOf(proxy) !== undefined || (process.env.CI === 'true' && proxy.needed);
}

export function bearer(token: string): { Authorization: string } {
  return { Authorization: `Bearer ${token}` };
}

export function sha256(body: string | Buffer): string {
  return createHash('sha256').update(body).digest('hex');
}

export class Fixture {
  /** What reached the service. */
  readonly received: Received[] = [];
  readonly #dataDirectory: string;
  /** Host and port where the daemon listens, and where clients of the proxy come. */
  readonly listen: string;
  readonly front: string;
  readonly #service: Server;
  readonly #settings: Readonly<Record<string, string>>;
  /** The PEM of what the daemon shows where it speaks TLS. */
  readonly certificate: string;
  #ahead = 0;
  #daemon: TestDaemon | undefined;
  /** The owner's. */
  adminToken = '';
  #proxy: RunningProxy | undefined;
  #hanging: TcpServer | undefined;
  readonly #held: Socket[] = [];

  private constructor(
    dataDirectory: string,
    listen: string,
    front: string,
    service: Server,
    settings: Readonly<Record<string, string>>,
    certificate: string,
  ) {
    this.#dataDirectory = dataDirectory;
    this.listen = listen;
    this.front = front;
    this.#service = service;
    this.#settings = settings;
    this.certificate = certificate;
  }

  /** Starts all three, with the roles `reader` and `writer` of what the service is. `methods` as in `Addresses`. */
  static async start(proxy: ProxyServer, methods = 'GET HEAD POST OPTIONS'): Promise<Fixture> {
    const { certificate, key } = createCertificate();
    const service = createServer().listen(0, '127.0.0.1');
    await once(service, 'listening');
    const directory = await mkdtemp(join(tmpdir(), 'accredit-proxied-'));
    const [listen, front] = [await freeAddress(), await freeAddress()];
    const tls = { ACCREDIT_TLS_CERTIFICATE: certificate, ACCREDIT_TLS_KEY: key };
    const fixture = new Fixture(directory, listen, front, service, proxy.asksAuthorize ? {} : tls, certificate);
    try {
      service.on('request', (one, response) => {
        const hash = createHash('sha256');
        one.on('data', (chunk) => hash.update(chunk));
        one.on('end', () => {
          const { method = '', url = '', headers } = one;
          fixture.received.push({ method, url, headers, body: hash.digest('hex') });
          response.end(JSON.stringify({ subject: headers['accredit-subject'] ?? null }));
        });
      });
      await fixture.startDaemon();
      await fixture.put('/roles/reader', { permissions: ['orders.read'] });
      await fixture.put('/roles/writer', { permissions: ['orders.*'] });
      await fixture.put('/roles/gateway', { permissions: ['tokens.introspect'] });
      fixture.#proxy = await startProxy(proxy, {
        front,
        accredit: proxy.asksAuthorize ? listen : listen.replace('127.0.0.1', 'localhost'),
        service: `127.0.0.1:${(service.address() as AddressInfo).port}`,
        certificate,
        token: await fixture.account('gateway', 'gateway'),
        methods,
      });
      return fixture;
    } catch (error) {
      await fixture.close();
      throw error;
    }
  }

  /** Starts the daemon where it was. */
  async startDaemon(): Promise<void> {
    this.#daemon = await startTestDaemon({
      dataDirectory: this.#dataDirectory,
      clock: { now: () => Date.now() + this.#ahead, advance: (milliseconds) => this.advance(milliseconds) },
      env: {
        ACCREDIT_LISTEN: this.listen,
        ACCREDIT_TRUSTED_PROXIES: '127.0.0.1',
        ACCREDIT_RATE_LIMIT_USE: '200/60m',
        ...this.#settings,
      },
    });
    this.adminToken ||= this.#daemon.adminToken;
  }

  async stopDaemon(): Promise<void> {
    await this.#daemon?.close();
    this.#daemon = undefined;
  }

  /** Puts something in the daemon's place that takes connections and never answers. */
  async hangDaemon(): Promise<void> {
    await this.stopDaemon();
    const [host, port] = this.listen.split(':');
    this.#hanging = createTcpServer().listen(Number(port), host);
    this.#hanging.on('connection', (socket) => {
      this.#held.push(socket);
      socket.on('error', () => undefined).resume();
    });
    await once(this.#hanging, 'listening');
  }

  /** Moves the daemon's time forward. */
  advance(milliseconds: number): void {
    this.#ahead += milliseconds;
  }

  /** PUT below the organization, as its owner. */
  async put(path: string, body: JsonObject = {}): Promise<JsonObject> {
    const agent = (this.#daemon as TestDaemon).as(this.adminToken);
    const answer = await agent.put(`${ORGANIZATION}${path}`).trustLocalhost().send(body);
    expect(answer.status, answer.text).to.be.below(300);
    return answer.body;
  }

  /** The secret of a new account's token `t`. */
  async account(name: string, role: string, token: JsonObject = {}): Promise<string> {
    await this.put(`/accounts/${name}`, { grants: [{ role }] });
    return (await this.put(`/accounts/${name}/tokens/t`, token)).secret as string;
  }

  /** What the proxy answers. */
  send(path: string, { method = 'GET', headers = {}, body, agent, from }: Sending = {}): Promise<Answer> {
    return new Promise((resolve, reject) => {
      const [host = '', port] = this.front.split(':');
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
  }

  /** Everything that comes back on one connection for what is written to it at once; its last request has to close it. */
  async sendRaw(text: string): Promise<string> {
    const [host = '', port] = this.front.split(':');
    const socket = createConnection({ host, port: Number(port) });
    socket.setEncoding('latin1').write(text);
    let answer = '';
    for await (const chunk of socket) answer += chunk;
    return answer;
  }

  async close(): Promise<void> {
    await this.#proxy?.stop();
    await this.stopDaemon();
    this.#hanging?.close();
    for (const socket of this.#held) socket.destroy();
    this.#service.close();
    this.#service.closeAllConnections();
    await rm(this.#dataDirectory, { recursive: true, force: true });
  }
}
