/** The log: JSON lines on standard error, in which no token can stand. */
import { type DestinationStream, destination, type Logger, pino, symbols } from 'pino';
import { redact } from './http/redact.ts';

/** How many bytes of lines are collected at most. */
const COLLECTED = 64 * 1024;
/** For how many milliseconds at most. */
const COLLECTED_FOR = 10;
/** Pino's number for it. */
const WARN = 40;

/**
 * A log from `level` on. Every line passes the redaction as a whole, so that it holds for texts that nobody thought of.
 * What `stream` gets is up to it; by default lines are written to standard error as `standardError` says.
 */
export function createLog(level: string, stream: DestinationStream = standardError()): Logger {
  return pino(
    {
      level,
      base: { pid: process.pid },
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
      serializers: { err: describeError },
      hooks: { streamWrite: redact },
    },
    stream,
  );
}

/**
 * Standard error, written to at once for many lines: a write costs about as much as the answer to a question. A warning and whatever is worse is written at once with all before it, and so is
 * what is left when the process exits, so that what led to a crash is there.
 */
function standardError(): DestinationStream {
  const sink = destination({ fd: 2, sync: true, contentMode: 'buffer' });
  // Bytes rather than strings: many strings that live for some milliseconds are what the garbage collector is worst at.
  const collected = Buffer.allocUnsafe(COLLECTED);
  let length = 0;
  const flush = () => {
    if (length === 0) return;
    const lines = Buffer.from(collected.subarray(0, length));
    length = 0;
    write(lines);
  };
  const write = (bytes: Buffer) => sink.write(bytes as unknown as string);
  process.once('exit', flush);
  const stream = {
    // Pino tells the level of each line to a stream that asks for it.
    [symbols.needsMetadataGsym]: true,
    lastLevel: 0,
    write(line: string): void {
      // A UTF-16 code unit has at most three bytes in UTF-8.
      if (length + 3 * line.length > COLLECTED) flush();
      if (3 * line.length > COLLECTED) {
        write(Buffer.from(line));
        return;
      }
      if (length === 0) setTimeout(flush, COLLECTED_FOR).unref();
      length += collected.write(line, length);
      if (stream.lastLevel >= WARN) flush();
    },
  };
  return stream;
}

/** An error's text and where it came from, and nothing else: drivers hang the parameters of a statement on theirs. */
function describeError(error: unknown): unknown {
  if (!(error instanceof Error)) return { message: String(error) };
  const { name, message, stack, cause } = error;
  return { name, message, stack, ...(cause !== undefined && { cause: describeError(cause) }) };
}
