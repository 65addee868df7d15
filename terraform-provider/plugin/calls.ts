import { log } from './log.ts';
import {
  type CallContext,
  type Events,
  type Handlers,
  type Requests,
  type Responses,
  type RpcName,
  SEVERITY,
  type StreamName,
  type StreamRequests,
} from './messages.ts';
import { encodeMessage } from './wire.ts';

/** Responses that are known beforehand, encoded. */
export type Answers = Readonly<{ [R in RpcName]?: Uint8Array }>;

/** Where the answers come from. */
export interface Logic {
  readonly answers: Answers;
  /** Called once, when a call first needs a handler. */
  readonly load: () => Promise<Handlers>;
}

/** Runs handlers, so that whatever goes wrong in one reaches the user as a diagnostic and nothing else does. */
export interface Calls {
  /**
   * The encoded events; undefined when the provider does not have this RPC. Neither rejects: what goes wrong is the last event.
   * The caller is aborted as with `run`.
   */
  stream<R extends StreamName>(
    rpc: R,
    request: StreamRequests[R],
    caller: AbortController,
  ): Promise<AsyncIterable<Uint8Array> | undefined>;
  /**
   * The encoded response; undefined when the provider does not have this RPC. Never rejects. The caller is aborted by StopProvider,
   * and by whoever knows that it is gone.
   */
  run<R extends RpcName>(rpc: R, request: Requests[R], caller: AbortController): Promise<Uint8Array | undefined>;
}

const DEFECT =
  'This is a defect in the provider. What it had sent to the daemon before may have taken effect; the next plan shows it. ' +
  'Run again with TF_LOG_PROVIDER=error to see the details.';
const STOPPED =
  'Terraform asked the provider to stop. What it had sent to the daemon before may have taken effect; the next plan shows it.';

/** Calls to that logic. StopProvider is there without a handler: it aborts what is running. */
export function createCalls({ answers, load }: Logic): Calls {
  const running = new Set<AbortController>();
  let loading: Promise<Handlers> | undefined;

  function handlers(): Promise<Handlers> {
    loading ??= load();
    return loading;
  }

  async function respond<R extends RpcName>(rpc: R, request: Requests[R], context: CallContext) {
    const known = answers[rpc];
    if (known !== undefined) return known;
    const handler = (await handlers())[rpc] as
      | ((request: Requests[R], context: CallContext) => Promise<Responses[R]>)
      | undefined;
    if (rpc === 'StopProvider') for (const caller of running) caller.abort();
    else if (handler === undefined) return undefined;
    return encodeMessage(`${rpc}.Response`, (await handler?.(request, context)) ?? {});
  }

  async function* events<R extends StreamName>(rpc: R, made: AsyncIterable<Events[R]>, caller: AbortController) {
    running.add(caller);
    const started = performance.now();
    try {
      for await (const event of made) yield encodeMessage(`${rpc}.Event`, event);
    } catch (error) {
      log.error(`${rpc} failed`, { error });
      yield encodeMessage(`${rpc}.Event`, lastEvent(rpc, diagnosticOf(caller)));
    } finally {
      running.delete(caller);
      log.debug(rpc, { milliseconds: Math.round(performance.now() - started) });
    }
  }

  return {
    async stream<R extends StreamName>(rpc: R, request: StreamRequests[R], caller: AbortController) {
      const handler = (await handlers())[rpc] as
        | ((request: StreamRequests[R], context: CallContext) => AsyncIterable<Events[R]>)
        | undefined;
      return handler && events(rpc, handler(request, caller), caller);
    },
    async run(rpc, request, caller) {
      // StopProvider must not abort itself.
      if (rpc !== 'StopProvider') running.add(caller);
      const started = performance.now();
      try {
        return await respond(rpc, request, caller);
      } catch (error) {
        log.error(`${rpc} failed`, { error });
        return encodeMessage(`${rpc}.Response`, failure(rpc, diagnosticOf(caller)));
      } finally {
        running.delete(caller);
        log.debug(rpc, { milliseconds: Math.round(performance.now() - started) });
      }
    },
  };
}

/** The response that says nothing but this error, in the form that the RPC has for it. */
function failure(rpc: RpcName, { summary, detail }: Said): object {
  if (rpc === 'CallFunction') return { error: { text: `${summary}. ${detail}` } };
  if (rpc === 'StopProvider') return { Error: `${summary}. ${detail}` };
  return { diagnostics: [{ severity: SEVERITY.error, summary, detail }] };
}

/** The event that says nothing but this error, and ends the stream. */
function lastEvent(rpc: StreamName, said: Said): object {
  const diagnostics = [{ severity: SEVERITY.error, ...said }];
  return rpc === 'InvokeAction' ? { completed: { diagnostics } } : { diagnostic: diagnostics };
}

interface Said {
  readonly summary: string;
  readonly detail: string;
}

function diagnosticOf({ signal }: AbortController): Said {
  return signal.aborted
    ? { summary: 'Interrupted', detail: STOPPED }
    : { summary: 'The provider failed unexpectedly', detail: DEFECT };
}
