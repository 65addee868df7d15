import type { ValidateResourceConfigRequest, ValidateResourceConfigResponse } from '../plugin/messages.ts';
import { decodeState } from './mapping.ts';
import { resourceOf } from './schemas.ts';
import type { Session } from './session.ts';
import { invalidConfig, secretInState, writeOnlyUnsupported } from './validation.ts';

/** Judges what is known of a resource's configuration, without the daemon. */
export async function validateResourceConfig(
  session: Session,
  { type_name, config, client_capabilities }: ValidateResourceConfigRequest,
): Promise<ValidateResourceConfigResponse> {
  const schema = resourceOf(type_name);
  const given = decodeState(schema, config);
  if (given === null) return {};
  return {
    diagnostics: [
      ...invalidConfig(schema, given),
      ...(client_capabilities?.write_only_attributes_allowed ? [] : writeOnlyUnsupported(schema, given)),
      ...(session.forbidsSecretsInState ? secretInState(schema, given) : []),
    ],
  };
}
