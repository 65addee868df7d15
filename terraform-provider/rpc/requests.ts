import type { DeleteOptions } from '../../client/client.ts';
import type { TerraformSchema } from '../../terraform-provider-spec/derive/terraform.ts';
import type { JsonObject, ValueType } from '../../terraform-provider-spec/kind.ts';
import { secretHash } from '../../terraform-provider-spec/token.ts';
import { containsUnknown, equalValues, isRecord, type Value, type ValueRecord } from '../values/value.ts';
import { toApi, triggersHash } from './mapping.ts';
import { triggersRotate } from './planning.ts';

export interface Desired {
  readonly schema: TerraformSchema;
  readonly prior: ValueRecord | null;
  readonly planned: ValueRecord;
  /** Write-only values are here and nowhere else. */
  readonly config: ValueRecord;
}

/**
 * The body of the PUT that makes a plan real. A marker of rotation is in it only when this very change asks for a
 * rotation: whoever leaves it out can never rotate by accident. `undefined` while a value that would go into it is
 * unknown.
 */
export function desiredBody(desired: Desired): JsonObject | undefined {
  const { schema, prior, planned, config } = desired;
  const body: JsonObject = {};
  for (const { name, source, api } of schema.attributes) {
    if (source.from !== 'api' || api === undefined || api.access === 'read-only') continue;
    const value = planned[name] ?? null;
    if (containsUnknown(value)) return undefined;
    if (value !== null) body[source.attribute] = toApi(api, value);
  }
  for (const { name, source } of schema.attributes) {
    if (source.from !== 'triggers') continue;
    const triggers = planned[name] ?? null;
    if (containsUnknown(triggers)) return undefined;
    if (!isRecord(triggers)) continue;
    if (prior === null || triggersRotate(prior[name] ?? null, triggers)) {
      body[source.attribute] = triggersHash(triggers);
    }
  }
  const rotates = asksForRotation(schema, body);
  for (const { name, source, api } of schema.attributes) {
    if (source.from !== 'write-only' || api === undefined) continue;
    const value = config[name] ?? null;
    if (value === null || !(rotates || isNewVersion(desired, source.version))) continue;
    if (containsUnknown(value)) return undefined;
    body[source.attribute] = source.hashed ? secretHash(String(value)) : toApi(api as ValueType, value);
  }
  return body;
}

/** How the resource with this state is deleted: only what its own creation made, and a live token also where it must be revoked first. */
export function deletionOptions({ kind, attributes }: TerraformSchema, state: ValueRecord): DeleteOptions {
  const { claim, force_destroy: force } = state;
  const cascades = attributes.some(({ source }) => source.from === 'option' && source.option === 'force_destroy');
  return {
    // Without a claim only what was made without one: since then, somebody else may have come to the address.
    claim: typeof claim === 'string' ? claim : '',
    ...(cascades ? { cascade: force === true } : {}),
    ...(kind.token === undefined ? {} : { revoke: true }),
  };
}

/** Whether a body holds a marker of rotation. */
export function asksForRotation(schema: TerraformSchema, body: JsonObject): boolean {
  return schema.attributes.some(({ source }) => source.from === 'triggers' && source.attribute in body);
}

function isNewVersion({ prior, planned }: Desired, version: string): boolean {
  const of = (state: ValueRecord): Value => state[version] ?? null;
  return prior === null || !equalValues('string', of(prior), of(planned));
}
