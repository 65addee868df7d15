import { VERSION } from '../../client/version.ts';
import type { Options, Verb } from '../command.ts';

export const version: Verb = {
  name: 'version',
  summary: 'prints the version',
  examples: [['version', 'the version of this command; "accredit doctor" compares it with that of the daemon']],
  declare(command, act) {
    command.action(
      act(async ({ json, out }, _options: Options<object>) => {
        if (json) out.json({ version: VERSION });
        else out.line(`accredit ${VERSION}`);
      }),
    );
  },
};
