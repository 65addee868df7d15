/** The text of one file: its values as JSON, and the places of each. YAML 1.2 in the core schema, of which JSON is a part. */

import type { Document } from 'yaml';
import {
  type Alias,
  isAlias,
  isMap,
  isPair,
  isScalar,
  isSeq,
  LineCounter,
  type Node,
  type Pair,
  parseAllDocuments,
} from 'yaml';
import { pointerTo } from '../../terraform-provider-spec/derive/pointer.ts';
import type { Json } from '../../terraform-provider-spec/kind.ts';
import type { Finding, Place } from './finding.ts';

/** One YAML document: a file has one, or several between lines of `---`. */
export interface ManifestDocument {
  readonly file: string;
  readonly value: Json;
  /**
   * Where the deepest part of the document is that `pointer` (RFC 6901) leads to, and how many segments lead there. Of an
   * entry of a mapping it is the value where that is one text or list, else, or if `of` says so, the key.
   */
  locate(pointer: string, of?: 'key'): { readonly depth: number; readonly place: Place };
}

export interface DocumentReading {
  readonly documents: readonly ManifestDocument[];
  readonly findings: readonly Finding[];
  /** False when the text has errors of form, after which nobody knows what was meant. */
  readonly isWhole: boolean;
}

/** Values beyond this number are not read: aliases of aliases can make billions of a few lines. */
const MOST_VALUES = 1_000_000;

/** Reads the text of `file`. What is wrong with its form is among the findings, all of it. */
export function readDocuments(file: string, text: string): DocumentReading {
  const counter = new LineCounter();
  const findings: Finding[] = [];
  const placeAt = placer(file, text, counter);
  const parsed = parseAllDocuments(text, {
    version: '1.2',
    schema: 'core',
    uniqueKeys: false,
    prettyErrors: false,
    lineCounter: counter,
  });
  const documents: ManifestDocument[] = [];
  let isWhole = true;
  for (const one of Array.isArray(parsed) ? parsed : []) {
    if (one.errors.length > 0) isWhole = false;
    for (const { message, pos } of one.errors) {
      findings.push({ severity: 'error', message: plain(message), place: placeAt(pos[0], pos[1]) });
    }
    for (const { message, pos } of one.warnings) {
      findings.push({ severity: 'warning', message: plain(message), place: placeAt(pos[0], pos[1]) });
    }
    const reader = new Reader(placeAt, findings);
    const value = one.contents === null ? {} : reader.value(one.contents as Node);
    documents.push({ file, value, locate: (pointer, of) => locate(one, pointer, of, placeAt) });
  }
  return { documents, findings, isWhole };
}

type PlaceAt = (start: number, end: number) => Place;

class Reader {
  readonly #placeAt: PlaceAt;
  readonly #findings: Finding[];
  readonly #anchors = new Map<string, Node>();
  readonly #open = new Set<Node>();
  #values = 0;

  constructor(placeAt: PlaceAt, findings: Finding[]) {
    this.#placeAt = placeAt;
    this.#findings = findings;
  }

  value(node: Node | null): Json {
    this.#values += 1;
    if (this.#values > MOST_VALUES) {
      if (this.#values === MOST_VALUES + 1) this.#refuse(node, `holds more than ${MOST_VALUES} values`);
      return null;
    }
    if (node === null) return null;
    if (isAlias(node)) return this.#alias(node);
    if (node.anchor !== undefined) this.#anchors.set(node.anchor, node);
    this.#open.add(node);
    const value = this.#content(node);
    this.#open.delete(node);
    return value;
  }

  #content(node: Node): Json {
    if (isSeq(node)) return node.items.map((item) => this.value(item as Node));
    if (isMap(node)) return this.#mapping(node.items as Pair<Node, Node | null>[]);
    return this.#scalar(node);
  }

  /** The parser's own way of finding what is meant looks through the whole document for each. */
  #alias(node: Alias): Json {
    const meant = this.#anchors.get(node.source);
    if (meant !== undefined && !this.#open.has(meant)) return this.value(meant);
    this.#refuse(node, meant === undefined ? `nothing before this is called &${node.source}` : 'refers to itself');
    return null;
  }

