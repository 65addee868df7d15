/** Reads of one walk, together: what is asked for while a request of its collection is on the way goes into the next one. */
import type { Client } from '../../client/client.ts';
import { ApiError } from '../../client/errors.ts';
import type { JsonObject } from '../../terraform-provider-spec/kind.ts';

/** As many names as surely fit into a request line. The contract would take more. */
const MOST_AT_ONCE = 50;
/** Where the daemon is far away, reads do not wait for each other longer than this, in milliseconds. */
const LONGEST_WAIT = 5;

/** Nothing is at the address; `nowhere`: not even what it would lie in, or it is out of sight with everything below. */
export type Missing = 'absent' | 'nowhere';

interface Waiting {
  readonly name: string;
  readonly signal: AbortSignal;
  /** Whether a list is enough to know that something is missing. */
  readonly believes: boolean;
  readonly settle: (found: Promise<JsonObject | Missing>) => void;
}

/** The requests of a collection that are on the way, and the reads that wait. */
interface Collection {
  running: number;
  waiting: Waiting[];
  timer?: NodeJS.Timeout | undefined;
}

/**
 * Gives each read what a GET of its address would give, from a request that began after it. Alone, a read is that GET. Several of one
 * collection are one list by their names; those that the list does not have are asked for one by one, and so are all
 * when there is no list for this caller or from this daemon: it is the GET that tells apart what is gone, hidden and forbidden.
 */
export class Reads {
  readonly #client: Client;
  readonly #deadline: number | undefined;
  readonly #collections = new Map<string, Collection>();

  /** With a deadline for each request, in milliseconds, instead of the client's. */
  constructor(client: Client, deadline?: number) {
    this.#client = client;
    this.#deadline = deadline;
  }

  /** The resource at an address. Rejects like `Client.get`. */
  get(address: string, signal: AbortSignal): Promise<JsonObject> {
    return this.#ask(address, signal, false) as Promise<JsonObject>;
  }

  /**
   * The same for who only wants to know whether something is there: what a list does not have is not asked for once more, and where
   * there is no such list to see, whether for want of rights or of what it would belong to, there is nothing.
   */
  look(address: string, signal: AbortSignal): Promise<JsonObject | Missing> {
    return this.#ask(address, signal, true);
  }

  #ask(address: string, signal: AbortSignal, believes: boolean): Promise<JsonObject | Missing> {
    const split = address.lastIndexOf('/');
    const path = address.slice(0, split);
    const name = address.slice(split + 1);
    return new Promise((resolve) => {
      const collection = this.#collections.get(path) ?? { running: 0, waiting: [] };
      this.#collections.set(path, collection);
      collection.waiting.push({ name, signal, believes, settle: resolve });
      if (collection.running === 0) this.#send(path, collection);
      else collection.timer ??= setTimeout(() => this.#send(path, collection), LONGEST_WAIT);
    });
  }

  /** Asks for everything that waits in a collection. */
  async #send(path: string, collection: Collection): Promise<void> {
    clearTimeout(collection.timer);
    collection.timer = undefined;
    const together = collection.waiting.splice(0, MOST_AT_ONCE);
    if (together.length === 0) return;
    collection.running += 1;
    if (collection.waiting.length > 0) void this.#send(path, collection);
    try {
      if (together.length === 1) await this.#one(path, together[0] as Waiting);
      else await this.#several(path, together);
    } finally {
      collection.running -= 1;
      if (collection.waiting.length > 0) void this.#send(path, collection);
      else if (collection.running === 0) this.#collections.delete(path);
    }
  }

  /** Resolves when the read is settled, whichever way. */
  #one(path: string, { name, signal, believes, settle }: Waiting): Promise<unknown> {
    const found: Promise<JsonObject | Missing> = this.#client
      .get(`${path}/${name}`, { signal, deadline: this.#deadline })
      .then(
        ({ resource }) => resource,
        (error: unknown): Missing => {
          if (believes && isNotFound(error)) return 'absent';
          throw error;
        },
      );
    settle(found);
    return found.catch(() => undefined);
  }

  async #several(path: string, together: readonly Waiting[]): Promise<void> {
    const found = new Map<string, JsonObject>();
    let missing: Missing | undefined = 'absent';
    // One of them that is given up does not end the request of the others.
    const isWanted = new AbortController();
    let wanted = together.length;
    const givenUp = together.map(() => () => {
      wanted -= 1;
      if (wanted === 0) isWanted.abort();
    });
    for (const [index, { signal }] of together.entries()) signal.addEventListener('abort', givenUp[index]!);
    try {
      const names = [...new Set(together.map(({ name }) => name))];
      const items = this.#client.list(path, {
        names,
        limit: names.length,
        signal: isWanted.signal,
        deadline: this.#deadline,
      });
      for await (const item of items) found.set(String(item.address), item);
    } catch (error) {
      if (!(error instanceof ApiError) || error.status === 429 || error.status >= 500) {
        // Nobody answers, or not now: a GET for each would only wait for the same once more.
        for (const { settle } of together) settle(Promise.reject(error));
        return;
      }
      missing = isNotFound(error) ? 'nowhere' : undefined;
    } finally {
      for (const [index, { signal }] of together.entries()) signal.removeEventListener('abort', givenUp[index]!);
    }
    await Promise.all(
      together.map((one) => {
        const result = found.get(`${path}/${one.name}`) ?? (one.believes ? missing : undefined);
        if (result === undefined || one.signal.aborted) return this.#one(path, one);
        one.settle(Promise.resolve(result));
        return undefined;
      }),
    );
  }
}

function isNotFound(error: unknown): boolean {
  return error instanceof ApiError && error.code === 'not-found';
}
