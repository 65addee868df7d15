import type { CallContext, InvokeActionEvent, InvokeActionRequest } from '../plugin/messages.ts';
import { actionOf, invalidAction } from './actions.ts';
import { error, failure } from './diagnostics.ts';
import { decodeState } from './mapping.ts';
import type { Session } from './session.ts';

/** Does what an action is for, and says so as it goes along. */
export async function* invokeAction(
  session: Session,
  { action_type, config }: InvokeActionRequest,
  { signal }: CallContext,
): AsyncGenerator<InvokeActionEvent> {
  const { schema, act } = actionOf(action_type);
  const given = decodeState(schema, config) ?? {};
  const { client } = session;
  const wrong =
    client === undefined
      ? [error('The provider is not configured', 'A setting of it is still unknown.')]
      : invalidAction(schema, given);
  if (client === undefined || wrong.length > 0) {
    yield { completed: { diagnostics: wrong } };
    return;
  }
  const address = String(given.address);
  const { title } = schema.action;
  yield { progress: { message: `${title} of ${address}` } };
  try {
    const message = await act({ client, address, config: given, signal });
    yield { progress: { message } };
    yield { completed: { diagnostics: [] } };
  } catch (cause) {
    const failed = {
      schema: { ...schema, kind: { title } },
      action: schema.action.name,
      address,
      config: given,
      write: true,
    };
    yield { completed: { diagnostics: failure(cause, failed) } };
  }
}
