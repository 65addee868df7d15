/** One layout for manifest files. Values, their order and all comments stay; quotes are left as they are. */
import { isAlias, isMap, isScalar, isSeq, Lexer, type Node, parseAllDocuments } from 'yaml';
import type { Json } from '../../terraform-provider-spec/kind.ts';
import { keyText, readDocuments } from './document.ts';
import type { Finding } from './finding.ts';

export type Formatting =
  | { readonly ok: true; readonly text: string }
  | { readonly ok: false; readonly findings: readonly Finding[] };

/** Layouts of comments in odd places settle after a few rounds. */
const MOST_ROUNDS = 5;

/**
 * The text of `file` in the one layout. The result, formatted again, is itself. A file that cannot be read, and one whose
 * values or comments the layout would not keep, is answered with what is wrong.
 */
export function formatText(file: string, text: string): Formatting {
  const { documents, findings } = readDocuments(file, text);
  const errors = findings.filter(({ severity }) => severity === 'error');
  if (errors.length > 0) return { ok: false, findings: errors };
  const layout = file.endsWith('.json') ? layoutJson : layoutYaml;
  const before = documents.map(({ value }) => value);
  let current = text;
  for (let round = 0; round < MOST_ROUNDS; round += 1) {
    const next = layout(current);
    if (!isSame(file, before, text, next)) break;
    if (next === current) return { ok: true, text: current };
    current = next;
  }
  const message = `${file} has comments in places where the layout would lose them: it is left as it is`;
  return { ok: false, findings: [{ severity: 'error', message, place: undefined }] };
}

function isSame(file: string, before: readonly Json[], text: string, next: string): boolean {
  const { documents, findings } = readDocuments(file, next);
  return (
    findings.every(({ severity }) => severity !== 'error') &&
    JSON.stringify(documents.map(({ value }) => value)) === JSON.stringify(before) &&
    JSON.stringify(commentsIn(next)) === JSON.stringify(commentsIn(text))
  );
}

/** The comments in their order, without the white space at their ends. */
function commentsIn(text: string): string[] {
  return tokensIn(text).flatMap(({ token }) => (token.startsWith('#') ? [token.trimEnd()] : []));
}

/** Of the lexer's own, and no part of the text: a document, the end of a flow collection, a scalar begins. */
const MARKS = new Set(['\u0002', '\u0018', '\u001f']);

/** What the parser's first stage sees, with the places; what begins with `#` there is a comment and never part of a text. */
function tokensIn(text: string): { readonly token: string; readonly start: number }[] {
  let start = 0;
  return [...new Lexer().lex(text)].flatMap((token) => {
    if (MARKS.has(token)) return [];
    const found = { token, start };
    start += token.length;
    return [found];
  });
}

interface OwnLine {
  /** The number of the line, from 0. */
  readonly line: number;
  readonly column: number;
  /** That of the next line that is neither blank nor a comment; 0 at the end. */
  readonly next: number;
}

/** The comments that have a line for themselves, and where they stand in it; `undefined` for the others. */
function commentLines(text: string): (OwnLine | undefined)[] {
  const lines = text.split('\n');
  const found = tokensIn(text)
    .filter(({ token }) => token.startsWith('#'))
    .map(({ start }) => {
      const before = text.slice(0, start);
      const column = start - (before.lastIndexOf('\n') + 1);
      return { line: before.split('\n').length - 1, column };
    });
  const own = new Set(
    found.filter(({ line, column }) => indentOf(lines[line] ?? '') === column).map(({ line }) => line),
  );
  return found.map(({ line, column }) => {
    if (!own.has(line)) return undefined;
    let after = line + 1;
    while (after < lines.length && (own.has(after) || lines[after]?.trim() === '')) after += 1;
    return { line, column, next: indentOf(lines[after] ?? '') };
  });
}

function indentOf(line: string): number {
  return /^ */.exec(line)?.[0].length ?? 0;
}

/**
 * The layout takes a comment behind the last entry of a list for a part of that entry. One that stood as far to the left
 * as what follows goes there again.
 */
function withComments(before: string, after: string): string {
  const [given, laid] = [commentLines(before), commentLines(after)];
  if (given.length !== laid.length) return after;
  const lines = after.split('\n');
  laid.forEach((comment, index) => {
    const former = given[index];
    if (comment === undefined || former === undefined || former.column !== former.next) return;
    lines[comment.line] = ' '.repeat(comment.next) + (lines[comment.line] ?? '').trimStart();
  });
  return lines.join('\n');
}

function layoutYaml(text: string): string {
  const parsed = parseAllDocuments(text, { version: '1.2', schema: 'core', uniqueKeys: false });
  const documents = Array.isArray(parsed) ? parsed : [];
  if (documents.length === 0) return text.trim() === '' ? '' : `${text.trim()}\n`;
  const texts = documents.map((document) =>
    document.toString({ indent: 2, lineWidth: 0, flowCollectionPadding: true, indentSeq: true }),
  );
  const laid = texts.map((one, index) => (index === 0 || one.startsWith('---') ? one : `---\n${one}`)).join('');
  return withComments(text, laid);
}

function layoutJson(text: string): string {
  const [document] = parseAllDocuments(text, { version: '1.2', schema: 'core' }) as { contents: Node | null }[];
  return document?.contents == null ? text : `${jsonOf(document.contents, '')}\n`;
}

/** Not by way of objects, which would put names that are numbers first. */
function jsonOf(node: Node | null, indent: string): string {
  if (node === null || isAlias(node)) return 'null';
  const inner = `${indent}  `;
  if (isSeq(node)) {
    if (node.items.length === 0) return '[]';
    return `[\n${node.items.map((item) => inner + jsonOf(item as Node, inner)).join(',\n')}\n${indent}]`;
  }
  if (isMap(node)) {
    if (node.items.length === 0) return '{}';
    const entries = node.items.map(
      ({ key, value }) => `${inner}${JSON.stringify(keyText(key as Node))}: ${jsonOf(value as Node | null, inner)}`,
    );
    return `{\n${entries.join(',\n')}\n${indent}}`;
  }
  return JSON.stringify(isScalar(node) ? node.value : null);
}
