/**
 * gRPC over HTTP/2 for one client on one connection: unary calls, streams of answers, and streams that stay open and carry nothing,
 * which is all that Terraform asks for. See docs/decisions/0023 for why this is not a library.
 */
import {
  constants,
  type IncomingHttpHeaders,
  type OutgoingHttpHeaders,
  performServerHandshake,
  type ServerHttp2Stream,
} from 'node:http2';
import type { Duplex } from 'node:stream';
import { log } from './log.ts';

/** Status codes of gRPC, those that are used here. */
export const STATUS = { ok: 0, notFound: 5, resourceExhausted: 8, unimplemented: 12, internal: 13 } as const;

/** An end other than the answer. The message goes to the client. */
export class StatusError extends Error {
  override readonly name = 'StatusError';
  readonly code: number;

  constructor(code: number, message: string) {
    super(message);
    this.code = code;
  }
}

/**
 * What is behind a path. `answer` gets the bytes of the one message of the request, and an AbortController that is aborted when the
 * caller goes away; it resolves with the bytes of the one message of the response, or rejects, best with a {@link StatusError}.
 * `stream` answers with any number of messages. `open` is a stream on which nothing is ever sent: it ends with the client's side of it, or only with the connection.
 */
export type Method =
  | { readonly answer: Answer }
  | { readonly stream: Stream }
  | { readonly open: 'until the client ends it' | 'for good' };

/** What HashiCorp's providers take too: a plan with large values must not fail at the 4 MB that are gRPC's custom. */
const LARGEST_MESSAGE = 256 * 1024 * 1024;
/** One byte that says whether the message is compressed, and its length in four. */
const PREFIX = 5;

const HEADERS: OutgoingHttpHeaders = {
  ':status': 200,
  'content-type': 'application/grpc',
  'grpc-accept-encoding': 'identity',
};

/** Serves the methods, by their paths, on a connection that has been accepted. No message may have more bytes than `largest`. */
export function serveGrpc(
  connection: Duplex,
  methods: ReadonlyMap<string, Method>,
  largest: number = LARGEST_MESSAGE,
): void {
  const session = performServerHandshake(connection, {
    // The limit counts what waits to be read and sent, and messages may be larger than all of it; in megabytes.
    maxSessionMemory: Number.MAX_SAFE_INTEGER,
  });
  session.on('error', (error) => log.debug('the connection failed', { error }));
  session.on('stream', (stream, headers) => {
    stream.on('error', (error) => log.debug('a call failed', { error }));
    accept(stream, headers, methods, largest);
  });
}

function accept(
  stream: ServerHttp2Stream,
  headers: IncomingHttpHeaders,
  methods: ReadonlyMap<string, Method>,
  largest: number,
): void {
  if (!/^application\/grpc\b/.test(headers['content-type'] ?? '')) {
    stream.respond({ ':status': constants.HTTP_STATUS_UNSUPPORTED_MEDIA_TYPE }, { endStream: true });
    return;
  }
  const path = headers[constants.HTTP2_HEADER_PATH] as string;
  const method = methods.get(path);
  if (method === undefined) refuse(stream, new StatusError(STATUS.unimplemented, `There is no method ${path}.`));
  else if ('answer' in method) {
    respond(stream, largest, async (request, caller) => {
      const message = await method.answer(request, caller);
      return () => send(stream, message);
    });
  } else if ('stream' in method) {
    respond(stream, largest, async (request, caller) => {
      const messages = await method.stream(request, caller);
      return () => sendAll(stream, messages);
    });
  } else {
    sendHeaders(stream);
    if (method.open === 'until the client ends it') stream.on('end', () => stream.end());
    stream.resume();
  }
}

type Answer = (request: Buffer, caller: AbortController) => Promise<Uint8Array>;
type Stream = (request: Buffer, caller: AbortController) => Promise<AsyncIterable<Uint8Array>>;
/** Resolves with what sends the answer once there is one. */
type Respond = (request: Buffer, caller: AbortController) => Promise<() => void | Promise<void>>;

