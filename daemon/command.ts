/** The verbs of the daemon: what a command line means, what it prints and how it exits. */
import { existsSync, writeFileSync } from 'node:fs';
import type { Logger } from 'pino';
import { closest } from '../terraform-provider-spec/derive/closest.ts';
import { mintToken, tokenHash } from '../terraform-provider-spec/token.ts';
import {
  type Arguments,
  type Config,
  ConfigError,
  describeSettings,
  loadConfig,
  parseArguments,
  refuseWords,
} from './config.ts';
import { PrivateFileError } from './crypto/private-file.ts';
import { Unavailable } from './domain/snapshot.ts';
import { adminTokenFile, firstRun, InstallationError, openKeyring, recover } from './installation.ts';
import { createLog } from './log.ts';
import { type Daemon, openConfiguredStore, startDaemon } from './main.ts';
import { giveBackMemory } from './quiet.ts';
import { StoreLocked, StoreTooNew, StoreUnusable } from './store/index.ts';
import { version } from './version.ts';

const HELP = `accredit issues, rotates, verifies and revokes the credentials of machines.

Usage: accredit VERB [FLAG…]

  serve             starts the daemon
  init              makes the first organization, account and owner token, without serving
  init --recover    makes a new owner token for the account root; the daemon must be stopped
  token             makes a token and prints it with its hash, for secret_hash and the bootstrap; stores nothing
  version           prints the version

Every setting can be a flag, a variable, or a key in the JSON file that --config or ACCREDIT_CONFIG names; the first of
these three wins. ACCREDIT_X_FILE names a file that holds the value of ACCREDIT_X.

${describeSettings()}
`;

const VERBS = ['serve', 'init', 'token', 'version'];

/** Exit statuses, as sysexits has no better ones for these. */
const FAILED = 1;
const USAGE = 2;

/** Runs the command line `words` (without node and script) and resolves with its exit status. Never rejects. */
export async function run(
  words: readonly string[],
  environment: Readonly<Record<string, string | undefined>>,
): Promise<number> {
  const [verb, ...rest] = words;
  try {
    if (words.includes('--help') || words.includes('-h') || verb === 'help') return print(HELP);
    if (verb === 'version' || verb === '--version' || verb === 'token') {
      refuseWords(rest);
      return verb === 'token' ? token() : print(`accredit ${version()}\n`);
    }
    if (verb === 'serve') return await serve(configured(parseArguments(rest), environment));
    if (verb === 'init') {
      const given = parseArguments(rest, ['recover']);
      return await init(configured(given, environment), given.switches.has('recover'));
    }
    if (verb !== undefined) throw unknownVerb(verb);
    process.stderr.write(HELP);
    return USAGE;
  } catch (error) {
    process.stderr.write(`accredit: ${explain(error)}\n`);
    return error instanceof ConfigError ? USAGE : FAILED;
  }
}

function unknownVerb(verb: string): ConfigError {
  const meant = closest(verb, VERBS);
  return new ConfigError(
    `unknown verb "${verb}"; ${meant === undefined ? 'see accredit --help' : `did you mean ${meant}?`}`,
  );
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

async function serve({ config, log }: Configured): Promise<number> {
  keepMemoryPrivate();
  // A defect must not print what it happened upon: only the log redacts.
  process.on('uncaughtException', (err) => {
    log.fatal({ err }, 'the daemon has a defect');
    process.exit(FAILED);
  });
  const signalled = firstSignal();
  const daemon: Daemon = await startDaemon(config, { log });
  giveBackMemory();
  const file = adminTokenFile(config);
  if (existsSync(file)) print(`the first admin token is in ${file}\n`);
  print(`accredit ready on ${daemon.url}\n`);
  log.info({ signal: await signalled }, 'ending');
  await daemon.close();
  return 0;
}

async function init({ config, log }: Configured, recovering: boolean): Promise<number> {
  keepMemoryPrivate();
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
      return print(`made ${address}; the token is in ${adminTokenFile(config)}\n`);
    }
    const done = await firstRun(config, installation);
    if (done === 'existed') return print('nothing to do: an organization exists\n');
    return print(done === 'file' ? `the first admin token is in ${adminTokenFile(config)}\n` : 'initialised\n');
  } finally {
    await store.close();
  }
}

/** A token for its maker alone: only the hash need ever leave the machine. */
function token(): number {
  const secret = mintToken('sa');
  return print(`token: ${secret}\nsecret_hash: sha256:${tokenHash(secret)}\n`);
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

/** No file that this process leaves can be read by others, and none holds its memory. */
function keepMemoryPrivate(): void {
  process.umask(0o077);
  if (process.report !== undefined) {
    process.report.reportOnFatalError = false;
    process.report.reportOnSignal = false;
    process.report.reportOnUncaughtException = false;
  }
  const filter = '/proc/self/coredump_filter';
  // On Linux this leaves every mapping out of a core dump; elsewhere the service manager has to forbid them.
  if (existsSync(filter)) writeFileSync(filter, '0');
}

/** What is for whoever started the command has a message that is enough; a defect needs its stack. */
function explain(error: unknown): string {
  const expected = [
    ConfigError,
    InstallationError,
    PrivateFileError,
    StoreLocked,
    StoreTooNew,
    StoreUnusable,
    Unavailable,
  ];
  if (expected.some((type) => error instanceof type)) return (error as Error).message;
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}

function print(text: string): number {
  process.stdout.write(text);
  return 0;
}
