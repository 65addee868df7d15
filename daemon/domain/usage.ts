/** When and from where secrets were last used, gathered in memory: a verification must not wait for a disk. */
import type { Secret } from './model.ts';
import type { Engine, Operation, Snapshot } from './snapshot.ts';

interface Use {
  at: number;
  ip: string | null;
}

/** The operation that writes one use at once. */
export function touchOperation(hash: string, at: number, ip: string | null): Operation<void> {
  return touchAllOperation(new Map([[hash, { at, ip }]]));
}

function touchAllOperation(uses: ReadonlyMap<string, Use>): Operation<void> {
  return {
    needs: { secrets: [...uses.keys()] },
    organizations: [],
    decide(snapshot) {
      for (const [hash, { at, ip }] of uses) {
        if (snapshot.secret(hash) !== undefined) snapshot.touchSecret(hash, at, ip);
      }
    },
  };
}

/** How many uses one transaction writes, so that other writes do not wait long for it. */
const PER_WRITE = 5000;
/** How many secrets may wait before they are written without waiting for the next time. */
const MOST_WAITING = 50_000;

export class Usage {
  readonly #engine: Engine;
  #pending = new Map<string, Use>();
  /** What is being written: until that is committed, the database does not have it. */
  #taken: ReadonlyMap<string, Use> = new Map();
  #writing: Promise<void> | undefined;
  /** The write after the one that runs, for whoever asked meanwhile. */
  #next: Promise<void> | undefined;

  constructor(engine: Engine) {
    this.#engine = engine;
  }

  /** Notes a use. Later ones replace earlier ones. */
  note(hash: string, at: number, ip: string | null): void {
    const known = this.#pending.get(hash);
    if (known !== undefined) {
      // By a clock that was set back.
      if (at < known.at) return;
      // In place: an object for each use would outlive the collector's first look, which is what costs most.
      known.at = at;
      known.ip = ip;
      return;
    }
    this.#pending.set(hash, { at, ip });
    if (this.#pending.size < MOST_WAITING || this.#writing !== undefined) return;
    // Should it fail, all of it waits for the next time, and that one says why.
    this.flush().catch(() => undefined);
  }

  /** How many secrets wait to be written. */
  get size(): number {
    return this.#pending.size;
  }

  /** Writes what was gathered until now. Rejects on trouble with the database; what is not written yet stays. */
  flush(): Promise<void> {
    if (this.#writing === undefined) {
      this.#writing = this.#writeAll().finally(() => {
        this.#writing = undefined;
      });
      return this.#writing;
    }
    // One that runs has taken what there was when it began. How it ends is told to whoever asked for it.
    this.#next ??= this.#writing
      .catch(() => undefined)
      .then(() => {
        this.#next = undefined;
        return this.flush();
      });
    return this.#next;
  }

  /** What is noted meanwhile is left for the next time: there would be no end to it. */
  async #writeAll(): Promise<void> {
    const taken = this.#pending;
    this.#pending = new Map();
    this.#taken = taken;
    const uses = [...taken];
    for (let start = 0; start < uses.length; start += PER_WRITE) {
      try {
        await this.#engine.submit(touchAllOperation(new Map(uses.slice(start, start + PER_WRITE))));
      } catch (error) {
        for (const [hash, use] of uses.slice(start)) if (!this.#pending.has(hash)) this.#pending.set(hash, use);
        throw error;
      }
    }
  }

  /** The snapshot with what was gathered and not written yet. For reading only. */
  over(snapshot: Snapshot): Snapshot {
    const pending = this.#pending;
    const taken = this.#taken;
    const secret = (hash: string): Secret | undefined => {
      const stored = snapshot.secret(hash);
      const use = pending.get(hash) ?? taken.get(hash);
      if (stored === undefined || use === undefined || (stored.last_used_at ?? 0) > use.at) return stored;
      return { ...stored, last_used_at: use.at, last_used_ip: use.ip };
    };
    return new Proxy(snapshot, {
      get: (target, name) => {
        if (name === 'secret') return secret;
        const member = target[name as keyof Snapshot];
        return typeof member === 'function' ? member.bind(target) : member;
      },
    });
  }
}
