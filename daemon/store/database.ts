/** What the engine and the reader need of a database; `sqlite.ts` and `postgres.ts` provide it. */
import type { EntityManager } from 'typeorm';
import { Unavailable } from '../domain/snapshot.ts';
import type { Statements } from './statements.ts';

/** Where the store tells of trouble that no caller learns of. Never holds a row. */
export interface StoreLog {
  warn(details: object, message: string): void;
}

/**
 * What a failure means. `duplicate-secret`: the database has that hash already. `conflict`: another transaction was in
 * the way, the same again may work. `disconnected`: the database is gone, and nothing can be said of a commit in
 * flight. `blocked`: it answers, but cannot do this now, whatever it is. `refused`: it did not like this statement.
 */
export type Failure = 'duplicate-secret' | 'conflict' | 'disconnected' | 'blocked' | 'refused';

/** One writing transaction. */
export interface Transaction {
  /** The rows that a statement answers. */
  query(sql: string, parameters?: unknown[]): Promise<unknown[]>;
  /** How many rows a statement changed. */
  change(sql: string, parameters?: unknown[]): Promise<number>;
  /** Resolves when everything written is durable. After a rejection `rollback` must still be called. */
  commit(): Promise<void>;
  /** Ends it without effect. Never rejects: a connection that cannot roll back is replaced. */
  rollback(): Promise<void>;
}

export interface Database {
  readonly statements: Statements;
  /** Whether other processes write it too. */
  readonly shared: boolean;
  /**
   * Another number as soon as anything was committed since it was asked for last, of the connection that `read` lends: what is read
   * between two equal ones is of one state of the database. `undefined` where that connection is not always the same one.
   */
  version(): Promise<number | undefined>;
  /** Lends a connection that only reads. Each statement sees everything that was committed before it was sent. */
  read<T>(work: (manager: EntityManager) => Promise<T>): Promise<T>;
  /** The same for a read that takes long: no other one waits for it. */
  readAside<T>(work: (manager: EntityManager) => Promise<T>): Promise<T>;
  /** Begins the one transaction that this process may have open, and holds the organizations' locks in it. */
  begin(organizations: readonly string[]): Promise<Transaction>;
  failure(error: unknown): Failure;
  close(): Promise<void>;
}

/** The driver's own error: TypeORM's wrapper carries the statement's parameters, which belong in no log. */
export function driverError(error: unknown): unknown {
  if (error instanceof Error && 'driverError' in error && error.driverError instanceof Error) return error.driverError;
  return error;
}

/** The rejection of whoever depended on a statement that failed with `error`. */
export function unavailable(error: unknown): Unavailable {
  if (error instanceof Unavailable) return error;
  return new Unavailable('the database cannot answer now', { cause: driverError(error) });
}
