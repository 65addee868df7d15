/** The read path. It never waits for the writer. */
import { type EntityManager, IsNull, LessThan, MoreThan } from 'typeorm';
import type { Resource, StoredAuditEvent } from '../domain/model.ts';
import {
  type AuditQuery,
  type ExpiredQuery,
  type ListQuery,
  type Needs,
  NotLoaded,
  type Operation,
  type Reader,
  type Total,
  type TotalsQuery,
  Unavailable,
} from '../domain/snapshot.ts';
import { AT_A_TIME, MAX_ROUNDS } from './batch.ts';
import { type Database, unavailable } from './database.ts';
import { ReadOnlyOverlay } from './overlay.ts';
import { inPieces } from './pieces.ts';
import { byAddress, type LoadedRow, loadParameter, Rows, slices, union, type Wanted } from './rows.ts';
import type { Part } from './statements.ts';
import { AUDIT_EVENTS, RESOURCES } from './tables.ts';

interface Waiting {
  readonly decide: Operation<unknown>['decide'];
  readonly pieces: Operation<unknown>['pieces'];
  /** Everything that it asked for so far. */
  needs: Needs[];
  rounds: number;
  readonly resolve: (answer: unknown) => void;
  readonly reject: (error: unknown) => void;
}

/** The numbers may come as text. */
type TotalRow = Readonly<Record<string, string | number>>;

export class StoreReader implements Reader {
  readonly #database: Database;
  #waiting: Waiting[] = [];
  #running: Promise<void> | undefined;
  #closed = false;

  constructor(database: Database) {
    this.#database = database;
  }

