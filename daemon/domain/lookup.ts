import type { Resource } from './model.ts';
import { uidKey } from './snapshot.ts';

/**
 * Where to look for changed resources by something else than their address: without it, each look would go through all of
 * them. It forgets nothing, so it may name some of which it is no longer true.
 */
export class Lookup {
  readonly #byParent = new Map<string, Set<string>>();
  readonly #owners = new Map<string, Set<string>>();
  readonly #byKey = new Map<string, Set<string>>();
  readonly #byUid = new Map<string, Set<string>>();

  add({ address, parent, organization, owner, keys, uid }: Resource): void {
    addTo(this.#byParent, parent, address);
    if (owner) addTo(this.#owners, organization, address);
    for (const key of keys) addTo(this.#byKey, key, address);
    addTo(this.#byUid, uidKey(organization, uid), address);
  }

  /** Addresses of resources that lie, or lay, directly below `parent`. */
  below(parent: string): Iterable<string> {
    return this.#byParent.get(parent) ?? [];
  }

  /** Addresses of resources that are, or were, owners of `organization`. */
  owners(organization: string): Iterable<string> {
    return this.#owners.get(organization) ?? [];
  }

  /** Addresses of resources that have, or had, that key. */
  withKey(key: string): Iterable<string> {
    return this.#byKey.get(key) ?? [];
  }

  /** Addresses of resources that have, or had, that uid, spelled by `uidKey`. */
  withUid(key: string): Iterable<string> {
    return this.#byUid.get(key) ?? [];
  }
}

function addTo(index: Map<string, Set<string>>, key: string, address: string): void {
  const addresses = index.get(key);
  if (addresses === undefined) index.set(key, new Set([address]));
  else addresses.add(address);
}
