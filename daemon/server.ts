/** The HTTP server: its limits, TLS, and an end that lets running requests finish. */
import { createPrivateKey, X509Certificate } from 'node:crypto';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createServer, type RequestListener, type Server, type ServerOptions, type ServerResponse } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import { type AddressInfo, isIP, type Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import type { TLSSocket } from 'node:tls';
import { type Config, ConfigError } from './config.ts';
import { fileTrouble } from './crypto/private-file.ts';
import { addressesIn, LOOPBACK } from './http/client-address.ts';
import type { MessageClasses } from './http/messages.ts';
import { keepTicksFast } from './http/ticks.ts';
import { afterAnswers, endTurn } from './http/turn.ts';

/** In place of an error: it asks for a connection to elsewhere, which is no request to us. */
const CONNECT = Object.assign(new Error('a request to connect'), { code: 'CONNECT' });

/** How long running requests may take to finish once the server ends. */
const DRAIN_MS = 10_000;

/**
 * How many connections may wait to be taken, as far as the system allows it. Beyond that some are reset, which after a
 * restart, when everybody connects at once, would be for no fault of theirs.
 */
const BACKLOG = 4096;

const LIMITS: ServerOptions = {
  // It is required all the same, by whoever answers: Node would do it without a line in the log.
  requireHostHeader: false,
  // Not less for the head of a request: on a busy machine it may be this process that has not come to read it yet.
  headersTimeout: 30_000,
  requestTimeout: 30_000,
  // Longer than proxies keep theirs: a question that is sent on a connection that closes at that moment is lost.
  keepAliveTimeout: 75_000,
  maxHeaderSize: 16 * 1024,
};

export interface Listening {
  /** `http://127.0.0.1:7345`. */
  readonly url: string;
  /** Takes no more connections, lets running requests finish for some seconds, then ends all connections. */
  close(): Promise<void>;
}

export type ServerConfig = Pick<Config, 'listen' | 'tlsCertificate' | 'tlsKey' | 'allowPlaintext'>;

/**
 * Throws `ConfigError` when the daemon would listen beyond loopback without TLS, and nobody said that this is meant, or
 * when half of what TLS needs is missing.
 */
export function requireSafeListen({ listen, tlsCertificate, tlsKey, allowPlaintext }: ServerConfig): void {
  if ((tlsCertificate === undefined) !== (tlsKey === undefined)) {
    throw new ConfigError('TLS needs both: set ACCREDIT_TLS_CERTIFICATE and ACCREDIT_TLS_KEY');
  }
  if (tlsCertificate !== undefined || allowPlaintext || isLoopback(listen.host)) return;
  throw new ConfigError(
    `refusing to listen on ${listen.host} without TLS: tokens would cross the network in the clear. Set ` +
      'ACCREDIT_TLS_CERTIFICATE and ACCREDIT_TLS_KEY, listen on 127.0.0.1, or, behind a proxy that adds TLS, set ' +
      'ACCREDIT_ALLOW_PLAINTEXT=true',
  );
}

/** What is known of a connection on which a request was not answered at once. */
interface Connection {
  /** The answer to the last request that came over it, as long as it is not sent. */
  latest: ServerResponse | undefined;
}

/** Who answers what comes over the connections. */
export interface Listener {
  readonly answer: RequestListener;
  /** What requests and answers are made of; Node's own classes if left out. */
  readonly messages?: MessageClasses;
  /** Answers what is no request, and closes the connection. `isOnRecord` where it comes in the middle of one. */
  refuse(error: Error, socket: Socket, isOnRecord: boolean): void;
}

/** Serves `listener`. Rejects when the address cannot be listened on or certificate and key do not fit. */
export async function listen(config: ServerConfig, { answer, messages, refuse }: Listener): Promise<Listening> {
  requireSafeListen(config);
  keepTicksFast();
  const { host, port } = config.listen;
  const connections = new Map<Duplex, Connection>();
  let ending = false;
  const connectionOf = (socket: Duplex): Connection => {
    const known = connections.get(socket);
    if (known !== undefined) return known;
    const connection: Connection = { latest: undefined };
    connections.set(socket, connection);
    socket.once('close', () => connections.delete(socket));
    return connection;
  };
  const ended = () => {
    if (ending) server.closeIdleConnections();
  };
  const track = (socket: Duplex, response: ServerResponse) => {
    // What is answered by now, as most questions about tokens are, need not be waited for.
    if (response.writableEnded && !ending) return;
    // A connection that is gone already would stay on the list for good.
    if (response.closed) return ended();
    const connection = connectionOf(socket);
    connection.latest = response;
    response.once('close', () => {
      if (connection.latest === response) connection.latest = undefined;
      ended();
    });
  };
  const tracked: RequestListener = (request, response) => {
    const { socket } = request;
    if (ending) response.setHeader('Connection', 'close');
    answer(request, response);
    afterAnswers(() => track(socket, response));
  };
  const server = serverFor(config, { ...LIMITS, ...messages }, tracked);
  // Of what a client expects nothing is promised, and it may be passed over (RFC 9110, section 10.1.1).
  server.on('checkExpectation', tracked);
  server.on('connect', (_request, socket) => refuse(CONNECT, socket as Socket, false));
  server.on('clientError', (error, socket) => {
    endTurn();
    const response = connections.get(socket)?.latest;
    if (response?.headersSent) socket.destroy();
    else refuse(error, socket as Socket, response !== undefined);
  });
  if (config.tlsCertificate !== undefined) refuseInTheClear(server, refuse);
  try {
    server.listen({ port, host, backlog: BACKLOG });
    await once(server, 'listening');
  } catch (error) {
    throw new ConfigError(
      `cannot listen on ${host}, port ${port}: ${(error as Error).message}. ACCREDIT_LISTEN says where to listen`,
    );
  }
  const scheme = config.tlsCertificate === undefined ? 'http' : 'https';
  const { address, port: actual } = server.address() as AddressInfo;
  return {
    url: `${scheme}://${isIP(address) === 6 ? `[${address}]` : address}:${actual}`,
    close: async () => {
      ending = true;
      for (const { latest } of connections.values()) {
        if (latest?.headersSent === false) latest.setHeader('Connection', 'close');
      }
      await closeServer(server);
    },
  };
}

/**
 * Tells who speaks HTTP to a server that speaks HTTPS so. The answer goes over the connection below TLS, since there is
 * nothing above it yet.
 */
function refuseInTheClear(server: Server, refuse: Listener['refuse']): void {
  const connections = new Map<string, Socket>();
  const peer = ({ remoteAddress, remotePort }: Socket) => `${remoteAddress} ${remotePort}`;
  server.on('connection', (socket: Socket) => {
    const key = peer(socket);
    connections.set(key, socket);
    socket.once('close', () => {
      if (connections.get(key) === socket) connections.delete(key);
    });
  });
  server.on('tlsClientError', (error: NodeJS.ErrnoException, secured: TLSSocket) => {
    const socket = connections.get(peer(secured));
    if (error.code === 'ERR_SSL_HTTP_REQUEST' && socket !== undefined) refuse(error, socket, false);
  });
}

async function closeServer(server: Server): Promise<void> {
  const closed = new Promise<void>((resolve) => server.close(() => resolve()));
  server.closeIdleConnections();
  const deadline = setTimeout(() => server.closeAllConnections(), DRAIN_MS);
  await closed;
  clearTimeout(deadline);
}

function serverFor(
  { tlsCertificate, tlsKey }: ServerConfig,
  options: ServerOptions,
  listener: RequestListener,
): Server {
  if (tlsCertificate === undefined || tlsKey === undefined) return createServer(options, listener);
  const certificate = readPem(tlsCertificate, 'ACCREDIT_TLS_CERTIFICATE');
  const key = readPem(tlsKey, 'ACCREDIT_TLS_KEY');
  requirePair(certificate, key);
  try {
    return createTlsServer({ ...options, cert: certificate, key, minVersion: 'TLSv1.2' }, listener);
  } catch (error) {
    throw new ConfigError(`the TLS certificate and key cannot be used: ${(error as Error).message}`);
  }
}

/** Throws `ConfigError` unless they are a certificate and the private key that belongs to it, as PEM. */
function requirePair(certificate: string, key: string): void {
  const own = parsed(() => new X509Certificate(certificate), 'ACCREDIT_TLS_CERTIFICATE holds no certificate in PEM');
  if (/^-----BEGIN ENCRYPTED |^Proc-Type: 4,ENCRYPTED/m.test(key)) {
    throw new ConfigError(
      'ACCREDIT_TLS_KEY is locked with a passphrase, which nobody is there to enter; "openssl pkey -in KEY -out PLAIN" ' +
        'writes one without',
    );
  }
  const secret = parsed(() => createPrivateKey(key), 'ACCREDIT_TLS_KEY holds no private key in PEM');
  if (!own.checkPrivateKey(secret)) {
    throw new ConfigError('ACCREDIT_TLS_KEY is not the key of the first certificate in ACCREDIT_TLS_CERTIFICATE');
  }
}

function parsed<T>(parse: () => T, otherwise: string): T {
  try {
    return parse();
  } catch (error) {
    throw new ConfigError(`${otherwise}: ${(error as Error).message}`);
  }
}

function readPem(value: string, setting: string): string {
  if (value.startsWith('-----BEGIN')) return value;
  try {
    return readFileSync(value, 'utf8');
  } catch (error) {
    throw new ConfigError(`${setting} names a file that cannot be read: ${fileTrouble(error)}`);
  }
}

const isLoopbackAddress = addressesIn(LOOPBACK);

/** Whether what listens on `host` is reached from this machine alone. */
export function isLoopback(host: string): boolean {
  return isIP(host) === 0 ? host === 'localhost' : isLoopbackAddress(host);
}
