/**
 * The SQL of the bulk path. However many rows a statement carries, they travel as one JSON parameter: databases limit
 * the number of parameters, and a statement costs about the same whatever it carries.
 */
import { ALL, REFERRER_LIMIT } from '../domain/snapshot.ts';
import {
  AUDIT_EVENTS,
  type ColumnType,
  columnsOf,
  type Dialect,
  REPLAYS,
  RESOURCE_KEYS,
  RESOURCES,
  REVOCATIONS,
  SECRETS,
  SIGNING_KEYS,
  type Table,
} from './tables.ts';

/** What one statement can load; each part takes a list of keys. */
export const PARTS = [
  'resources',
  'children',
  'referrers',
  'owners',
  'keys',
  'uids',
  'secrets',
  'revocations',
  'replays',
  'signingKeys',
] as const;
export type Part = (typeof PARTS)[number];

/** The tables from which the parts are read. */
export const PART_TABLES = {
  resources: RESOURCES,
  children: RESOURCES,
  referrers: RESOURCES,
  owners: RESOURCES,
  keys: RESOURCES,
  uids: RESOURCES,
  secrets: SECRETS,
  revocations: REVOCATIONS,
  replays: REPLAYS,
  signingKeys: SIGNING_KEYS,
} as const;

/** One dialect's statements. Each takes exactly one parameter, a JSON text, unless it says otherwise. */
export interface Statements {
  /**
   * Reads all of these parts in one statement, so that what is read is one state of the database. Takes an object with
   * a list of keys per part, as `loadParameter` makes it; answers rows of `part` and `row`, a JSON array in the order of
   * `columnsOf`. However many of the wanted keys of the part `keys` a resource has, it is answered once.
   */
  load(parts: readonly Part[]): string;
  /** Takes a list of encoded rows. */
  readonly upsertResources: string;
  readonly upsertRevocations: string;
  readonly upsertReplays: string;
  readonly upsertSigningKeys: string;
  readonly insertResourceKeys: string;
  readonly insertSecrets: string;
  readonly insertAuditEvents: string;
  /** Takes a list of `{ hash, last_used_at, last_used_ip }`; never sets a time back. */
  readonly touchSecrets: string;
  /** Takes a list of addresses. */
  readonly deleteResources: string;
  readonly deleteResourceKeys: string;
  readonly deleteRevocations: string;
  /** Takes a list of kids. */
  readonly deleteSigningKeys: string;
  /** Takes a time and how many at most. */
  readonly deleteExpiredReplays: string;
  /** Those of a database that other daemons write too; none for an embedded one. */
  readonly revisions: RevisionStatements | undefined;
  /**
   * Counts the resources of these kinds by when they end. Takes the time at which they must not have ended, and so many
   * others until which they end; answers a row for each kind with `kind`, `total` and `ending_1` and so on.
   */
  totals(kinds: readonly string[], times: number): string;
  /** Takes a name and a value; does nothing when the name is there. */
  readonly insertMeta: string;
  /** Takes a name and a value. */
  readonly replaceMeta: string;
  /** Takes a name. */
  readonly selectMeta: string;
}

/** How daemons tell each other what they changed. */
export interface RevisionStatements {
  /**
   * Takes a list of `{ organization, keys }`, the keys encoded; answers rows of `Revision` without time and keys, and
   * with `before`, the id of the revision before, or `''`.
   */
  readonly insert: string;
  /** Takes an object of revisions by organization; answers `REVISION_LIMIT` rows of `Revision`, those and later ones. */
  readonly selectFrom: string;
  /** Takes a list of organizations; answers the last revision of each that has one. */
  readonly selectLast: string;
  /** Takes an age in milliseconds and how many at most; leaves the last revision of each organization. */
  readonly deleteOld: string;
}

/** How many revisions are read at once. Whoever is further behind does better to forget everything. */
export const REVISION_LIMIT = 500;

const REVISION_STATEMENTS: Record<Dialect, RevisionStatements | undefined> = {
  sqlite: undefined,
  postgres: {
    insert:
      'WITH list AS (SELECT list.*, COALESCE(last.revision, 0) AS revision, last.id ' +
      'FROM jsonb_to_recordset($1::jsonb) AS list(organization text, keys text) LEFT JOIN LATERAL (SELECT revision, id ' +
      'FROM revisions AS r WHERE r.organization = list.organization ORDER BY revision DESC LIMIT 1) AS last ON true), ' +
      'added AS (INSERT INTO revisions (organization, revision, id, at, keys) SELECT organization, revision + 1, ' +
      'gen_random_uuid()::text, (extract(epoch FROM clock_timestamp()) * 1000)::bigint, keys ' +
      'FROM list RETURNING organization, revision, id) ' +
      "SELECT added.*, COALESCE(list.id, '') AS before FROM added JOIN list USING (organization)",
    selectFrom:
      'SELECT r.organization, r.revision, r.id, r.keys FROM jsonb_each_text($1::jsonb) AS known(organization, revision) ' +
      'JOIN revisions AS r ON r.organization = known.organization AND r.revision >= known.revision::bigint ' +
      `ORDER BY r.organization, r.revision LIMIT ${REVISION_LIMIT}`,
    selectLast:
      'SELECT last.* FROM jsonb_array_elements_text($1::jsonb) AS wanted(organization) CROSS JOIN LATERAL ' +
      '(SELECT organization, revision, id FROM revisions AS r WHERE r.organization = wanted.organization ' +
      'ORDER BY revision DESC LIMIT 1) AS last',
    deleteOld:
      'DELETE FROM revisions WHERE (organization, revision) IN (SELECT organization, revision FROM revisions AS r ' +
      'WHERE at < extract(epoch FROM clock_timestamp()) * 1000 - $1::bigint AND EXISTS ' +
      '(SELECT 1 FROM revisions AS later WHERE later.organization = r.organization AND later.revision > r.revision) ' +
      'ORDER BY at LIMIT $2)',
  },
};

