/** Names of attributes, and paths with conditions in brackets (RFC 7644, sections 3.4.2.2, 3.5.2 and 3.10). */
import type { Json, JsonObject } from '../../terraform-provider-spec/kind.ts';
import { attributeNamed, type ScimAttribute, type ScimResourceType, subAttributeNamed } from './attributes.ts';
import { badRequest, type ScimError } from './errors.ts';
import { isObject, readBoolean, sameValue } from './values.ts';

/** What a path names. */
export interface AttributePath {
  /** From the top level of the resource down; the last one is what is named. */
  readonly steps: readonly ScimAttribute[];
  /** The conditions in brackets, which select among the values of the first step; `undefined` without brackets. */
  readonly where: readonly Comparison[] | undefined;
}

/** That a sub-attribute has this value. */
export interface Comparison {
  readonly attribute: ScimAttribute;
  readonly value: string | boolean;
}

/** Makes the refusal of a text, which the caller's keyword fits; `what` begins a sentence. */
export type Refuse = (what: string) => ScimError;

/**
 * The attributes along `name`, which can be qualified by a schema and have a sub-attribute, all in whatever case:
 * `name.givenName`, `urn:ietf:params:scim:schemas:core:2.0:User:userName`. `undefined` if there is no such attribute.
 */
export function stepsOf(type: ScimResourceType, name: string): readonly ScimAttribute[] | undefined {
  for (const { id } of type.extensions) {
    const rest = withoutPrefix(name, id);
    if (rest === undefined) continue;
    const extension = attributeNamed(type.attributes, id) as ScimAttribute;
    if (rest === '') return [extension];
    return rest.startsWith(':') ? descend([extension], rest.slice(1)) : undefined;
  }
  return descend([], unqualified(type, name), type.attributes);
}

/** `name` without the schema of the resource type before it. */
export function unqualified(type: ScimResourceType, name: string): string {
  const rest = withoutPrefix(name, type.schema.id);
  return rest?.startsWith(':') ? rest.slice(1) : name;
}

function withoutPrefix(name: string, prefix: string): string | undefined {
  return name.toLowerCase().startsWith(prefix.toLowerCase()) ? name.slice(prefix.length) : undefined;
}

function descend(
  above: readonly ScimAttribute[],
  dotted: string,
  among: readonly ScimAttribute[] = above[0]?.subAttributes ?? [],
): readonly ScimAttribute[] | undefined {
  const [name = '', sub, ...more] = dotted.split('.');
  const attribute = attributeNamed(among, name);
  if (attribute === undefined || more.length > 0) return undefined;
  if (sub === undefined) return [...above, attribute];
  const subAttribute = subAttributeNamed(attribute, sub);
  return subAttribute && [...above, attribute, subAttribute];
}

/** What the values along `path` in `resource` are: none if nothing is there, several for a multi-valued attribute. */
export function valuesAt(resource: JsonObject, { steps, where }: AttributePath): Json[] {
  let found: Json[] = [resource];
  for (const [index, step] of steps.entries()) {
    found = found.flatMap((value) => (isObject(value) ? (value[step.name] ?? []) : []));
    if (index === 0 && where !== undefined) found = found.filter((value) => selects(where, value));
  }
  return found;
}

/** Whether `element` of a multi-valued attribute fulfils every condition. */
export function selects(where: readonly Comparison[], element: Json): boolean {
  return (
    isObject(element) && where.every(({ attribute, value }) => sameValue(attribute, element[attribute.name], value))
  );
}

const SPACE = /\s*/y;
const WORD = /[^\s()[\]"]+/y;
const STRING = /"(?:[^"\\\p{Cc}]|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*"/uy;

/** Reads the parts of a filter or path from left to right. */
export class PathReader {
  readonly #text: string;
  readonly #type: ScimResourceType;
  #at = 0;

  constructor(type: ScimResourceType, text: string) {
    this.#type = type;
    this.#text = text;
  }

