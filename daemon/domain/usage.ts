/** When and from where secrets were last used, gathered in memory: a verification must not wait for a disk. */
import type { Secret } from './model.ts';
import type { Operation, Snapshot } from './snapshot.ts';

interface Use {
  readonly at: number;
  readonly ip: string | null;
}

/** The operation that writes one use at once. */
export function touchOperation(hash: string, at: number, ip: string | null): Operation<void> {
  return {
    needs: { secrets: [hash] },
    organizations: [],
    decide(snapshot) {
      if (snapshot.secret(hash) !== undefined) snapshot.touchSecret(hash, at, ip);
    },
  };
}

export class Usage {
  #pending = new Map<string, Use>();
  /** What was taken last: until it is committed, the database does not have it. */
  #taken: ReadonlyMap<string, Use> = new Map();

  /** Notes a use. Later ones replace earlier ones. */
  note(hash: string, at: number, ip: string | null): void {
    this.#pending.set(hash, { at, ip });
  }

  /** How many secrets wait to be written. */
  get size(): number {
    return this.#pending.size;
  }

  /** The operation that writes what was gathered until now. Should it fail, `restore` takes it back. */
  take(): { operation: Operation<void>; restore(): void } {
    const taken = this.#pending;
    this.#taken = taken;
    this.#pending = new Map();
    const hashes = [...taken.keys()];
    return {
      operation: {
        needs: { secrets: hashes },
        organizations: [],
        decide(snapshot) {
          for (const [hash, { at, ip }] of taken) {
            if (snapshot.secret(hash) !== undefined) snapshot.touchSecret(hash, at, ip);
          }
        },
      },
      restore: () => {
        for (const [hash, use] of taken) if (!this.#pending.has(hash)) this.#pending.set(hash, use);
      },
    };
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