/** The statements for that dialect. */
export function statements(dialect: Dialect): Statements {
  const syntax = SYNTAX[dialect];
  const [first, second] = dialect === 'sqlite' ? ['?1', '?2'] : ['$1', '$2'];
  return {
    load: (parts) => parts.map((part) => loadPart(syntax, part)).join(' UNION ALL '),
    upsertResources: upsert(syntax, RESOURCES),
    upsertRevocations: upsert(syntax, REVOCATIONS),
    upsertReplays: upsert(syntax, REPLAYS),
    upsertSigningKeys: upsert(syntax, SIGNING_KEYS),
    insertResourceKeys: insert(syntax, RESOURCE_KEYS),
    insertSecrets: insert(syntax, SECRETS),
    insertAuditEvents: insert(syntax, AUDIT_EVENTS),
    touchSecrets:
      `UPDATE secrets SET last_used_at = used.last_used_at, last_used_ip = used.last_used_ip ` +
      `FROM (${rows(syntax, SECRETS, ['hash', 'last_used_at', 'last_used_ip'])}) AS used ` +
      `WHERE secrets.hash = used.hash AND (secrets.last_used_at IS NULL OR secrets.last_used_at < used.last_used_at)`,
    deleteResources: `DELETE FROM resources WHERE address IN (${syntax.keys})`,
    deleteResourceKeys: `DELETE FROM resource_keys WHERE address IN (${syntax.keys})`,
    deleteSigningKeys: `DELETE FROM signing_keys WHERE kid IN (${syntax.keys})`,
    deleteRevocations: `DELETE FROM revocations WHERE address IN (${syntax.keys})`,
    deleteExpiredReplays:
      `DELETE FROM replays WHERE key IN ` +
      `(SELECT key FROM replays WHERE expires_at < ${first} ORDER BY expires_at LIMIT ${second})`,
    revisions: REVISION_STATEMENTS[dialect],
    totals: (kinds, times) => kinds.map((kind) => total(syntax, kind, times)).join(' UNION ALL '),
    insertMeta: `INSERT INTO meta (name, value) VALUES (${first}, ${second}) ON CONFLICT (name) DO NOTHING`,
    replaceMeta:
      `INSERT INTO meta (name, value) VALUES (${first}, ${second}) ` +
      'ON CONFLICT (name) DO UPDATE SET value = excluded.value',
    selectMeta: `SELECT name, value FROM meta WHERE name = ${first}`,
  };
}

/** What differs between the dialects. */
interface Syntax {
  /** A derived table `wanted` with the keys of one part in its column `value`. */
  wanted(part: Part): string;
  /** Joins a table to `wanted` in that order: there are always fewer keys wanted than rows in the table. */
  readonly join: string;
  /** Builds one JSON array of these columns. */
  readonly array: string;
  /** A subquery over a list of keys that is the whole parameter. */
  readonly keys: string;
  /** The rows that are the whole parameter, as a query that gives these columns and their place in the list, `place`. */
  rows(columns: readonly (readonly [name: string, type: ColumnType])[]): string;
  /** At most `REFERRER_LIMIT` rows for each wanted key. */
  readonly referrers: string;
  /** The parameter of that number, an integer. */
  number(parameter: number): string;
  /** The two parts of a wanted `uidKey`. */
  readonly uidKey: { readonly organization: string; readonly uid: string };
}

