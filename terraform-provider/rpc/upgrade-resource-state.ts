import { objectType } from '../../terraform-provider-spec/derive/terraform.ts';
import type { UpgradeResourceStateRequest, UpgradeResourceStateResponse } from '../plugin/messages.ts';
import { decodeJsonState, isRecord, ValueError } from '../values/value.ts';
import { error } from './diagnostics.ts';
import { encodeState } from './mapping.ts';
import { isProtected } from './protection.ts';
import { resourceOf } from './schemas.ts';
import type { Session } from './session.ts';

/** Brings a stored state into the form of the present schema. There is one version so far. */
export async function upgradeResourceState(
  session: Session,
  { type_name, version, raw_state }: UpgradeResourceStateRequest,
): Promise<UpgradeResourceStateResponse> {
  const schema = resourceOf(type_name);
  if (version > schema.version) {
    return { diagnostics: [error('The state was written by a newer provider', `Its schema version is ${version}.`)] };
  }
  try {
    const state = decodeJsonState(objectType(schema.attributes), raw_state?.json ?? new Uint8Array());
    if (!isRecord(state)) return { upgraded_state: encodeState(schema, null) };
    for (const { name, writeOnly, source } of schema.attributes) {
      if (writeOnly) state[name] = null;
      // A provider that did not know the setting yet went by its default.
      if (source.from === 'option') state[name] ??= source.default;
    }
    if (typeof state.id === 'string') {
      session.remembers(state.id, state.claim);
      session.protects(state.id, state.claim, isProtected(state));
    }
    return { upgraded_state: encodeState(schema, state) };
  } catch (cause) {
    if (!(cause instanceof ValueError)) throw cause;
    return { diagnostics: [error('The stored state cannot be read', `${type_name}: ${cause.message}`)] };
  }
}
