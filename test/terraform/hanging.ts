/** A way to the daemon on which one request gets stuck, so that a test can act while Terraform waits. */
import { once } from 'node:events';
import http from 'node:http';
import type { AddressInfo } from 'node:net';

export class HangingProxy {
  readonly #server: http.Server;
  #awaited: { method: string; path: string; arrived: () => void } | undefined;
  #passing: { method: string; done: () => void } | undefined;

  private constructor(target: string) {
    this.#server = http.createServer((incoming, outgoing) => {
      const { method = '', url = '' } = incoming;
      const awaited = this.#awaited;
      if (awaited !== undefined && method === awaited.method && url === awaited.path) {
        // Read, and never answered.
        incoming.on('error', () => undefined).resume();
        awaited.arrived();
        return;
      }
      const forwarded = http.request(new URL(url, target), { method, headers: incoming.headers }, (answer) => {
        outgoing.writeHead(answer.statusCode ?? 500, answer.headers);
        answer.pipe(outgoing);
        if (method === this.#passing?.method) answer.once('end', this.#passing.done);
      });
      forwarded.on('error', () => outgoing.destroy());
      incoming.pipe(forwarded);
    });
  }

  static async start(target: string): Promise<HangingProxy> {
    const proxy = new HangingProxy(target);
    proxy.#server.listen(0, '127.0.0.1');
    await once(proxy.#server, 'listening');
    return proxy;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  /** From now on such requests get no answer; settles when the first has arrived. */
  stuckAt(method: string, path: string): Promise<void> {
    return new Promise((arrived) => {
      this.#awaited = { method, path, arrived };
    });
  }

  /** Settles when the daemon has answered the next request of that method. */
  answered(method: string): Promise<void> {
    return new Promise((done) => {
      this.#passing = { method, done };
    });
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections();
    this.#server.close();
    await once(this.#server, 'close');
  }
}
