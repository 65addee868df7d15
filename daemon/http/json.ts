/**
 * Reads JSON (RFC 8259) more strictly than `JSON.parse`: a name twice in one object is refused, since two readers could
 * take different ones of the two, and so is deep nesting. And it says where the text is broken without quoting it.
 */
import type { Json } from '../../terraform-provider-spec/kind.ts';

/** Nothing that the API takes nests deeper than a few levels; this bounds the recursion. */
const MAX_DEPTH = 64;

/** Where a text stops being JSON. The message never quotes the text: it may hold a secret. */
export class JsonError extends Error {
  override readonly name = 'JsonError';
}

/**
 * The value that `text` stands for. `__proto__` becomes a property like any other. Throws `JsonError` with line and
 * column, both from 1.
 */
export function parseJson(text: string): Json {
  new Scanner(text).document();
  return JSON.parse(text) as Json;
}

const NUMBER = /-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?/y;
const LITERAL = /true|false|null/y;
const ESCAPE = /\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4})/y;
const SPACE = /[ \t\n\r]*/y;

class Scanner {
  readonly #text: string;
  #at = 0;

  constructor(text: string) {
    this.#text = text;
  }

  document(): void {
    this.#value(0);
    this.#skipSpace();
    if (this.#at < this.#text.length) this.#fail('something follows after the end of the value');
  }

  #value(depth: number): void {
    if (depth > MAX_DEPTH) this.#fail(`values are nested deeper than ${MAX_DEPTH} levels`);
    this.#skipSpace();
    const start = this.#text[this.#at];
    if (start === '{') this.#object(depth);
    else if (start === '[') this.#array(depth);
    else if (start === '"') this.#string();
    else if (!this.#take(NUMBER) && !this.#take(LITERAL)) this.#fail('a value is expected');
  }

  #object(depth: number): void {
    const names = new Set<string>();
    this.#at += 1;
    if (this.#takeSymbol('}')) return;
    do {
      this.#skipSpace();
      if (this.#text[this.#at] !== '"') this.#fail('a name in double quotes is expected');
      const start = this.#at;
      const name = this.#string();
      if (names.has(name)) this.#fail('the same name stands twice in one object', start);
      names.add(name);
      if (!this.#takeSymbol(':')) this.#fail('":" is expected');
      this.#value(depth + 1);
    } while (this.#takeSymbol(','));
    if (!this.#takeSymbol('}')) this.#fail('"," or "}" is expected');
  }

  #array(depth: number): void {
    this.#at += 1;
    if (this.#takeSymbol(']')) return;
    do this.#value(depth + 1);
    while (this.#takeSymbol(','));
    if (!this.#takeSymbol(']')) this.#fail('"," or "]" is expected');
  }

  #string(): string {
    const start = this.#at;
    let escaped = false;
    for (this.#at += 1; ; this.#at += 1) {
      const unit = this.#text.charCodeAt(this.#at);
      if (Number.isNaN(unit)) this.#fail('the string that begins here does not end', start);
      if (unit === 0x22) break;
      if (unit < 0x20) this.#fail('a control character in a string must be escaped');
      if (unit !== 0x5c) continue;
      escaped = true;
      if (!this.#take(ESCAPE)) this.#fail('an unknown escape in a string');
      this.#at -= 1;
    }
    this.#at += 1;
    if (!escaped) return this.#text.slice(start + 1, this.#at - 1);
    return JSON.parse(this.#text.slice(start, this.#at)) as string;
  }

  #skipSpace(): void {
    this.#take(SPACE);
  }

  #takeSymbol(symbol: string): boolean {
    this.#skipSpace();
    if (this.#text[this.#at] !== symbol) return false;
    this.#at += 1;
    return true;
  }

  #take(pattern: RegExp): boolean {
    pattern.lastIndex = this.#at;
    if (!pattern.test(this.#text)) return false;
    this.#at = pattern.lastIndex;
    return true;
  }

  #fail(what: string, at = this.#at): never {
    const before = this.#text.slice(0, at).split('\n');
    const column = (before.at(-1) as string).length + 1;
    const where = at < this.#text.length ? '' : ', where the text ends';
    throw new JsonError(`${what}, at line ${before.length}, column ${column}${where}`);
  }
}
