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
  const { close } = behaviourOf(type_name);
  const kept = decodeHeld(bytes);
  if (close === undefined || kept === undefined) return {};
  const schema = diagnosed(ephemeralOf(type_name));
  const summary = `Trouble with the ${schema.kind.title} ${String(kept.address)}`;
  try {
    return {
      diagnostics: (await close({ session, private: kept })).map((text) => warning(summary, text)),
    };
  } catch (cause) {
    const problems =
      cause instanceof Refused
        ? [cause.diagnostic]
        : failure(cause, { schema, action: 'close', address: String(kept.address) });
    return { diagnostics: problems.map(left) };
  }

  function left({ summary: what, detail }: Diagnostic): Diagnostic {
    return warning(summary, `It could not be closed, and ends with its lifetime. ${what}: ${detail}`);
  }
}
