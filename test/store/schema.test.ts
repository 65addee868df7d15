import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { DataSource, EntitySchema, type Logger } from 'typeorm';
import type { Database } from '../../daemon/store/database.ts';
import { entities } from '../../daemon/store/entities.ts';
import { openStore } from '../../daemon/store/index.ts';
import { StoreReader } from '../../daemon/store/reader.ts';
import { PARTS, type Part, statements } from '../../daemon/store/statements.ts';
import { postgresAvailable, startPostgres } from '../support/postgres.ts';

/** What TypeORM would change of the database so that it agrees with the entities. */
async function differences(source: DataSource): Promise<string[]> {
  await source.initialize();
  const { upQueries } = await source.driver.createSchemaBuilder().log();
  await source.destroy();
  return upQueries.map(({ query }) => query);
}

describe('the schema', () => {
  let directory: string;

  before(() => {
    directory = mkdtempSync(join(tmpdir(), 'accredit-schema-'));
  });

  after(() => rmSync(directory, { recursive: true, force: true }));

  it('that the migrations make on SQLite is the one that the entities describe', async () => {
    const store = await openStore({ dataDirectory: directory });
    await store.close();
    const options = { type: 'sqlite', database: join(directory, 'accredit.db') } as const;
    expect(await differences(new DataSource({ ...options, entities: entities('sqlite') }))).to.deep.equal([]);
    // A table that no migration makes is noticed.
    const extra = new EntitySchema({ name: 'extra', columns: { id: { type: 'integer', primary: true } } });
    const found = await differences(new DataSource({ ...options, entities: [...entities('sqlite'), extra] }));
    expect(found.join()).to.match(/^CREATE TABLE "extra"/);
  });

  (postgresAvailable() ? it : it.skip)('that the migrations make on PostgreSQL is that one too', async function () {
    this.timeout(30_000);
    const postgres = await startPostgres();
    const url = await postgres.url();
    const store = await openStore({ url });
    await store.close();
    const source = new DataSource({ type: 'postgres', url, entities: entities('postgres') });
    expect(await differences(source)).to.deep.equal([]);
    await postgres.stop();
  });

  it('answers every load from an index', async () => {
    const store = await openStore({ dataDirectory: directory });
    const source = new DataSource({ type: 'sqlite', database: join(directory, 'accredit.db') });
    await source.initialize();
    const plan = async (part: Part): Promise<string> => {
      const rows = await source.query(`EXPLAIN QUERY PLAN ${statements('sqlite').load([part])}`, ['{}']);
      return rows.map(({ detail }: { detail: string }) => detail).join('; ');
    };
    // Of the signing keys all are loaded, and there are a handful.
    for (const part of PARTS.filter((one) => one !== 'signingKeys')) {
      expect(await plan(part), part)
        .to.match(/SEARCH \w+ USING/)
        .and.not.match(/SCAN (r|resources|found|resource_keys)\b/);
    }
    expect(await plan('owners')).to.contain('resources_owners');
    expect(await plan('keys'))
      .to.match(/SEARCH found USING COVERING INDEX \w+ \(key=\?\)/)
      .and.match(/SEARCH r USING INDEX \w+ \(address=\?\)/);
    expect(await plan('uids')).to.contain('resources_by_uid (organization=? AND uid=?)');
    const touch = await source.query(`EXPLAIN QUERY PLAN ${statements('sqlite').touchSecrets}`, ['[]']);
    expect(JSON.stringify(touch)).to.contain('SEARCH secrets USING');
    const remove = await source.query(`EXPLAIN QUERY PLAN ${statements('sqlite').deleteResourceKeys}`, ['[]']);
    expect(JSON.stringify(remove)).to.contain('USING COVERING INDEX resource_keys_by_address (address=?)');
    const totals = await source.query(`EXPLAIN QUERY PLAN ${statements('sqlite').totals(['x', 'y'], 2)}`, [1, 2, 3]);
    const looks = totals
      .map(({ detail }: { detail: string }) => detail)
      .filter((each: string) => /resources/.test(each));
    expect(looks).to.have.lengthOf(8);
    for (const look of looks) expect(look).to.contain('USING COVERING INDEX resources_by_end (kind=? AND valid_until');
    await source.destroy();
    await store.close();
  });

  it('answers a page of one kind in the order of an index, without sorting', async () => {
    const sent: [sql: string, parameters: unknown[]][] = [];
    const logger = { logQuery: (sql: string, parameters: unknown[] = []) => sent.push([sql, parameters]) };
    const options = { type: 'sqlite', database: join(directory, 'accredit.db'), entities: entities('sqlite') } as const;
    const source = new DataSource({ ...options, logging: ['query'], logger: logger as unknown as Logger });
    await source.initialize();
    const reader = new StoreReader({ read: (work) => work(source.manager) } as Database);
    const plan = async (kinds: string[], scope: { organization: string } | { parent: string }): Promise<string> => {
      sent.splice(0);
      await reader.list({ kinds, ...scope, after: 'a', limit: 10 });
      const [sql, parameters] = sent[0] as [string, unknown[]];
      const rows = await source.query(`EXPLAIN QUERY PLAN ${sql}`, parameters);
      return rows.map(({ detail }: { detail: string }) => detail).join('; ');
    };
    const byKind = /^SEARCH \w+ USING INDEX resources_by_kind \(organization=\? AND kind=\? AND address>\?\)/;
    const byParent = /^SEARCH \w+ USING INDEX resources_by_parent \(parent=\? AND address>\?\)/;
    expect(await plan(['user'], { organization: 'o' }))
      .to.match(byKind)
      .and.not.contain('ORDER BY');
    expect(await plan(['user'], { parent: 'o' }))
      .to.match(byParent)
      .and.not.contain('ORDER BY');
    expect(await plan(['user', 'app'], { parent: 'o' }))
      .to.match(byParent)
      .and.not.contain('ORDER BY');
    expect(await plan(['user', 'app'], { organization: 'o' })).to.match(byKind);
    await source.destroy();
  });
});
