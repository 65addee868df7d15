import type { UpgradeResourceIdentityRequest, UpgradeResourceIdentityResponse } from '../plugin/messages.ts';
import { decodeJsonState, encodeDynamic, ValueError } from '../values/value.ts';
import { error } from './diagnostics.ts';
import { identitySchemaOf } from './identity.ts';

/** Brings a stored identity into the form of the present schema. There is one version so far. */
export async function upgradeResourceIdentity({
  type_name,
  version,
  raw_identity,
}: UpgradeResourceIdentityRequest): Promise<UpgradeResourceIdentityResponse> {
  const schema = identitySchemaOf(type_name);
  if (version > schema.version) {
    const detail = `The version of its identity is ${version}.`;
    return { diagnostics: [error('The state was written by a newer provider', detail)] };
  }
  try {
    const identity = decodeJsonState(schema.type, raw_identity?.json ?? new Uint8Array());
    return { upgraded_identity: { identity_data: encodeDynamic(schema.type, identity) } };
  } catch (cause) {
    if (!(cause instanceof ValueError)) throw cause;
    return { diagnostics: [error('The stored identity cannot be read', `${type_name}: ${cause.message}`)] };
  }
}
