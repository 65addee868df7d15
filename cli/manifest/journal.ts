/**
 * The secrets that were made for a manifest and have perhaps not reached everybody who needs them yet. Each apply writes
 * those that it is going to send in a file of its own before it sends them, and removes all that it has read when it is
 * done. So applies that run at the same time cannot harm each other: whose plan is outdated is refused by the daemon.
 */
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join, resolve } from 'node:path';
import { tokenKind } from '../../terraform-provider-spec/token.ts';
import { CliError, UsageError } from '../exit.ts';
import { fileTrouble } from '../file-trouble.ts';
import type { Environment } from '../profiles.ts';
import { removeDurably, writeNewDurably } from './durable.ts';

export interface JournalKey {
  readonly endpoint: string;
  /** The address of the manifest. */
  readonly manifest: string;
}

export interface Journal {
  /** Where its files lie. */
  readonly directory: string;
  /** Secrets by the address of their token, as they were found; of several the newest. */
  readonly found: ReadonlyMap<string, string>;
  /** Writes secrets so that they outlive this process and the machine's next crash. */
  add(secrets: ReadonlyMap<string, string>): void;
  /** Removes what this process has added: none of it has been used. */
  takeBack(): void;
  /** Removes everything that was found and added but these. */
  keepOnly(secrets: ReadonlyMap<string, string>): void;
}

const SUFFIX = '.secrets';
const VERSION = 1;

/** Where the journals lie: the flag, `ACCREDIT_STATE_DIR`, or `accredit` below the XDG state directory. */
export function stateDirectory(flag: string | undefined, environment: Environment): string {
  const given = flag ?? environment.ACCREDIT_STATE_DIR;
  if (given) return resolve(given);
  return join(environment.XDG_STATE_HOME || join(environment.HOME || homedir(), '.local', 'state'), 'accredit');
}

/** The journal of one manifest in one daemon. Throws `UsageError` for a file that is none of ours. */
export function openJournal(directory: string, { endpoint, manifest }: JournalKey): Journal {
  const digest = createHash('sha256').update(new URL(endpoint).href).digest('hex').slice(0, 12);
  // No name holds a plus sign, and so no two manifests share a directory.
  const own = join(directory, 'journal', `${manifest.split('/').slice(1).join('+')}+${digest}`);
  const files = noting(directory, () => filesIn(own));
  const found = new Map(noting(directory, () => files.flatMap((path) => readJournal(path, manifest))));
  const added: string[] = [];
  const add = (secrets: ReadonlyMap<string, string>) => {
    if (secrets.size === 0) return;
    const entries = [...secrets].map(([address, secret]) => ({ address, secret }));
    const content = `${JSON.stringify({ version: VERSION, manifest, secrets: entries })}\n`;
    added.push(noting(directory, () => writeNewDurably(own, content, SUFFIX)));
  };
  return {
    directory: own,
    found,
    add,
    takeBack() {
      for (const path of added.splice(0)) removeDurably(path);
    },
    keepOnly(secrets) {
      const former = [...added.splice(0), ...files.splice(0)];
      add(secrets);
      for (const path of former) removeDurably(path);
    },
  };
}

/** Where secrets are noted decides whoever runs this, and most never have. */
function noting<Result>(directory: string, work: () => Result): Result {
  try {
    return work();
  } catch (error) {
    if (error instanceof CliError) throw error;
    throw new CliError(
      `new secrets cannot be noted in ${directory}: ${fileTrouble(error)}. --state-dir or ACCREDIT_STATE_DIR names another directory`,
      { code: 'system' },
    );
  }
}

/** Oldest first, which their names begin with. */
function filesIn(directory: string): string[] {
  const names = namesIn(directory).filter((name) => name.endsWith(SUFFIX));
  return names.sort().map((name) => join(directory, name));
}

function namesIn(directory: string): string[] {
  try {
    return readdirSync(directory);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw error;
  }
}

function readJournal(path: string, manifest: string): [string, string][] {
  const unusable = new UsageError(
    `${path} is no journal of this command: look at it, and remove it if nothing needs it`,
  );
  let content: { version?: unknown; manifest?: unknown; secrets?: unknown };
  try {
    const text = readFileSync(path, 'utf8');
    // Its process died while it wrote: nothing of it was ever sent.
    if (!text.endsWith('\n')) return [];
    content = JSON.parse(text);
  } catch (error) {
    // Of the parser's message nothing is shown: it quotes the text.
    if (error instanceof SyntaxError) throw unusable;
    // Another apply has just ended and removed it.
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw error;
  }
  const { version, manifest: about, secrets } = content;
  if (version !== VERSION || about !== manifest || !Array.isArray(secrets)) throw unusable;
  return secrets.map(({ address, secret }): [string, string] => {
    if (typeof address !== 'string' || tokenKind(String(secret)) === undefined) throw unusable;
    return [address, secret];
  });
}
