/** The verbs that work on the data directory or the database of this machine. */
export const DAEMON_VERBS = {
  serve: 'starts the daemon',
  init: 'makes the first organization, account and owner token, without serving; --recover makes a new owner token',
  backup: 'copies the database to a file while the daemon runs, without the master key',
  'restore-backup': 'puts a backup into an empty data directory; --verify only checks it',
} as const;

export type DaemonVerb = keyof typeof DAEMON_VERBS;
