import { isManifest, wholeAddress } from '../addresses.ts';
import type { Options, Verb } from '../command.ts';
import { showResource } from '../resources.ts';

export const get: Verb = {
  name: 'get',
  summary: 'shows a resource',
  description: 'Shows the resource at an address, for tokens with when they were last used. Never a secret.',
  examples: [
    ['get accounts/ci', 'an account of the organization'],
    ['get organizations/default/accounts/ci/tokens/deploy --json', 'a token by its whole address, as the API has it'],
  ],
  declare(command, act) {
    command.argument('<address>', 'accounts/ci, or organizations/default/accounts/ci').action(
      act(async (session, address: string, _options: Options<object>) => {
        const whole = wholeAddress(address, session.connection.organization);
        const view = isManifest(whole) ? {} : ({ view: 'full' } as const);
        const { resource } = await session.client().get(whole, { ...view, signal: session.signal });
        if (session.json) session.out.json(resource);
        else showResource(resource, session.out);
      }),
    );
  },
};
