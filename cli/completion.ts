/** Completion scripts for shells, from what the command line really takes. */
import type { Command } from 'commander';

/** What can be typed behind a verb, or behind a verb and a word of its own such as `token hash`. */
export interface CompletedVerb {
  /** `get`, or `token hash`. */
  readonly words: string;
  readonly summary: string;
  readonly flags: readonly CompletedFlag[];
  /** The words that can follow: `new`, `hash`, `parse`. */
  readonly follow: readonly string[];
  /** Whether what follows are files. */
  readonly takesFiles: boolean;
}

export interface CompletedFlag {
  readonly flag: string;
  /** `-f`, for one that has it. */
  readonly short?: string;
  readonly description: string;
  readonly takesValue: boolean;
  /** Whether its value is a file or a directory. */
  readonly takesFile: boolean;
  /** The values that there are, if only these are taken. */
  readonly choices: readonly string[];
}

export const SHELLS = ['bash', 'zsh', 'fish'] as const;
export type Shell = (typeof SHELLS)[number];

const HELP: CompletedFlag = {
  ...{ flag: '--help', short: '-h', description: 'show help' },
  ...{ takesValue: false, takesFile: false, choices: [] },
};

/** What the help calls the values that are files. */
const FILES = new Set(['path', 'file', 'directory']);
/** The daemon's verbs and flags have no such names. */
const DAEMON_FILE_VERBS = /backup$/;
const DAEMON_FILE_FLAGS = /-(file|dir)$|^--config$/;

/** Every verb of the program. `daemonFlags` are the flags of those that it only names. */
export function completedVerbs(
  program: Command,
  daemonFlags: Readonly<Record<string, readonly Pick<CompletedFlag, 'flag' | 'takesValue'>[]>>,
): CompletedVerb[] {
  const common = flagsOf(program);
  const visit = (command: Command, above: string): CompletedVerb[] => {
    const words = `${above}${command.name()}`;
    const own = daemonFlags[command.name()];
    const flags = own?.map(({ flag, takesValue }) => ({
      ...{ flag, takesValue, description: '', choices: [] },
      takesFile: takesValue && DAEMON_FILE_FLAGS.test(flag),
    })) ?? [...flagsOf(command), ...common, HELP];
    const follow = command.commands.map((each) => each.name());
    const summary = command.summary() || command.description();
    const choices = command.registeredArguments.flatMap((argument) => argument.argChoices ?? []);
    const takesFiles =
      own === undefined
        ? command.registeredArguments.some((argument) => FILES.has(argument.name()))
        : DAEMON_FILE_VERBS.test(words);
    return [
      { words, summary, flags, follow: [...follow, ...choices], takesFiles },
      ...command.commands.flatMap((each) => visit(each, `${words} `)),
    ];
  };
  return program.commands.flatMap((command) => visit(command, ''));
}

function flagsOf(command: Command): CompletedFlag[] {
  return command.options
    .filter(({ long, hidden }) => long !== undefined && long !== null && !hidden)
    .map((option) => ({
      flag: option.long as string,
      ...(option.short && { short: option.short }),
      description: option.description,
      takesValue: option.required || option.optional,
      takesFile: FILES.has(/[<[](\w+)[\]>]/.exec(option.flags)?.[1] ?? ''),
      choices: option.argChoices ?? [],
    }));
}

/** The script for a shell. */
export function completionScript(shell: Shell, verbs: readonly CompletedVerb[]): string {
  if (shell === 'fish') return fishScript(verbs);
  return `${shell === 'zsh' ? '#compdef accredit\n' : ''}${commonScript(verbs)}${shell === 'zsh' ? ZSH : BASH}`;
}

