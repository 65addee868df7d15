const STRING_OR_NUMBER = /"(?:[^"\\]|\\.)*"|-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?/g;

/**
 * Parses JSON like `JSON.parse`, but hands on a number that JavaScript cannot hold exactly in its digits, as a string: the reader
 * knows from the type whether a string is a number. Objects are plain; a key `__proto__` is an ordinary one. Throws SyntaxError.
 */
export function parseExactJson(text: string): unknown {
  const plain: unknown = JSON.parse(text);
  // Most states hold no number, and looking for one costs less than going through the text.
  if (!holdsNumber(plain)) return plain;
  const exact = text.replace(STRING_OR_NUMBER, (token) =>
    token.startsWith('"') || isExact(token) ? token : JSON.stringify(token),
  );
  return JSON.parse(exact);
}

function holdsNumber(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return typeof value === 'number';
  return Object.values(value).some(holdsNumber);
}

/** Only integers within ±2^53 are: a fraction such as 0.1 has no exact binary form. */
function isExact(token: string): boolean {
  const value = Number(token);
  return Number.isSafeInteger(value) && String(value) === token;
}
