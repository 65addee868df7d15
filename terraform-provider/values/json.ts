const STRING_OR_NUMBER = /"(?:[^"\\]|\\.)*"|-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?/g;

/**
 * Parses JSON like `JSON.parse`, but hands on a number that JavaScript cannot hold exactly in its digits, as a string: the reader
 * knows from the type whether a string is a number. Objects are plain; a key `__proto__` is an ordinary one. Throws SyntaxError.
 */
export function parseExactJson(text: string): unknown {
  const exact = text.replace(STRING_OR_NUMBER, (token) =>
    token.startsWith('"') || isExact(token) ? token : JSON.stringify(token),
  );
  return JSON.parse(exact);
}

/** Only integers within ±2^53 are: a fraction such as 0.1 has no exact binary form. */
function isExact(token: string): boolean {
  const value = Number(token);
  return Number.isSafeInteger(value) && String(value) === token;
}
