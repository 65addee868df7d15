import { log } from './log.ts';
import { type CallContext, type Handlers, type Requests, type Responses, type RpcName, SEVERITY } from './messages.ts';
import { encodeMessage } from './wire.ts';

/** Runs handlers, so that whatever goes wrong in one reaches the user as a diagnostic and nothing else does. */
export interface Calls {
  /** False when the provider does not have this RPC. */
  has(rpc: RpcName): boolean;
  /** The encoded response. Never rejects. The second argument is aborted when the caller goes away. */
  run<R extends RpcName>(rpc: R, request: Requests[R], cancelled: AbortSignal): Promise<Uint8Array>;
  /** Aborts the calls that are running now; later ones run as usual. */
  abortAll(): void;
}

const DEFECT =
  'This is a defect in the provider. What it had sent to the daemon before may have taken effect; the next plan shows it. ' +
  'Run again with TF_LOG_PROVIDER=error to see the details.';
const STOPPED =
  'Terraform asked the provider to stop. What it had sent to the daemon before may have taken effect; the next plan shows it.';

/** Calls to these handlers. StopProvider is there without one: it aborts what is running. */
export function createCalls(handlers: Handlers): Calls {
  const running = new Set<AbortController>();

  function abortAll(): void {
    for (const controller of running) controller.abort();
  }

  async function respond<R extends RpcName>(rpc: R, request: Requests[R], context: CallContext) {
    if (rpc === 'StopProvider') abortAll();
    const handler = handlers[rpc] as
      | ((request: Requests[R], context: CallContext) => Promise<Responses[R]>)
      | undefined;
    return encodeMessage(`${rpc}.Response`, (await handler?.(request, context)) ?? {});
  }

  return {
    has: (rpc) => rpc === 'StopProvider' || handlers[rpc] !== undefined,
    abortAll,
    async run(rpc, request, cancelled) {
      const controller = new AbortController();
      const context = { signal: AbortSignal.any([controller.signal, cancelled]) };
      // StopProvider must not abort itself.
      if (rpc !== 'StopProvider') running.add(controller);
      const started = performance.now();
      try {
        return await respond(rpc, request, context);
      } catch (error) {
        log.error(`${rpc} failed`, { error });
        const stopped = context.signal.aborted;
        return encodeMessage(
          `${rpc}.Response`,
          stopped ? failure(rpc, 'Interrupted', STOPPED) : failure(rpc, 'The provider failed unexpectedly', DEFECT),
        );
      } finally {
        running.delete(controller);
        log.debug(rpc, { milliseconds: Math.round(performance.now() - started) });
      }
    },
  };
}

/** The response that says nothing but this error, in the form that the RPC has for it. */
function failure(rpc: RpcName, summary: string, detail: string): object {
  if (rpc === 'CallFunction') return { error: { text: `${summary}. ${detail}` } };
  if (rpc === 'StopProvider') return { Error: `${summary}. ${detail}` };
  return { diagnostics: [{ severity: SEVERITY.error, summary, detail }] };
}
