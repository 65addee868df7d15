/** What a provider process does until Terraform knows where it listens, and no more: Terraform waits for it. */
import { writeSync } from 'node:fs';
import { createServer, type Server } from 'node:net';
import { createCertificate, type EphemeralCertificate } from './certificate.ts';
import {
  type HandshakeRequest,
  HELP,
  handshakeLine,
  readHandshake,
  startedByTerraform,
  startFailure,
} from './handshake.ts';
import { listen } from './listener.ts';
import { log } from './log.ts';

/** A process that listens, and serves nobody yet. */
export interface Begun {
  readonly request: HandshakeRequest;
  /** The certificate that Terraform was told; none without TLS. */
  readonly own: EphemeralCertificate | undefined;
  readonly listener: Server;
  /** The process that started this one, as long as it lives. */
  readonly parent: number;
}

/** The signals that are for the provider to handle. */
const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/**
 * Checks that Terraform started the process, listens, and tells Terraform where. Resolves with undefined, and leaves it to Node to
 * end the process, when a person started it. What fails is told in one line on standard output, and ends the process.
 */
export async function begin(): Promise<Begun | undefined> {
  if (!startedByTerraform(process.env)) {
    process.stderr.write(HELP);
    process.exitCode = 1;
    return undefined;
  }
  const parent = process.ppid;
  try {
    const request = readHandshake(process.env);
    const own = request.clientCertificate === undefined ? undefined : createCertificate();
    const listener = createServer();
    const address = await listen(listener, request);
    // From here on there is something to clean up. Whoever serves decides how, before any of them can arrive.
    for (const signal of SIGNALS) process.on(signal, () => undefined);
    // Written at once and as a whole: an asynchronous write could still be waiting when Terraform gives up.
    writeSync(1, handshakeLine(address, own?.handshakeField ?? '', request));
    log.debug('listening', { ...address });
    return { request, own, listener, parent };
  } catch (error) {
    log.error('cannot start', { error });
    writeSync(1, startFailure(error));
    process.exit(1);
  }
}
