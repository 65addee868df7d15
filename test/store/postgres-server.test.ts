/** What only the store on a server guarantees: broken connections, locks, and a server that is away. */
import { expect } from 'chai';
import pg from 'pg';
import { Unavailable } from '../../daemon/domain/snapshot.ts';
import { StoreEngine } from '../../daemon/store/engine.ts';
import { openStore } from '../../daemon/store/index.ts';
import { openPostgres } from '../../daemon/store/postgres.ts';
import { StoreReader } from '../../daemon/store/reader.ts';
import { postgresAvailable } from '../support/postgres.ts';
import { QUIET, SHORT, usePostgres } from './postgres-bench.ts';
import { account, allAccounts, count, create, ORGANIZATION, operation, readResource, rejection } from './rows.ts';

(postgresAvailable() ? describe : describe.skip)('the store on a PostgreSQL server', function () {
  this.timeout(30_000);
  const server = usePostgres();

  it('a server that is away is unavailable, to everybody and without delay; it is back when it is back', async () => {
    const store = await server.opened();
    await store.engine.submit(create(account('before')));
    await server.kill();
    try {
      const refused = [
        ...Array.from({ length: 20 }, (_, index) => store.engine.submit(create(account(`down${index}`)))),
        readResource(store, account('before').address),
        store.reader.list({ kinds: ['service_account'], parent: ORGANIZATION, limit: 1 }),
        store.check(),
        store.meta('name'),
        store.setMeta('name', 'value'),
      ];
      for (const error of await Promise.all(refused.map(rejection))) expect(error).to.be.instanceOf(Unavailable);
      expect(store.engine.depth).to.equal(0);
      expect((await rejection(openStore({ url: server.url }))).message).to.match(
        /cannot connect to PostgreSQL: .*ECONNREFUSED/,
      );
    } finally {
      await server.restart();
    }
    await store.engine.submit(create(account('after')));
    expect((await allAccounts(store)).map(({ name }) => name)).to.deep.equal(['after', 'before']);
    await store.check();
  });

  it('a server that crashes under load loses nothing that was acknowledged, and leaves nobody waiting', async () => {
    const store = await server.opened();
    const acknowledged: string[] = [];
    const refused: Error[] = [];
    let crash: Promise<void> | undefined;
    await Promise.all(
      Array.from({ length: 16 }, async (_, writer) => {
        for (let number = 0; refused.length === 0; number += 1) {
          await store.engine.submit(create(account(`w${writer}-${number}`))).then(
            (address) => acknowledged.push(address),
            (error: Error) => refused.push(error),
          );
          if (acknowledged.length > 200) crash ??= server.kill();
        }
      }),
    );
    await crash;
    await server.restart();
    for (const error of refused) expect(error).to.be.instanceOf(Unavailable);
    const stored = new Set((await allAccounts(store)).map(({ address }) => address));
    expect(acknowledged.filter((address) => !stored.has(address))).to.deep.equal([]);
  });

  it('connections that were cut while idle cost no operation its success', async () => {
    const store = await server.opened();
    for (let round = 0; round < 5; round += 1) {
      await Promise.all([store.engine.submit(count('cut')), readResource(store, account('cut').address)]);
      await server.sql(
        'SELECT pg_terminate_backend(pid) FROM pg_stat_activity ' +
          "WHERE application_name = 'accredit' AND datname = current_database()",
      );
    }
    expect(await store.engine.submit(count('cut'))).to.equal(6);
    expect((await readResource(store, account('cut').address))?.revision).to.equal(6);
  });

  it('a conflict with another transaction is decided again', async () => {
    const store = await server.opened();
    await server.onCommit("IF nextval('tries') < 3 THEN RAISE EXCEPTION 'conflict' USING ERRCODE = '40001'; END IF;");
    let decided = 0;
    await store.engine.submit(
      operation((snapshot) => {
        decided += 1;
        snapshot.put(account('a'));
      }),
    );
    expect(decided).to.equal(3);
    expect(await allAccounts(store)).to.deep.equal([account('a')]);
  });

  it('a commit whose confirmation is lost is neither claimed nor tried again', async () => {
    const store = await server.opened();
    await server.onCommit('PERFORM pg_terminate_backend(pg_backend_pid());');
    let decided = 0;
    const writes = ['a', 'b', 'c'].map((name) =>
      store.engine.submit(
        operation((snapshot) => {
          decided += 1;
          snapshot.put(account(name));
        }),
      ),
    );
    for (const lost of await Promise.all(writes.map(rejection))) {
      expect(lost).to.be.instanceOf(Unavailable);
      expect(lost.message).to.match(/may have happened or not/);
    }
    expect(decided).to.equal(3);
    await server.sql('DROP TRIGGER on_commit ON resources');
    await store.engine.submit(create(account('b')));
  });

  it("somebody else's lock is waited for, but not for ever", async () => {
    const engine = new StoreEngine(await server.database(), QUIET);
    const other = new pg.Client(server.url);
    await other.connect();
    await other.query('BEGIN; LOCK TABLE resources IN EXCLUSIVE MODE');
    const errors = await Promise.all(['a', 'b', 'c'].map((name) => rejection(engine.submit(create(account(name))))));
    for (const error of errors) {
      expect(error).to.be.instanceOf(Unavailable);
      expect((error.cause as Error).message).to.match(/lock timeout/);
    }
    await other.end();
    await engine.submit(create(account('a')));
  });

  it('a connection that falls silent is given up for another', async () => {
    const one = await server.database();
    const engine = new StoreEngine(one, QUIET);
    const reader = new StoreReader(one);
    const list = () => reader.list({ kinds: ['service_account'], parent: ORGANIZATION, limit: 10 });
    await engine.submit(create(account('a')));
    await list();
    const backends = await server.sql(
      "SELECT pid FROM pg_stat_activity WHERE application_name = 'accredit' AND datname = current_database()",
    );
    const pids = backends.map(({ pid }) => pid as number);
    for (const pid of pids) process.kill(pid, 'SIGSTOP');
    try {
      await engine.submit(create(account('b')));
      expect((await list()).map(({ name }) => name)).to.deep.equal(['a', 'b']);
    } finally {
      for (const pid of pids) process.kill(pid, 'SIGCONT');
    }
  });

  it('a read on a connection that falls silent is given up long before a write: whoever asks about a token waits', async () => {
    const patient = { ...SHORT, lock: 10_000, statement: 15_000, silence: 20_000 };
    const one = await openPostgres(server.url, QUIET, patient);
    server.closeAfterwards(one);
    const reader = new StoreReader(one);
    const list = () => reader.list({ kinds: ['service_account'], parent: ORGANIZATION, limit: 10 });
    await list();
    const backends = await server.sql(
      "SELECT pid FROM pg_stat_activity WHERE application_name = 'accredit' AND datname = current_database()",
    );
    const pids = backends.map(({ pid }) => pid as number);
    for (const pid of pids) process.kill(pid, 'SIGSTOP');
    try {
      const began = performance.now();
      expect(await list()).to.deep.equal([]);
      expect(performance.now() - began).to.be.below(10_000);
    } finally {
      for (const pid of pids) process.kill(pid, 'SIGCONT');
    }
  });

  it('a server that would lose acknowledged writes is refused', async () => {
    await server.sql(
      "DO $$ BEGIN EXECUTE format('ALTER DATABASE %I SET synchronous_commit = off', current_database()); END $$",
    );
    expect((await rejection(openStore({ url: server.url }))).message).to.match(/synchronous_commit = off/);
  });
});
