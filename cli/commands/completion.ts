import { Argument } from 'commander';
import type { Options, Verb } from '../command.ts';
import { completedVerbs, completionScript, SHELLS, type Shell } from '../completion.ts';

export const completion: Verb = {
  name: 'completion',
  summary: 'prints what completes verbs and flags in a shell',
  examples: [
    ['completion bash > ~/.local/share/bash-completion/completions/accredit', 'for bash, from the next one on'],
    ['completion zsh > ~/.zfunc/_accredit', 'for zsh, with that directory in fpath'],
    ['completion fish > ~/.config/fish/completions/accredit.fish', 'for fish'],
  ],
  declare(command, act) {
    command.addArgument(new Argument('<shell>', 'which one').choices(SHELLS)).action(
      act(async ({ host, out, json }, shell: Shell, _options: Options<object>) => {
        const daemonFlags = Object.fromEntries(
          await Promise.all(
            Object.keys(host.daemonVerbs).map(async (verb) => [verb, await host.daemonFlags(verb)] as const),
          ),
        );
        const script = completionScript(shell, completedVerbs(command.parent ?? command, daemonFlags));
        if (json) out.json({ shell, script });
        else out.write(script);
      }),
    );
  },
};
