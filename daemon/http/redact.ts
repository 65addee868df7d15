/** Anything that begins like a token, whole or cut off. */
const TOKEN_LIKE = /acr_[a-z]{1,8}_[0-9A-Za-z]{6,}/g;

/** `text` without anything that could be a token: logs and error bodies pass through it, whoever wrote the text. */
export function redact(text: string): string {
  return text.replace(TOKEN_LIKE, 'acr_[redacted]');
}
