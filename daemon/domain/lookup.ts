import type { Resource } from './model.ts';
import { uidKey } from './snapshot.ts';

/** Mostly there is one. */
type Named = string | Set<string>;

/**
 * Where to look for changed resources by something else than their address: without it, each look would go through all of
 * them. It forgets nothing, so it may name some of which it is no longer true.
 */
export class Lookup {
  readonly #added: Resource[] = [];
  readonly #byParent = new Index(({ parent }) => [parent]);
  readonly #owners = new Index(({ owner, organization }) => (owner ? [organization] : []));
  readonly #byKey = new Index(({ keys }) => keys);
  readonly #byUid = new Index(({ organization, uid }) => [uidKey(organization, uid)]);

  add(resource: Resource): void {
    this.#added.push(resource);
  }

  /** Addresses of resources that lie, or lay, directly below `parent`. */
  below(parent: string): Iterable<string> {
    return this.#byParent.of(parent, this.#added);
  }

  /** Addresses of resources that are, or were, owners of `organization`. */
  owners(organization: string): Iterable<string> {
    return this.#owners.of(organization, this.#added);
  }

  /** Addresses of resources that have, or had, that key. */
  withKey(key: string): Iterable<string> {
    return this.#byKey.of(key, this.#added);
  }

  /** Addresses of resources that have, or had, that uid, spelled by `uidKey`. */
  withUid(key: string): Iterable<string> {
    return this.#byUid.of(key, this.#added);
  }
}

/** One way to look. It is made when somebody looks that way: mostly nobody does. */
class Index {
  readonly #keysOf: (resource: Resource) => readonly string[];
  readonly #named = new Map<string, Named>();
  /** How many of those that were added it has. */
  #length = 0;

  constructor(keysOf: (resource: Resource) => readonly string[]) {
    this.#keysOf = keysOf;
  }

  of(key: string, added: readonly Resource[]): Iterable<string> {
    for (; this.#length < added.length; this.#length += 1) {
      const resource = added[this.#length] as Resource;
      for (const each of this.#keysOf(resource)) addTo(this.#named, each, resource.address);
    }
    const named = this.#named.get(key);
    if (named === undefined) return [];
    return typeof named === 'string' ? [named] : named;
  }
}

function addTo(index: Map<string, Named>, key: string, address: string): void {
  const named = index.get(key);
  if (named === undefined) index.set(key, address);
  else if (typeof named !== 'string') named.add(address);
  else if (named !== address) index.set(key, new Set([named, address]));
}
