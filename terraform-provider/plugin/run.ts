import { writeSync } from 'node:fs';
import { createServer, type Server } from 'node:net';
import type { Answers, Logic } from './calls.ts';
import { createCertificate, type EphemeralCertificate } from './certificate.ts';
import type { Compiled } from './code-cache.ts';
import { leave } from './exit.ts';
import {
  type HandshakeRequest,
  HELP,
  handshakeLine,
  readHandshake,
  startedByTerraform,
  startFailure,
} from './handshake.ts';
import { keepCode } from './keep-code.ts';
import { listen } from './listener.ts';
import { log } from './log.ts';
import type { Handlers } from './messages.ts';

/** How this code was compiled; not there where it runs from its sources. See `start.ts`. */
declare const compiled: Compiled | undefined;

const kept = typeof compiled === 'undefined' ? undefined : compiled;

/** How long the process waits for Terraform to close the connection after Shutdown; Terraform itself would wait two seconds. */
const SHUTDOWN_GRACE = 250;
/** How often the process looks whether Terraform still lives, in milliseconds. */
const PARENT_CHECK = 1_000;

/**
 * The life of a provider process: checks that Terraform started it, listens, tells Terraform where, serves until Terraform is done, and
 * exits. Whatever is not needed to listen is loaded while Terraform reads the line and connects, and the logic with the first RPC to
 * which `answers` has no answer already; a logic that cannot be loaded fails the calls.
 */
export async function runProvider(loadHandlers: () => Promise<Handlers>, answers: Answers = {}): Promise<void> {
  if (!startedByTerraform(process.env)) {
    process.stderr.write(HELP);
    process.exitCode = 1;
    return;
  }
  try {
    const request = readHandshake(process.env);
    const own = request.clientCertificate === undefined ? undefined : createCertificate();
    const listener = createServer();
    const address = await listen(listener, request);
    watchProcess();
    listener.on('error', (error) => log.error('the listener failed', { error }));
    const server = loadServer(request, own, { load: loadHandlers, answers });
    listener.on('connection', async (socket) => {
      // It may be gone again before there is anybody to serve it.
      socket.on('error', (error) => log.debug('a connection failed', { error }));
      (await server).emit('connection', socket);
    });
    // Written at once and as a whole: an asynchronous write could still be waiting when Terraform gives up.
    writeSync(1, handshakeLine(address, own?.handshakeField ?? '', request));
    log.debug('listening', { ...address, codeCovers: kept?.covers });
  } catch (error) {
    log.error('cannot start', { error });
    writeSync(1, startFailure(error));
    process.exit(1);
  }
}

async function loadServer(
  { clientCertificate }: HandshakeRequest,
  own: EphemeralCertificate | undefined,
  logic: Logic,
): Promise<Server> {
  const { createProviderServer } = await import('./server.ts');
  return createProviderServer({
    logic,
    tls: own && clientCertificate !== undefined ? { ...own, clientCertificate } : undefined,
    onAnswered: kept === undefined ? () => undefined : keepCode(kept),
    onShutdown: () => setTimeout(() => leave('Terraform asked for it'), SHUTDOWN_GRACE),
    onLastClose: () => leave('the last connection was closed'),
  });
}

function watchProcess(): void {
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
  const parent = process.ppid;
  setInterval(() => {
    if (process.ppid !== parent) leave('Terraform is gone');
  }, PARENT_CHECK).unref();
}
