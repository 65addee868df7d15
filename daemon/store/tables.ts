/**
 * The tables, described once: the entity schemas, the bulk statements and the reading of rows derive from here. Only
 * the migrations spell the columns out again, since a migration must never change after its release; a test compares.
 */
import type { Replay, Resource, Revocation, Secret, SigningKey, StoredAuditEvent } from '../domain/model.ts';

export type Dialect = 'sqlite' | 'postgres';

/**
 * What a column holds. `path` is text that is sorted and paged by, so it needs byte order in every database; `time` and
 * `count` are integers that a double holds exactly; `json` is kept as text, because a binary JSON type would reorder
 * keys and normalise numbers, and attributes come back exactly as they were sent.
 */
export type ColumnType = 'path' | 'text' | 'time' | 'count' | 'boolean' | 'json' | 'serial';

export interface Column {
  readonly type: ColumnType;
  readonly nullable?: true;
  /** What rows hold that were written before there was such a column. */
  readonly default?: string;
}

/** One table of rows of type `Row`, whose primary key are the columns `key`. */
export interface Table<Row> {
  readonly name: string;
  readonly key: readonly (keyof Row & string)[];
  readonly columns: { readonly [name in keyof Row & string]: Column };
  readonly indexes: readonly Index<Row>[];
}

export interface Index<Row> {
  readonly name: string;
  readonly columns: readonly (keyof Row & string)[];
  /** Makes it partial; must read the same in every dialect. */
  readonly where?: string;
}

/** That the resource at `address` has a key; `storedKey` spells it. */
export interface ResourceKey {
  readonly key: string;
  readonly address: string;
}

/**
 * That a transaction changed what decisions rest on, in one organization: `revision` counts them without a gap, `id` is
 * another one for each.
 */
export interface Revision {
  readonly organization: string;
  readonly revision: number;
  readonly id: string;
  /** By the clock of the database. */
  readonly at: number;
  /** The changed rows, as `domain/change-feed.ts` spells them; null for too many to name. */
  readonly keys: readonly string[] | null;
}

/** A small value of the installation. */
export interface MetaRow {
  readonly name: string;
  readonly value: string;
}

const path: Column = { type: 'path' };
const text: Column = { type: 'text' };
const textOrNull: Column = { type: 'text', nullable: true };
const time: Column = { type: 'time' };
const timeOrNull: Column = { type: 'time', nullable: true };
const json: Column = { type: 'json' };

export const RESOURCES: Table<Resource> = {
  name: 'resources',
  key: ['address'],
  columns: {
    address: path,
    kind: text,
    organization: path,
    parent: path,
    name: text,
    uid: text,
    revision: { type: 'count' },
    created_at: time,
    created_by: text,
    updated_at: time,
    managed_by: textOrNull,
    claim: textOrNull,
    attributes: json,
    state: json,
    owner: { type: 'boolean' },
    valid_until: timeOrNull,
    keys: { ...json, default: '[]' },
  },
  indexes: [
    { name: 'resources_by_parent', columns: ['parent', 'address'] },
    { name: 'resources_by_kind', columns: ['organization', 'kind', 'address'] },
    { name: 'resources_by_uid', columns: ['organization', 'uid'] },
    { name: 'resources_by_end', columns: ['kind', 'valid_until'] },
    { name: 'resources_owners', columns: ['organization'], where: 'owner' },
    {
      name: 'resources_unmanaged_by_end',
      columns: ['organization', 'valid_until'],
      where: 'valid_until IS NOT NULL AND managed_by IS NULL',
    },
  ],
};

/** The keys of all resources once more, to look resources up by them. */
export const RESOURCE_KEYS: Table<ResourceKey> = {
  name: 'resource_keys',
  key: ['key', 'address'],
  columns: { key: path, address: path },
  indexes: [{ name: 'resource_keys_by_address', columns: ['address'] }],
};

export const SECRETS: Table<Secret> = {
  name: 'secrets',
  key: ['hash'],
  columns: {
    hash: text,
    address: path,
    uid: text,
    created_at: time,
    last_used_at: timeOrNull,
    last_used_ip: textOrNull,
  },
  indexes: [],
};

export const REVOCATIONS: Table<Revocation> = {
  name: 'revocations',
  key: ['address'],
  columns: { address: path, organization: path, reason: text, created_at: time, created_by: text },
  indexes: [],
};

export const REPLAYS: Table<Replay> = {
  name: 'replays',
  key: ['key'],
  columns: { key: text, request: text, answer: text, created_at: time, expires_at: time },
  indexes: [{ name: 'replays_by_end', columns: ['expires_at'] }],
};

export const SIGNING_KEYS: Table<SigningKey> = {
  name: 'signing_keys',
  key: ['kid'],
  columns: {
    kid: text,
    created_at: time,
    activates_at: time,
    verifies_until: timeOrNull,
    public_key: json,
    private_key: text,
  },
  indexes: [],
};

export const AUDIT_EVENTS: Table<StoredAuditEvent> = {
  name: 'audit_events',
  key: ['id'],
  columns: {
    id: { type: 'serial' },
    organization: path,
    at: time,
    actor: text,
    actor_token: textOrNull,
    action: text,
    address: path,
    outcome: text,
    request_id: text,
    details: json,
  },
  indexes: [{ name: 'audit_events_by_organization', columns: ['organization', 'id'] }],
};

export const META: Table<MetaRow> = {
  name: 'meta',
  key: ['name'],
  columns: { name: text, value: text },
  indexes: [],
};

/** Written only where several daemons share the database: what one has cached, another may change. */
export const REVISIONS: Table<Revision> = {
  name: 'revisions',
  key: ['organization', 'revision'],
  columns: { organization: path, revision: { type: 'count' }, id: text, at: time, keys: json },
  indexes: [{ name: 'revisions_by_time', columns: ['at'] }],
};

/** The columns of a table by name, in the order in which rows travel. */
export function columnsOf<Row>(table: Table<Row>): readonly [keyof Row & string, Column][] {
  let columns = columnLists.get(table);
  if (columns === undefined) {
    columns = Object.entries(table.columns) as [string, Column][];
    columnLists.set(table, columns);
  }
  return columns as readonly [keyof Row & string, Column][];
}

/** Asked for with every row. */
const columnLists = new WeakMap<object, readonly [string, Column][]>();

/** What goes into the database for the row: JSON as text, everything else as it is. */
export function encodeRow<Row>(table: Table<Row>, row: Partial<Row>): Record<string, unknown> {
  const encoded: Record<string, unknown> = {};
  for (const [name, { type }] of columnsOf(table)) {
    const value = row[name];
    if (value !== undefined) encoded[name] = type === 'json' ? JSON.stringify(value) : value;
  }
  return encoded;
}

/** The row whose columns came as `values`, in the order of `columnsOf`. */
export function decodeRow<Row>(table: Table<Row>, values: readonly unknown[]): Row {
  const row: Record<string, unknown> = {};
  columnsOf(table).forEach(([name, { type }], index) => {
    const value = values[index];
    if (type === 'json') row[name] = JSON.parse(value as string);
    else if (type === 'boolean') row[name] = Boolean(value);
    else row[name] = value;
  });
  return row as Row;
}
