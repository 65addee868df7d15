/** What can be told from a token alone. */
import { terraformType } from '../../terraform-provider-spec/derive/terraform.ts';
import type { SecretKind } from '../../terraform-provider-spec/kind.ts';
import { TOKEN_KINDS, writtenKind } from '../../terraform-provider-spec/kinds/index.ts';
import { secretHash, tokenKind } from '../../terraform-provider-spec/token.ts';
import type { Value } from '../values/value.ts';
import { ArgumentError } from './argument-error.ts';

/** `token_hash` */
export function tokenHashOf([secret]: readonly Value[]): Value {
  wellFormed(secret);
  return secretHash(String(secret));
}

/** `token_parse` */
export function tokenParse([secret]: readonly Value[]): Value {
  const kind = wellFormed(secret);
  const holder = TOKEN_KINDS.find(
    (each) => writtenKind(each, 'api') === kind || (each.attributes.purpose !== undefined && kind === 'scim'),
  );
  return {
    kind,
    resource_type: holder === undefined ? null : terraformType(holder),
    secret_hash: secretHash(String(secret)),
  };
}

function wellFormed(secret: Value | undefined): SecretKind {
  const kind = typeof secret === 'string' ? tokenKind(secret) : undefined;
  if (kind !== undefined) return kind;
  throw new ArgumentError(
    0,
    'It is no well-formed token: one is "acr_", a kind such as "sa", "_" and 46 letters and digits, of which the last six are a ' +
      'checksum over all before. A character may be missing or mistyped, or there is white space around it.',
  );
}
