/** Reads request bodies, bounded, and refuses what is not exactly what was announced. */
import type { IncomingMessage } from 'node:http';
import type { Json } from '../../terraform-provider-spec/kind.ts';
import { Problem } from '../domain/problem.ts';
import { JsonError, parseJson } from './json.ts';

/** The largest body that is taken, in bytes. */
export const BODY_LIMIT = 1024 * 1024;

/** The largest tree of a manifest, in bytes. */
export const MANIFEST_BODY_LIMIT = 64 * BODY_LIMIT;

/** Whether an operation has a body. `none` leaves whatever was sent unread. */
export type BodyUse = 'none' | 'optional' | 'required';

/** How a body is read. */
export interface BodyRules {
  readonly body: BodyUse;
  /** `BODY_LIMIT` if left out. */
  readonly bodyLimit?: number;
  /** It is JSON whatever it calls itself. */
  readonly anyMediaType?: boolean;
}

/**
 * The JSON body of `request`, `null` where there is none and none is needed. Throws `Problem`: `unsupported-media-type`, `too-large`, `malformed-json`.
 */
export async function readJsonBody(
  request: IncomingMessage,
  { body: use, bodyLimit, anyMediaType = false }: BodyRules,
): Promise<Json> {
  if (use === 'none') return null;
  if (!hasBody(request)) {
    if (use === 'optional') return null;
    throw new Problem('malformed-json', 'The request needs a JSON body, and it has none.');
  }
  if (!anyMediaType) requireMediaType(request, ['application/json']);
  return parseBody(await readText(request, bodyLimit));
}

/** `text` as JSON. Throws `Problem` `malformed-json`, which says where and never quotes the text. */
export function parseBody(text: string): Json {
  try {
    return parseJson(text);
  } catch (error) {
    if (error instanceof JsonError) throw new Problem('malformed-json', `The body is not JSON: ${error.message}.`);
    throw error;
  }
}

/** Whether `request` announces a body (RFC 9112, section 6). */
export function hasBody(request: IncomingMessage): boolean {
  if (request.headers['transfer-encoding'] !== undefined) return true;
  return Number(request.headers['content-length'] ?? 0) > 0;
}

/** Whether the body may be larger than `BODY_LIMIT`, by what `request` announces and the rules allow. */
export function mayBeLarge(request: IncomingMessage, { bodyLimit = BODY_LIMIT }: BodyRules): boolean {
  // One that comes in chunks announces no length.
  return bodyLimit > BODY_LIMIT && Number(request.headers['content-length'] ?? bodyLimit) > BODY_LIMIT;
}

/** The media type of the body, one of `accepted`. Throws `unsupported-media-type` for another, or another charset. */
export function requireMediaType(request: IncomingMessage, accepted: readonly string[]): string {
  const [type = '', ...parameters] = (request.headers['content-type'] ?? '').split(';').map((part) => part.trim());
  const mediaType = type.toLowerCase();
  const utf8 = parameters.every((parameter) => /^(?!charset=)|^charset="?utf-8"?$/i.test(parameter));
  if (!accepted.includes(mediaType) || !utf8) {
    const given = request.headers['content-type'] ?? '';
    const announced = given === '' ? 'not announced at all' : `announced as ${JSON.stringify(given.slice(0, 100))}`;
    throw new Problem(
      'unsupported-media-type',
      `The body must be ${accepted.join(' or ')} in UTF-8, and is ${announced}. Send "Content-Type: ${accepted[0]}".`,
    );
  }
  return mediaType;
}

/** The body as text. Throws `Problem` beyond `limit` bytes, for a content coding and for bytes that are no UTF-8. */
export async function readText(request: IncomingMessage, limit = BODY_LIMIT): Promise<string> {
  const coding = request.headers['content-encoding'];
  if (coding !== undefined && coding.toLowerCase() !== 'identity') {
    throw new Problem('unsupported-media-type', 'The body must be sent without a content coding.');
  }
  return decodeText(await readBytes(request, limit));
}

/** The text that `bytes` are in UTF-8. Throws `Problem` `malformed-json` when they are none. */
export function decodeText(bytes: Uint8Array): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch (cause) {
    throw new Problem('malformed-json', 'The body is not valid UTF-8.', { cause });
  }
}

function readBytes(request: IncomingMessage, limit: number): Promise<Buffer> {
  const tooLarge = () => new Problem('too-large', `The body is larger than ${limit} bytes.`);
  if (Number(request.headers['content-length'] ?? 0) > limit) return Promise.reject(tooLarge());
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let length = 0;
    request.on('data', (chunk: Buffer) => {
      length += chunk.length;
      if (length <= limit) chunks.push(chunk);
      else {
        // What still comes is thrown away, so that the client can finish sending and read the answer.
        request.removeAllListeners('data').resume();
        reject(tooLarge());
      }
    });
    let isComplete = false;
    request.on('end', () => {
      isComplete = true;
      resolve(Buffer.concat(chunks));
    });
    const aborted = (cause?: unknown) => {
      if (isComplete) return;
      reject(new Problem('malformed-request', 'The request ended before its body was complete.', { cause }));
    };
    request.on('error', aborted);
    request.on('close', aborted);
  });
}
