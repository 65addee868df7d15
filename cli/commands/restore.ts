import { tokenAddress } from '../addresses.ts';
import type { Options, Verb } from '../command.ts';

export const restore: Verb = {
  name: 'restore',
  summary: 'takes an emergency revocation back',
  description:
    'Takes an emergency revocation back: the same secret works again, unless it has ended meanwhile or the token was deleted.',
  examples: [['restore accounts/ci/tokens/deploy', 'it was a false alarm']],
  declare(command, act) {
    command.argument('<address>', 'of the token: accounts/ci/tokens/deploy').action(
      act(async (session, text: string, _options: Options<object>) => {
        const address = tokenAddress(text, session.connection.organization);
        const outcome = await session.client().restore(address, { signal: session.signal });
        if (session.json) session.out.json({ address, outcome });
        else session.out.line(outcome === 'unchanged' ? `${address} is not revoked` : `restored ${address}`);
      }),
    );
  },
};
