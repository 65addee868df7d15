import type { Kind } from '../../../terraform-provider-spec/kind.ts';
import type { Behaviour } from './behaviour.ts';
import { organization } from './organization.ts';
import { serviceAccount } from './service-account.ts';
import { token } from './token.ts';

const BEHAVIOURS: Readonly<Record<string, Behaviour>> = { organization, service_account: serviceAccount };
const NONE: Behaviour = {};

/** How that kind behaves: every kind of token alike, the others by their name. */
export function behaviourOf(kind: Kind): Behaviour {
  return kind.token === undefined ? (BEHAVIOURS[kind.kind] ?? NONE) : token;
}
