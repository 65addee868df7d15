import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { type ClientRequest, type IncomingMessage, request } from 'node:http';
import { createConnection } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import sqlite3 from 'sqlite3';
import supertest from 'supertest';
import { startTestDaemon } from '../support/daemon.ts';
import type { Running } from '../support/process.ts';
import { stop } from '../support/process.ts';
import { printedSeed } from '../support/seed.ts';
import { freshDirectory } from './directory.ts';

const ACCOUNT = '/v1/organizations/default/accounts/ci';

/** How a client sees that the other side is no more. */
const GONE = /ECONNRESET|ECONNREFUSED|EPIPE|socket hang up/;

describe('SIGTERM', () => {
  const directory = freshDirectory();

  /** A PUT of which the daemon has the headers and waits for the body. */
  async function begin(url: string): Promise<ClientRequest> {
    const headers = {
      Authorization: `Bearer ${await directory().token()}`,
      'Content-Type': 'application/json',
      Expect: '100-continue',
    };
    const sending = request(new URL(ACCOUNT, url), { method: 'PUT', headers });
    sending.flushHeaders();
    await once(sending, 'continue');
    return sending;
  }

  it('lets a running request finish, takes no new one, and ends with 0', async () => {
    const daemon = directory().serve();
    const url = await daemon.ready;
    const sending = await begin(url);
    daemon.child.kill('SIGTERM');
    await logged(daemon, 'draining');
    const { port } = new URL(url);
    const late = createConnection({ port: Number(port), host: '127.0.0.1' });
    const [refused] = (await once(late, 'error')) as [NodeJS.ErrnoException];
    expect(refused.code).to.equal('ECONNREFUSED');

    sending.end('{}');
    const [answer] = (await once(sending, 'response')) as [IncomingMessage];
    answer.resume();
    expect(answer.statusCode).to.equal(201);
    expect(answer.headers.connection).to.equal('close');
    expect(await daemon.exit).to.equal(0);
    expect(daemon.stderr()).to.include('"msg":"ended"');

    const again = await directory().serve().ready;
    await as(again, await directory().token())
      .get(ACCOUNT)
      .expect(200);
  });

  it('ends at once when it comes a second time', async () => {
    const daemon = directory().serve();
    const sending = await begin(await daemon.ready);
    sending.on('error', () => undefined);
    daemon.child.kill('SIGTERM');
    await logged(daemon, 'draining');
    daemon.child.kill('SIGTERM');
    expect(await daemon.exit).to.equal(1);
  });

  it('loses no last use that was gathered', async () => {
    const daemon = directory().serve();
    const url = await daemon.ready;
    const owner = as(url, await directory().token());
    await owner.put(ACCOUNT).send({}).expect(201);
    const { body } = await owner.put(`${ACCOUNT}/tokens/a`).send({}).expect(201);
    await as(url, body.secret).get('/v1/self').expect(200);
    expect(await stop(daemon)).to.equal(0);
    const again = as(await directory().serve().ready, await directory().token());
    const { body: token } = await again.get(`${ACCOUNT}/tokens/a?view=full`).expect(200);
    expect(token.last_used_at).to.be.a('string');
    expect(token.last_used_ip).to.equal('127.0.0.1');
  });
});

describe('closing', () => {
  it('loses no last use that was gathered while maintenance was running', async () => {
    const dataDirectory = await mkdtemp(join(tmpdir(), 'accredit-closing-'));
    try {
      const daemon = await startTestDaemon({ dataDirectory });
      const { adminToken } = daemon;
      await daemon.request.put(ACCOUNT).send({}).expect(201);
      const { body } = await daemon.request.put(`${ACCOUNT}/tokens/a`).send({}).expect(201);
      await daemon.maintain();
      // It gets as far as its first write.
      const unlock = await lockDatabase(join(dataDirectory, 'accredit.db'));
      const maintained = daemon.maintain();
      await daemon.as(body.secret).get('/v1/self').expect(200);
      const closed = daemon.close();
      while (await isServed(daemon.url)) await new Promise((resolve) => setImmediate(resolve));
      await unlock();
      await Promise.all([maintained, closed]);

      const again = await startTestDaemon({ dataDirectory });
      const { body: token } = await again.as(adminToken).get(`${ACCOUNT}/tokens/a?view=full`).expect(200);
      await again.close();
      expect(token.last_used_ip).to.equal('127.0.0.1');
    } finally {
      await rm(dataDirectory, { recursive: true, force: true });
    }
  });
});

