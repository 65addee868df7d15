/** Bodies of many megabytes: who may send one, and how many are worked on at a time. */
import { once } from 'node:events';
import { type ClientRequest, IncomingMessage, request, type Server } from 'node:http';
import { type AddressInfo, Socket } from 'node:net';
import { expect } from 'chai';
import { BODY_LIMIT } from '../../daemon/http/body.ts';
import { Semaphore } from '../../daemon/http/semaphore.ts';
import { startTestDaemon, type TestDaemon } from '../support/daemon.ts';
import { refusing, stubApp } from './stub.ts';

const MANIFEST = '/v1/organizations/default/manifests/shop';

interface Sending {
  readonly sending: ClientRequest;
  readonly status: Promise<number | undefined>;
}

/** A PUT of which only the head is sent. */
function begin(port: number, { token = 'secret', length = BODY_LIMIT * 60, path = MANIFEST } = {}): Sending {
  const headers = { Authorization: `Bearer ${token}`, 'Content-Type': 'application/json', 'Content-Length': length };
  const sending = request({ port, host: '127.0.0.1', method: 'PUT', path, headers });
  sending.flushHeaders();
  sending.on('error', () => undefined);
  const status = once(sending, 'response').then(([answer]) => (answer as IncomingMessage).resume().statusCode);
  return { sending, status };
}

/** A whole one of that length. */
function send(port: number, length: number): Sending {
  const begun = begin(port, { length });
  begun.sending.end(`{}${' '.repeat(length - 2)}`);
  return begun;
}

describe('the body of a manifest', () => {
  it('is read of nobody who may not write manifests, who is on record', async () => {
    const daemon: TestDaemon = await startTestDaemon();
    try {
      await daemon.request.put('/v1/organizations/default/accounts/weak').send({ grants: [{ role: 'viewer' }] });
      const made = await daemon.request.put('/v1/organizations/default/accounts/weak/tokens/main').send({});
      const port = Number(new URL(daemon.url).port);
      const { sending, status } = begin(port, { token: made.body.secret });
      expect(await status).to.equal(403);
      sending.destroy();
      const { body } = await daemon.request.get('/v1/organizations/default/audit-events?limit=1');
      expect(body.items[0]).to.include({ action: 'put', outcome: 'refused' });
      expect(body.items[0].address).to.equal('organizations/default/manifests/shop');
      const elsewhere = begin(port, { token: made.body.secret, path: '/v1/organizations/other/manifests/shop' });
      expect(await elsewhere.status).to.equal(404);
      elsewhere.sending.destroy();
    } finally {
      await daemon.close();
    }
  });

  it('is not read when the service refuses beforehand', async () => {
    const { agent, given } = stubApp({ admitManifest: refusing('forbidden', 'no') });
    expect((await agent.put(MANIFEST).send({})).status).to.equal(403);
    expect(given('putManifest')).to.equal(undefined);
  });

  describe('when it is large', () => {
    let app: Server;
    let port: number;
    /** Called for each manifest that the service is working on: lets it end. */
    let working: (() => void)[];
    let arrived: (() => void) | undefined;
    beforeEach(async () => {
      working = [];
      const putManifest = () =>
        new Promise((resolve) => {
          working.push(() => resolve({ outcome: 'updated', resource: {}, etag: 'u.2' }));
          arrived?.();
        });
      app = stubApp({ putManifest }).app;
      await once(app.listen(0, '127.0.0.1'), 'listening');
      port = (app.address() as AddressInfo).port;
    });
    afterEach(() => app.close().closeAllConnections());

    const atWork = async (count: number) => {
      while (working.length < count) await new Promise<void>((resolve) => (arrived = resolve));
    };

    it('is worked on two at a time, in the order in which they came, and small ones wait for none', async () => {
      const all = [send(port, BODY_LIMIT + 1), send(port, BODY_LIMIT + 1)];
      await atWork(2);
      const third = send(port, BODY_LIMIT + 1);
      const small = send(port, 2);
      await atWork(3);
      working[2]?.();
      expect(await small.status).to.equal(200);
      expect(working).to.have.length(3);
      working[0]?.();
      await atWork(4);
      for (const end of working) end();
      expect(await Promise.all([...all, third].map(({ status }) => status))).to.deep.equal([200, 200, 200]);
    });

    it('gives its turn to the next when whoever sends it goes away', async () => {
      const stalled = [begin(port), begin(port)];
      // Both have their turns once their heads are read, which a small one that came after them has seen.
      const small = send(port, 2);
      await atWork(1);
      working[0]?.();
      await small.status;
      const [waits, next] = [begin(port), send(port, BODY_LIMIT + 1)];
      waits.status.catch(() => undefined);
      waits.sending.destroy();
      for (const { sending, status } of stalled) {
        status.catch(() => undefined);
        sending.destroy();
      }
      await atWork(2);
      working[1]?.();
      expect(await next.status).to.equal(200);
    });
  });

  it('is asked to come again when it would wait too long', async () => {
    const turns = new Semaphore({ atOnce: 1, patience: 0 });
    let end = () => {};
    const incoming = () => new IncomingMessage(new Socket());
    const first = turns.run(incoming(), () => new Promise<void>((resolve) => (end = resolve)));
    const second = await turns.run(incoming(), async () => 'done').catch((problem) => problem.code);
    expect(second).to.equal('unavailable');
    end();
    await first;
    expect(await turns.run(incoming(), async () => 'done')).to.equal('done');
  });
});
