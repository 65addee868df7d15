import type { Server } from 'node:net';
import { type Begun, begin } from './begin.ts';
import type { Answers, Logic } from './calls.ts';
import type { Compiled } from './code-cache.ts';
import { leave } from './exit.ts';
import { keepCode } from './keep-code.ts';
import { log } from './log.ts';
import type { Handlers } from './messages.ts';

/** How this code was compiled, and what the process has done before that. Neither is there where it runs from its sources; see `start.ts`. */
declare const compiled: Compiled | undefined;
declare const begun: Begun | undefined;

/** How long the process waits for Terraform to close the connection after Shutdown; Terraform itself would wait two seconds. */
const SHUTDOWN_GRACE = 250;
/** How often the process looks whether Terraform still lives, in milliseconds. */
const PARENT_CHECK = 1_000;

/**
 * The life of a provider process: begins it, serves until Terraform is done, and exits. Whatever is not needed to listen is loaded
 * while Terraform reads the handshake line and connects, and the logic with the first RPC to which `answers` has no answer already; a
 * logic that cannot be loaded fails the calls.
 */
export async function runProvider(loadHandlers: () => Promise<Handlers>, answers: Answers = {}): Promise<void> {
  // Nothing is awaited where it has begun: a connection or a signal that comes meanwhile must find who takes it.
  const start = typeof begun === 'undefined' ? await begin() : begun;
  if (start === undefined) return;
  watchProcess(start);
  const { listener } = start;
  const server = loadServer(start, { load: loadHandlers, answers });
  listener.on('error', (error) => log.error('the listener failed', { error }));
  listener.on('connection', async (socket) => {
    // It may be gone again before there is anybody to serve it.
    socket.on('error', (error) => log.debug('a connection failed', { error }));
    (await server).emit('connection', socket);
  });
}

async function loadServer({ request, own }: Begun, logic: Logic): Promise<Server> {
  const { clientCertificate } = request;
  const { createProviderServer } = await import('./server.ts');
  return createProviderServer({
    logic,
    tls: own && clientCertificate !== undefined ? { ...own, clientCertificate } : undefined,
    onAnswered: typeof compiled === 'undefined' ? () => undefined : keepCode(compiled),
    onShutdown: () => setTimeout(() => leave('Terraform asked for it'), SHUTDOWN_GRACE),
    onLastClose: () => leave('the last connection was closed'),
  });
}

function watchProcess({ parent }: Begun): void {
  // The terminal sends Ctrl-C to the whole process group. Terraform decides what it means, and says so with StopProvider.
  process.on('SIGINT', () => log.debug('ignored SIGINT'));
  for (const signal of ['SIGTERM', 'SIGHUP'] as const) process.on(signal, () => leave(signal));
  // After the parent's death nobody reads the log, and that alone must not be an error.
  process.stderr.on('error', () => leave('standard error was closed'));
  for (const event of ['uncaughtException', 'unhandledRejection'] as const) {
    process.on(event, (error: unknown) => {
      log.error(`ended by an ${event}`, { error });
      process.exit(1);
    });
  }
  setInterval(() => {
    if (process.ppid !== parent) leave('Terraform is gone');
  }, PARENT_CHECK).unref();
}
