/** The command line: reads it, runs the verb, and says what went wrong. */
import { Command, CommanderError, Option } from 'commander';
import { closest } from '../terraform-provider-spec/derive/closest.ts';
import type { Act, Verb } from './command.ts';
import { VERBS } from './commands/index.ts';
import type { GlobalOptions } from './connection.ts';
import { type Explained, explain } from './errors.ts';
import { EXIT, Interrupted, UsageError } from './exit.ts';
import { outputTo, wantsColours } from './output.ts';
import type { Environment } from './profiles.ts';
import { type Host, openSession, type Streams } from './session.ts';

/** Runs the words of a command line, without node and script, and resolves with its exit status. Never rejects. */
export async function run(
  given: readonly string[],
  environment: Environment,
  host: Host,
  streams: Streams = process,
): Promise<number> {
  const words = withVerb(given);
  const interruption = interruptions();
  let handsOutSecrets = false;
  const outputFailed = (error: NodeJS.ErrnoException) => {
    // Whoever hands out a secret learns of it where it is written, and has more to do than to write.
    if (!handsOutSecrets) leaveQuietly(error);
  };
  streams.stdout.on('error', outputFailed);
  // What is said there is nobody's loss, and no reason to stop in the middle of something.
  streams.stderr.on('error', ignore);
  let status: number = EXIT.ok;
  let usageStatus: number = EXIT.usage;
  const act =
    ({ usageStatus: own, handsOutSecrets: does = false }: ActingVerb): Act =>
    (action) =>
    async (...given) => {
      usageStatus = own ?? usageStatus;
      handsOutSecrets = does;
      const command = given.at(-1) as Command;
      const options = command.optsWithGlobals<GlobalOptions>();
      const session = openSession({ options, environment, host, streams, signal: interruption.signal });
      try {
        status = (await action(session, ...([...given.slice(0, -2), options] as never))) ?? EXIT.ok;
      } finally {
        session.close();
      }
    };
  const program = programOf(host, streams, act, words);
  try {
    const word = words.find((each) => VERBS.some(({ name }) => name === each));
    usageStatus = VERBS.find(({ name }) => name === word)?.usageStatus ?? EXIT.usage;
    refuseUnknownVerb(words, program);
    await program.parseAsync([...words], { from: 'user' });
    return status;
  } catch (error) {
    // Help that was asked for ends this way too.
    if (error instanceof CommanderError && error.exitCode === 0) return EXIT.ok;
    const { status: failed, ...explained } = explain(error instanceof CommanderError ? usageError(error) : error);
    complain(explained, { json: words.includes('--json'), color: !words.includes('--no-color'), streams, environment });
    return usageStatus !== EXIT.usage && failed < EXIT.interrupted ? usageStatus : failed;
  } finally {
    interruption.close();
    streams.stdout.off('error', outputFailed);
    streams.stderr.off('error', ignore);
  }
}

/** Most commands have a flag for it; here it is a verb. */
function withVerb(words: readonly string[]): readonly string[] {
  const isVersion = (word: string) => word === '--version' || word === '-v';
  const asked =
    words.some(isVersion) && words.every((word) => isVersion(word) || ['--json', '--no-color'].includes(word));
  return asked ? ['version', ...words.filter((word) => !isVersion(word))] : words;
}

/** What of a verb decides how its action is run. */
type ActingVerb = Pick<Verb, 'usageStatus' | 'handsOutSecrets'>;

function ignore(): void {}

/** Whoever read our output has read enough: `accredit audit --all | head`. */
function leaveQuietly(error: NodeJS.ErrnoException): void {
  if (error.code !== 'EPIPE') throw error;
  process.exit(EXIT.ok);
}

/** Commander's program with all verbs, those of the daemon too, which `bin/accredit` starts without coming here. */
export function programOf(
  host: Host,
  streams: Streams,
  act: (verb: ActingVerb) => Act,
  words: readonly string[] = [],
): Command {
  const program = new Command('accredit')
    .description('Issues, rotates, verifies and revokes the credentials of machines.')
    .usage('VERB [FLAG…]')
    .exitOverride()
    .configureHelp({ showGlobalOptions: true, sortSubcommands: false, helpWidth: 110 })
    .configureOutput({
      writeOut: (text) => void streams.stdout.write(text),
      writeErr: (text) => void streams.stderr.write(text),
      // What is wrong with the command line is said like everything else that is wrong.
      outputError: () => undefined,
    })
    .helpOption('-h, --help', 'show help')
    .helpCommand('help [verb]', 'show help for a verb');
  for (const option of globalOptions()) program.addOption(option);
  for (const verb of VERBS) {
    const command = program.command(verb.name).summary(verb.summary);
    command.description(verb.description ?? `${sentence(verb.summary)}.`).helpCommand(false);
    command.addHelpText('after', examplesText(verb.examples));
    verb.declare(command, act(verb));
  }
  for (const [name, summary] of Object.entries(host.daemonVerbs)) {
    const misplaced = async () => {
      throw flagsBefore(name, words, await host.daemonFlags(name));
    };
    program.command(name).description(summary).allowUnknownOption().allowExcessArguments().action(misplaced);
  }
  program.addHelpText('after', PROGRAM_HELP);
  return program;
}