  #mapping(pairs: readonly Pair<Node, Node | null>[]): Json {
    const first = new Map<string, Node>();
    const entries: [string, Json][] = [];
    for (const { key, value } of pairs) {
      const name = keyText(key);
      if (name === undefined) {
        this.#refuse(key, 'a key must be one text');
        continue;
      }
      const earlier = first.get(name);
      if (earlier !== undefined) {
        const also = { message: `"${name}" is first given here`, place: this.#placeOf(earlier) };
        const message = `"${name}" is given twice`;
        this.#findings.push({ severity: 'error', message, place: this.#placeOf(key), also });
        continue;
      }
      first.set(name, key);
      entries.push([name, this.value(value)]);
    }
    // Defines own properties whatever the keys are called: an assignment to `__proto__` would not.
    return Object.fromEntries(entries);
  }

  #scalar(node: Node): Json {
    const value = isScalar(node) ? node.value : undefined;
    if (value === null || typeof value === 'string' || typeof value === 'boolean') return value;
    if (typeof value === 'number' && Number.isFinite(value)) return value;
    this.#refuse(node, 'is no value that JSON has');
    return null;
  }

  #refuse(node: Node | null, message: string): void {
    this.#findings.push({ severity: 'error', message, place: this.#placeOf(node) });
  }

  #placeOf(node: Node | null): Place {
    const [start, end] = node?.range ?? [0, 1];
    return this.#placeAt(start, end);
  }
}

/** A key as it is written: `1.0` is a name, and no number. */
export function keyText(key: Node | null): string | undefined {
  if (!isScalar(key)) return undefined;
  if (typeof key.value === 'string') return key.value;
  return typeof key.source === 'string' ? key.source : String(key.value);
}

function locate(
  document: Document,
  pointer: string,
  of: 'key' | undefined,
  placeAt: PlaceAt,
): { depth: number; place: Place } {
  let node = document.contents as Node | null;
  let key: Node | null = null;
  let depth = 0;
  for (const segment of pointer.split('/').slice(1)) {
    if (isAlias(node)) node = (node.resolve(document) ?? null) as Node | null;
    if (isMap(node)) {
      const pair = node.items.find(
        (item) => isPair(item) && pointerTo('', keyText(item.key as Node) ?? '') === `/${segment}`,
      );
      if (pair === undefined) break;
      [key, node] = [pair.key as Node, pair.value as Node | null];
    } else if (isSeq(node) && /^\d+$/.test(segment) && node.items[Number(segment)] !== undefined) {
      [key, node] = [null, node.items[Number(segment)] as Node];
    } else {
      break;
    }
    depth += 1;
  }
  const meansKey = key !== null && (of === 'key' || node === null || isMap(node) || isEmpty(node));
  const [start, end] = (meansKey ? key : node)?.range ?? [0, 1];
  return { depth, place: placeAt(start, end) };
}

function isEmpty(node: Node): boolean {
  return node.range === undefined || node.range === null || node.range[0] === node.range[1];
}

function placer(file: string, text: string, counter: LineCounter): PlaceAt {
  return (start, end) => {
    // What is missing is missed at the end, where the last line may be empty.
    const { line, col } = counter.linePos(Math.min(start, Math.max(0, text.length - 1)));
    const from = counter.lineStarts[Math.max(0, line - 1)] ?? 0;
    const stop = text.indexOf('\n', from);
    const content = text.slice(from, stop === -1 ? undefined : stop).replace(/\r$/, '');
    const column = Math.max(1, col);
    const length = Math.max(1, Math.min(end - start, content.length - (column - 1)));
    return { file, line: Math.max(1, line), column, text: content, length };
  };
}

/** The parser's messages in the form of ours: no capital, no stop. */
function plain(message: string): string {
  return message.charAt(0).toLowerCase() + message.slice(1).replace(/\.$/, '');
}
