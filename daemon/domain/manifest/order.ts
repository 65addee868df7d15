/** Dependencies first, and otherwise by address: the same order whatever the order in which something was sent. */

export interface Ordered {
  readonly address: string;
  /** Addresses that come before it, where they are among what is ordered. */
  readonly dependsOn: readonly string[];
}

/**
 * `items` so that each comes after all it depends on. Where they depend on each other in a circle, which is refused
 * when it is tried, one of them comes first.
 */
export function inOrder<Item extends Ordered>(items: readonly Item[]): Item[] {
  const byAddress = new Map(items.map((item) => [item.address, item]));
  const ordered: Item[] = [];
  const visited = new Set<string>();
  const byName = (left: Item, right: Item) => (left.address < right.address ? -1 : 1);
  // By a stack of its own: what depends on each other may be a chain as long as all of it.
  const stack: { readonly item: Item; readonly waitsFor: Item[] }[] = [];
  const enter = (item: Item) => {
    if (visited.has(item.address)) return;
    visited.add(item.address);
    const waitsFor = item.dependsOn.flatMap((address) => byAddress.get(address) ?? []);
    // The last is taken first.
    stack.push({ item, waitsFor: waitsFor.sort(byName).reverse() });
  };
  for (const start of [...items].sort(byName)) {
    enter(start);
    for (let top = stack.at(-1); top !== undefined; top = stack.at(-1)) {
      const next = top.waitsFor.pop();
      if (next !== undefined) enter(next);
      else ordered.push((stack.pop() as typeof top).item);
    }
  }
  return ordered;
}
