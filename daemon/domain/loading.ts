/** How decisions over many things ask for what they need: at once, since every question is a round to the database. */
import { type Needs, NotLoaded } from './snapshot.ts';

/**
 * Like `items.map(decide)`. Where several items need rows that are not loaded, the `NotLoaded` that is thrown asks for
 * the rows of all of them: one by one, a long list would take as many rounds as it has members.
 */
export function mapLoaded<Item, Result>(
  items: readonly Item[],
  decide: (item: Item, index: number) => Result,
): Result[] {
  const missing: Needs[] = [];
  const results: Result[] = [];
  items.forEach((item, index) => {
    try {
      results.push(decide(item, index));
    } catch (error) {
      if (!(error instanceof NotLoaded)) throw error;
      missing.push(error.needs);
    }
  });
  if (missing.length > 0) throw new NotLoaded(mergedNeeds(missing));
  return results;
}

/** Like `items.filter(wanted)`, and otherwise like `mapLoaded`. */
export function filterLoaded<Item>(items: readonly Item[], wanted: (item: Item) => boolean): Item[] {
  const kept = mapLoaded(items, wanted);
  return items.filter((_item, index) => kept[index]);
}

/** All that any of them asks for. */
export function mergedNeeds(all: readonly Needs[]): Needs {
  const needs: { -readonly [part in keyof Needs]: string[] } = {};
  for (const each of all) {
    for (const [part, keys] of Object.entries(each) as [keyof Needs, readonly string[]][]) {
      const known = needs[part];
      if (known === undefined) needs[part] = [...keys];
      else for (const key of keys) known.push(key);
    }
  }
  return needs;
}
