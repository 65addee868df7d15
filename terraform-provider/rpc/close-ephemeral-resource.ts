import type { JsonObject } from '../../terraform-provider-spec/kind.ts';
import { Refused } from '../ephemeral/behaviour.ts';
import { behaviourOf } from '../ephemeral/index.ts';
import type { CloseEphemeralResourceRequest, CloseEphemeralResourceResponse, Diagnostic } from '../plugin/messages.ts';
import { failure, warning } from './diagnostics.ts';
import { decodeHeld, diagnosed } from './openings.ts';
import { ephemeralOf } from './schemas.ts';
import type { Session } from './session.ts';

/**
 * Closes what was opened. What goes wrong is a warning: the walk is over, and what stays ends by itself. A request of
 * Terraform's to stop does not stop this.
 */
export async function closeEphemeralResource(
  session: Session,
  { type_name, private: bytes }: CloseEphemeralResourceRequest,
): Promise<CloseEphemeralResourceResponse> {
  const kept = decodeHeld(bytes);
  return kept === undefined ? {} : { diagnostics: await closeHeld(session, type_name, kept) };
}

/** Closes what was opened, or may have been. Answers what went wrong as warnings; rejects only for a defect. */
export async function closeHeld(session: Session, type: string, kept: JsonObject): Promise<Diagnostic[]> {
  const schema = diagnosed(ephemeralOf(type));
  const summary = `Trouble with the ${schema.kind.title} ${String(kept.address)}`;
  try {
    const said = (await behaviourOf(type).close?.({ session, private: kept })) ?? [];
    return said.map((text) => warning(summary, text));
  } catch (cause) {
    return problemsOf(cause).map(({ summary: what, detail }) =>
      warning(summary, `It could not be closed, and ends with its lifetime. ${what}: ${detail}`),
    );
  } finally {
    session.openings.letGo(kept);
  }

  function problemsOf(cause: unknown): Diagnostic[] {
    if (cause instanceof Refused) return [cause.diagnostic];
    return failure(cause, { schema, action: 'close', address: String(kept.address) });
  }
}
