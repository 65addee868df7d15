/** The log: JSON lines on standard error, in which no token can stand. */
import { type DestinationStream, destination, type Logger, pino } from 'pino';
import { redact } from './http/redact.ts';

/**
 * A log from `level` on. Every line passes the redaction as a whole, so that it holds for texts that nobody thought of.
 * Written synchronously: what led to a crash is there.
 */
export function createLog(level: string, stream: DestinationStream = destination({ fd: 2, sync: true })): Logger {
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

/** An error's text and where it came from, and nothing else: drivers hang the parameters of a statement on theirs. */
function describeError(error: unknown): unknown {
  if (!(error instanceof Error)) return { message: String(error) };
  const { name, message, stack, cause } = error;
  return { name, message, stack, ...(cause !== undefined && { cause: describeError(cause) }) };
}
