import type { Resource } from './model.ts';
import { uidKey } from './snapshot.ts';

/** Mostly there is one. */
type Named = string | Set<string>;

/**
 * Where to look for changed resources by something else than their address: without it, each look would go through all of
 * them. It forgets nothing, so it may name some of which it is no longer true.
 */
export class Lookup {
  readonly #byParent = new Map<string, Named>();
  readonly #owners = new Map<string, Named>();
  readonly #byKey = new Map<string, Named>();
  readonly #byUid = new Map<string, Named>();

  add({ address, parent, organization, owner, keys, uid }: Resource): void {
    addTo(this.#byParent, parent, address);
    if (owner) addTo(this.#owners, organization, address);
    for (const key of keys) addTo(this.#byKey, key, address);
    addTo(this.#byUid, uidKey(organization, uid), address);
  }

  /** Addresses of resources that lie, or lay, directly below `parent`. */
  below(parent: string): Iterable<string> {
    return all(this.#byParent.get(parent));
  }

  /** Addresses of resources that are, or were, owners of `organization`. */
  owners(organization: string): Iterable<string> {
    return all(this.#owners.get(organization));
  }

  /** Addresses of resources that have, or had, that key. */
  withKey(key: string): Iterable<string> {
    return all(this.#byKey.get(key));
  }

  /** Addresses of resources that have, or had, that uid, spelled by `uidKey`. */
  withUid(key: string): Iterable<string> {
    return all(this.#byUid.get(key));
  }
}

function all(named: Named | undefined): Iterable<string> {
  if (named === undefined) return [];
  return typeof named === 'string' ? [named] : named;
}

function addTo(index: Map<string, Named>, key: string, address: string): void {
  const named = index.get(key);
  if (named === undefined) index.set(key, address);
  else if (typeof named !== 'string') named.add(address);
  else if (named !== address) index.set(key, new Set([named, address]));
}
