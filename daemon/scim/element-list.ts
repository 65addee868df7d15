/** The list of a multi-valued attribute, changed in place (RFC 7643, section 2.4). */
import { isDeepStrictEqual } from 'node:util';
import type { Json, JsonObject } from '../../terraform-provider-spec/kind.ts';
import { type ScimAttribute, subAttributeNamed } from './attributes.ts';
import { type Comparison, selects } from './paths.ts';
import { sameValue, tooMany } from './values.ts';

/** A list keeps its index for as long as it lives: a PATCH of a large group looks ids up again and again. */
const LISTS = new WeakMap<Json[], ElementList>();

export class ElementList {
  readonly #attribute: ScimAttribute;
  readonly #elements: JsonObject[];
  readonly #value: ScimAttribute | undefined;
  readonly #type: ScimAttribute | undefined;
  #byValue: Map<Json | undefined, JsonObject[]> | undefined;

  private constructor(attribute: ScimAttribute, elements: JsonObject[]) {
    this.#attribute = attribute;
    this.#elements = elements;
    this.#value = subAttributeNamed(attribute, 'value');
    this.#type = subAttributeNamed(attribute, 'type');
  }

  /** The list of `attribute` in `target`; an empty one is put there if there is none. */
  static in(target: JsonObject, attribute: ScimAttribute): ElementList {
    const present = target[attribute.name];
    const elements = Array.isArray(present) ? present : [];
    target[attribute.name] = elements;
    const known = LISTS.get(elements);
    if (known !== undefined) return known;
    // The lists that can be written hold objects only.
    const list = new ElementList(attribute, elements as JsonObject[]);
    LISTS.set(elements, list);
    return list;
  }

  /** The elements that fulfil every condition. */
  select(where: readonly Comparison[]): JsonObject[] {
    const exact = where.find(({ attribute }) => attribute === this.#value);
    return (exact === undefined ? this.#elements : this.withValue(exact.value)).filter((one) => selects(where, one));
  }

  withValue(value: Json | undefined): readonly JsonObject[] {
    if (this.#byValue === undefined) {
      this.#byValue = new Map();
      for (const element of this.#elements) this.#index(element);
    }
    return this.#byValue.get(this.#key(value)) ?? [];
  }

  all(): JsonObject[] {
    return [...this.#elements];
  }

  /** Adds `element`, or what it says to the one that it is: the same value of the same type. Gives what is in the list. */
  merge(element: JsonObject): JsonObject {
    const present = this.#same(element);
    return present === undefined ? this.append(element) : Object.assign(present, element);
  }

  append(element: JsonObject): JsonObject {
    const limit = this.#attribute.maxItems;
    if (limit !== undefined && this.#elements.length >= limit) throw tooMany(this.#attribute.name, limit);
    this.#elements.push(element);
    this.#index(element);
    return element;
  }

  discard(unwanted: readonly JsonObject[]): void {
    if (unwanted.length === 0) return;
    for (const element of unwanted) {
      const key = this.#key(element.value);
      this.#byValue?.set(key, this.#byValue.get(key)?.filter((one) => one !== element) ?? []);
    }
    if (unwanted.length === 1) {
      const at = this.#elements.indexOf(unwanted[0] as JsonObject);
      if (at >= 0) this.#elements.splice(at, 1);
      return;
    }
    const gone = new Set(unwanted);
    const kept = this.#elements.filter((element) => !gone.has(element));
    this.#elements.length = 0;
    for (const element of kept) this.#elements.push(element);
  }

  /** To be called after elements were changed, and told which. Those of which only a description is left go. */
  changed(elements: readonly JsonObject[]): void {
    this.#byValue = undefined;
    this.discard(elements.filter(isHollow));
  }

  /** A new primary value ends the one before (RFC 7644, section 3.5.2). */
  keepOnePrimary(written: readonly JsonObject[]): void {
    const primary = written.findLast((element) => element.primary === true);
    if (primary === undefined) return;
    for (const element of this.#elements) if (element !== primary && element.primary) element.primary = false;
  }

  #index(element: JsonObject): void {
    const key = this.#key(element.value);
    this.#byValue?.set(key, [...(this.#byValue.get(key) ?? []), element]);
  }

  #same(element: JsonObject): JsonObject | undefined {
    const type = this.#type;
    if (this.#value === undefined) return this.#elements.find((one) => isDeepStrictEqual(one, element));
    return this.withValue(element.value).find(
      (one) =>
        type === undefined ||
        one.type === undefined ||
        element.type === undefined ||
        sameValue(type, one.type, element.type),
    );
  }

  #key(value: Json | undefined): Json | undefined {
    return typeof value === 'string' && this.#value?.caseExact === false ? value.toLowerCase() : value;
  }
}

function isHollow(element: JsonObject): boolean {
  return Object.keys(element).every((name) => ['type', 'primary', 'display'].includes(name));
}
