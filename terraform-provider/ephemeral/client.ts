import type { Client } from '../../client/client.ts';
import { error } from '../rpc/diagnostics.ts';
import type { Session } from '../rpc/session.ts';
import { Refused } from './behaviour.ts';

/** The client of a configured provider. Throws `Refused` while a setting of it is still unknown. */
export function clientOf({ client }: Session): Client {
  if (client === undefined) throw notYet();
  return client;
}

/** What is said where the provider's configuration is not known yet. */
export function notYet(): Refused {
  return new Refused(
    error(
      'It cannot be opened yet',
      "The provider's configuration depends on something that is known only after an apply. Apply that first, with -target, or " +
        'have an argument of this ephemeral resource depend on it too: Terraform then opens it when all is known.',
    ),
  );
}
