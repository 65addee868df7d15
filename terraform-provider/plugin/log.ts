/** How bad it is, from the least to the worst. */
export type LogLevel = 'trace' | 'debug' | 'info' | 'warn' | 'error';

/** Details beside the message. An Error is logged with its stack and causes. */
export type LogFields = Record<string, unknown>;

/** Writes log lines; one function per level. */
export type Logger = { [L in LogLevel]: (message: string, fields?: LogFields) => void };

const LEVELS: readonly LogLevel[] = ['trace', 'debug', 'info', 'warn', 'error'];

/** Whatever starts like a token, finished or not; longer than the format, so that no end of one is left over. */
const TOKEN_LIKE = /acr_[a-z]{1,16}_[0-9A-Za-z_]*/g;

/** The text with everything that looks like an Accredit token replaced. */
export function redact(text: string): string {
  return text.replace(TOKEN_LIKE, '(token)');
}

/**
 * The lowest level that is written, from `TF_LOG_PROVIDER_ACCREDIT`, `TF_LOG_PROVIDER` or `TF_LOG`, the first that is set. `JSON`
 * means everything; undefined means nothing is written.
 */
export function logLevel(env: NodeJS.ProcessEnv): LogLevel | undefined {
  const wanted = (env.TF_LOG_PROVIDER_ACCREDIT || env.TF_LOG_PROVIDER || env.TF_LOG || 'off').toLowerCase();
  if (wanted === 'off') return undefined;
  return LEVELS.find((level) => level === wanted) ?? 'trace';
}

/**
 * A logger whose lines Terraform takes over with their level, message and fields. They are hclog's JSON, for which the time must have
 * exactly six digits after the point. Tokens are redacted, whatever field they are in.
 */
export function createLogger(env: NodeJS.ProcessEnv, write: (line: string) => void): Logger {
  const lowest = logLevel(env);
  const logger = {} as Logger;
  for (const [rank, level] of LEVELS.entries()) {
    const isWritten = lowest !== undefined && rank >= LEVELS.indexOf(lowest);
    logger[level] = isWritten
      ? (message, fields) => write(`${redact(JSON.stringify(entry(level, message, fields), jsonable))}\n`)
      : () => undefined;
  }
  return logger;
}

function entry(level: LogLevel, message: string, fields: LogFields | undefined): LogFields {
  const timestamp = new Date().toISOString().replace(/Z$/, '000Z');
  return { ...fields, '@level': level, '@message': message, '@module': 'accredit', '@timestamp': timestamp };
}

function jsonable(_key: string, value: unknown): unknown {
  if (value instanceof Error) return { message: value.message, stack: value.stack, cause: value.cause };
  return typeof value === 'bigint' ? String(value) : value;
}

/** The log of this process. */
export const log: Logger = createLogger(process.env, (line) => process.stderr.write(line));
