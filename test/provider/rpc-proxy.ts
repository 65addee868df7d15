/** A network between provider and daemon that loses answers when it is told to. */
import http from 'node:http';
import type { AddressInfo } from 'node:net';

export interface Proxy {
  readonly url: string;
  /** Method and path of the requests that came, in order. */
  readonly requests: string[];
  /** Loses the answer to the next request of that method: the daemon has acted, and nobody hears of it. */
  loseNextAnswer(method: string): void;
  /** Calls this before the next request of that method goes on to the daemon. */
  beforeNext(method: string, action: () => Promise<unknown>): void;
  close(): Promise<void>;
}

/** Starts one in front of `target`. */
export async function startProxy(target: string): Promise<Proxy> {
  const requests: string[] = [];
  const lost: string[] = [];
  const actions = new Map<string, () => Promise<unknown>>();
  const server = http.createServer(async (incoming, outgoing) => {
    const method = incoming.method ?? '';
    requests.push(`${method} ${incoming.url}`);
    const action = actions.get(method);
    actions.delete(method);
    await action?.();
    const forwarded = http.request(new URL(incoming.url ?? '', target), { method, headers: incoming.headers });
    forwarded.on('error', () => outgoing.destroy());
    forwarded.on('response', (answer) => {
      const index = lost.indexOf(method);
      if (index >= 0) {
        lost.splice(index, 1);
        // Only a complete answer proves that the daemon is done.
        answer.on('end', () => outgoing.destroy()).resume();
        return;
      }
      outgoing.writeHead(answer.statusCode ?? 500, answer.headers);
      answer.pipe(outgoing);
    });
    incoming.pipe(forwarded);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    requests,
    loseNextAnswer: (method) => void lost.push(method),
    beforeNext: (method, action) => void actions.set(method, action),
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
