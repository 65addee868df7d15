/** What is wrong with a manifest, and where: `file:line:column`, the line, and a mark below it. */
import type { Violation } from '../../terraform-provider-spec/derive/validate.ts';
import { masked } from '../masking.ts';
import { printable, type Style, textWidth } from '../output.ts';

/** A stretch of a file. Offsets count UTF-16 code units from 0; lines and columns count from 1. */
export interface Place {
  readonly file: string;
  readonly line: number;
  readonly column: number;
  /** The whole line, without its end. */
  readonly text: string;
  /** How much of the line is meant, in code units; at least 1. */
  readonly length: number;
}

export interface Finding {
  readonly severity: 'error' | 'warning';
  /** What is wrong, for people: no capital, no stop. Never a secret. */
  readonly message: string;
  /** `undefined` for what is wrong with no place in particular. */
  readonly place: Place | undefined;
  /** Another place that belongs to it: where the same was declared before. */
  readonly also?: { readonly message: string; readonly place: Place };
  /** The key of a secret: what follows it in its line is never shown, by whatever finding. */
  readonly hides?: Place;
}

type Paint = (style: Style, text: string) => string;

const WIDEST = 120;

/** The violation at its place; of an unknown key it is the key. */
export function findingOf(
  { pointer, detail }: Violation,
  locate: (pointer: string, of?: 'key') => Place | undefined,
): Finding {
  const ofKey = /^there is no such|is no name|^the key /.test(detail);
  // What only says what it must be begins with what "it" is.
  const isPredicate = /^(must|is|are|lacks|cannot|has|holds) /.test(detail);
  const subject = isPredicate ? subjectOf(pointer) : '';
  return { severity: 'error', message: masked(subject + detail), place: locate(pointer, ofKey ? 'key' : undefined) };
}

/** The last key along a pointer, in quotes, with the numbers behind it: `"permissions"[1] `. */
function subjectOf(pointer: string): string {
  const [, key, numbers] = /\/([^/]*)((?:\/\d+)*)$/.exec(pointer) ?? [];
  if (key === undefined || /^\d+$/.test(key)) return '';
  const name = key.replaceAll('~1', '/').replaceAll('~0', '~');
  return `"${name}"${(numbers ?? '').replace(/\/(\d+)/g, '[$1]')} `;
}

/** The findings, in whose lines nothing is left of what follows the key of a secret. */
export function withoutSecrets(findings: readonly Finding[]): Finding[] {
  const keys = findings.flatMap(({ hides }) => (hides === undefined ? [] : [hides]));
  const hidden = (place: Place) => keys.reduce(hideBehind, place);
  return findings.map(({ hides: _known, also, ...rest }) => ({
    ...rest,
    place: rest.place && hidden(rest.place),
    ...(also !== undefined && { also: { ...also, place: hidden(also.place) } }),
  }));
}

function hideBehind(place: Place, key: Place): Place {
  if (place.file !== key.file || place.line !== key.line) return place;
  const shown = place.text.slice(0, key.column - 1 + key.length);
  return { ...place, text: shown.padEnd(place.text.length, '*') };
}

/** The finding in several lines, without an end of line at the end. */
export function renderFinding({ severity, message, place, also }: Finding, paint: Paint): string {
  const colour: Style = severity === 'error' ? 'red' : 'yellow';
  const head = `${paint(colour, `${severity}:`)} ${shown(message)}`;
  if (place === undefined) return head;
  const lines = [`${paint('bold', shown(positionOf(place)))}: ${head}`, ...excerpt(place, colour, paint)];
  if (also !== undefined) {
    lines.push(
      `${paint('bold', shown(positionOf(also.place)))}: ${shown(also.message)}`,
      ...excerpt(also.place, 'cyan', paint),
    );
  }
  return lines.join('\n');
}

/** `file:line:column`, as editors and compilers have it. */
export function positionOf({ file, line, column }: Place): string {
  return `${file}:${line}:${column}`;
}

/** Findings in the order of their places: by file as they were read, then down the file. Those without a place come first. */
export function inReadingOrder(findings: readonly Finding[], files: readonly string[]): Finding[] {
  const rank = ({ place }: Finding) => (place === undefined ? -1 : files.indexOf(place.file));
  return [...findings].sort(
    (left, right) =>
      rank(left) - rank(right) ||
      (left.place?.line ?? 0) - (right.place?.line ?? 0) ||
      (left.place?.column ?? 0) - (right.place?.column ?? 0),
  );
}

function excerpt({ line, column, text, length }: Place, colour: Style, paint: Paint): string[] {
  const number = String(line);
  const gutter = `${' '.repeat(number.length)} |`;
  // Of a very long line, only the part around the mark.
  const from = column > WIDEST / 2 && text.length > WIDEST ? column - 1 - WIDEST / 4 : 0;
  const window = masked(text).slice(from, from + WIDEST);
  const before = window.slice(0, column - 1 - from);
  const marked = window.slice(before.length, before.length + length);
  const indent = tabbed(before).replace(/[^\t]/gu, (character) => ' '.repeat(textWidth(character)));
  const mark = `^${'~'.repeat(Math.max(0, textWidth(tabbed(marked)) - 1))}`;
  return [
    `  ${paint('dim', `${number} |`)} ${tabbed(window)}`.trimEnd(),
    `  ${paint('dim', gutter)} ${indent}${paint(colour, mark)}`,
  ];
}

/** Somebody else may have written it, and named the file. */
function shown(text: string): string {
  return printable(masked(text));
}

/** A line as it can be shown, in which tabs stay: the mark below it has the same. */
function tabbed(line: string): string {
  return line.split('\t').map(printable).join('\t');
}
