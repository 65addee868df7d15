import type {
  ValidateEphemeralResourceConfigRequest,
  ValidateEphemeralResourceConfigResponse,
} from '../plugin/messages.ts';
import { decodeState } from './mapping.ts';
import { invalidOpening } from './openings.ts';
import { ephemeralOf } from './schemas.ts';

/** Judges what is known of an ephemeral resource's configuration, without the daemon. */
export async function validateEphemeralResourceConfig({
  type_name,
  config,
}: ValidateEphemeralResourceConfigRequest): Promise<ValidateEphemeralResourceConfigResponse> {
  const schema = ephemeralOf(type_name);
  const given = decodeState(schema, config);
  return { diagnostics: given === null ? [] : invalidOpening(schema, given) };
}
