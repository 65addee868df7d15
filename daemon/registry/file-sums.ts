/** What the files of the packages really hold, so that nothing goes out under a sum that is not its own. */
import { createHash } from 'node:crypto';
import type { BigIntStats } from 'node:fs';
import type { FileHandle } from 'node:fs/promises';

/**
 * File systems tell times that are this close apart, in milliseconds, by the same figure, and some by whole seconds: what was written that
 * recently may be written again without looking different.
 */
const BLUR = 2000;

/** Remembers sums, since a file is read to the end for one. */
export class FileSums {
  readonly #now: () => number;
  readonly #known = new Map<string, { readonly state: string; readonly sum: Promise<string> }>();

  /** `now` is the time of the file system, in milliseconds since 1970. */
  constructor(now: () => number = Date.now) {
    this.#now = now;
  }

  /**
   * The SHA-256 of `file`, opened at `path`, in lower-case hexadecimal. The file is read once, and again when it has become another or
   * was written to, and as long as it is that new. Rejects with what the file system says.
   */
  async of(path: string, file: FileHandle): Promise<string> {
    const stats = await file.stat({ bigint: true });
    if (this.#now() - Number(stats.ctimeMs) < BLUR) return summed(file);
    const state = stateOf(stats);
    const known = this.#known.get(path);
    if (known?.state === state) return known.sum;
    const entry = { state, sum: summed(file) };
    this.#known.set(path, entry);
    try {
      const sum = await entry.sum;
      // It was written to meanwhile: what was read may be neither the one nor the other.
      if (stateOf(await file.stat({ bigint: true })) !== state) this.#forget(path, entry);
      return sum;
    } catch (error) {
      this.#forget(path, entry);
      throw error;
    }
  }

  #forget(path: string, entry: object): void {
    if (this.#known.get(path) === entry) this.#known.delete(path);
  }
}

/** Another one whenever the file is another or holds something else. A change of its content changes `ctime`, which nobody sets. */
function stateOf({ dev, ino, size, mtimeNs, ctimeNs }: BigIntStats): string {
  return [dev, ino, size, mtimeNs, ctimeNs].join();
}

async function summed(file: FileHandle): Promise<string> {
  const hash = createHash('sha256');
  // From the beginning, and so that it can be read once more from there.
  for await (const piece of file.createReadStream({ start: 0, autoClose: false })) hash.update(piece as Buffer);
  return hash.digest('hex');
}
