import type { ValidateActionConfigRequest, ValidateActionConfigResponse } from '../plugin/messages.ts';
import { actionOf, invalidAction } from './actions.ts';
import { decodeState } from './mapping.ts';

/** Judges what is known of an action's configuration, without the daemon. */
export async function validateActionConfig({
  action_type,
  config,
}: ValidateActionConfigRequest): Promise<ValidateActionConfigResponse> {
  const { schema } = actionOf(action_type);
  const given = decodeState(schema, config);
  return { diagnostics: given === null ? [] : invalidAction(schema, given) };
}