const SYNTAX: Record<Dialect, Syntax> = {
  sqlite: {
    wanted: (part) => `json_each(?1, '$.${part}') AS wanted`,
    join: 'CROSS JOIN',
    array: 'json_array',
    keys: 'SELECT value FROM json_each(?1)',
    rows: (columns) =>
      `SELECT ${columns.map(([name]) => `json_extract(value, '$.${name}') AS "${name}"`).join(', ')}, key AS place ` +
      'FROM json_each(?1)',
    referrers:
      'CROSS JOIN resources AS r ON r.address IN ' +
      `(SELECT address FROM resources WHERE parent = wanted.value ORDER BY address LIMIT ${REFERRER_LIMIT})`,
    number: (parameter) => `?${parameter}`,
    uidKey: {
      organization: "substr(wanted.value, 1, instr(wanted.value, '#') - 1)",
      uid: "substr(wanted.value, instr(wanted.value, '#') + 1)",
    },
  },
  postgres: {
    wanted: (part) => `jsonb_array_elements_text($1::jsonb -> '${part}') AS wanted(value)`,
    join: 'JOIN',
    array: 'json_build_array',
    keys: 'SELECT jsonb_array_elements_text($1::jsonb)',
    rows: (columns) =>
      `SELECT list.* FROM ROWS FROM (jsonb_to_recordset($1::jsonb) AS (` +
      columns.map(([name, type]) => `"${name}" ${POSTGRES_TYPES[type]}`).join(', ') +
      `)) WITH ORDINALITY AS list(${columns.map(([name]) => `"${name}"`).join(', ')}, place)`,
    referrers:
      'CROSS JOIN LATERAL (SELECT * FROM resources WHERE parent = wanted.value ' +
      `ORDER BY address LIMIT ${REFERRER_LIMIT}) AS r`,
    number: (parameter) => `$${parameter}::bigint`,
    uidKey: {
      organization: "split_part(wanted.value, '#', 1)",
      uid: "substr(wanted.value, strpos(wanted.value, '#') + 1)",
    },
  },
};

const POSTGRES_TYPES: Record<ColumnType, string> = {
  path: 'text',
  text: 'text',
  time: 'bigint',
  count: 'bigint',
  boolean: 'boolean',
  json: 'text',
  serial: 'bigint',
};

function loadPart(syntax: Syntax, part: Part): string {
  const table: Table<never> = PART_TABLES[part] as never;
  const fields = columnsOf(table).map(([name]) => `r."${name as string}"`);
  const wanted = syntax.wanted(part);
  const found = `${wanted} ${syntax.join} resource_keys AS found ON found.key = wanted.value`;
  const { organization, uid } = syntax.uidKey;
  const source = {
    resources: `${wanted} ${syntax.join} resources AS r ON r.address = wanted.value`,
    children: `${wanted} ${syntax.join} resources AS r ON r.parent = wanted.value`,
    referrers: `${wanted} ${syntax.referrers}`,
    owners: `${wanted} ${syntax.join} resources AS r ON r.organization = wanted.value AND r.owner`,
    keys: `resources AS r WHERE r.address IN (SELECT found.address FROM ${found})`,
    uids: `${wanted} ${syntax.join} resources AS r ON r.organization = ${organization} AND r.uid = ${uid}`,
    secrets: `${wanted} ${syntax.join} secrets AS r ON r.hash = wanted.value`,
    revocations: `${wanted} ${syntax.join} revocations AS r ON r.address = wanted.value`,
    replays: `${wanted} ${syntax.join} replays AS r ON r.key = wanted.value`,
    signingKeys: `${wanted} ${syntax.join} signing_keys AS r ON wanted.value = '${ALL}'`,
  }[part];
  return `SELECT '${part}' AS part, ${syntax.array}(${fields.join(', ')}) AS "row" FROM ${source}`;
}

/** Ranges of an index, which are counted without a look at any row. */
function total({ number }: Syntax, kind: string, times: number): string {
  const count = (end: string) => `(SELECT count(*) FROM resources WHERE kind = '${kind}' AND valid_until ${end})`;
  const now = number(1);
  const ending = Array.from({ length: times }, (_, index) => {
    return `${count(`> ${now} AND valid_until <= ${number(index + 2)}`)} AS ending_${index + 1}`;
  });
  const columns = [`'${kind}' AS kind`, `${count('IS NULL')} + ${count(`> ${now}`)} AS total`, ...ending];
  return `SELECT ${columns.join(', ')}`;
}

/** `SELECT` of the parameter's rows, in their order, with the columns named. */
function rows<Row>(syntax: Syntax, table: Table<Row>, names: readonly (keyof Row & string)[]): string {
  const wanted = names.map((name) => [name, table.columns[name].type] as const);
  return syntax.rows(wanted);
}

function insert<Row>(syntax: Syntax, table: Table<Row>): string {
  const names = columnsOf(table)
    .filter(([, { type }]) => type !== 'serial')
    .map(([name]) => name);
  const list = names.map((name) => `"${name}"`).join(', ');
  // What is numbered as it comes keeps its order; to sort all else would only take memory, and of many rows a lot.
  const isNumbered = names.length < columnsOf(table).length;
  return (
    `INSERT INTO ${table.name} (${list}) SELECT ${list} FROM (${rows(syntax, table, names)}) AS added ` +
    `WHERE true${isNumbered ? ' ORDER BY place' : ''}`
  );
}

function upsert<Row>(syntax: Syntax, table: Table<Row>): string {
  const changes = columnsOf(table)
    .filter(([name]) => !table.key.includes(name))
    .map(([name]) => `"${name}" = excluded."${name}"`);
  return `${insert(syntax, table)} ON CONFLICT (${table.key.join(', ')}) DO UPDATE SET ${changes.join(', ')}`;
}
