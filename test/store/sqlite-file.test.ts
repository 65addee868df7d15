/** What only the store in one file guarantees. */
import { execFile } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect } from 'chai';
import { Unavailable } from '../../daemon/domain/snapshot.ts';
import { StoreEngine } from '../../daemon/store/engine.ts';
import { openStore, StoreLocked } from '../../daemon/store/index.ts';
import { StoreReader } from '../../daemon/store/reader.ts';
import { openSqlite, SqliteDatabase } from '../../daemon/store/sqlite.ts';
import { account, create, ORGANIZATION, rejection } from './rows.ts';

const OPENER = fileURLToPath(new URL('./opener.child.ts', import.meta.url));
const QUIET = { warn: () => undefined };

describe('the store in one SQLite file', () => {
  let root: string;
  let directory: string;

  beforeEach(() => {
    root = mkdtempSync(join(tmpdir(), 'accredit-file-'));
    directory = join(root, 'data');
  });

  afterEach(() => rmSync(root, { recursive: true, force: true }));

  it('writes with the settings on which durability rests', async () => {
    const database = await openSqlite(directory, QUIET);
    try {
      const settings: Record<string, unknown> = {};
      for (const name of ['journal_mode', 'synchronous', 'foreign_keys', 'secure_delete', 'busy_timeout']) {
        const [row] = await database.writer.query(`PRAGMA ${name}`);
        settings[name] = Object.values(row)[0];
      }
      expect(settings).to.deep.equal({
        journal_mode: 'wal',
        synchronous: 2,
        foreign_keys: 1,
        secure_delete: 1,
        busy_timeout: 5000,
      });
    } finally {
      await database.close();
    }
  });

  it('refuses to start when SQLite does not take a setting', async () => {
    // A database in memory has no write-ahead log.
    const database = new SqliteDatabase(':memory:', async () => undefined, QUIET);
    expect((await rejection(database.open())).message).to.match(/keeps journal_mode at memory where wal is needed/);
    await database.close();
  });

  it('lets no read wait for one that takes long', async () => {
    const database = await openSqlite(directory, QUIET);
    try {
      const ended: string[] = [];
      const counting =
        'WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 2000000) SELECT count(*) FROM n';
      const long = database.readAside((manager) => manager.query(counting)).then(() => ended.push('long'));
      await database.readAside(async () => undefined);
      for (let count = 0; count < 3; count += 1) {
        await database.read((manager) => manager.query('SELECT 1'));
        ended.push('short');
      }
      await long;
      expect(ended).to.deep.equal(['short', 'short', 'short', 'long']);
      const writing = await rejection(database.readAside((manager) => manager.query('DELETE FROM resources')));
      expect(writing.message).to.match(/readonly/);
    } finally {
      await database.close();
    }
  });

  it('can be read by its owner alone, whatever the umask', async () => {
    const umask = process.umask(0);
    try {
      const store = await openStore({ dataDirectory: directory });
      await store.engine.submit(create(account('a')));
      const mode = (path: string) => (statSync(path).mode & 0o777).toString(8);
      expect(mode(directory)).to.equal('700');
      const files = readdirSync(directory);
      expect(files).to.include.members(['accredit.db', 'accredit.db-wal', 'accredit.db-shm', 'lock']);
      expect(files.map((file) => mode(join(directory, file)))).to.deep.equal(files.map(() => '600'));
      await store.close();
    } finally {
      process.umask(umask);
    }
  });

  it('leaves the mode of a directory that it did not make', async () => {
    mkdirSync(directory, { mode: 0o750 });
    const store = await openStore({ dataDirectory: directory });
    expect(statSync(directory).mode & 0o777).to.equal(0o750);
    await store.close();
  });

  it('refuses a second daemon on the same directory, until the first is gone', async () => {
    const store = await openStore({ dataDirectory: directory });
    const message = /is in use by another accredit daemon/;
    expect(await openElsewhere(directory))
      .to.match(/^StoreLocked: /)
      .and.match(message);
    // An attempt in the same process must not cost the first its lock either.
    const error = await rejection(openStore({ dataDirectory: directory }));
    expect(error).to.be.instanceOf(StoreLocked).with.property('message').match(message);
    expect(error.message).to.contain(directory);
    expect(await openElsewhere(directory)).to.match(message);
    await store.engine.submit(create(account('a')));
    await store.close();
    expect(await openElsewhere(directory)).to.equal('opened');
  });

  it('reads while a write is under way, and sees nothing of it before the commit', async () => {
    const database = await openSqlite(directory, QUIET);
    const reader = new StoreReader(database);
    const transaction = await database.begin();
    await transaction.change(database.statements.insertMeta, ['a', 'b']);
    const list = { kinds: ['service_account'], organization: ORGANIZATION, limit: 10 };
    expect(await reader.list(list)).to.deep.equal([]);
    const meta = () => reader.query((manager) => manager.getRepository('meta').find());
    expect(await meta()).to.deep.equal([]);
    await transaction.commit();
    expect(await meta()).to.deep.equal([{ name: 'a', value: 'b' }]);
    await database.close();
  });

  it('cannot be written through the connection that reads', async () => {
    const database = await openSqlite(directory, QUIET);
    const write = database.read((manager) => manager.insert('meta', { name: 'a', value: 'b' }));
    expect((await rejection(write)).message).to.match(/readonly/);
    await database.close();
  });

  it('answers that it is unavailable while the disk is full, and goes on when it is not', async () => {
    const database = await openSqlite(directory, QUIET);
    const engine = new StoreEngine(database, QUIET);
    await engine.submit(create(account('before')));
    const [{ page_count: pages }] = await database.writer.query('PRAGMA page_count');
    await database.writer.query(`PRAGMA max_page_count = ${pages}`);
    const large = { description: 'x'.repeat(100_000) };
    const full = await Promise.all(
      ['b', 'c'].map((name) => rejection(engine.submit(create(account(name, { attributes: large }))))),
    );
    for (const error of full) {
      expect(error).to.be.instanceOf(Unavailable);
      expect((error.cause as Error).message).to.match(/SQLITE_FULL/);
    }
    await database.writer.query('PRAGMA max_page_count = 1000000');
    await engine.submit(create(account('after', { attributes: large })));
    const rows = await new StoreReader(database).list({ kinds: ['service_account'], parent: ORGANIZATION, limit: 10 });
    expect(rows.map(({ name }) => name)).to.deep.equal(['after', 'before']);
    await database.close();
  });

  for (const name of ['accredit.db', 'accredit.db-wal']) {
    for (const what of ['was moved away', 'was deleted', 'has another one in its place'] as const) {
      it(`acknowledges no write while ${name} ${what}, and is not ready`, async () => {
        const store = await openStore({ dataDirectory: directory });
        const path = join(directory, name);
        await store.engine.submit(create(account('before')));
        renameSync(path, `${path}.moved`);
        if (what === 'was deleted') rmSync(`${path}.moved`);
        if (what === 'has another one in its place') writeFileSync(path, '');
        const refused = await rejection(store.engine.submit(create(account('lost'))));
        expect(refused).to.be.instanceOf(Unavailable);
        expect((refused.cause as Error).message).to.include(`${path} was moved, deleted or replaced`);
        expect(await rejection(store.check())).to.be.instanceOf(Unavailable);
        if (what === 'was moved away') {
          renameSync(`${path}.moved`, path);
          await store.check();
          await store.engine.submit(create(account('lost')));
        }
        await store.close();
      });
    }
  }

  it('leaves the driver as fast as it is: no statement takes a stack trace', async () => {
    expect(await openElsewhere(directory)).to.equal('opened');
  });

  it('replaces a connection that could not roll back', async () => {
    const warnings: string[] = [];
    const database = await openSqlite(directory, { warn: (_, message) => warnings.push(message) });
    const engine = new StoreEngine(database, QUIET);
    failOnce(database, 'ROLLBACK');
    const bad = account('bad', { uid: null as unknown as string });
    expect(await rejection(engine.submit(create(bad)))).to.be.instanceOf(Unavailable);
    expect(warnings).to.deep.equal(['a transaction could not be rolled back; replacing the connection']);
    await engine.submit(create(account('after')));
    const rows = await new StoreReader(database).list({ kinds: ['service_account'], parent: ORGANIZATION, limit: 10 });
    expect(rows.map(({ name }) => name)).to.deep.equal(['after']);
    const [row] = await database.writer.query('PRAGMA synchronous');
    expect(row).to.deep.equal({ synchronous: 2 });
    await database.close();
  });
});

/** Opens the directory in another process; answers `opened` or the error's name and message. */
async function openElsewhere(directory: string): Promise<string> {
  const { stdout } = await promisify(execFile)(process.execPath, ['--import', 'tsx', OPENER, directory]);
  return stdout.trim();
}

/** Makes the driver fail the next such statement without running it. */
function failOnce(database: SqliteDatabase, statement: string): void {
  type Callback = (error: Error | null, rows?: unknown[]) => void;
  type All = (sql: string, parameters: unknown[] | undefined, callback: Callback) => void;
  const connection = (database.writer.driver as unknown as { databaseConnection: { all: All } }).databaseConnection;
  const all = connection.all.bind(connection) as All;
  connection.all = (sql, parameters, callback) => {
    if (sql !== statement) return all(sql, parameters, callback);
    connection.all = all;
    return callback(new Error('injected: disk I/O error'));
  };
}
