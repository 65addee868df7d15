/** Dotenv files: `KEY=value` a line, with comments, blank lines and values in quotes that may go over several lines. */

/** `text` with the entry `key` set to `value`, which needs no quotes. All other lines stay; further entries of that key go. */
export function setEntry(text: string, key: string, value: string): string {
  const lines = text === '' ? [] : text.replace(/\r?\n$/, '').split('\n');
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
  if (!isSet) result.push(`${key}=${value}`);
  return `${result.join('\n')}\n`;
}

/** The quote that a value opens and does not close. */
function openQuote(value: string): string | undefined {
  const [first = ''] = value;
  return /["'`]/.test(first) && !endsIn(value.slice(1), first) ? first : undefined;
}

function endsIn(text: string, quote: string): boolean {
  return quote === '"' ? /(^|[^\\])(\\\\)*"/.test(text) : text.includes(quote);
}
