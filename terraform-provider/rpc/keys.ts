/** The Idempotency-Keys by which what a killed apply has made is answered again to the next one, and to nobody else. */
import { createHash, randomUUID } from 'node:crypto';
import type { TerraformSchema } from '../../terraform-provider-spec/derive/terraform.ts';
import type { JsonObject } from '../../terraform-provider-spec/kind.ts';
import type { ValueRecord } from '../values/value.ts';
import { secretAttribute } from './planning.ts';

/** Another key for another claim, and none that reveals the claim. */
export function creationKey(claim: string): string {
  return sha256(`create ${claim}`);
}

/** Of the rotation that was due when `prior` was read. */
export function dueRotationKey(schema: TerraformSchema, prior: ValueRecord): string {
  return keyOfSecret(schema, prior, ['rotation', prior.id, prior.uid, prior.rotated_at]);
}

/** Of the update with that body, which asks for a rotation: whenever it is made from the same secret. */
export function markedRotationKey(schema: TerraformSchema, prior: ValueRecord, body: JsonObject): string {
  return keyOfSecret(schema, prior, ['update', prior.id, prior.uid, body]);
}

/**
 * The same for everybody who has this state, and for nobody who has not: the secret in it is part of it. Random where there
 * is none, as after an import: whoever could guess the key could have the answer.
 */
function keyOfSecret(schema: TerraformSchema, prior: ValueRecord, parts: readonly unknown[]): string {
  const secret = prior[secretAttribute(schema)?.name ?? ''];
  return typeof secret === 'string' ? sha256(JSON.stringify([...parts, secret])) : randomUUID();
}

function sha256(text: string): string {
  return createHash('sha256').update(text, 'utf8').digest('hex');
}