/** What to write instead of `words`, in which flags stand before a verb of the daemon. */
function flagsBefore(verb: string, words: readonly string[], known: readonly { readonly flag: string }[]): UsageError {
  const at = words.indexOf(verb);
  const [before, behind] = [words.slice(0, at), words.slice(at + 1)];
  const flags = before.filter((word) => word.startsWith('-')).map((word) => word.split('=')[0] as string);
  const strange = flags.find((flag) => !known.some((each) => each.flag === flag));
  if (strange !== undefined) {
    return new UsageError(`${verb} does not take ${strange}; it takes the flags of "accredit ${verb} --help"`);
  }
  const quoted = ['accredit', verb, ...behind, ...before].map((word) =>
    /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`,
  );
  return new UsageError(`flags come behind the verb: ${quoted.join(' ')}`);
}

const PROGRAM_HELP = `
Where the daemon is and the token for it come from flags, else from the environment (ACCREDIT_ENDPOINT, ACCREDIT_TOKEN,
ACCREDIT_ORGANIZATION, ACCREDIT_CA_CERTIFICATE, each also with _FILE), else from a profile in the file that
ACCREDIT_CLI_CONFIG names or ~/.config/accredit/config.json. docs/cli.md has the file, the exit statuses and the rest.

"accredit VERB --help" has the flags of a verb and examples; "accredit serve --help" every setting of the daemon.
-v and --version print the version.`;

function globalOptions(): Option[] {
  return [
    new Option('--json', 'print JSON instead of text'),
    new Option('--no-color', 'no colours, as with NO_COLOR'),
    new Option('--profile <name>', 'the profile of the configuration file to use'),
    new Option('--endpoint <url>', 'the daemon: https://accredit.example.com'),
    new Option('--token-file <file>', 'the file that holds the token; - for standard input'),
    new Option('--organization <name>', 'the organization of addresses that name none (default "default")'),
    new Option('--ca-certificate-file <file>', 'PEM; trusted instead of the authorities of the system'),
  ];
}

function examplesText(examples: Verb['examples']): string {
  if (examples.length === 0) return '';
  return `\nExamples:\n${examples.map(([line, what]) => `  # ${what}\n  accredit ${line}`).join('\n')}`;
}

function sentence(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}

/** Commander says "command" where we say verb, and prints its help for none. */
function refuseUnknownVerb(words: readonly string[], program: Command): void {
  if (words.length === 0) throw new UsageError(`Usage: accredit VERB [FLAG…]; "accredit --help" lists the verbs`);
  const [verb = ''] = words;
  const known = [...program.commands.map((command) => command.name()), 'help'];
  if (verb.startsWith('-') || known.includes(verb)) return;
  const meant = closest(verb, known);
  throw new UsageError(
    `unknown verb "${verb}"; ${meant === undefined ? 'see accredit --help' : `did you mean ${meant}?`}`,
  );
}

/** "error: unknown option '--jsn'", and in a line of its own what may have been meant. */
function usageError({ message }: CommanderError): UsageError {
  return new UsageError(
    message
      .replace(/^error: /, '')
      .replace(/\n\(Did(.*)\)$/, '; did$1')
      .replace(/\.$/, ''),
  );
}

interface Complaint {
  readonly json: boolean;
  readonly color: boolean;
  readonly streams: Streams;
  readonly environment: Environment;
}

/** On standard error, for people, or with `--json` as one object `{"error": …}`. */
function complain(explained: Omit<Explained, 'status'>, { json, color, streams, environment }: Complaint): void {
  const { stderr } = streams;
  const output = outputTo(stderr, { colours: wantsColours(stderr, environment, color) });
  const { code, message, hint, errors = [], requestId } = explained;
  if (json) {
    const error = { code, message, hint: hint ?? null, errors: errors.map((each) => ({ ...each })) };
    output.json({ error: { ...error, request_id: requestId ?? null } });
    return;
  }
  output.line(`${output.style('red', 'accredit:')} ${message}`);
  for (const { pointer, detail } of errors) output.line(`  ${pointer === '' ? detail : `${pointer} ${detail}`}`);
  if (hint !== undefined) output.line(hint);
  if (requestId !== undefined) output.line(output.style('dim', `request ${requestId}`));
}

/** A signal that is aborted at the first SIGINT or SIGTERM. A second one ends the process at once. */
function interruptions(): { readonly signal: AbortSignal; close(): void } {
  const controller = new AbortController();
  const take = (name: NodeJS.Signals) => {
    const reason = new Interrupted(name === 'SIGTERM' ? 'SIGTERM' : 'SIGINT');
    if (controller.signal.aborted) process.exit(reason.status);
    controller.abort(reason);
  };
  process.on('SIGINT', take).on('SIGTERM', take);
  return {
    signal: controller.signal,
    close: () => void process.off('SIGINT', take).off('SIGTERM', take),
  };
}
