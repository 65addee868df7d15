/** Reads of which none waits for another: what several of them lack is asked for at once. */
import { mergedNeeds } from '../loading.ts';
import { type Needs, NotLoaded } from '../snapshot.ts';

export class Gathering {
  readonly #missing: Needs[] = [];

  /** What `look` reads; `undefined` where it is not loaded, which `done` then throws. */
  read<T>(look: () => T): T | undefined {
    try {
      return look();
    } catch (error) {
      if (!(error instanceof NotLoaded)) throw error;
      this.#missing.push(error.needs);
      return undefined;
    }
  }

  /** Whether something was not loaded. */
  get lacks(): boolean {
    return this.#missing.length > 0;
  }

  /** Throws `NotLoaded` for everything that was not there. */
  done(): void {
    if (this.#missing.length > 0) throw new NotLoaded(mergedNeeds(this.#missing));
  }
}
