/** A look into a store's database beside the store, and a hand in it before the store is opened. */
import { join } from 'node:path';
import { DataSource, type DataSourceOptions } from 'typeorm';
import type { StoreOptions } from '../../daemon/store/index.ts';
import { MIGRATIONS } from '../../daemon/store/migrations.ts';

/** The answer of a statement that reads the same in every dialect. */
export async function query(options: StoreOptions, sql: string): Promise<Record<string, unknown>[]> {
  return connected(options, (source) => source.query(sql));
}

/** The schema as it was when the first so many migrations were all. */
export async function migrateOnly(options: StoreOptions, count: number): Promise<void> {
  await connected(options, (source) => source.runMigrations(), MIGRATIONS.slice(0, count));
}

/** Every entry by which a resource is found under a key, as `<address> <key>`, in order. */
export async function keyEntries(options: StoreOptions): Promise<string[]> {
  const rows = await query(options, 'SELECT address, key FROM resource_keys');
  return rows.map(({ address, key }) => `${address} ${key}`).sort();
}

async function connected<T>(
  options: StoreOptions,
  work: (source: DataSource) => Promise<T>,
  migrations: typeof MIGRATIONS = [],
): Promise<T> {
  const place: DataSourceOptions =
    'url' in options
      ? { type: 'postgres', url: options.url }
      : { type: 'sqlite', database: join(options.dataDirectory, 'accredit.db') };
  const source = new DataSource({ ...place, migrations });
  await source.initialize();
  try {
    return await work(source);
  } finally {
    await source.destroy();
  }
}
