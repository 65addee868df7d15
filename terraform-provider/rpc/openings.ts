/** What the RPCs of ephemeral resources share. */
import { parseObject } from '../../client/errors.ts';
import type { EphemeralSchema } from '../../terraform-provider-spec/derive/terraform-ephemeral.ts';
import type { JsonObject } from '../../terraform-provider-spec/kind.ts';
import { behaviourOf } from '../ephemeral/index.ts';
import type { Diagnostic, Timestamp } from '../plugin/messages.ts';
import type { ValueRecord } from '../values/value.ts';
import type { Diagnosed } from './diagnostics.ts';
import { invalidNames, invalidValuesOf } from './validation.ts';

/** What is wrong with the known values of an ephemeral resource's configuration. */
export function invalidOpening(schema: EphemeralSchema, config: ValueRecord): Diagnostic[] {
  const wrong = [...invalidNames(schema, config), ...invalidValuesOf(schema, schema.resource.attributes, config)];
  return wrong.length > 0 ? wrong : (behaviourOf(schema.type).invalid?.(config) ?? []);
}

/** The schema as messages about it need it. */
export function diagnosed({ type, attributes, resource }: EphemeralSchema): Diagnosed {
  return { type, attributes, kind: { title: resource.title } };
}

/** What Terraform is to keep of what was opened. It is not encrypted. */
export function encodeHeld(held: JsonObject): Uint8Array {
  return Buffer.from(JSON.stringify(held), 'utf8');
}

/** The inverse of `encodeHeld`; `undefined` when there was nothing to keep. */
export function decodeHeld(bytes: Uint8Array | undefined): JsonObject | undefined {
  return bytes === undefined ? undefined : parseObject(Buffer.from(bytes).toString('utf8'));
}

/** A point in time as gRPC carries it, from milliseconds since 1970. */
export function timestamp(milliseconds: number): Timestamp {
  const seconds = Math.floor(milliseconds / 1000);
  return { seconds, nanos: Math.floor((milliseconds - seconds * 1000) * 1_000_000) };
}
