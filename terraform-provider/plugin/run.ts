import { writeSync } from 'node:fs';
import { createCertificate } from './certificate.ts';
import { leave } from './exit.ts';
import { HELP, handshakeLine, readHandshake, startedByTerraform, startFailure } from './handshake.ts';
import { listen } from './listener.ts';
import { log } from './log.ts';
import type { Handlers } from './messages.ts';

/** How long the process waits for Terraform to close the connection after Shutdown; Terraform itself would wait two seconds. */
const SHUTDOWN_GRACE = 250;
/** How often the process looks whether Terraform still lives, in milliseconds. */
const PARENT_CHECK = 1_000;

/**
 * The life of a provider process: checks that Terraform started it, listens, tells Terraform where, serves until Terraform is done, and
 * exits. The logic is loaded only once it is clear that it will be needed.
 */
export async function runProvider(loadHandlers: () => Promise<Handlers>): Promise<void> {
  if (!startedByTerraform(process.env)) {
    process.stderr.write(HELP);
    process.exitCode = 1;
    return;
  }
  try {
    const request = readHandshake(process.env);
    const [{ createProviderServer }, handlers] = await Promise.all([import('./server.ts'), loadHandlers()]);
    const { clientCertificate } = request;
    const own = clientCertificate === undefined ? undefined : createCertificate();
    const server = createProviderServer({
      handlers,
      tls: own && clientCertificate !== undefined ? { ...own, clientCertificate } : undefined,
      onShutdown: () => setTimeout(() => leave('Terraform asked for it'), SHUTDOWN_GRACE),
      onLastClose: () => leave('the last connection was closed'),
    });
    const address = await listen(server, request);
    watchProcess();
    server.on('error', (error) => log.error('the listener failed', { error }));
    // Written at once and as a whole: an asynchronous write could still be waiting when Terraform gives up.
    writeSync(1, handshakeLine(address, own?.handshakeField ?? '', request));
    log.debug('listening', { ...address });
  } catch (error) {
    log.error('cannot start', { error });
    writeSync(1, startFailure(error));
    process.exit(1);
  }
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
