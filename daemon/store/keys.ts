/** The keys by which resources are found: how the database spells them, and what a batch changes of their entries. */
import { createHash } from 'node:crypto';
import type { Resource } from '../domain/model.ts';
import type { ResourceKey } from './tables.ts';

/** In UTF-16 code units. An entry of an index of PostgreSQL has at most 2,704 bytes, and the address is in it too. */
const LONGEST = 512;
const NOT_STORABLE = /[\0\p{Surrogate}]/u;
const ESCAPED = /[\0\\\p{Surrogate}]/gu;

/** Whether every database can hold the text: PostgreSQL takes no NUL, and UTF-8 has no half of a surrogate pair. */
export function storable(text: string): boolean {
  return !NOT_STORABLE.test(text);
}

/**
 * How the database spells a key, which may be any text at all: what it cannot hold is escaped, and of a long one there is
 * the hash, after a mark that no escape gives.
 */
export function storedKey(key: string): string {
  const text = key.replace(ESCAPED, (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`);
  return text.length <= LONGEST ? text : `\\h${createHash('sha256').update(text).digest('hex')}`;
}

/** What becomes of the entries of changed resources. */
export interface KeyChanges {
  /** Addresses whose entries are removed. */
  readonly outdated: readonly string[];
  /** Entries that are made afterwards. */
  readonly added: readonly ResourceKey[];
}

/** The entries to replace: those of resources that have other keys than they had, or may have had others. */
export function keyChanges(
  changes: ReadonlyMap<string, Resource | null>,
  loaded: ReadonlyMap<string, Resource | null>,
): KeyChanges {
  const outdated: string[] = [];
  const added: ResourceKey[] = [];
  for (const [address, resource] of changes) {
    // `undefined`: nobody looked, so there may be a row, and it may have keys.
    const former = loaded.get(address);
    const before = former?.keys ?? [];
    const after = resource?.keys ?? [];
    if (former !== undefined && sameKeys(before, after)) continue;
    if (former === undefined || before.length > 0) outdated.push(address);
    for (const key of after) added.push({ key: storedKey(key), address });
  }
  return { outdated, added };
}

/** In another order they count as changed, which costs no more than comparing them with more care. */
function sameKeys(left: readonly string[], right: readonly string[]): boolean {
  return left.length === right.length && left.every((key, index) => key === right[index]);
}
