/** The verbs that work on the data directory or the database of this machine. */
export const DAEMON_VERBS = {
  serve: 'starts the daemon',
  init: 'makes the first organization, account and owner token, without serving; --recover makes a new owner token',
} as const;

export type DaemonVerb = keyof typeof DAEMON_VERBS;