/** Reads the one message of the request, and has it answered. */
function respond(stream: ServerHttp2Stream, largest: number, answer: Respond): void {
  const caller = new AbortController();
  const chunks: Buffer[] = [];
  let size = 0;
  let isAnswered = false;
  stream.on('data', (chunk: Buffer) => {
    size += chunk.length;
    // The rest is read all the same: a client may not look for an answer before it has sent everything.
    if (size > PREFIX + largest) chunks.length = 0;
    else chunks.push(chunk);
  });
  stream.on('end', async () => {
    try {
      if (size > PREFIX + largest) {
        throw new StatusError(STATUS.resourceExhausted, `A message is larger than ${largest} bytes.`);
      }
      await (await answer(messageIn(Buffer.concat(chunks, size)), caller))();
      isAnswered = true;
    } catch (error) {
      isAnswered = true;
      const status = error instanceof StatusError ? error : unexpected(error);
      // In the middle of a stream there is no other way to say that the rest is missing.
      if (stream.headersSent) stream.close(constants.NGHTTP2_INTERNAL_ERROR);
      else refuse(stream, status);
    }
  });
  // A client that no longer waits, also because its deadline has passed, resets the stream.
  stream.on('close', () => {
    if (!isAnswered) caller.abort();
  });
}

function send(stream: ServerHttp2Stream, message: Uint8Array): void {
  if (stream.closed) return;
  sendHeaders(stream);
  stream.end(framed(message));
}

/** Sends messages as they come, no faster than the client takes them. */
async function sendAll(stream: ServerHttp2Stream, messages: AsyncIterable<Uint8Array>): Promise<void> {
  if (!stream.closed) sendHeaders(stream);
  for await (const message of messages) {
    if (stream.closed) return;
    if (!stream.write(framed(message))) await drained(stream);
  }
  stream.end();
}

/** Settles when the client has taken what was sent, or will never take it. */
function drained(stream: ServerHttp2Stream): Promise<void> {
  return new Promise((resolve) => {
    const settle = () => {
      stream.off('drain', settle);
      stream.off('close', settle);
      resolve();
    };
    stream.on('drain', settle);
    stream.on('close', settle);
  });
}

function framed(message: Uint8Array): Buffer {
  const bytes = Buffer.allocUnsafe(PREFIX + message.length);
  bytes[0] = 0;
  bytes.writeUInt32BE(message.length, 1);
  bytes.set(message, PREFIX);
  return bytes;
}

function unexpected(error: unknown): StatusError {
  log.error('a call failed', { error });
  return new StatusError(STATUS.internal, 'The provider failed unexpectedly.');
}

/** The one message of a request. Throws {@link StatusError}. */
function messageIn(body: Buffer): Buffer {
  if (body.length < PREFIX || body.readUInt32BE(1) !== body.length - PREFIX) {
    throw new StatusError(STATUS.internal, 'The request is not exactly one message.');
  }
  if (body[0] !== 0) throw new StatusError(STATUS.unimplemented, 'Compressed messages are not taken.');
  return body.subarray(PREFIX);
}

/** Headers, and the trailers that will say, after whatever is sent, that all went well. */
function sendHeaders(stream: ServerHttp2Stream): void {
  stream.on('wantTrailers', () => stream.sendTrailers({ 'grpc-status': STATUS.ok }));
  stream.respond(HEADERS, { waitForTrailers: true });
}

function refuse(stream: ServerHttp2Stream, { code, message }: StatusError): void {
  if (stream.closed || stream.headersSent) return;
  const status = { ...HEADERS, 'grpc-status': code, 'grpc-message': percentEncoded(message) };
  stream.respond(status, { endStream: true });
}

/** As the protocol wants it of a status message: printable ASCII but `%` stands for itself. */
function percentEncoded(text: string): string {
  const encoded = [...Buffer.from(text, 'utf8')].map((byte) =>
    byte >= 0x20 && byte <= 0x7e && byte !== 0x25
      ? String.fromCharCode(byte)
      : `%${byte.toString(16).toUpperCase().padStart(2, '0')}`,
  );
  return encoded.join('');
}
