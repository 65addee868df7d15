/** The help of the daemon's verbs, and the flags that each has besides those of the settings. */
import { describeSettings } from './config.ts';
import { DAEMON_VERBS, type DaemonVerb } from './verbs.ts';

interface VerbHelp {
  /** What stands behind the verb. */
  readonly parameters?: string;
  /** Whole sentences. */
  readonly description: string;
  /** What each flag of its own does, by its name without dashes. None of them takes a value. */
  readonly switches: Readonly<Record<string, string>>;
  /** Command lines without `accredit`, each with what it does. */
  readonly examples: readonly (readonly [line: string, what: string])[];
}

const JSON_SWITCH = { json: 'print JSON instead of text' };

const HELP: Readonly<Record<DaemonVerb, VerbHelp>> = {
  serve: {
    description:
      'Starts the daemon, and on the first start of an empty data directory makes what "accredit init" makes. Prints one line\n' +
      'once it answers; its log goes to standard error. SIGTERM and SIGINT end it after the requests that are in flight.',
    switches: { json: 'print the line as JSON: {"ready", "admin_token_file"}' },
    examples: [
      ['serve', 'on ./data and 127.0.0.1:7345'],
      ['serve --data-dir /var/lib/accredit --listen 127.0.0.1:8000', 'elsewhere'],
    ],
  },
  init: {
    description:
      'Makes the first organization, account and owner token, and a master key if none is given, without serving. Where an\n' +
      'organization exists it does nothing.',
    switches: {
      recover: 'make a new owner token for the account root instead; the daemon must be stopped',
      ...JSON_SWITCH,
    },
    examples: [
      ['init --data-dir /var/lib/accredit', 'what the first "accredit serve" would make'],
      ['init --recover --data-dir /var/lib/accredit', 'when the tokens of all owners are lost'],
    ],
  },
  backup: {
    parameters: 'FILE',
    description:
      'Copies the database to FILE, all of it at one moment, while the daemon runs. The master key is not in it: without a\n' +
      'copy of that, kept elsewhere, a backup opens nothing.',
    switches: JSON_SWITCH,
    examples: [['backup /backups/accredit-$(date +%F).db --data-dir /var/lib/accredit', 'under a timer']],
  },
  'restore-backup': {
    parameters: 'FILE',
    description: 'Makes FILE the database of a data directory that has none.',
    switches: { verify: 'only look whether that would do', ...JSON_SWITCH },
    examples: [
      ['restore-backup /backups/accredit-2027-01-31.db --verify', 'whether it is whole, and of which master key'],
      ['restore-backup /backups/accredit-2027-01-31.db --data-dir /var/lib/accredit', 'puts it there'],
    ],
  },
};

/** The names of the flags that only this verb takes, without dashes. */
export function switchesOf(verb: DaemonVerb): string[] {
  return ['help', ...Object.keys(HELP[verb].switches)];
}

/** What `accredit VERB --help` prints. */
export function helpOf(verb: DaemonVerb): string {
  const { parameters, description, switches, examples } = HELP[verb];
  const rows = Object.entries({ ...switches, help: 'show help' });
  const width = Math.max(...rows.map(([name]) => name.length));
  const others = Object.keys(DAEMON_VERBS).filter((name) => name !== verb);
  return `Usage: ${['accredit', verb, parameters, '[FLAG…]'].filter(Boolean).join(' ')}

${description}

Flags:
${rows.map(([name, text]) => `  --${name.padEnd(width)}  ${text}`).join('\n')}

Examples:
${examples.map(([line, what]) => `  # ${what}\n  accredit ${line}`).join('\n')}

Every setting can be a flag, a variable, or a key in the JSON file that --config or ACCREDIT_CONFIG names; the first of
these three wins. ACCREDIT_X_FILE names a file that holds the value of ACCREDIT_X.

${describeSettings()}

${others.slice(0, -1).join(', ')} and ${others.at(-1)} take the same settings; "accredit --help" lists all verbs.
`;
}
