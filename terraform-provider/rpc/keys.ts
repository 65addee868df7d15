/** The Idempotency-Keys by which what a killed apply has made is answered again to the next one, and to nobody else. */
import { createHash } from 'node:crypto';
import type { TerraformSchema } from '../../terraform-provider-spec/derive/terraform.ts';
import type { JsonObject } from '../../terraform-provider-spec/kind.ts';
import type { ValueRecord } from '../values/value.ts';
import { secretAttribute } from './planning.ts';

/** Another key for another claim, and none that reveals the claim. */
export function creationKey(claim: string): string {
  return sha256(`create ${claim}`);
}

/** What a key follows from beside the state. */
export interface KeyHolder {
  readonly schema: TerraformSchema;
  readonly prior: ValueRecord;
  /** That of the provider. */
  readonly token: string;
}

/** Of the rotation that was due when `prior` was read. */
export function dueRotationKey(holder: KeyHolder): string {
  const { id, uid, rotated_at } = holder.prior;
  return keyOfSecret(holder, ['rotation', id, uid, rotated_at]);
}

/** Of the update with that body, which asks for a rotation: whenever it is made from the same secret. */
export function markedRotationKey(holder: KeyHolder, body: JsonObject): string {
  const { id, uid } = holder.prior;
  return keyOfSecret(holder, ['update', id, uid, body]);
}

/**
 * The same for everybody who has this state, and for nobody who has not: the secret in it is part of it, for whoever could guess
 * the key could have the answer. Where there is none, as after an import, the provider's token stands for it.
 */
function keyOfSecret({ schema, prior, token }: KeyHolder, parts: readonly unknown[]): string {
  const secret = prior[secretAttribute(schema)?.name ?? ''];
  return sha256(JSON.stringify([...parts, typeof secret === 'string' ? secret : token]));
}

function sha256(text: string): string {
  return createHash('sha256').update(text, 'utf8').digest('hex');
}
