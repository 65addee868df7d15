/** Bytes of one element of an array or object, and of what every string or object takes besides. */
const REFERENCE = 8;
const HEADER = 24;

/**
 * About how many bytes of memory a tree of plain values takes. What comes up in it again counts once, as strings that were
 * read from one row do.
 */
export function approximateSize(value: unknown): number {
  const seen = new Set<unknown>();
  const waiting = [value];
  let size = 0;
  while (waiting.length > 0) {
    const one = waiting.pop();
    if ((typeof one !== 'string' && typeof one !== 'object') || one === null || seen.has(one)) continue;
    seen.add(one);
    if (typeof one === 'string') {
      size += HEADER + one.length;
      continue;
    }
    const parts = Array.isArray(one) ? one : Object.values(one);
    size += HEADER + REFERENCE * parts.length;
    for (const part of parts) waiting.push(part);
  }
  return size;
}
