/** A network between provider and daemon that loses answers when it is told to. */
import http from 'node:http';
import type { AddressInfo } from 'node:net';

export interface LossyProxy {
  readonly url: string;
  /** Loses the answer to the next request of that method: the daemon has acted, and nobody hears of it. */
  loseNextAnswer(method: string): void;
  close(): Promise<void>;
}

/** Starts one in front of `target`. */
export async function startProxy(target: string): Promise<LossyProxy> {
  const lost: string[] = [];
  const server = http.createServer((incoming, outgoing) => {
    const method = incoming.method ?? '';
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
    loseNextAnswer: (method) => void lost.push(method),
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
