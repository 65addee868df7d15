/** Small forms, plainly announced: what nearly all clients send, and read without more care than that takes. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { FORM } from './introspect.ts';

const PLAIN_FORM = new RegExp(`^${FORM}(; ?charset=utf-8)?$`, 'i');
/** In bytes. A form with all parameters is shorter. */
const LONGEST_BODY = 16 * 1024;

/** Whether it is a `POST` to `path` with a small form, without a content coding, and its URL asks nothing. */
export function isPlainForm({ method, url, headers }: IncomingMessage, path: string): boolean {
  if (method !== 'POST' || url !== path || !PLAIN_FORM.test(headers['content-type'] ?? '')) return false;
  if (headers['content-encoding'] !== undefined) return false;
  return Number(headers['content-length'] ?? Number.NaN) <= LONGEST_BODY;
}

/**
 * Reads the body as Latin-1: of one that is ASCII, that is the text. Calls back once: with the body, or with nothing when the
 * connection breaks before its end.
 */
export function readPlainForm(
  request: IncomingMessage,
  response: ServerResponse,
  done: (form: string | undefined) => void,
): void {
  let form = '';
  let isOver = false;
  const end = (result: string | undefined) => {
    if (isOver) return;
    isOver = true;
    done(result);
  };
  request.on('data', (chunk: Buffer) => {
    form += chunk.toString('latin1');
  });
  request.on('end', () => end(form));
  response.once('close', () => end(undefined));
}

const NOT_ASCII = /[\x80-\xff]/;

/** Whether a form that was read so is the text that was sent. */
export function isAscii(form: string): boolean {
  return !NOT_ASCII.test(form);
}
