/** How requests name what they are for (RFC 9112, section 3.2). */
import type { IncomingMessage } from 'node:http';

const ABSOLUTE = /^https?:\/\/[^/?#]*/i;
const SLASH = 0x2f;

/**
 * Makes a target in absolute form, as clients send it to proxies and every server must take it (RFC 9112, section 3.2.2),
 * the one in origin form that means the same. Any other is left as it is.
 */
export function takeOriginForm(request: IncomingMessage): void {
  const { url = '' } = request;
  if (url.charCodeAt(0) === SLASH || !ABSOLUTE.test(url)) return;
  const rest = url.replace(ABSOLUTE, '');
  request.url = rest.startsWith('/') ? rest : `/${rest}`;
}
