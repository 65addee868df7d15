/** Text for people: colours where they are wanted, tables, and nothing that could steer a terminal. */
import type { Json } from '../terraform-provider-spec/kind.ts';
import { masked } from './masking.ts';

const CODES = { bold: 1, dim: 2, red: 31, green: 32, yellow: 33, cyan: 36 } as const;
export type Style = keyof typeof CODES;

/** What a stream is to this: something that may be a terminal. */
export interface Stream {
  write(text: string): unknown;
  readonly isTTY?: boolean;
  readonly columns?: number;
}

export interface Output {
  readonly isTerminal: boolean;
  /** Of the terminal at this moment, in columns; `undefined` elsewhere. */
  width(): number | undefined;
  /** `text` in that style, or as it is where there are no colours. */
  style(style: Style, text: string): string;
  /** Writes the text and a line feed. */
  line(text?: string): void;
  write(text: string): void;
  /** JSON (RFC 8259), indented, and a line feed. */
  json(value: Json): void;
  /** A table; the first row is the head. Cells are made printable, empty ones become `-`. */
  table(rows: readonly (readonly Cell[])[]): void;
}

export type Cell = string | null | undefined | { readonly text: string; readonly style?: Style };

/**
 * Whether there are colours: never with `--no-color` or `NO_COLOR` (https://no-color.org), always with `FORCE_COLOR`,
 * else on a terminal that knows them.
 */
export function wantsColours(
  stream: Pick<Stream, 'isTTY'>,
  environment: Readonly<Record<string, string | undefined>>,
  flag = true,
): boolean {
  if (!flag || environment.NO_COLOR) return false;
  if (environment.FORCE_COLOR) return environment.FORCE_COLOR !== '0';
  return stream.isTTY === true && environment.TERM !== 'dumb';
}

/** No token passes: what is asked for a secret writes it with `handOver` instead. */
export function outputTo(stream: Stream, { colours }: { readonly colours: boolean }): Output {
  const style = (name: Style, text: string) => (colours ? `\u001b[${CODES[name]}m${text}\u001b[0m` : text);
  const write = (text: string) => void stream.write(masked(text));
  const line = (text = '') => write(`${text}\n`);
  return {
    isTerminal: stream.isTTY === true,
    width: () => (stream.isTTY ? stream.columns : undefined),
    style,
    write,
    line,
    json: (value) => write(jsonText(value)),
    table: (rows) => {
      for (const text of tableLines(rows, style)) line(text);
    },
  };
}

/** JSON (RFC 8259), indented, and a line feed. */
export function jsonText(value: Json): string {
  return `${JSON.stringify(value, null, 2)}\n`;
}

function tableLines(rows: readonly (readonly Cell[])[], style: (name: Style, text: string) => string): string[] {
  const cells = rows.map((row) => row.map(readCell));
  const [head = []] = cells;
  const widths = head.map((_, column) => Math.max(...cells.map((row) => textWidth(row[column]?.text ?? ''))));
  return cells.map((row, index) =>
    row
      .map(({ text, style: named }, column) => {
        const styled = index === 0 ? style('bold', text) : named === undefined ? text : style(named, text);
        const isLast = column === row.length - 1;
        return isLast ? styled : styled + ' '.repeat((widths[column] ?? 0) - textWidth(text));
      })
      .join('  '),
  );
}

function readCell(cell: Cell): { text: string; style?: Style } {
  if (typeof cell !== 'object' || cell === null) return { text: printable(cell ?? '') || '-' };
  return { ...cell, text: printable(cell.text) || '-' };
}

/**
 * The text in one line, with what would steer a terminal or turn the direction of writing shown as an escape: others
 * choose names and descriptions.
 */
export function printable(text: string): string {
  return text.replace(/[\p{Cc}\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]/gu, (character) => {
    if (character === '\n') return '\\n';
    if (character === '\t') return '\\t';
    return `\\u${(character.codePointAt(0) as number).toString(16).padStart(4, '0')}`;
  });
}

// Unicode Standard Annex 11: the blocks whose characters take two columns in a terminal.
const WIDE =
  /[\u1100-\u115f\u2e80-\u303e\u3041-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6\u{1f300}-\u{1faff}\u{20000}-\u{3fffd}]/u;

/** How many columns of a terminal a text takes. */
export function textWidth(text: string): number {
  let width = 0;
  for (const character of text) {
    if (/\p{Mark}|\u200d|\ufe0f/u.test(character)) continue;
    width += WIDE.test(character) ? 2 : 1;
  }
  return width;
}
