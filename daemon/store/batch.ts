/** One batch of decisions inside one transaction: load, decide, write. */
import { type Needs, NotLoaded, type Operation } from '../domain/snapshot.ts';
import { Changes } from './changes.ts';
import type { Transaction } from './database.ts';
import { keyChanges } from './keys.ts';
import { Overlay } from './overlay.ts';
import { inPieces } from './pieces.ts';
import { keysByOrganization, type MadeRevision, readMade } from './revisions.ts';
import { type LoadedRow, loadParameter, Rows, slices, union } from './rows.ts';
import type { Statements } from './statements.ts';
import {
  AUDIT_EVENTS,
  encodeRow,
  REPLAYS,
  RESOURCES,
  REVISIONS,
  REVOCATIONS,
  SECRETS,
  SIGNING_KEYS,
  type Table,
} from './tables.ts';

/** How often one decision may ask for more rows. The deepest decisions need a handful of rounds. */
export const MAX_ROUNDS = 32;

/**
 * How many rows travel in one parameter, and of how many keys the rows in one answer. All of it is there several times over, here and in the database, and what a process has once needed it
 * hardly gives back: for the ten thousand rows of a manifest that would be hundreds of megabytes.
 */
export const AT_A_TIME = 1000;

/** What became of a decision: its answer, or what it threw. */
export type Decided = { readonly answer: unknown } | { readonly thrown: unknown };

/** The answers in the order of the operations, everything that they changed, and the rows on which they were made. */
export interface Decisions {
  readonly decided: readonly Decided[];
  readonly rows: Rows;
  readonly changes: Changes;
}

/**
 * Decides the operations in their order, each on what the ones before it left. One that throws leaves nothing. Rejects
 * only when the database fails.
 */
export async function decide(
  operations: readonly Operation<unknown>[],
  transaction: Transaction,
  statements: Statements,
): Promise<Decisions> {
  const rows = new Rows();
  let changes = new Changes();
  const decided: Decided[] = [];
  let needs: Needs[] = operations.map((operation) => operation.needs);
  let rounds = 0;
  while (decided.length < operations.length) {
    await load(rows, needs, transaction, statements);
    needs = [];
    const before = decided.length;
    for (const operation of operations.slice(before)) {
      const overlay = new Overlay(rows, changes);
      const attempted = attempt(operation, overlay);
      const outcome = attempted instanceof Promise ? await attempted : attempted;
      if ('needs' in outcome) {
        needs.push(outcome.needs);
        continue;
      }
      // Behind one that waits for rows, an operation is tried only to learn now what it will ask for.
      if (needs.length > 0) continue;
      if ('answer' in outcome) {
        // The first may have changed thousands of rows, and mostly there is no other.
        if (changes.empty) changes = overlay.own;
        else changes.merge(overlay.own);
      }
      decided.push(outcome);
    }
    rounds = decided.length > before ? 1 : rounds + 1;
    if (needs.length > 0 && rounds >= MAX_ROUNDS) {
      decided.push({ thrown: new Error(`a decision asked for more rows ${MAX_ROUNDS} times over`) });
      rounds = 0;
    }
  }
  return { decided, rows, changes };
}

type Outcome = Decided | { readonly needs: Needs };

/** Only what takes long is waited for: for all others a turn of the queue each would add up. */
function attempt(operation: Operation<unknown>, overlay: Overlay): Outcome | Promise<Outcome> {
  if (operation.pieces !== undefined) {
    return inPieces(operation.pieces(overlay)).then((answer) => ({ answer }), refusedOrMissing);
  }
  try {
    return { answer: operation.decide(overlay) };
  } catch (error) {
    return refusedOrMissing(error);
  }
}

function refusedOrMissing(error: unknown): Outcome {
  return error instanceof NotLoaded ? { needs: error.needs } : { thrown: error };
}

async function load(
  rows: Rows,
  needs: readonly Needs[],
  transaction: Transaction,
  statements: Statements,
): Promise<void> {
  for (const some of slices(rows.missing(union(needs)), AT_A_TIME)) {
    const loaded = await transaction.query(statements.load([...some.keys()]), [loadParameter(some)]);
    await inPieces(rows.adding(some, loaded as LoadedRow[]));
  }
}

/**
 * Writes the changes, with one statement per table and kind of change, or several where there are thousands of rows. Resolves to the revisions that they make, where
 * the database keeps them.
 */
export async function write(
  { rows, changes }: Pick<Decisions, 'rows' | 'changes'>,
  transaction: Transaction,
  statements: Statements,
): Promise<readonly MadeRevision[]> {
  const { resources, secrets, uses, revocations, replays, signingKeys, events } = changes;
  const keys = keyChanges(resources, rows.resources);
  const send = async <Row>(sql: string, list: readonly Row[], encode: (row: Row) => unknown = (row) => row) => {
    for (let at = 0; at < list.length; at += AT_A_TIME) {
      await transaction.change(sql, [JSON.stringify(list.slice(at, at + AT_A_TIME).map(encode))]);
    }
  };
  const as = <Row>(table: Table<Row>) => {
    return (row: Partial<Row>) => encodeRow(table, row);
  };
  await send(statements.deleteResources, removed(resources));
  await send(statements.upsertResources, kept(resources), as(RESOURCES));
  await send(statements.deleteResourceKeys, keys.outdated);
  await send(statements.insertResourceKeys, keys.added);
  // A secret that was made and used in the same batch is inserted as used.
  await send(statements.insertSecrets, [...secrets.values()], (secret) =>
    encodeRow(SECRETS, { ...secret, ...uses.get(secret.hash) }),
  );
  await send(statements.touchSecrets, usesOfStored(changes));
  await send(statements.deleteRevocations, removed(revocations));
  await send(statements.upsertRevocations, kept(revocations), as(REVOCATIONS));
  await send(statements.upsertReplays, [...replays.values()], as(REPLAYS));
  await send(statements.deleteSigningKeys, removed(signingKeys));
  await send(statements.upsertSigningKeys, kept(signingKeys), as(SIGNING_KEYS));
  await send(statements.insertAuditEvents, events, as(AUDIT_EVENTS));
  return writeRevisions(changes, transaction, statements);
}

/** Last, since whoever counts on waits for nobody but the holder of the organization's lock. */
async function writeRevisions(
  changes: Changes,
  transaction: Transaction,
  { revisions }: Statements,
): Promise<readonly MadeRevision[]> {
  const changed = revisions === undefined ? [] : keysByOrganization(changes);
  if (revisions === undefined || changed.length === 0) return [];
  const encoded = changed.map((revision) => encodeRow(REVISIONS, revision));
  return readMade(await transaction.query(revisions.insert, [JSON.stringify(encoded)]));
}

function removed<Row>(rows: ReadonlyMap<string, Row | null>): string[] {
  return [...rows].filter(([, row]) => row === null).map(([key]) => key);
}

function kept<Row>(rows: ReadonlyMap<string, Row | null>): Row[] {
  return [...rows.values()].filter((row) => row !== null);
}

function usesOfStored({ secrets, uses }: Changes): unknown[] {
  return [...uses].filter(([hash]) => !secrets.has(hash)).map(([hash, use]) => ({ hash, ...use }));
}