/** What bash and zsh both read: which verb has been typed, and what can follow. */
function commonScript(verbs: readonly CompletedVerb[]): string {
  const known = verbs.map(({ words }) => quoted(words)).join('|');
  const takers = [
    ...new Set(verbs.flatMap(({ flags }) => flags.filter((each) => each.takesValue).map((each) => each.flag))),
  ];
  const choices = verbs.flatMap(({ words, flags }) =>
    flags
      .filter((each) => each.choices.length > 0)
      .map((each) => `    ${quoted(`${words} ${each.flag}`)}) echo ${quoted(each.choices.join(' '))}; return ;;`),
  );
  // A short one is another verb's for something else.
  const fileFlags = new Set(
    verbs.flatMap(({ words, flags }) =>
      flags
        .filter((each) => each.takesFile)
        .flatMap(({ flag, short }) => [
          `*${quoted(` ${flag}`)}`,
          ...(short === undefined ? [] : [quoted(`${words} ${short}`)]),
        ]),
    ),
  );
  const fileVerbs = verbs.filter(({ takesFiles }) => takesFiles).map(({ words }) => quoted(words));
  const follow = verbs.map(({ words, flags, follow: next }) => {
    const all = [...next, ...flags.map(({ flag }) => flag)];
    return `    ${quoted(words)}) echo ${quoted(all.join(' '))} ;;`;
  });
  const first = verbs.filter(({ words }) => !words.includes(' ')).map(({ words }) => words);
  return `__accredit_verb() {
  local verb= word= skip=
  for word in "$@"; do
    if [ -n "$skip" ]; then skip=; continue; fi
    case "$word" in
      ${takers.join('|')}) skip=1 ;;
      -*) ;;
      *) case "\${verb:+$verb }$word" in ${known}) verb="\${verb:+$verb }$word" ;; esac ;;
    esac
  done
  echo "$verb"
}
__accredit_follow() {
  case "$1 $2" in
${choices.join('\n')}
    ${[...fileFlags].join('|')}) return 2 ;;
  esac
  case "$2" in ${takers.join('|')}) return ;; esac
  case "$1" in
    ${fileVerbs.join('|')}) case "$3" in -*) ;; *) return 2 ;; esac ;;
  esac
  case "$1" in
    '') echo ${quoted([...first, 'help', '--help'].join(' '))} ;;
${follow.join('\n')}
  esac
}
`;
}

const BASH = `_accredit() {
  local current=\${COMP_WORDS[COMP_CWORD]} candidates
  candidates=$(__accredit_follow "$(__accredit_verb "\${COMP_WORDS[@]:1:COMP_CWORD-1}")" "\${COMP_WORDS[COMP_CWORD-1]}" "$current")
  if [ $? -eq 2 ]; then
    local IFS=$'\\n'
    COMPREPLY=($(compgen -f -- "$current"))
  else
    COMPREPLY=($(compgen -W "$candidates" -- "$current"))
  fi
}
complete -o filenames -F _accredit accredit
`;

const ZSH = `_accredit() {
  local candidates
  candidates=$(__accredit_follow "$(__accredit_verb "\${(@)words[2,CURRENT-1]}")" "\${words[CURRENT-1]}" "\${words[CURRENT]}")
  if [ $? -eq 2 ]; then _files; else compadd -- \${=candidates}; fi
}
compdef _accredit accredit
`;

function fishScript(verbs: readonly CompletedVerb[]): string {
  const first = verbs.filter(({ words }) => !words.includes(' '));
  const lines = ['complete -c accredit -f'];
  for (const { words, summary } of first) {
    lines.push(`complete -c accredit -n __fish_use_subcommand -a ${quoted(words)} -d ${quoted(summary)}`);
  }
  for (const { words, flags, follow, takesFiles } of verbs) {
    const seen = words.split(' ').map((word) => `__fish_seen_subcommand_from ${word}`);
    const when = `complete -c accredit -n ${quoted(seen.join('; and '))}`;
    if (follow.length > 0) lines.push(`${when} -a ${quoted(follow.join(' '))}`);
    for (const { flag, short, description, takesValue, takesFile, choices } of flags) {
      const value = choices.length > 0 ? ` -x -a ${quoted(choices.join(' '))}` : takesValue ? ' -r' : '';
      const files = takesFile ? ' -F' : '';
      const brief = short === undefined ? '' : ` -s ${short.slice(1)}`;
      const text = description === '' ? '' : ` -d ${quoted(description)}`;
      lines.push(`${when}${brief} -l ${flag.slice(2)}${value}${files}${text}`);
    }
    if (takesFiles) lines.push(`${when} -F`);
  }
  return `${lines.join('\n')}\n`;
}

/** In single quotes, which every shell reads alike as long as there is none inside. */
function quoted(text: string): string {
  return `'${text.replaceAll("'", '’')}'`;
}
