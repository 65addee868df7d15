/** What only the store on a server guarantees: several daemons, broken connections, a server that is away. */
import { expect } from 'chai';
import pg from 'pg';
import { everythingIn } from '../../daemon/domain/change-feed.ts';
import { type Store, Unavailable } from '../../daemon/domain/snapshot.ts';
import { StoreEngine } from '../../daemon/store/engine.ts';
import { openStore } from '../../daemon/store/index.ts';
import { openPostgres, type PostgresDatabase } from '../../daemon/store/postgres.ts';
import { StoreReader } from '../../daemon/store/reader.ts';
import { type Postgres, postgresAvailable, startPostgres } from '../support/postgres.ts';
import { keyEntries } from './beside.ts';
import {
  account,
  allAccounts,
  count,
  create,
  ORGANIZATION,
  operation,
  readResource,
  rejection,
  secret,
} from './rows.ts';

const QUIET = { warn: () => undefined };
const SHORT = { connect: 5_000, lock: 300, statement: 600, silence: 900, read: 900 };

(postgresAvailable() ? describe : describe.skip)('the store on a PostgreSQL server', function () {
  this.timeout(30_000);
  let postgres: Postgres;
  let url: string;
  const open: { close(): Promise<void> }[] = [];

  before(async () => {
    postgres = await startPostgres();
  });

  beforeEach(async () => {
    url = await postgres.url();
  });

  afterEach(async () => {
    for (const one of open.splice(0)) await one.close();
  });

  after(() => postgres.stop());

  const opened = async (): Promise<Store> => {
    const store = await openStore({ url });
    open.push(store);
    return store;
  };

  const database = async (): Promise<PostgresDatabase> => {
    const one = await openPostgres(url, QUIET, SHORT);
    open.push(one);
    return one;
  };

  /** Runs statements beside the store. */
  const sql = async (...statements: string[]) => {
    const client = new pg.Client(url);
    await client.connect();
    try {
      let rows: Record<string, unknown>[] = [];
      for (const statement of statements) rows = (await client.query(statement)).rows;
      return rows;
    } finally {
      await client.end();
    }
  };

  /** Makes every transaction that adds a resource run this while it commits. */
  const onCommit = (body: string) =>
    sql(
      'CREATE SEQUENCE tries',
      `CREATE FUNCTION on_commit() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN ${body} RETURN NULL; END $$`,
      'CREATE CONSTRAINT TRIGGER on_commit AFTER INSERT ON resources DEFERRABLE INITIALLY DEFERRED ' +
        'FOR EACH ROW EXECUTE FUNCTION on_commit()',
    );

  it('daemons that start together on an empty database all come up', async () => {
    const stores = await Promise.all([opened(), opened(), opened()]);
    await (stores[0] as Store).engine.submit(create(account('a')));
    for (const store of stores) expect(await readResource(store, account('a').address)).to.deep.equal(account('a'));
  });

  it('operations of two daemons on one address are decided one after another', async () => {
    const stores = [await opened(), await opened()];
    const revisions = await Promise.all(
      stores.flatMap((store) => Array.from({ length: 100 }, () => store.engine.submit(count('shared')))),
    );
    expect(revisions.sort((left, right) => left - right)).to.deep.equal(revisions.map((_, index) => index + 1));
  });

  it('keys that two daemons change by turns are those of the resource as it is', async () => {
    const stores = [await opened(), await opened()];
    const names = ['a', 'b', 'c'];
    /** Hands the key to the next account; `blind` does not look at what it writes over. */
    const pass = (blind: boolean) =>
      operation((snapshot) => {
        const [holder] = snapshot.withKey('baton');
        const next = names[(names.indexOf(holder?.name ?? 'c') + 1) % names.length] as string;
        if (!blind) for (const name of names) snapshot.resource(account(name).address);
        for (const name of names) snapshot.put(account(name, { keys: name === next ? ['baton', 'last'] : ['waits'] }));
        return next;
      });
    const passed: string[] = [];
    await Promise.all(
      stores.map(async (store) => {
        for (let turn = 0; turn < 60; turn += 1) passed.push(await store.engine.submit(pass(turn % 2 === 0)));
      }),
    );
    for (const name of names) expect(passed.filter((holder) => holder === name)).to.have.length(40);
    expect(await keyEntries({ url })).to.deep.equal(
      ['a waits', 'b waits', 'c baton', 'c last'].map((entry) => `${ORGANIZATION}/accounts/${entry}`),
    );
  });

  it('daemons that need the same organizations in another order do not wait for each other in a circle', async () => {
    const trouble: string[] = [];
    const names = Array.from({ length: 200 }, (_, index) => `organizations/o${index}`);
    const orders = [names, [...names].reverse()];
    await Promise.all(
      orders.map(async (organizations) => {
        const store = await openStore({ url }, { log: { warn: (_, message) => trouble.push(message) } });
        open.push(store);
        for (let round = 0; round < 40; round += 1) await store.engine.submit({ ...count('shared'), organizations });
      }),
    );
    expect(trouble).to.deep.equal([]);
    expect(await (await opened()).engine.submit(count('shared'))).to.equal(81);
  });

  it('a later use of a secret that another daemon recorded is not set back', async () => {
    const one = await database();
    const used = { last_used_at: 20, last_used_ip: '192.0.2.1' };
    await new StoreEngine(one, QUIET).submit(operation((snapshot) => snapshot.addSecret(secret('used', used))));
    const transaction = await one.begin([]);
    const use = (at: number) => JSON.stringify([{ hash: 'used', last_used_at: at, last_used_ip: null }]);
    expect(await transaction.change(one.statements.touchSecrets, [use(19)])).to.equal(0);
    expect(await transaction.change(one.statements.touchSecrets, [use(21)])).to.equal(1);
    await transaction.rollback();
  });

  it('a server that is away is unavailable, to everybody and without delay; it is back when it is back', async () => {
    const store = await opened();
    await store.engine.submit(create(account('before')));
    await postgres.kill();
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
      expect((await rejection(openStore({ url }))).message).to.match(/cannot connect to PostgreSQL: .*ECONNREFUSED/);
    } finally {
      await postgres.restart();
    }
    await store.engine.submit(create(account('after')));
    expect((await allAccounts(store)).map(({ name }) => name)).to.deep.equal(['after', 'before']);
    await store.check();
  });

  it('a server that crashes under load loses nothing that was acknowledged, and leaves nobody waiting', async () => {
    const store = await opened();
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
          if (acknowledged.length > 200) crash ??= postgres.kill();
        }
      }),
    );
    await crash;
    await postgres.restart();
    for (const error of refused) expect(error).to.be.instanceOf(Unavailable);
    const stored = new Set((await allAccounts(store)).map(({ address }) => address));
    expect(acknowledged.filter((address) => !stored.has(address))).to.deep.equal([]);
  });

  it('connections that were cut while idle cost no operation its success', async () => {
    const store = await opened();
    for (let round = 0; round < 5; round += 1) {
      await Promise.all([store.engine.submit(count('cut')), readResource(store, account('cut').address)]);
      await sql(
        'SELECT pg_terminate_backend(pid) FROM pg_stat_activity ' +
          "WHERE application_name = 'accredit' AND datname = current_database()",
      );
    }
    expect(await store.engine.submit(count('cut'))).to.equal(6);
    expect((await readResource(store, account('cut').address))?.revision).to.equal(6);
  });

  it('a conflict with another transaction is decided again', async () => {
    const store = await opened();
    await onCommit("IF nextval('tries') < 3 THEN RAISE EXCEPTION 'conflict' USING ERRCODE = '40001'; END IF;");
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
    const store = await opened();
    await onCommit('PERFORM pg_terminate_backend(pg_backend_pid());');
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
    await sql('DROP TRIGGER on_commit ON resources');
    await store.engine.submit(create(account('b')));
  });

  describe('what another daemon changed is told before a kept decision is used', () => {
    let one: Store;
    let other: Store;
    let told: string[];

    beforeEach(async () => {
      [one, other] = [await opened(), await opened()];
      await one.engine.submit(create(account('first')));
      await one.changes.catchUp([ORGANIZATION]);
      told = [];
      one.changes.subscribe((keys) => told.push(...keys));
    });

    /** What is told of when it is looked for. */
    const toldOf = async () => {
      told.length = 0;
      await one.changes.catchUp([ORGANIZATION]);
      return told;
    };
    const everything = everythingIn(ORGANIZATION);

    it('also after a commit of our own that broke, and one after theirs', async () => {
      await onCommit('PERFORM pg_terminate_backend(pg_backend_pid());');
      await rejection(one.engine.submit(create(account('lost'))));
      await sql('DROP TRIGGER on_commit ON resources');
      await other.engine.submit(create(account('theirs')));
      await one.engine.submit(create(account('ours')));
      expect(await toldOf()).to.satisfy(
        (keys: string[]) => keys.includes(account('theirs').address) || keys.includes(everything),
        told.join(),
      );
      expect(await toldOf(), 'once is enough').to.deep.equal([]);
    });

    it('also after the database lost what it had confirmed, as one does that takes over from another', async () => {
      await one.engine.submit(create(account('confirmed')));
      await sql('DELETE FROM revisions WHERE revision = (SELECT max(revision) FROM revisions)');
      await other.engine.submit(create(account('theirs')));
      await one.engine.submit(create(account('ours')));
      expect(await toldOf()).to.include(everything);
      expect(await toldOf(), 'once is enough').to.deep.equal([]);
    });

    it('and what we changed ourselves is told once, when it is committed', async () => {
      for (const name of ['a', 'b']) await one.engine.submit(create(account(name)));
      expect(told).to.deep.equal(['a', 'b'].map((name) => account(name).address));
      expect(await toldOf()).to.deep.equal([]);
    });
  });

  it('whoever writes in an organization keeps the owners of the installation as they are meanwhile', async () => {
    const [one, other] = [await database(), await database()];
    const running = await one.begin(['organizations/acme']);
    await (await other.begin(['organizations/elsewhere'])).rollback();
    const waiting = await rejection(other.begin(['organizations/default']));
    expect(waiting.message).to.match(/lock timeout/);
    await running.rollback();
    await (await other.begin(['organizations/default'])).rollback();
  });

  it("somebody else's lock is waited for, but not for ever", async () => {
    const engine = new StoreEngine(await database(), QUIET);
    const other = new pg.Client(url);
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
    const one = await database();
    const engine = new StoreEngine(one, QUIET);
    const reader = new StoreReader(one);
    const list = () => reader.list({ kinds: ['service_account'], parent: ORGANIZATION, limit: 10 });
    await engine.submit(create(account('a')));
    await list();
    const backends = await sql(
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
    const one = await openPostgres(url, QUIET, patient);
    open.push(one);
    const reader = new StoreReader(one);
    const list = () => reader.list({ kinds: ['service_account'], parent: ORGANIZATION, limit: 10 });
    await list();
    const backends = await sql(
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
    await sql(
      "DO $$ BEGIN EXECUTE format('ALTER DATABASE %I SET synchronous_commit = off', current_database()); END $$",
    );
    expect((await rejection(openStore({ url }))).message).to.match(/synchronous_commit = off/);
  });
});
