/** Reads the tree of a manifest by the descriptions of the kinds: which resources it has, and what is wrong with its form. */
import { NAME_PATTERN } from '../address.ts';
import type { Json, JsonObject, Kind } from '../kind.ts';
import { type Member, MOST_DECLARED, splitMember, TREE_KINDS } from '../manifest.ts';
import { closest } from './closest.ts';
import { pointerTo } from './pointer.ts';
import { MOST_VIOLATIONS, type Violation } from './validate.ts';

/** What a tree holds. The bodies of its members are not checked. */
export interface TreeReading {
  /** In the order of the kinds, and below one kind as they were sent. */
  readonly members: readonly Member[];
  /** At most `MOST_VIOLATIONS`. */
  readonly violations: readonly Violation[];
}

/** The resources that a tree declares in the organization at that address. A name or collection that is null is empty. */
export function readTree(organization: string, tree: Json): TreeReading {
  const members: Member[] = [];
  const violations: Violation[] = [];
  const refuse = (pointer: string, detail: string) => {
    if (violations.length < MOST_VIOLATIONS) violations.push({ pointer, detail });
  };
  const read = (kind: Kind, at: { address: string; pointer: string }, collection: Json) => {
    const pointer = pointerTo(at.pointer, kind.collection);
    if (collection === null) return;
    if (!isObject(collection)) {
      refuse(pointer, mustBeCollection(kind));
      return;
    }
    for (const [name, value] of Object.entries(collection)) {
      const where = pointerTo(pointer, name);
      if (!NAME_PATTERN.test(name)) {
        refuse(where, `is no name for the ${kind.parameter}: ${NAME_RULE}`);
        continue;
      }
      const address = `${at.address}/${kind.collection}/${name}`;
      const { body, below } = splitMember(kind, value);
      members.push({ kind, address, pointer: where, body });
      for (const [child, inner] of below) read(child, { address, pointer: where }, inner);
    }
  };
  if (!isObject(tree)) {
    refuse('', 'must be a JSON object');
    return { members, violations };
  }
  const collections = TREE_KINDS.map(({ collection }) => collection);
  for (const key of Object.keys(tree)) {
    if (collections.includes(key)) continue;
    const meant = closest(key, collections);
    refuse(
      pointerTo('', key),
      meant === undefined
        ? `there is no such collection; there are ${collections.join(', ')}`
        : `there is no such collection; did you mean "${meant}"?`,
    );
  }
  for (const kind of TREE_KINDS) {
    if (Object.hasOwn(tree, kind.collection)) {
      read(kind, { address: organization, pointer: '' }, tree[kind.collection] as Json);
    }
  }
  if (members.length > MOST_DECLARED) refuse('', `must not declare more than ${MOST_DECLARED} resources`);
  return { members, violations };
}

/** What is wrong with a collection that is neither an object nor null. */
export function mustBeCollection(kind: Kind): string {
  return `must be a JSON object of the ${kind.title}s by name`;
}

const NAME_RULE =
  'a name has 1 to 63 characters of a-z, 0-9, ".", "_" and "-", and starts and ends with a letter or digit';

function isObject(value: Json): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
