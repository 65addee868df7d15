/** Requests byte by byte, and answers as they come over the wire. */
import { once } from 'node:events';
import { createConnection } from 'node:net';

export interface RawAnswer {
  readonly status: number;
  /** Name and value as sent, in order of name. */
  readonly headers: readonly string[];
  readonly body: string;
}

/** Sends the pieces one after the other, each in a packet of its own, and reads until the daemon closes. */
export async function raw(url: string, ...pieces: readonly string[]): Promise<RawAnswer> {
  const { hostname, port } = new URL(url);
  const socket = createConnection({ host: hostname, port: Number(port), noDelay: true });
  await once(socket, 'connect');
  let text = '';
  socket.setEncoding('latin1').on('data', (chunk: string) => {
    text += chunk;
  });
  const closed = once(socket, 'close');
  for (const piece of pieces) {
    await new Promise<void>((resolve) => socket.write(piece, 'latin1', () => resolve()));
    await new Promise<void>((resolve) => setImmediate(resolve));
  }
  await closed;
  const end = text.indexOf('\r\n\r\n');
  const [statusLine = '', ...headers] = text.slice(0, end).split('\r\n');
  return { status: Number(statusLine.split(' ')[1]), headers: headers.sort(), body: text.slice(end + 4) };
}

/** The same without what is another one in each answer. */
export function withoutMoment({ status, headers, body }: RawAnswer): RawAnswer {
  return {
    status,
    headers: headers.filter((header) => !/^(date|x-request-id|content-length):/i.test(header)),
    body: body.replace(/"request_id":"[^"]*"/, '"request_id":""').replace(/eyJ[\w-]+\.[\w-]+\.[\w-]+/, claimsOf),
  };
}

/** What a JWT says, without the moment and without the signature, which is another one each time. */
function claimsOf(jwt: string): string {
  const [header = '', payload = ''] = jwt.split('.').map((part) => Buffer.from(part, 'base64url').toString());
  return `${header} ${payload.replace(/"(iat|exp|jti)":("[^"]*"|\d+)/g, '"$1"')}`.replaceAll('"', "'");
}
