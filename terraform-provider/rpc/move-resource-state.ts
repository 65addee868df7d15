import type { MoveResourceStateRequest, MoveResourceStateResponse } from '../plugin/messages.ts';
import { error } from './diagnostics.ts';

/** Refuses to take over the state of another resource type: no other type stands for the same thing. */
export async function moveResourceState({
  source_type_name,
  target_type_name,
}: MoveResourceStateRequest): Promise<MoveResourceStateResponse> {
  return {
    diagnostics: [
      error(
        'The resource cannot be moved to another type',
        `A ${source_type_name} cannot become a ${target_type_name}. Remove it from the state and import it under the new type.`,
      ),
    ],
  };
}
