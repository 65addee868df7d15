import type { Client } from '../../client/client.ts';
import type { Session } from '../rpc/session.ts';
import { NotYet } from './behaviour.ts';

/** The client of a configured provider. Throws `NotYet` while a setting of it is unknown. */
export function clientOf({ client }: Session): Client {
  if (client === undefined) throw new NotYet("the provider's configuration is not known yet");
  return client;
}
