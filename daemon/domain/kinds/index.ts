import type { Kind } from '../../../terraform-provider-spec/kind.ts';
import { app } from './app.ts';
import type { Behaviour } from './behaviour.ts';
import { grantee } from './grantee.ts';
import { organization } from './organization.ts';
import { project } from './project.ts';
import { role } from './role.ts';
import { token } from './token.ts';
import { tokenProfile } from './token-profile.ts';

const BEHAVIOURS: Readonly<Record<string, Behaviour>> = {
  organization,
  project,
  app,
  role,
  token_profile: tokenProfile,
  user: grantee,
  service_account: grantee,
};
const NONE: Behaviour = {};

/** How that kind behaves: every kind of token alike, the others by their name. */
export function behaviourOf(kind: Kind): Behaviour {
  return kind.token === undefined ? (BEHAVIOURS[kind.kind] ?? NONE) : token;
}
