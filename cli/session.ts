/** What a verb works with: where it writes, whom it asks, and the daemon that it speaks to. */
import type { Client } from '../client/client.ts';
import { type Connection, clientFor, type GlobalOptions, isInTheClear, readConnection } from './connection.ts';
import { type Output, outputTo, type Stream, wantsColours } from './output.ts';
import { type Environment, misspeltVariables } from './profiles.ts';
import { confirm } from './prompt.ts';

/** What only `bin/accredit` can reach: the CLI never imports the daemon. */
export interface Host {
  /** The verbs that the daemon's side answers, with a summary each. */
  readonly daemonVerbs: Readonly<Record<string, string>>;
  /** The flags of one of them, with dashes. */
  daemonFlags(verb: string): Promise<readonly { readonly flag: string; readonly takesValue: boolean }[]>;
  /** What `doctor` finds in the data directory that these settings name. */
  checkInstallation(environment: Environment, flags: readonly string[]): Promise<readonly Check[]>;
}

/** One thing that `doctor` looked at. */
export interface Check {
  readonly name: string;
  /** `skipped`: it could not be looked at, which is no failure. */
  readonly status: 'ok' | 'warning' | 'failed' | 'skipped';
  /** What was found, and unless it is good what to do. */
  readonly detail: string;
}

/** The streams of the process, or those of a test. */
export interface Streams {
  readonly stdin: NodeJS.ReadableStream & { readonly isTTY?: boolean };
  readonly stdout: NodeJS.WritableStream & Stream;
  readonly stderr: NodeJS.WritableStream & Stream;
}

export interface Session {
  readonly environment: Environment;
  readonly host: Host;
  readonly streams: Streams;
  /** Whether `--json` was given: standard output is then JSON and nothing else. */
  readonly json: boolean;
  /** Standard output: what was asked for. */
  readonly out: Output;
  /** Standard error: progress, questions, warnings. */
  readonly err: Output;
  /** Aborted, with `Interrupted`, at SIGINT and SIGTERM. To be given to everything that waits. */
  readonly signal: AbortSignal;
  /** Throws `UsageError`. Read when it is first asked for: verbs that need no daemon need no settings. */
  readonly connection: Connection;
  /** A client for that connection, one for each manager; closed when the verb ends. Throws `UsageError` without a token. */
  client(manager?: string): Client;
  /** Asks; see `prompt.ts`. The question goes to standard error. */
  confirm(question: string, instead?: string): Promise<boolean>;
  /** Says on standard error what was done and yet goes against a policy. */
  warn(texts: readonly string[]): void;
}

export interface SessionSources {
  readonly options: GlobalOptions;
  readonly environment: Environment;
  readonly host: Host;
  readonly streams: Streams;
  readonly signal: AbortSignal;
}

export function openSession(sources: SessionSources): Session & { close(): void } {
  const { options, environment, host, streams, signal } = sources;
  const outputOf = (stream: Stream) =>
    outputTo(stream, { colours: wantsColours(stream, environment, options.color ?? true) });
  const err = outputOf(streams.stderr);
  const clients = new Map<string | undefined, Client>();
  const warn = (texts: readonly string[]) => {
    for (const text of texts) err.line(`${err.style('yellow', 'warning:')} ${text}`);
  };
  let connection: Connection | undefined;
  const connect = () => {
    if (connection === undefined) {
      warn(misspeltVariables(environment));
      connection = readConnection(options, environment);
    }
    return connection;
  };
  return {
    environment,
    host,
    streams,
    signal,
    json: options.json ?? false,
    out: outputOf(streams.stdout),
    err,
    warn,
    get connection() {
      return connect();
    },
    client(manager) {
      const known = clients.get(manager);
      if (known !== undefined) return known;
      const client = clientFor(connect(), manager);
      if (clients.size === 0 && isInTheClear(connect())) {
        warn([
          `the token travels to ${connect().endpoint} in the clear: whoever is on the way can read it. Use https.`,
        ]);
      }
      clients.set(manager, client);
      return client;
    },
    confirm: (question, instead) =>
      confirm(question, { input: streams.stdin, output: streams.stderr, signal }, instead),
    close() {
      for (const client of clients.values()) client.close();
    },
  };
}
