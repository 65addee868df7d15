import { Option } from 'commander';
import { REVOCATION_REQUEST } from '../../terraform-provider-spec/requests.ts';
import { tokenAddress } from '../addresses.ts';
import type { Options, Verb } from '../command.ts';

const { reason } = REVOCATION_REQUEST;
const REASONS = reason?.type === 'string' ? (reason.enum ?? []) : [];

export const revoke: Verb = {
  name: 'revoke',
  summary: 'ends a token in an emergency, whatever is declared later',
  description:
    'Ends a token at once. No declared state, rotation or re-creation brings its address back, until somebody who may restore ' +
    'tokens runs "accredit restore".',
  examples: [['revoke accounts/ci/tokens/deploy --reason compromised', 'the secret has leaked']],
  declare(command, act) {
    command
      .argument('<address>', 'of the token: accounts/ci/tokens/deploy')
      .addOption(new Option('--reason <reason>', 'why').choices(REASONS).makeOptionMandatory())
      .action(
        act(async (session, text: string, options: Options<{ reason: string }>) => {
          const address = tokenAddress(text, session.connection.organization);
          const outcome = await session
            .client()
            .revoke(address, { reason: options.reason }, { signal: session.signal });
          if (session.json) session.out.json({ address, outcome });
          else session.out.line(outcome === 'unchanged' ? `${address} was revoked before` : `revoked ${address}`);
        }),
      );
  },
};
