/** One batch of decisions inside one transaction: load, decide, write. */
import { type Needs, NotLoaded, type Operation } from '../domain/snapshot.ts';
import { Changes } from './changes.ts';
import type { Transaction } from './database.ts';
import { keyChanges } from './keys.ts';
import { Overlay } from './overlay.ts';
import { inPieces } from './pieces.ts';
import { keysByOrganization, type MadeRevision, readMade } from './revisions.ts';
import { type LoadedRow, loadParameter, Rows, union } from './rows.ts';
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
} from './tables.ts';

/** How often one decision may ask for more rows. The deepest decisions need a handful of rounds. */
export const MAX_ROUNDS = 32;

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
  const missing = rows.missing(union(needs));
  if (missing.size === 0) return;
  const loaded = await transaction.query(statements.load([...missing.keys()]), [loadParameter(missing)]);
  await inPieces(rows.adding(missing, loaded as LoadedRow[]));
}

/**
 * Writes the changes, with one statement per table and kind of change. Resolves to the revisions that they make, where
 * the database keeps them.
 */
export async function write(
  { rows, changes }: Pick<Decisions, 'rows' | 'changes'>,
  transaction: Transaction,
  statements: Statements,
): Promise<readonly MadeRevision[]> {
  const { resources, revocations, signingKeys } = changes;
  const keys = keyChanges(resources, rows.resources);
  const send = async (sql: string, list: readonly unknown[]) => {
    if (list.length > 0) await transaction.change(sql, [JSON.stringify(list)]);
  };
  await send(statements.deleteResources, removed(resources));
  await send(
    statements.upsertResources,
    kept(resources).map((row) => encodeRow(RESOURCES, row)),
  );
  await send(statements.deleteResourceKeys, keys.outdated);
  await send(statements.insertResourceKeys, keys.added);
  await send(statements.insertSecrets, addedSecrets(changes));
  await send(statements.touchSecrets, usesOfStored(changes));
  await send(statements.deleteRevocations, removed(revocations));
  await send(
    statements.upsertRevocations,
    kept(revocations).map((row) => encodeRow(REVOCATIONS, row)),
  );
  await send(
    statements.upsertReplays,
    [...changes.replays.values()].map((row) => encodeRow(REPLAYS, row)),
  );
  await send(statements.deleteSigningKeys, removed(signingKeys));
  await send(
    statements.upsertSigningKeys,
    kept(signingKeys).map((row) => encodeRow(SIGNING_KEYS, row)),
  );
  await send(
    statements.insertAuditEvents,
    changes.events.map((event) => encodeRow(AUDIT_EVENTS, event)),
  );
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

/** A secret that was made and used in the same batch is inserted as used. */
function addedSecrets({ secrets, uses }: Changes): unknown[] {
  return [...secrets.values()].map((secret) => encodeRow(SECRETS, { ...secret, ...uses.get(secret.hash) }));
}

function usesOfStored({ secrets, uses }: Changes): unknown[] {
  return [...uses].filter(([hash]) => !secrets.has(hash)).map(([hash, use]) => ({ hash, ...use }));
}
