/** Nobody mistypes a name of this length; comparing one of megabytes would only cost time. */
const LONGEST_TYPO = 64;

/**
 * The candidate that `word` was most likely meant to be: at most two mistakes (a letter too much, missing, wrong or
 * swapped with its neighbour; case does not count), and no more than a third of the word. `undefined` if none is close.
 */
export function closest(word: string, candidates: readonly string[]): string | undefined {
  if (word.length > LONGEST_TYPO) return undefined;
  let best: string | undefined;
  let fewest = Math.min(2, Math.floor(word.length / 3)) + 1;
  for (const candidate of candidates) {
    const mistakes = distance(word.toLowerCase(), candidate.toLowerCase());
    if (mistakes < fewest) [best, fewest] = [candidate, mistakes];
  }
  return best;
}

/** Edit distance with neighbouring letters swapped as one edit (optimal string alignment). */
function distance(a: string, b: string): number {
  let beforeLast: number[] = [];
  let last = Array.from({ length: b.length + 1 }, (_, column) => column);
  for (let row = 1; row <= a.length; row += 1) {
    const current = [row];
    for (let column = 1; column <= b.length; column += 1) {
      const same = a[row - 1] === b[column - 1];
      let edits = Math.min(
        (last[column] as number) + 1,
        (current[column - 1] as number) + 1,
        (last[column - 1] as number) + (same ? 0 : 1),
      );
      const swapped = row > 1 && column > 1 && a[row - 1] === b[column - 2] && a[row - 2] === b[column - 1];
      if (swapped) edits = Math.min(edits, (beforeLast[column - 2] as number) + 1);
      current.push(edits);
    }
    [beforeLast, last] = [last, current];
  }
  return last[b.length] as number;
}
