/** The verbs of the daemon's side: what a command line means, what it prints and how it exits. */
import { existsSync } from 'node:fs';
import type { Logger } from 'pino';
import { type Backup, backUp, keyAdvice, restoreBackup, restoredAdvice, verifyBackup } from './backup.ts';
import { type Arguments, type Config, ConfigError, loadConfig, parseArguments, settingFlags } from './config.ts';
import { PrivateFileError } from './crypto/private-file.ts';
import { Unavailable } from './domain/snapshot.ts';
import { helpOf, switchesOf } from './help.ts';
import { redact } from './http/redact.ts';
import { adminTokenFile, firstRun, InstallationError, openKeyring, recover } from './installation.ts';
import { createLog } from './log.ts';
import { type Daemon, openConfiguredStore, startDaemon } from './main.ts';
import { databaseFile } from './store/copy.ts';
import { StoreLocked, StoreTooNew, StoreUnusable } from './store/index.ts';
import type { DaemonVerb } from './verbs.ts';

export interface Flag {
  /** With its dashes. */
  readonly flag: string;
  readonly takesValue: boolean;
}

/** Every flag that a verb takes. */
export function flagsOf(verb: DaemonVerb): Flag[] {
  const switches = switchesOf(verb).map((name) => ({ flag: `--${name}`, takesValue: false }));
  return [...switches, ...settingFlags()];
}

/** Exit statuses, as sysexits has no better ones for these. */
const FAILED = 1;
const USAGE = 2;

/** Runs the command line `words`, which begins with one of the daemon's verbs, and resolves with its exit status. Never rejects. */
export async function run(
  words: readonly string[],
  environment: Readonly<Record<string, string | undefined>>,
): Promise<number> {
  const [verb, ...rest] = words as [DaemonVerb, ...string[]];
  try {
    if (words.includes('--help') || words.includes('-h')) return print(helpOf(verb));
    const file = verb === 'serve' || verb === 'init' ? undefined : fileIn(rest, verb);
    const given = parseArguments(rest, switchesOf(verb));
    const settings = configured(given, environment);
    if (file !== undefined)
      return verb === 'backup' ? await backup(settings, file, given) : await restore(settings, file, given);
    return verb === 'serve' ? await serve(settings, given) : await init(settings, given);
  } catch (error) {
    const isUsage = error instanceof ConfigError;
    // What is wrong with the command line is told in its words, among which a token may be.
    const message = redact(explain(error, verb));
    process.stderr.write(
      words.includes('--json') ? problemJson(isUsage ? 'usage' : 'failed', message) : `accredit: ${message}\n`,
    );
    return isUsage ? USAGE : FAILED;
  }
}

interface Configured {
  readonly config: Config;
  readonly log: Logger;
}

function configured(given: Arguments, environment: Readonly<Record<string, string | undefined>>): Configured {
  const { config, warnings } = loadConfig(given, environment);
  const log = createLog(config.logLevel);
  for (const warning of warnings) log.warn(warning);
  return { config, log };
}

async function serve({ config, log }: Configured, { switches }: Arguments): Promise<number> {
  keepFilesPrivate();
  // A defect must not print what it happened upon: only the log redacts.
  process.on('uncaughtException', (err) => {
    log.fatal({ err }, 'the daemon has a defect');
    process.exit(FAILED);
  });
  const signalled = firstSignal();
  const daemon: Daemon = await startDaemon(config, { log });
  const file = adminTokenFile(config);
  const isThere = existsSync(file);
  if (switches.has('json')) {
    print(`${JSON.stringify({ ready: daemon.url, admin_token_file: isThere ? file : null })}\n`);
  } else {
    if (isThere) print(`the first admin token is in ${file}\n`);
    print(`accredit ready on ${daemon.url}\n`);
  }
  log.info({ signal: await signalled }, 'ending');
  await daemon.close();
  return 0;
}

type InitOutcome = 'created' | 'unchanged' | 'recovered';

