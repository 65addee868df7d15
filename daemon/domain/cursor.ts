/** Cursors: opaque to clients, and good only for the list that gave them. */
import { Problem } from './problem.ts';

/** A cursor that goes on after `position` in the list of that name. */
export function encodeCursor(list: string, position: string | number): string {
  return Buffer.from(JSON.stringify([list, position]), 'utf8').toString('base64url');
}

/** The position in a cursor of that list. Throws `invalid-query` for anything else. */
export function decodeCursor(cursor: string, list: string): string | number {
  const [name, position] = parse(cursor);
  if (name === list && (typeof position === 'string' || Number.isSafeInteger(position)))
    return position as string | number;
  throw new Problem('invalid-query', 'The cursor is not one that this list has given.');
}

function parse(cursor: string): unknown[] {
  try {
    const value: unknown = JSON.parse(Buffer.from(cursor, 'base64url').toString('utf8'));
    return Array.isArray(value) ? value : [];
  } catch {
    // Not ours, whatever it is: the caller is told so above.
    return [];
  }
}
