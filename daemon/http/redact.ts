/** Anything that begins like a token, whole or cut off. */
const TOKEN_LIKE = /acr_[a-z]{1,8}_[0-9A-Za-z]{6,}/g;

/** A signed JWT, whole or cut off; also a header alone, which opens nothing. It never fails halfway, so that it is linear. */
const JWT_LIKE = /eyJ[0-9A-Za-z_-]+(?:\.[0-9A-Za-z_-]*){0,2}/g;

/** `text` without anything that could be a token: logs and error bodies pass through it, whoever wrote the text. */
export function redact(text: string): string {
  return text
    .replace(TOKEN_LIKE, 'acr_[redacted]')
    .replace(JWT_LIKE, (found) => (found.includes('.') ? 'eyJ[redacted]' : found));
}

/** A path such that the redaction of the log's line finds a token in it, however it was written (RFC 3986, section 2.1). */
export function redactPath(path: string): string {
  if (!path.includes('%')) return path;
  const plain = path.replace(/%[0-7][0-9a-f]/gi, (octet) => String.fromCharCode(Number.parseInt(octet.slice(1), 16)));
  const redacted = redact(plain);
  return redacted === plain ? path : redacted;
}
