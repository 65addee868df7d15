/** What only the store on a server guarantees: several daemons on one database. */
import { expect } from 'chai';
import { everythingIn } from '../../daemon/domain/change-feed.ts';
import type { Store } from '../../daemon/domain/snapshot.ts';
import { StoreEngine } from '../../daemon/store/engine.ts';
import { openStore } from '../../daemon/store/index.ts';
import { postgresAvailable } from '../support/postgres.ts';
import { keyEntries } from './beside.ts';
import { QUIET, usePostgres } from './postgres-bench.ts';
import { account, count, create, ORGANIZATION, operation, readResource, rejection, secret } from './rows.ts';

(postgresAvailable() ? describe : describe.skip)('the store on a PostgreSQL server', function () {
  this.timeout(30_000);
  const server = usePostgres();

  it('daemons that start together on an empty database all come up', async () => {
    const stores = await Promise.all([server.opened(), server.opened(), server.opened()]);
    await (stores[0] as Store).engine.submit(create(account('a')));
    for (const store of stores) expect(await readResource(store, account('a').address)).to.deep.equal(account('a'));
  });

  it('operations of two daemons on one address are decided one after another', async () => {
    const stores = [await server.opened(), await server.opened()];
    const revisions = await Promise.all(
      stores.flatMap((store) => Array.from({ length: 100 }, () => store.engine.submit(count('shared')))),
    );
    expect(revisions.sort((left, right) => left - right)).to.deep.equal(revisions.map((_, index) => index + 1));
  });

  it('keys that two daemons change by turns are those of the resource as it is', async () => {
    const stores = [await server.opened(), await server.opened()];
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
    expect(await keyEntries({ url: server.url })).to.deep.equal(
      ['a waits', 'b waits', 'c baton', 'c last'].map((entry) => `${ORGANIZATION}/accounts/${entry}`),
    );
  });

  it('daemons that need the same organizations in another order do not wait for each other in a circle', async () => {
    const trouble: string[] = [];
    const names = Array.from({ length: 200 }, (_, index) => `organizations/o${index}`);
    const orders = [names, [...names].reverse()];
    await Promise.all(
      orders.map(async (organizations) => {
        const store = await openStore({ url: server.url }, { log: { warn: (_, message) => trouble.push(message) } });
        server.closeAfterwards(store);
        for (let round = 0; round < 40; round += 1) await store.engine.submit({ ...count('shared'), organizations });
      }),
    );
    expect(trouble).to.deep.equal([]);
    expect(await (await server.opened()).engine.submit(count('shared'))).to.equal(81);
  });

  it('a later use of a secret that another daemon recorded is not set back', async () => {
    const one = await server.database();
    const used = { last_used_at: 20, last_used_ip: '192.0.2.1' };
    await new StoreEngine(one, QUIET).submit(operation((snapshot) => snapshot.addSecret(secret('used', used))));
    const transaction = await one.begin([]);
    const use = (at: number) => JSON.stringify([{ hash: 'used', last_used_at: at, last_used_ip: null }]);
    expect(await transaction.change(one.statements.touchSecrets, [use(19)])).to.equal(0);
    expect(await transaction.change(one.statements.touchSecrets, [use(21)])).to.equal(1);
    await transaction.rollback();
  });

  describe('what another daemon changed is told before a kept decision is used', () => {
    let one: Store;
    let other: Store;
    let told: string[];

    beforeEach(async () => {
      [one, other] = [await server.opened(), await server.opened()];
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
      await server.onCommit('PERFORM pg_terminate_backend(pg_backend_pid());');
      await rejection(one.engine.submit(create(account('lost'))));
      await server.sql('DROP TRIGGER on_commit ON resources');
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
      await server.sql('DELETE FROM revisions WHERE revision = (SELECT max(revision) FROM revisions)');
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
    const [one, other] = [await server.database(), await server.database()];
    const running = await one.begin(['organizations/acme']);
    await (await other.begin(['organizations/elsewhere'])).rollback();
    const waiting = await rejection(other.begin(['organizations/default']));
    expect(waiting.message).to.match(/lock timeout/);
    await running.rollback();
    await (await other.begin(['organizations/default'])).rollback();
  });
});
