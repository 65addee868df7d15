import { Refused } from '../ephemeral/behaviour.ts';
import { behaviourOf } from '../ephemeral/index.ts';
import type { CallContext, RenewEphemeralResourceRequest, RenewEphemeralResourceResponse } from '../plugin/messages.ts';
import { failure } from './diagnostics.ts';
import { decodeHeld, diagnosed, timestamp } from './openings.ts';
import { ephemeralOf } from './schemas.ts';
import type { Session } from './session.ts';

/** Prolongs what was opened. What it answers reaches nobody but a log, so what went wrong is said when it is closed. */
export async function renewEphemeralResource(
  session: Session,
  { type_name, private: bytes }: RenewEphemeralResourceRequest,
  { signal }: CallContext,
): Promise<RenewEphemeralResourceResponse> {
  const { renew } = behaviourOf(type_name);
  const kept = decodeHeld(bytes);
  if (renew === undefined || kept === undefined) return {};
  try {
    const { renewAt } = await renew({ session, private: kept }, signal);
    return { private: bytes as Uint8Array, ...(renewAt === undefined ? {} : { renew_at: timestamp(renewAt) }) };
  } catch (cause) {
    if (cause instanceof Refused) return { diagnostics: [cause.diagnostic] };
    const schema = diagnosed(ephemeralOf(type_name));
    return { diagnostics: failure(cause, { schema, action: 'prolong', address: String(kept.address) }) };
  }
}