  /**
   * A path with or without conditions in brackets. `refuse` makes the error for a mistake outside of them; within them it
   * is always `invalidFilter` (RFC 7644, table 9).
   */
  path(refuse: Refuse): AttributePath {
    const name = this.word();
    if (name === undefined) throw refuse('The name of an attribute is expected');
    const steps = stepsOf(this.#type, name);
    if (steps === undefined) throw refuse(`A ${this.#type.name} has no attribute ${quoted(name)}`);
    if (!this.symbol('[')) return { steps, where: undefined };
    const [attribute] = steps;
    if (attribute === undefined || steps.length > 1 || !attribute.multiValued || attribute.type !== 'complex') {
      throw refuse(`${quoted(name)} takes no condition in brackets: it does not have several values`);
    }
    const where = this.#conditions(attribute);
    const sub = this.#takeWord((word) => word.startsWith('.'))?.slice(1);
    if (sub === undefined) return { steps, where };
    const subAttribute = subAttributeNamed(attribute, sub);
    if (subAttribute === undefined) throw refuse(`${quoted(name)} has no sub-attribute ${quoted(sub)}`);
    return { steps: [attribute, subAttribute], where };
  }

  #conditions(attribute: ScimAttribute): Comparison[] {
    const conditions: Comparison[] = [];
    do {
      const name = this.word() ?? '';
      const sub = subAttributeNamed(attribute, name);
      if (sub === undefined) throw invalidFilter(`${quoted(attribute.name)} has no sub-attribute ${quoted(name)}`);
      this.equals();
      conditions.push({ attribute: sub, value: this.literal(sub) });
    } while (this.keyword('and'));
    if (!this.symbol(']')) throw invalidFilter('After a condition in brackets, "and" or "]" is expected');
    return conditions;
  }

  /** The operator `eq`, the only one that is supported. */
  equals(): void {
    const operator = this.word();
    if (operator?.toLowerCase() === 'eq') return;
    if (operator === undefined) throw invalidFilter('The operator "eq" is expected');
    throw invalidFilter(`The operator ${quoted(operator)} is not supported; "eq" is`);
  }

  /** What `attribute` is compared with: a JSON string, or true or false, which Entra ID writes as strings. */
  literal(attribute: ScimAttribute): string | boolean {
    const value = this.#value();
    if (attribute.type === 'boolean') {
      const flag = value === undefined ? undefined : readBoolean(value);
      if (flag === undefined) throw invalidFilter(`${quoted(attribute.name)} is to be compared with true or false`);
      return flag;
    }
    if (attribute.type === 'dateTime' || attribute.type === 'complex') {
      throw invalidFilter(`${quoted(attribute.name)} cannot be compared`);
    }
    if (typeof value !== 'string') {
      throw invalidFilter(`${quoted(attribute.name)} is to be compared with a string in double quotes`);
    }
    return value;
  }

  #value(): string | boolean | undefined {
    const string = this.#take(STRING);
    if (string !== undefined) return JSON.parse(string) as string;
    const word = this.word();
    return word === undefined ? undefined : readBoolean(word);
  }

  word(): string | undefined {
    return this.#take(WORD);
  }

  /** Whether the next word is this one, in whatever case. It is taken if so. */
  keyword(sought: string): boolean {
    return this.#takeWord((word) => word.toLowerCase() === sought) !== undefined;
  }

  symbol(sought: string): boolean {
    this.#skipSpace();
    if (this.#text[this.#at] !== sought) return false;
    this.#at += 1;
    return true;
  }

  atEnd(): boolean {
    this.#skipSpace();
    return this.#at === this.#text.length;
  }

  #takeWord(fits: (word: string) => boolean): string | undefined {
    const start = this.#at;
    const word = this.word();
    if (word !== undefined && fits(word)) return word;
    this.#at = start;
    return undefined;
  }

  #skipSpace(): void {
    SPACE.lastIndex = this.#at;
    SPACE.test(this.#text);
    this.#at = SPACE.lastIndex;
  }

  #take(pattern: RegExp): string | undefined {
    this.#skipSpace();
    pattern.lastIndex = this.#at;
    const found = pattern.exec(this.#text)?.[0];
    if (found !== undefined) this.#at += found.length;
    return found;
  }
}

export function invalidFilter(what: string): ScimError {
  return badRequest('invalidFilter', `${what}.`);
}

/** A name as messages quote it: what is absurdly long is cut. */
export function quoted(name: string): string {
  return JSON.stringify(name.length > 100 ? `${name.slice(0, 100)}…` : name);
}
