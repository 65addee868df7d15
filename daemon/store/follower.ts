/** Follows what is committed, by this process and, where the database is shared, by others. */
import { everythingIn } from '../domain/change-feed.ts';
import type { ChangeFeed } from '../domain/snapshot.ts';
import { type Database, unavailable } from './database.ts';
import type { Committed } from './engine.ts';
import { changedKeys, keysOf, type RevisionMark, readMarks, readRevisions } from './revisions.ts';
import { REVISION_LIMIT, type RevisionStatements } from './statements.ts';
import type { Revision } from './tables.ts';

interface Waiting {
  readonly organizations: Iterable<string>;
  resolve(): void;
  reject(error: unknown): void;
}

/** The mark of an organization in which nothing changed since records are kept. */
const NONE = { revision: 0, id: '' };

export class Follower implements ChangeFeed {
  readonly #database: Database;
  readonly #listeners: ((keys: Iterable<string>) => void)[] = [];
  /** By organization, the last revision that the listeners were told of. */
  readonly #known = new Map<string, Pick<RevisionMark, 'revision' | 'id'>>();
  #waiting: Waiting[] = [];
  #reading = false;

  constructor(database: Database) {
    this.#database = database;
  }

  subscribe(listener: (keys: Iterable<string>) => void): void {
    this.#listeners.push(listener);
  }

  get isShared(): boolean {
    return this.#database.shared;
  }

  follows(organization: string): boolean {
    return !this.isShared || this.#known.has(organization);
  }

  /**
   * Those who wait at the same time share one read, which begins when all of them have asked: so it sees whatever was
   * acknowledged to anybody before.
   */
  catchUp(organizations: Iterable<string>): Promise<void> {
    const { revisions } = this.#database.statements;
    if (revisions === undefined) return Promise.resolve();
    return new Promise<void>((resolve, reject) => {
      this.#waiting.push({ organizations, resolve, reject });
      if (!this.#reading) void this.#drain(revisions);
    });
  }

  /** Takes note of what this process committed, or may have committed. */
  committed({ changes, revisions }: Committed): void {
    this.#tell(changedKeys(changes));
    for (const { organization, revision, id, before } of revisions) {
      // With another one before it than is known, the next read will tell what lies in between.
      if (this.#known.get(organization)?.id === before) this.#known.set(organization, { revision, id });
    }
  }

  async #drain(statements: RevisionStatements): Promise<void> {
    this.#reading = true;
    // Lets everything that is asked in this turn of the event loop join.
    await new Promise<void>((resolve) => setImmediate(resolve));
    while (this.#waiting.length > 0) {
      const group = this.#waiting;
      this.#waiting = [];
      try {
        await this.#read(new Set(group.flatMap((waiting) => [...waiting.organizations])), statements);
        for (const { resolve } of group) resolve();
      } catch (error) {
        for (const { reject } of group) reject(unavailable(error));
      }
    }
    this.#reading = false;
  }

  async #read(organizations: ReadonlySet<string>, statements: RevisionStatements): Promise<void> {
    const asked = new Map<string, Pick<RevisionMark, 'revision' | 'id'>>();
    const lost: string[] = [];
    for (const organization of organizations) {
      const known = this.#known.get(organization);
      if (known === undefined) lost.push(organization);
      else asked.set(organization, known);
    }
    if (asked.size > 0) lost.push(...this.#follow(asked, await this.#query(statements.selectFrom, numbers(asked))));
    if (lost.length > 0) await this.#begin(lost, statements);
  }

  /** Tells what came after `asked`. Answers the organizations of which the records do not tell all of it. */
  #follow(asked: ReadonlyMap<string, Pick<RevisionMark, 'revision' | 'id'>>, rows: readonly unknown[]): string[] {
    if (rows.length >= REVISION_LIMIT) return [...asked.keys()];
    const found = readRevisions(rows);
    const lost: string[] = [];
    for (const [organization, mark] of asked) {
      const revisions = found.filter((revision) => revision.organization === organization);
      if (continues(mark, revisions)) this.#advance(organization, revisions);
      else lost.push(organization);
    }
    return lost;
  }

  #advance(organization: string, revisions: readonly Omit<Revision, 'at'>[]): void {
    for (const revision of revisions) {
      // This process may have committed meanwhile, and knows of that already.
      if (revision.revision <= (this.#known.get(organization)?.revision ?? 0)) continue;
      this.#tell(keysOf(revision));
      this.#known.set(organization, { revision: revision.revision, id: revision.id });
    }
  }

  /** Follows these organizations from now on; of what was before, anything may have changed. */
  async #begin(organizations: readonly string[], statements: RevisionStatements): Promise<void> {
    const marks = readMarks(await this.#query(statements.selectLast, organizations));
    const last = new Map(marks.map((mark) => [mark.organization, mark]));
    for (const organization of organizations) {
      const { revision, id } = last.get(organization) ?? NONE;
      this.#known.set(organization, { revision, id });
    }
    this.#tell(organizations.map(everythingIn));
  }

  async #query(sql: string, parameter: unknown): Promise<unknown[]> {
    return this.#database.read((manager) => manager.query(sql, [JSON.stringify(parameter)]));
  }

  #tell(keys: readonly string[]): void {
    if (keys.length > 0) for (const listener of this.#listeners) listener(keys);
  }
}

function numbers(marks: ReadonlyMap<string, Pick<RevisionMark, 'revision'>>): Record<string, number> {
  return Object.fromEntries([...marks].map(([organization, { revision }]) => [organization, revision]));
}

/** Whether `revisions` begin with the one that is known and go on without a gap. */
function continues(known: Pick<RevisionMark, 'revision' | 'id'>, revisions: readonly Omit<Revision, 'at'>[]): boolean {
  const [first] = revisions;
  if (known.revision > 0 && (first?.revision !== known.revision || first.id !== known.id)) return false;
  const start = known.revision > 0 ? known.revision : 1;
  return revisions.every(({ revision }, index) => revision === start + index);
}
