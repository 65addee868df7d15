/** A server that gives the answers that a test has written down, and clients of it that sleep by a clock of its own. */
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { Client, type ClientOptions } from '../../client/client.ts';
import type { Clock } from '../../client/retry.ts';

/** An answer; or none, and the connection is cut or left open. */
export type Answer = { status: number; headers?: Record<string, string>; body?: unknown } | 'drop' | 'hang';

/** A request as it came. */
export interface Seen {
  method: string;
  url: string;
  headers: http.IncomingHttpHeaders;
  body: string;
}

export const TOKEN = 'acr_sa_0000000000000000000000000000000000000000000000';
export const ADDRESS = 'organizations/default/accounts/ci/tokens/deploy';

export class ScriptedServer {
  /** One for each request, in order; the last of them for all that follow. */
  answers: Answer[] = [];
  /** What has come. */
  readonly seen: Seen[] = [];
  /** How long the clients have slept each time, in milliseconds. */
  readonly sleeps: number[] = [];
  readonly http = http.createServer((request, response) => this.#answer(request, response));
  readonly #clients: Client[] = [];
  readonly #clock: Clock;

  private constructor() {
    let now = 0;
    this.#clock = {
      now: () => now,
      sleep: async (milliseconds) => {
        this.sleeps.push(milliseconds);
        now += milliseconds;
      },
      random: () => 0.5,
    };
  }

  static async start(): Promise<ScriptedServer> {
    const server = new ScriptedServer();
    await new Promise<void>((resolve) => server.http.listen(0, '127.0.0.1', resolve));
    return server;
  }

  /** A client of this server, or of another if `options` say so. It is closed together with this server. */
  client(options: Partial<ClientOptions> = {}): Client {
    const { port } = this.http.address() as AddressInfo;
    const made = new Client({ endpoint: `http://127.0.0.1:${port}`, token: TOKEN, clock: this.#clock, ...options });
    this.#clients.push(made);
    return made;
  }

  async close(): Promise<void> {
    for (const client of this.#clients) client.close();
    this.http.closeAllConnections();
    await new Promise((resolve) => this.http.close(resolve));
  }

  async #answer(request: http.IncomingMessage, response: http.ServerResponse): Promise<void> {
    let body = '';
    for await (const chunk of request) body += chunk;
    this.seen.push({ method: request.method ?? '', url: request.url ?? '', headers: request.headers, body });
    const answer = this.answers.length > 1 ? this.answers.shift() : this.answers[0];
    if (answer === undefined || answer === 'drop') request.socket.destroy();
    else if (answer !== 'hang') {
      const text = typeof answer.body === 'string' ? answer.body : JSON.stringify(answer.body ?? {});
      response.writeHead(answer.status, { 'content-type': 'application/json', ...answer.headers });
      response.end(answer.status === 204 ? undefined : text);
    }
  }
}

/** A refusal by the daemon. */
export const problem = (status: number, code: string, more: object = {}): Answer => ({
  status,
  headers: { 'content-type': 'application/problem+json' },
  body: { type: 'about:blank', title: 'x', status, code, detail: `about ${code}`, ...more },
});

/** The answer to a write that is done. */
export const stored = (body: object = {}): Answer => ({
  status: 200,
  headers: { etag: '"u.1"', 'accredit-outcome': 'updated' },
  body,
});

/** What the promise rejects with. Throws if it resolves. */
export async function failure(promise: Promise<unknown>): Promise<unknown> {
  try {
    await promise;
  } catch (error) {
    return error;
  }
  throw new Error('it did not fail');
}