async function init({ config, log }: Configured, { switches }: Arguments): Promise<number> {
  const recovering = switches.has('recover');
  const file = adminTokenFile(config);
  const say = (text: string, outcome: InitOutcome, made: object) =>
    print(switches.has('json') ? `${JSON.stringify({ outcome, ...made })}\n` : `${text}\n`);
  if (recovering) requireDatabase(config);
  keepFilesPrivate();
  const clock = Date.now;
  const store = await openConfiguredStore(config, { clock, log });
  try {
    if (recovering && (await store.empty())) {
      throw new InstallationError(
        'There is nothing to recover: the database is empty. "accredit init" initialises it.',
      );
    }
    const installation = { store, keyring: await openKeyring(config, store), clock };
    if (recovering) {
      const address = await recover(config, installation);
      const former =
        'The tokens that owners had before still work: "accredit list accounts/root/tokens" shows those of root, and ' +
        '"accredit revoke ADDRESS --reason compromised" ends one.';
      return say(`made ${address}; the token is in ${file}\n${former}`, 'recovered', {
        token: address,
        admin_token_file: file,
      });
    }
    const done = await firstRun(config, installation);
    if (done === 'existed')
      return say('nothing to do: an organization exists', 'unchanged', { admin_token_file: null });
    if (done === 'file') return say(`the first admin token is in ${file}`, 'created', { admin_token_file: file });
    return say('initialised', 'created', { admin_token_file: null });
  } finally {
    await store.close();
  }
}

/** Opening the database would make one, with its directory. */
function requireDatabase({ databaseUrl, dataDirectory }: Config): void {
  const file = databaseFile(dataDirectory);
  if (databaseUrl !== undefined || existsSync(file)) return;
  throw new InstallationError(
    `There is nothing to recover: there is no ${file}. --data-dir names the data directory; without --recover, "accredit init" ` +
      'makes a new one.',
  );
}

/** Takes the word behind the verb out of `words`. */
function fileIn(words: string[], verb: DaemonVerb): string {
  const [file] = words;
  if (file === undefined || file.startsWith('-')) {
    throw new ConfigError(`name the file behind the verb: accredit ${verb} FILE [FLAG…]`);
  }
  words.shift();
  return file;
}

async function backup({ config }: Configured, file: string, { switches }: Arguments): Promise<number> {
  keepFilesPrivate();
  const made = await backUp(config, file);
  if (switches.has('json')) return printBackup(made, { master_key_included: false });
  return print(`backed up to ${file}: ${made.bytes} bytes, SHA-256 ${made.sha256}\n${keyAdvice(config)}\n`);
}

async function restore({ config }: Configured, file: string, { switches }: Arguments): Promise<number> {
  keepFilesPrivate();
  const onlyVerify = switches.has('verify');
  const verified = onlyVerify ? await verifyBackup(config, file) : await restoreBackup(config, file);
  const { key, checksum } = verified;
  if (switches.has('json')) return printBackup(verified, { key, checksum, restored: !onlyVerify });
  const said = [
    `${file} is whole: ${verified.bytes} bytes, SHA-256 ${verified.sha256}`,
    checksum === 'holds' ? 'it is what was backed up' : 'not compared: there is no file with its checksum beside it',
    key === 'fits' ? 'the master key of this installation fits' : 'not compared: there is no master key here',
    ...(onlyVerify ? [] : restoredAdvice(config, verified)),
  ];
  return print(`${said.join('\n')}\n`);
}

function printBackup({ file, bytes, sha256, keyFingerprint }: Backup, more: object): number {
  return print(
    `${JSON.stringify({ file, bytes, sha256, key_fingerprint: keyFingerprint ?? null, ...more }, null, 2)}\n`,
  );
}

/** Resolves with the first SIGTERM or SIGINT. A second one ends the process at once. */
function firstSignal(): Promise<NodeJS.Signals> {
  return new Promise((resolve) => {
    let signals = 0;
    const take = (signal: NodeJS.Signals) => {
      signals += 1;
      if (signals > 1) process.exit(FAILED);
      resolve(signal);
    };
    process.on('SIGTERM', take).on('SIGINT', take);
  });
}

/** No file that this process leaves can be read by others. That none holds its memory, `bin/accredit` sees to. */
function keepFilesPrivate(): void {
  process.umask(0o077);
}

/** What is for whoever started the command has a message that is enough; a defect needs its stack. */
function explain(error: unknown, verb: DaemonVerb): string {
  if (error instanceof StoreLocked) {
    return verb === 'serve'
      ? `${error.message}; stop that one, or give this one a directory of its own`
      : `a daemon is running on the data directory ${error.directory}: stop it first`;
  }
  const expected = [ConfigError, InstallationError, PrivateFileError, StoreTooNew, StoreUnusable, Unavailable];
  if (expected.some((type) => error instanceof type)) return (error as Error).message;
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}

/** The same object as that of the other verbs. */
function problemJson(code: string, message: string): string {
  const error = { code, message, hint: null, errors: [], request_id: null };
  return `${JSON.stringify({ error }, null, 2)}\n`;
}

function print(text: string): number {
  process.stdout.write(text);
  return 0;
}