/** Keeps everybody else from writing. Resolves to what ends that. */
async function lockDatabase(file: string): Promise<() => Promise<void>> {
  const database = new sqlite3.Database(file);
  const run = (sql: string) =>
    new Promise<void>((resolve, reject) => {
      database.exec(sql, (error) => (error === null ? resolve() : reject(error)));
    });
  await run('BEGIN IMMEDIATE');
  return async () => {
    await run('ROLLBACK');
    await new Promise<void>((resolve) => database.close(() => resolve()));
  };
}

async function isServed(url: string): Promise<boolean> {
  const { hostname, port } = new URL(url);
  const socket = createConnection({ host: hostname, port: Number(port) });
  const served = await once(socket, 'connect').then(
    () => true,
    () => false,
  );
  socket.destroy();
  return served;
}

describe('SIGKILL', () => {
  const directory = freshDirectory();

  it('at any moment leaves every acknowledged write, and nothing half', async function () {
    this.timeout(60_000);
    let seed = printedSeed('SIGKILL');
    const acknowledged = new Set<string>();
    for (let round = 0; round < 4; round += 1) {
      const daemon = directory().serve({ env: { ACCREDIT_LOG_LEVEL: 'warn' } });
      const api = as(await daemon.ready, await directory().token());
      seed = (Math.imul(seed, 1_103_515_245) + 12_345) >>> 0;
      const killAfter = 1 + (seed % 60);
      let answered = 0;
      const write = async (writer: number) => {
        for (let index = 0; ; index += 1) {
          const address = `organizations/default/accounts/r${round}-w${writer}-${index}`;
          const { status } = await api.put(`/v1/${address}`).send({ description: address });
          expect(status).to.equal(201);
          acknowledged.add(address);
          answered += 1;
          if (answered === killAfter) daemon.child.kill('SIGKILL');
        }
      };
      const ends = await Promise.allSettled(Array.from({ length: 8 }, (_, writer) => write(writer)));
      for (const end of ends) expect(String((end as PromiseRejectedResult).reason)).to.match(GONE);
      expect(await daemon.exit).to.equal('SIGKILL');
    }
    const api = as(await directory().serve().ready, await directory().token());
    const found = await everyItem(api, '/v1/organizations/default/accounts');
    const addresses = new Set(found.map(({ address }) => address));
    expect([...acknowledged].filter((address) => !addresses.has(address))).to.deep.equal([]);
    // Each account and its audit event came in one transaction.
    const events = await everyItem(api, '/v1/organizations/default/audit-events');
    const recorded = new Set(events.map(({ address }) => address));
    expect(found.filter(({ address }) => !recorded.has(address))).to.deep.equal([]);
    console.log(`    ${acknowledged.size} acknowledged writes, ${found.length - 1} found`);
  });
});

function as(url: string, token: string) {
  return supertest.agent(url).set('Authorization', `Bearer ${token}`);
}

async function everyItem(api: ReturnType<typeof as>, path: string): Promise<{ address: string }[]> {
  const items: { address: string }[] = [];
  let cursor: string | null = null;
  do {
    const { body } = await api.get(path).query(cursor === null ? { limit: 1000 } : { limit: 1000, cursor });
    items.push(...body.items);
    cursor = body.next_cursor;
  } while (cursor !== null);
  return items;
}

/** Resolves once the daemon has logged that message. */
async function logged(daemon: Running, message: string): Promise<void> {
  while (!daemon.stderr().includes(`"msg":"${message}"`)) {
    if (daemon.child.stderr === null) throw new Error('its standard error is not read');
    await once(daemon.child.stderr, 'data');
  }
}
