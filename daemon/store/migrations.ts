/** The schema's history. A migration is never edited once released: a change of the schema is a new one at the end. */
import type { DataSource, MigrationInterface, QueryRunner } from 'typeorm';

/** The database was written by a newer version, whose schema this one does not know. */
export class StoreTooNew extends Error {
  override readonly name = 'StoreTooNew';
}

/** There is no way back: what a newer schema holds must not be lost by starting an older version. */
abstract class OneWay implements MigrationInterface {
  abstract readonly name: string;
  abstract up(runner: QueryRunner): Promise<void>;

  async down(): Promise<void> {
    throw new Error('migrations are not reverted; restore a backup instead');
  }
}

class CreateTables extends OneWay {
  readonly name = 'CreateTables1760000000000';

  async up(runner: QueryRunner): Promise<void> {
    const postgres = runner.connection.options.type === 'postgres';
    const path = postgres ? 'text COLLATE "C" NOT NULL' : 'text NOT NULL';
    const serial = postgres ? 'bigserial PRIMARY KEY' : 'integer PRIMARY KEY AUTOINCREMENT NOT NULL';
    const statements = [
      `CREATE TABLE "resources" (
        "address" ${path} PRIMARY KEY,
        "kind" text NOT NULL,
        "organization" ${path},
        "parent" ${path},
        "name" text NOT NULL,
        "uid" text NOT NULL,
        "revision" bigint NOT NULL,
        "created_at" bigint NOT NULL,
        "created_by" text NOT NULL,
        "updated_at" bigint NOT NULL,
        "managed_by" text,
        "claim" text,
        "attributes" text NOT NULL,
        "state" text NOT NULL,
        "owner" boolean NOT NULL,
        "valid_until" bigint
      )`,
      `CREATE INDEX "resources_by_parent" ON "resources" ("parent", "address")`,
      `CREATE INDEX "resources_by_kind" ON "resources" ("organization", "kind", "address")`,
      `CREATE INDEX "resources_owners" ON "resources" ("organization") WHERE owner`,
      `CREATE INDEX "resources_unmanaged_by_end" ON "resources" ("organization", "valid_until")
        WHERE valid_until IS NOT NULL AND managed_by IS NULL`,
      `CREATE TABLE "secrets" (
        "hash" text NOT NULL PRIMARY KEY,
        "address" ${path},
        "uid" text NOT NULL,
        "created_at" bigint NOT NULL,
        "last_used_at" bigint,
        "last_used_ip" text
      )`,
      `CREATE TABLE "revocations" (
        "address" ${path} PRIMARY KEY,
        "organization" ${path},
        "reason" text NOT NULL,
        "created_at" bigint NOT NULL,
        "created_by" text NOT NULL
      )`,
      `CREATE TABLE "replays" (
        "key" text NOT NULL PRIMARY KEY,
        "request" text NOT NULL,
        "answer" text NOT NULL,
        "created_at" bigint NOT NULL,
        "expires_at" bigint NOT NULL
      )`,
      `CREATE INDEX "replays_by_end" ON "replays" ("expires_at")`,
      `CREATE TABLE "audit_events" (
        "id" ${serial},
        "organization" ${path},
        "at" bigint NOT NULL,
        "actor" text NOT NULL,
        "actor_token" text,
        "action" text NOT NULL,
        "address" ${path},
        "outcome" text NOT NULL,
        "request_id" text NOT NULL,
        "details" text NOT NULL
      )`,
      `CREATE INDEX "audit_events_by_organization" ON "audit_events" ("organization", "id")`,
      `CREATE TABLE "meta" ("name" text NOT NULL PRIMARY KEY, "value" text NOT NULL)`,
    ];
    for (const statement of statements) await runner.query(statement);
  }
}

/** Resources become findable by keys and by their uid. Those that are there have no keys until they are written again. */
class AddResourceKeys extends OneWay {
  readonly name = 'AddResourceKeys1770000000000';

  async up(runner: QueryRunner): Promise<void> {
    const postgres = runner.connection.options.type === 'postgres';
    const path = postgres ? 'text COLLATE "C" NOT NULL' : 'text NOT NULL';
    const statements = [
      `ALTER TABLE "resources" ADD COLUMN "keys" text NOT NULL DEFAULT '[]'`,
      `CREATE INDEX "resources_by_uid" ON "resources" ("organization", "uid")`,
      `CREATE TABLE "resource_keys" (
        "key" ${path},
        "address" ${path},
        PRIMARY KEY ("key", "address")
      )`,
      `CREATE INDEX "resource_keys_by_address" ON "resource_keys" ("address")`,
    ];
    for (const statement of statements) await runner.query(statement);
  }
}

/** Daemons that share a database tell each other what they changed. */
class AddRevisions extends OneWay {
  readonly name = 'AddRevisions1780000000000';

  async up(runner: QueryRunner): Promise<void> {
    const postgres = runner.connection.options.type === 'postgres';
    const statements = [
      `CREATE TABLE "revisions" (
        "organization" ${postgres ? 'text COLLATE "C" NOT NULL' : 'text NOT NULL'},
        "revision" bigint NOT NULL,
        "id" text NOT NULL,
        "at" bigint NOT NULL,
        "keys" text NOT NULL,
        PRIMARY KEY ("organization", "revision")
      )`,
      `CREATE INDEX "revisions_by_time" ON "revisions" ("at")`,
    ];
    for (const statement of statements) await runner.query(statement);
  }
}

/** The keys that access tokens are signed with. */
class AddSigningKeys extends OneWay {
  readonly name = 'AddSigningKeys1781000000000';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(
      `CREATE TABLE "signing_keys" (
        "kid" text NOT NULL PRIMARY KEY,
        "created_at" bigint NOT NULL,
        "activates_at" bigint NOT NULL,
        "verifies_until" bigint,
        "public_key" text NOT NULL,
        "private_key" text NOT NULL
      )`,
    );
  }
}

/** Tokens can be counted by when they end. */
class AddExpiryIndex extends OneWay {
  readonly name = 'AddExpiryIndex1782000000000';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`CREATE INDEX "resources_by_end" ON "resources" ("kind", "valid_until")`);
  }
}

/** Every migration, oldest first. */
export const MIGRATIONS = [CreateTables, AddResourceKeys, AddRevisions, AddSigningKeys, AddExpiryIndex];

/**
 * Brings the schema of `source` up to date, in one transaction.
 * Throws `StoreTooNew` when the database has migrations that this version does not know, and changes nothing then.
 */
export async function migrate(source: DataSource): Promise<void> {
  const runner = source.createQueryRunner();
  try {
    if (await runner.hasTable('migrations')) {
      const applied = (await runner.query('SELECT name FROM migrations ORDER BY id')) as { name: string }[];
      const known = new Set(source.migrations.map(({ name }) => name));
      const unknown = applied.map(({ name }) => name).filter((name) => !known.has(name));
      if (unknown.length > 0) {
        throw new StoreTooNew(
          `the database was written by a newer version of accredit, with ${unknown.join(', ')}, which this version ` +
            'does not know; start the newer version, or restore a backup made by this one',
        );
      }
    }
  } finally {
    await runner.release();
  }
  await source.runMigrations({ transaction: 'all' });
}
