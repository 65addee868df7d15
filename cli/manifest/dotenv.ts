/** Dotenv files: `KEY=value` a line, with comments, blank lines and values in quotes that may go over several lines. */

/** What stands in a text for bytes that were no UTF-8. */
const REPLACED = '\ufffd';

/**
 * `text` with the entry `key` set to `value`, which needs no quotes. All other lines stay; further entries of that key go.
 * Throws an `Error` for a text that was read from another encoding: written again, its other entries would not be what they were.
 */
export function setEntry(text: string, key: string, value: string): string {
  if (text.includes(REPLACED))
    throw new Error('what the file holds is not UTF-8, and would not survive being written again');
  const lines = text === '' ? [] : text.replace(/\n$/, '').split('\n');
  const result: string[] = [];
  let quote: string | undefined;
  let isOurs = false;
  let isSet = false;
  for (const line of lines) {
    if (quote !== undefined) {
      // Inside a value that began before; it ends with the line that has the quote.
      if (!isOurs) result.push(line);
      if (endsIn(line, quote)) quote = undefined;
      continue;
    }
    const entry = /^(\s*(?:export\s+)?)([A-Za-z_][\w.-]*)(\s*=\s*)(.*)$/s.exec(line);
    isOurs = entry?.[2] === key;
    quote = openQuote(entry?.[4] ?? '');
    if (!isOurs) result.push(line);
    else if (!isSet) {
      result.push(`${entry?.[1]}${key}=${value}${line.endsWith('\r') ? '\r' : ''}`);
      isSet = true;
    }
  }
  if (!isSet) result.push(`${key}=${value}${lines.at(-1)?.endsWith('\r') ? '\r' : ''}`);
  return `${result.join('\n')}\n`;
}

/** The value of the first entry `key` that stands in one line, without quotes; `undefined` if there is none. */
export function entryIn(text: string, key: string): string | undefined {
  for (const line of text.split('\n')) {
    const [, name, value = ''] = /^\s*(?:export\s+)?([A-Za-z_][\w.-]*)\s*=\s*(.*?)\s*$/.exec(line) ?? [];
    if (name === key) return value.replace(/^(["'`])(.*)\1$/, '$2');
  }
  return undefined;
}

/** The quote that a value opens and does not close. */
function openQuote(value: string): string | undefined {
  const [first = ''] = value;
  return /["'`]/.test(first) && !endsIn(value.slice(1), first) ? first : undefined;
}

function endsIn(text: string, quote: string): boolean {
  return quote === '"' ? /(^|[^\\])(\\\\)*"/.test(text) : text.includes(quote);
}
