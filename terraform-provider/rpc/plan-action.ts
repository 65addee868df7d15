import type { PlanActionRequest, PlanActionResponse } from '../plugin/messages.ts';
import { actionOf, invalidAction } from './actions.ts';
import { decodeState } from './mapping.ts';

/** Judges an action that will be invoked. The daemon is not asked: what it is to act on may be made by the same apply. */
export async function planAction({ action_type, config }: PlanActionRequest): Promise<PlanActionResponse> {
  const { schema } = actionOf(action_type);
  const given = decodeState(schema, config);
  return { diagnostics: given === null ? [] : invalidAction(schema, given) };
}
