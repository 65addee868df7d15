/** Requests and answers are of one sort, whoever handles them. */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect } from 'chai';
import express from 'express';
import { messageClasses } from '../../daemon/http/messages.ts';

describe('a message', () => {
  it('keeps the prototype that it was made with when Express handles it, and has all that Express adds', async () => {
    const app = express();
    const handled: [request: unknown, response: unknown][] = [];
    app.get('/here', (request, response) => {
      handled.push([Object.getPrototypeOf(request), Object.getPrototypeOf(response)]);
      response.status(200).json({ path: request.path, app: request.app === app && response.app === app });
    });
    const made: typeof handled = [];
    const server = createServer(messageClasses(app), (request: IncomingMessage, response: ServerResponse) => {
      made.push([Object.getPrototypeOf(request), Object.getPrototypeOf(response)]);
      app(request, response);
    });
    try {
      await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
      const answer = await fetch(`http://127.0.0.1:${(server.address() as AddressInfo).port}/here`);
      expect(await answer.json()).to.deep.equal({ path: '/here', app: true });
      expect(made).to.have.lengthOf(1);
      expect(handled[0]?.[0]).to.equal(made[0]?.[0]);
      expect(handled[0]?.[1]).to.equal(made[0]?.[1]);
    } finally {
      server.close();
    }
  });
});
