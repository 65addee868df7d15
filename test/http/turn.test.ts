/** Answers that wait for the end of a turn of the event loop are lost by nothing that happens in it. */
import { once } from 'node:events';
import type { RequestListener } from 'node:http';
import { createConnection } from 'node:net';
import { expect } from 'chai';
import { afterAnswers, answerTogether, endTurn } from '../../daemon/http/turn.ts';
import { type Listening, listen } from '../../daemon/server.ts';
import { startTestDaemon } from '../support/daemon.ts';

const LOOPBACK = {
  listen: { host: '127.0.0.1', port: 0 },
  allowPlaintext: false,
  tlsCertificate: undefined,
  tlsKey: undefined,
};

describe('the end of a turn', () => {
  it('has all answers written in the order in which they were ready, and what comes after them then', async () => {
    const done: string[] = [];
    afterAnswers(() => done.push('after'));
    answerTogether(() => done.push('first'));
    answerTogether(() => done.push('second'));
    expect(done).to.deep.equal([]);
    await new Promise<void>((resolve) => setImmediate(resolve));
    expect(done).to.deep.equal(['first', 'second', 'after']);
  });

  it('can be brought forward, and does nothing twice', async () => {
    const done: string[] = [];
    answerTogether(() => done.push('first'));
    endTurn();
    expect(done).to.deep.equal(['first']);
    answerTogether(() => done.push('second'));
    await new Promise<void>((resolve) => setImmediate(resolve));
    expect(done).to.deep.equal(['first', 'second']);
  });

  for (const moment of ['at once', 'when the request has come whole'] as const) {
    it(`loses no answer that waits for it to a server that ends, which does so soon: ${moment}`, async function () {
      // The server would wait for ten seconds for a connection that it holds to be in use.
      this.timeout(5000);
      let listening: Listening | undefined;
      let closed: Promise<void> | undefined;
      const end = () => {
        closed = listening?.close();
      };
      const answer: RequestListener = (request, response) => {
        answerTogether(() => response.end('answered'));
        if (moment === 'at once') end();
        else request.resume().once('end', end);
      };
      listening = await listen(LOOPBACK, { answer, refuse: (_error, socket) => socket.destroy() });
      const received = await exchange(listening.url, 'GET / HTTP/1.1\r\nHost: x\r\n\r\n');
      await closed;
      expect(received)
        .to.match(/^HTTP\/1\.1 200 OK\r\n/)
        .and.to.match(/answered/);
    });
  }

  it('comes before the answer to what is no request, in the same packet as one that is', async () => {
    const daemon = await startTestDaemon();
    try {
      const question = `GET /v1/authorize HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${daemon.adminToken}\r\n\r\n`;
      await exchange(daemon.url, question.replace('\r\n\r\n', '\r\nConnection: close\r\n\r\n'));
      const received = await exchange(daemon.url, `${question}no request\r\n\r\n`);
      expect([...received.matchAll(/^HTTP\/1\.1 (\d+)/gm)].map(([, status]) => status)).to.deep.equal(['200', '400']);
    } finally {
      await daemon.close();
    }
  });
});

/** What comes back until the server closes the connection. */
async function exchange(url: string, text: string): Promise<string> {
  const { hostname, port } = new URL(url);
  const socket = createConnection({ host: hostname, port: Number(port) });
  let received = '';
  socket.setEncoding('latin1').on('data', (chunk: string) => {
    received += chunk;
  });
  socket.write(text);
  await once(socket, 'close');
  return received;
}
