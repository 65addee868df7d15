import type { JsonObject } from '../../terraform-provider-spec/kind.ts';

/** What one provider process has opened and not closed yet. */
export class Openings {
  /** The Terraform type by what it is closed with, as JSON. */
  readonly #held = new Map<string, string>();

  /** Remembers that something of that type is open, or about to be. */
  hold(type: string, kept: JsonObject): void {
    this.#held.set(JSON.stringify(kept), type);
  }

  /** Forgets what was closed, or could not be. */
  letGo(kept: JsonObject): void {
    this.#held.delete(JSON.stringify(kept));
  }

  /** What is open. */
  all(): { readonly type: string; readonly kept: JsonObject }[] {
    return [...this.#held].map(([text, type]) => ({ type, kept: JSON.parse(text) as JsonObject }));
  }
}
