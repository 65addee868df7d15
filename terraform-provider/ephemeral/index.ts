import { TYPE_PREFIX } from '../../terraform-provider-spec/derive/terraform.ts';
import { accessToken } from './access-token.ts';
import type { EphemeralBehaviour } from './behaviour.ts';
import { generatedSecret } from './generated-secret.ts';
import { token } from './token.ts';

const BEHAVIOURS: Readonly<Record<string, EphemeralBehaviour>> = {
  access_token: accessToken,
  generated_secret: generatedSecret,
  token,
};

/** What the ephemeral resource of that Terraform type does. Throws a `RangeError` for an unknown one. */
export function behaviourOf(type: string): EphemeralBehaviour {
  const behaviour = BEHAVIOURS[type.slice(TYPE_PREFIX.length)];
  if (behaviour === undefined) throw new RangeError(`there is no ephemeral resource ${type}`);
  return behaviour;
}