  /**
   * Reads that wait at the same time share one load, which has not begun when they join it: so each sees everything
   * committed before it was called. A load is of one state of the database; a decision that asks for
   * more gets all of its rows anew rather than rows of two states.
   */
  read<T>(operation: Pick<Operation<T>, 'needs' | 'decide' | 'pieces'>): Promise<T> {
    if (this.#closed) return Promise.reject(closing());
    return new Promise<T>((resolve, reject) => {
      this.#waiting.push({
        decide: (snapshot) => operation.decide(snapshot),
        pieces: operation.pieces?.bind(operation),
        needs: [operation.needs],
        rounds: 0,
        resolve: resolve as (answer: unknown) => void,
        reject,
      });
      this.#running ??= this.#drain();
    });
  }

  async list(query: ListQuery): Promise<readonly Resource[]> {
    if ((query.parent === undefined) === (query.organization === undefined)) {
      throw new TypeError('a list is either below a parent or of an organization');
    }
    return this.query(async (manager) => {
      const repository = manager.getRepository<Resource>(RESOURCES.name);
      const { parent, organization, after, limit: take } = query;
      // Kind by kind: the index has each in the order of the list, so no more rows are read than the page can take.
      const found: Resource[] = [];
      for (const kind of query.kinds) {
        const where = {
          kind,
          ...(parent !== undefined && { parent }),
          ...(organization !== undefined && { organization }),
          ...(after !== undefined && { address: MoreThan(after) }),
        };
        found.push(...(await repository.find({ where, order: { address: 'ASC' }, take })));
      }
      return query.kinds.length === 1 ? found : found.sort(byAddress).slice(0, take);
    });
  }

  async audit(query: AuditQuery): Promise<readonly StoredAuditEvent[]> {
    return this.query((manager) => {
      const select = manager
        .getRepository<StoredAuditEvent>(AUDIT_EVENTS.name)
        .createQueryBuilder('event')
        .where('event.organization = :organization', { organization: query.organization });
      if (query.before !== undefined) select.andWhere('event.id < :before', { before: query.before });
      if (query.address !== undefined) {
        // Everything that starts with the address and a slash; '0' is the character after '/'.
        select.andWhere('(event.address = :address OR (event.address > :first AND event.address < :end))', {
          address: query.address,
          first: `${query.address}/`,
          end: `${query.address}0`,
        });
      }
      return select.orderBy('event.id', 'DESC').limit(query.limit).getMany();
    });
  }

  async expired(query: ExpiredQuery): Promise<readonly Resource[]> {
    return this.query((manager) =>
      manager.getRepository<Resource>(RESOURCES.name).find({
        where: { organization: query.organization, managed_by: IsNull(), valid_until: LessThan(query.before) },
        order: { valid_until: 'ASC', address: 'ASC' },
        take: query.limit,
      }),
    );
  }

  async totals({ kinds, now, until }: TotalsQuery): Promise<readonly Total[]> {
    if (kinds.length === 0) return [];
    const sql = this.#database.statements.totals(kinds, until.length);
    const rows = await this.#run('readAside', (manager) => manager.query<TotalRow[]>(sql, [now, ...until]));
    return rows.map(({ kind, total, ...ending }) => ({
      kind: String(kind),
      count: Number(total),
      ending: until.map((_time, index) => Number(ending[`ending_${index + 1}`])),
    }));
  }

  /** Runs one query on a connection that only reads. Rejects with `Unavailable` on trouble with the database. */
  async query<T>(work: (manager: EntityManager) => Promise<T>): Promise<T> {
    return this.#run('read', work);
  }

  async #run<T>(how: 'read' | 'readAside', work: (manager: EntityManager) => Promise<T>): Promise<T> {
    if (this.#closed) throw closing();
    try {
      return await this.#database[how](work);
    } catch (error) {
      throw unavailable(error);
    }
  }

  /** Waits for the reads that came before; later ones reject. */
  async close(): Promise<void> {
    this.#closed = true;
    await this.#running;
  }

  async #drain(): Promise<void> {
    // Lets everything that is asked in this turn of the event loop join.
    await new Promise<void>((resolve) => setImmediate(resolve));
    while (this.#waiting.length > 0) {
      const group = this.#waiting;
      this.#waiting = [];
      const again = await this.#decideTogether(group);
      this.#waiting.push(...again);
    }
    this.#running = undefined;
  }

  /**
   * The rows that are wanted, of one state of the database. Thousands of them are read in slices, which take less memory, and if
   * somebody wrote in between, like a few: with one statement.
   */
  async #load(wanted: Wanted): Promise<Rows> {
    if (wanted.size === 0) return new Rows();
    return (await this.#loadInSlices(wanted)) ?? (await this.#loadSlices([wanted]));
  }

  /** `undefined` for what is not worth it, and where it may have become two states. */
  async #loadInSlices(wanted: Wanted): Promise<Rows | undefined> {
    const count = [...wanted.values()].reduce((sum, { size }) => sum + size, 0);
    if (count <= AT_A_TIME) return undefined;
    const before = await this.#database.version();
    if (before === undefined) return undefined;
    const rows = await this.#loadSlices(slices(wanted, AT_A_TIME));
    return (await this.#database.version()) === before ? rows : undefined;
  }

  async #loadSlices(parts: Iterable<ReadonlyMap<Part, Iterable<string>>>): Promise<Rows> {
    const rows = new Rows();
    for (const part of parts) {
      const sql = this.#database.statements.load([...part.keys()]);
      const loaded = await this.#database.read((manager) => manager.query(sql, [loadParameter(part)]));
      await inPieces(rows.adding(part, loaded as LoadedRow[]));
    }
    return rows;
  }

  /** Answers the group; resolves to those that asked for more. */
  async #decideTogether(group: readonly Waiting[]): Promise<Waiting[]> {
    let rows: Rows;
    try {
      rows = await this.#load(union(group.flatMap(({ needs }) => needs)));
    } catch (error) {
      for (const { reject } of group) reject(unavailable(error));
      return [];
    }
    const again: Waiting[] = [];
    for (const waiting of group) {
      try {
        const snapshot = new ReadOnlyOverlay(rows);
        waiting.resolve(waiting.pieces ? await inPieces(waiting.pieces(snapshot)) : waiting.decide(snapshot));
      } catch (error) {
        if (!(error instanceof NotLoaded)) waiting.reject(error);
        else if (waiting.rounds >= MAX_ROUNDS) {
          waiting.reject(new Error(`a decision asked for more rows ${MAX_ROUNDS} times over`));
        } else {
          waiting.needs.push(error.needs);
          waiting.rounds += 1;
          again.push(waiting);
        }
      }
    }
    return again;
  }
}

function closing(): Unavailable {
  return new Unavailable('the store is closing');
}
