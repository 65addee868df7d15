/**
 * Three ways in which plain TypeORM loses writes on SQLite, where a data source has one connection that everybody
 * shares. Each is shown first as it is, so that the test of our engine beside it is known to be able to fail.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { DataSource, EntitySchema } from 'typeorm';
import type { Store } from '../../daemon/domain/snapshot.ts';
import { openStore } from '../../daemon/store/index.ts';
import { account, allAccounts, create, operation } from './rows.ts';

const Note = new EntitySchema<{ id: number; text: string }>({
  name: 'note',
  columns: { id: { type: 'integer', primary: true }, text: { type: 'text' } },
});

describe('the traps of one shared SQLite connection', () => {
  let directory: string;
  let plain: DataSource;
  let store: Store;

  beforeEach(async () => {
    directory = mkdtempSync(join(tmpdir(), 'accredit-traps-'));
    plain = new DataSource({
      type: 'sqlite',
      database: join(directory, 'plain.db'),
      entities: [Note],
      synchronize: true,
    });
    await plain.initialize();
    store = await openStore({ dataDirectory: join(directory, 'data') });
  });

  afterEach(async () => {
    await store.close();
    await plain.destroy();
    rmSync(directory, { recursive: true, force: true });
  });

  const fifty = Array.from({ length: 50 }, (_, index) => index);

  describe('50 concurrent transactions', () => {
    it('control: all of them fail, although no two touch the same row', async () => {
      const results = await Promise.allSettled(
        fifty.map((id) => plain.transaction((manager) => manager.insert(Note, { id, text: 'x' }))),
      );
      expect(results.filter(({ status }) => status === 'fulfilled')).to.have.length(0);
    });

    it('through the engine all succeed', async () => {
      const results = await Promise.allSettled(fifty.map((id) => store.engine.submit(create(account(`a${id}`)))));
      expect(results.filter(({ status }) => status === 'rejected')).to.deep.equal([]);
      expect(await allAccounts(store)).to.have.length(50);
    });
  });

  describe('a rejected transaction', () => {
    it('control: a row of it stays', async () => {
      let otherFailed = (): void => undefined;
      const waiting = new Promise<void>((resolve) => {
        otherFailed = resolve;
      });
      const first = plain.transaction(async (manager) => {
        await waiting;
        await manager.insert(Note, { id: 1, text: 'half' });
      });
      const second = plain.transaction(async () => undefined);
      const [other] = await Promise.allSettled([second]);
      otherFailed();
      const [result] = await Promise.allSettled([first]);
      expect([other.status, result.status]).to.deep.equal(['rejected', 'rejected']);
      expect(await plain.getRepository(Note).find()).to.deep.equal([{ id: 1, text: 'half' }]);
    });

    it('through the engine leaves no row', async () => {
      const results = await Promise.allSettled(
        fifty.map((id) =>
          store.engine.submit(
            operation((snapshot) => {
              snapshot.put(account(`a${id}`));
              if (id % 2 === 1) throw new Error('refused');
            }),
          ),
        ),
      );
      const accepted = fifty.filter((id) => results[id]?.status === 'fulfilled').map((id) => account(`a${id}`).address);
      expect(accepted).to.have.length(25);
      expect((await allAccounts(store)).map(({ address }) => address)).to.deep.equal(accepted.sort());
    });
  });

  describe("a write that is acknowledged while somebody else's transaction is open", () => {
    it('control: is rolled back together with that transaction', async () => {
      const other = plain.createQueryRunner();
      await other.startTransaction();
      await other.manager.insert(Note, { id: 1, text: 'theirs' });
      await plain.getRepository(Note).save({ id: 2, text: 'acknowledged' });
      await other.rollbackTransaction();
      expect(await plain.getRepository(Note).find()).to.deep.equal([]);
    });

    it('through the engine stays, whatever becomes of the others', async () => {
      const bad = operation((snapshot) => snapshot.put(account('bad', { uid: null as unknown as string })));
      const [refused] = await Promise.allSettled([
        store.engine.submit(bad),
        store.setMeta('name', 'acknowledged'),
        store.engine.submit(create(account('acknowledged'))),
        store.check(),
        store.engine.submit(bad).catch(() => undefined),
      ]);
      expect(refused.status).to.equal('rejected');
      expect(await store.meta('name')).to.equal('acknowledged');
      expect(await allAccounts(store)).to.deep.equal([account('acknowledged')]);
    });
  });
});
