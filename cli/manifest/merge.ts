/** Several documents as one: a union in which nothing is declared twice. */
import { mustBeCollection } from '../../terraform-provider-spec/derive/manifest.ts';
import { pointerTo } from '../../terraform-provider-spec/derive/pointer.ts';
import { readBody, type Violation } from '../../terraform-provider-spec/derive/validate.ts';
import type { Json, JsonObject, Kind } from '../../terraform-provider-spec/kind.ts';
import { splitMember, TREE_KINDS } from '../../terraform-provider-spec/manifest.ts';
import type { ManifestDocument } from './document.ts';
import { type Finding, findingOf, type Place } from './finding.ts';
import { isObject } from './json.ts';

export interface Merged {
  readonly value: JsonObject;
  readonly findings: readonly Finding[];
  /** The place of what a pointer leads to, in the document that goes furthest along it; `undefined` without documents. */
  locate(pointer: string, of?: 'key'): Place | undefined;
}

/**
 * The union of the documents. A resource is declared twice if two of them give attributes of it, or nothing but its name;
 * one that only has what lies below it adds that, and declares nothing else. Names of manifest and organization must agree.
 */
export function mergeDocuments(documents: readonly ManifestDocument[]): Merged {
  const value: JsonObject = {};
  const findings: Finding[] = [];
  documents.forEach((document, index) => {
    if (!isObject(document.value)) {
      findings.push({ severity: 'error', message: 'a manifest is an object', place: document.locate('').place });
      return;
    }
    const merging = new Merging(document, documents.slice(0, index), findings);
    for (const [key, given] of Object.entries(document.value)) merging.topLevel(value, key, given);
  });
  return { value, findings, locate: (pointer, of) => locateIn(documents, pointer, of)?.place };
}

class Merging {
  readonly #document: ManifestDocument;
  readonly #earlier: readonly ManifestDocument[];
  readonly #findings: Finding[];

  constructor(document: ManifestDocument, earlier: readonly ManifestDocument[], findings: Finding[]) {
    this.#document = document;
    this.#earlier = earlier;
    this.#findings = findings;
  }

  topLevel(into: JsonObject, key: string, given: Json): void {
    const kind = TREE_KINDS.find(({ collection }) => collection === key);
    if (kind !== undefined) {
      this.#collection(kind, into, given, '');
      return;
    }
    const known = Object.hasOwn(into, key) ? into[key] : undefined;
    if (Array.isArray(known) && Array.isArray(given)) {
      into[key] = [...known, ...given.filter((one) => !known.includes(one))];
      return;
    }
    if (known !== undefined && JSON.stringify(known) !== JSON.stringify(given)) {
      this.#twice(pointerTo('', key), `"${key}" is another than in a file before`, 'it is given here first');
    }
    define(into, key, known ?? given);
  }

  #collection(kind: Kind, into: JsonObject, given: Json, at: string): void {
    const pointer = pointerTo(at, kind.collection);
    const known = Object.hasOwn(into, kind.collection) ? into[kind.collection] : undefined;
    // What is wrong with the first that is there is found in the whole.
    if (known !== undefined && given !== null && !isObject(given)) {
      this.#refuse({ pointer, detail: mustBeCollection(kind) });
      return;
    }
    if (known === undefined || known === null || given === null || !isObject(known)) {
      into[kind.collection] = known ?? given;
      return;
    }
    const collection: JsonObject = { ...known };
    for (const [name, value] of Object.entries(given)) {
      const stored = Object.hasOwn(collection, name) ? (collection[name] as Json) : undefined;
      define(
        collection,
        name,
        stored === undefined ? value : this.#member(kind, stored, value, pointerTo(pointer, name)),
      );
    }
    into[kind.collection] = collection;
  }

  #member(kind: Kind, stored: Json, given: Json, pointer: string): Json {
    if (given !== null && !isObject(given)) {
      for (const violation of refusalsOf(kind, given)) this.#refuse({ ...violation, pointer });
      return stored;
    }
    if (stored !== null && !isObject(stored)) return stored;
    if (isDeclaration(kind, stored) && isDeclaration(kind, given)) {
      this.#twice(pointer, `the ${kind.title} is declared twice`, 'it is declared here first');
      return stored;
    }
    const [declares, adds] = isDeclaration(kind, given) ? [given, stored] : [stored, given];
    const member: JsonObject = { ...(declares as JsonObject) };
    for (const [child, below] of splitMember(kind, adds).below) this.#collection(child, member, below, pointer);
    return member;
  }

  #refuse(violation: Violation): void {
    this.#findings.push(findingOf(violation, (pointer, of) => this.#document.locate(pointer, of).place));
  }

  #twice(pointer: string, message: string, before: string): void {
    const first = locateIn(this.#earlier, pointer, 'key');
    this.#findings.push({
      severity: 'error',
      message,
      place: this.#document.locate(pointer, 'key').place,
      ...(first !== undefined && { also: { message: before, place: first.place } }),
    });
  }
}

function refusalsOf(kind: Kind, body: Json): readonly Violation[] {
  const reading = readBody(kind, body);
  return reading.ok ? [] : reading.violations;
}

/** Whether it says more than what lies below. */
function isDeclaration(kind: Kind, value: Json): boolean {
  const { body, below } = splitMember(kind, value);
  return below.length === 0 || !isObject(body) || Object.keys(body).length > 0;
}

function locateIn(documents: readonly ManifestDocument[], pointer: string, of?: 'key') {
  let best: { depth: number; place: Place } | undefined;
  for (const document of documents) {
    const found = document.locate(pointer, of);
    if (best === undefined || found.depth > best.depth) best = found;
  }
  return best;
}

/** An assignment to `__proto__` would not make it an own property. */
function define(object: JsonObject, key: string, value: Json): void {
  Object.defineProperty(object, key, { value, enumerable: true, configurable: true, writable: true });
}
