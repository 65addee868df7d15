import type { EphemeralSchema } from '../../terraform-provider-spec/derive/terraform-ephemeral.ts';
import type { JsonObject, ValueType } from '../../terraform-provider-spec/kind.ts';
import { NotYet, Refused } from '../ephemeral/behaviour.ts';
import { behaviourOf } from '../ephemeral/index.ts';
import type { CallContext, OpenEphemeralResourceRequest, OpenEphemeralResourceResponse } from '../plugin/messages.ts';
import { UNKNOWN, type Value, type ValueRecord } from '../values/value.ts';
import { closeHeld } from './close-ephemeral-resource.ts';
import { failure } from './diagnostics.ts';
import { decodeState, encodeState, fromApi } from './mapping.ts';
import { diagnosed, encodeHeld, invalidOpening, timestamp } from './openings.ts';
import { ephemeralOf } from './schemas.ts';
import type { Session } from './session.ts';

/** Opens what lasts for one walk. Terraform opens in a plan and again in its apply, so nothing that is in use may change. */
export async function openEphemeralResource(
  session: Session,
  { type_name, config }: OpenEphemeralResourceRequest,
  { signal }: CallContext,
): Promise<OpenEphemeralResourceResponse> {
  const schema = ephemeralOf(type_name);
  const given = decodeState(schema, config) ?? {};
  // Terraform validated when some of it was still unknown.
  const wrong = invalidOpening(schema, given);
  if (wrong.length > 0) return { diagnostics: wrong };
  const complete = completed(schema, given, session);
  let kept: JsonObject | undefined;
  const hold = (what: JsonObject): void => {
    kept = what;
    session.openings.hold(type_name, what);
  };
  try {
    const opened = await behaviourOf(type_name).open({ session, config: complete, signal, hold });
    return {
      result: encodeState(schema, { ...complete, ...opened.values }),
      ...(kept === undefined ? {} : { private: encodeHeld(kept) }),
      ...(opened.renewAt === undefined ? {} : { renew_at: timestamp(opened.renewAt) }),
    };
  } catch (cause) {
    if (cause instanceof NotYet) return { result: encodeState(schema, unopened(schema, complete)) };
    // Terraform closes nothing that failed to open, and it may be there: the answer can have got lost.
    if (kept !== undefined) await closeHeld(session, type_name, kept);
    if (cause instanceof Refused) return { diagnostics: [cause.diagnostic] };
    const failed = { schema: diagnosed(schema), action: 'open', address: whatItIs(schema, complete), config: given };
    return { diagnostics: failure(cause, failed) };
  }
}

/** The configuration with the provider's organization and the defaults filled in. */
function completed({ attributes }: EphemeralSchema, config: ValueRecord, session: Session): ValueRecord {
  const given = (name: string, fallback: Value): [string, Value] => [name, config[name] ?? fallback];
  return Object.fromEntries(
    attributes.map(({ name, source, optional, api }) => {
      if (source.from === 'name') return given(name, session.organization);
      return given(name, optional ? fromApi(api as ValueType, api?.default) : null);
    }),
  );
}

/** What a plan goes on with: all that an opening would give is unknown until the apply opens it. */
function unopened({ attributes }: EphemeralSchema, config: ValueRecord): ValueRecord {
  const given = attributes.filter(({ required, optional }) => !required && !optional);
  return { ...config, ...Object.fromEntries(given.map(({ name }) => [name, UNKNOWN])) };
}

/** It has no address before it is opened. */
function whatItIs({ resource }: EphemeralSchema, { account }: ValueRecord): string {
  return `the ${resource.title}${typeof account === 'string' ? ` of ${account}` : ''}`;
}
