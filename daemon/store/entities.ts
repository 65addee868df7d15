/** The tables as TypeORM knows them. */
import { EntitySchema, type EntitySchemaColumnOptions } from 'typeorm';
import {
  AUDIT_EVENTS,
  type Column,
  columnsOf,
  type Dialect,
  META,
  REPLAYS,
  RESOURCE_KEYS,
  RESOURCES,
  REVISIONS,
  REVOCATIONS,
  SECRETS,
  SIGNING_KEYS,
  type Table,
} from './tables.ts';

/** The entity schemas for a data source of that dialect. */
export function entities(dialect: Dialect): EntitySchema[] {
  return [
    entity(RESOURCES, dialect),
    entity(RESOURCE_KEYS, dialect),
    entity(SECRETS, dialect),
    entity(REVOCATIONS, dialect),
    entity(REPLAYS, dialect),
    entity(SIGNING_KEYS, dialect),
    entity(AUDIT_EVENTS, dialect),
    entity(META, dialect),
    entity(REVISIONS, dialect),
  ];
}

function entity<Row>(table: Table<Row>, dialect: Dialect): EntitySchema {
  return new EntitySchema({
    name: table.name,
    tableName: table.name,
    columns: Object.fromEntries(
      columnsOf(table).map(([name, column]) => [name, columnOptions(column, table.key.includes(name), dialect)]),
    ),
    indices: table.indexes.map(({ name, columns, where }) => ({
      name,
      columns: [...columns],
      ...(where !== undefined && { where }),
    })),
  });
}

function columnOptions(column: Column, primary: boolean, dialect: Dialect): EntitySchemaColumnOptions {
  const common = {
    primary,
    nullable: column.nullable === true,
    ...(column.default !== undefined && { default: column.default }),
  };
  switch (column.type) {
    case 'path':
      return { ...common, type: 'text', ...(dialect === 'postgres' && { collation: 'C' }) };
    case 'text':
      return { ...common, type: 'text' };
    case 'time':
    case 'count':
      return { ...common, type: 'bigint', transformer: INTEGER };
    case 'boolean':
      return { ...common, type: 'boolean' };
    case 'json':
      return { ...common, type: 'simple-json' };
    case 'serial':
      return {
        ...common,
        type: dialect === 'sqlite' ? 'integer' : 'bigint',
        generated: 'increment',
        transformer: INTEGER,
      };
  }
}

/** PostgreSQL's driver hands 64-bit integers out as text. */
const INTEGER = {
  to: (value: unknown) => value,
  from: (value: unknown) => (value === null || value === undefined ? null : Number(value)),
};
