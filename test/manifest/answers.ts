/** What tests of manifests send and read time and again. */
import type { JsonObject } from '../../terraform-provider-spec/kind.ts';
import { mintToken, secretHash } from '../../terraform-provider-spec/token.ts';

/** What the answer says was done, or would be. */
export function changesOf(body: JsonObject): JsonObject[] {
  return (body.changes ?? []) as JsonObject[];
}

/** A secret as the command makes it, and the hash by which the daemon learns of it. */
export function ownSecret(): { readonly secret: string; readonly secret_hash: string } {
  const secret = mintToken('sa');
  return { secret, secret_hash: secretHash(secret) };
}
