import { createServer, type Server as NetServer, type Socket } from 'node:net';
import { createServer as createTlsServer } from 'node:tls';
import { createCalls, type Logic } from './calls.ts';
import { RPC_NAMES, STREAM_NAMES } from './descriptors.ts';
import { type Method, STATUS, StatusError, serveGrpc } from './grpc.ts';
import { log } from './log.ts';
import type { Requests, RpcName, StreamName, StreamRequests } from './messages.ts';
import { sideServices } from './services.ts';
import { decodeMessage, WireError } from './wire.ts';

/** What the server of a provider needs. */
export interface ServerOptions {
  logic: Logic;
  /** The provider's own certificate (PEM) and that of the one client that may connect (DER); undefined means plaintext. */
  tls: { key: string; certificate: string; clientCertificate: Buffer } | undefined;
  /** An RPC has been answered. */
  onAnswered: (rpc: RpcName) => void;
  /** Terraform asked for the end of the process. Its answer is on the way. */
  onShutdown: () => void;
  /** The last connection is gone, so nobody will ask any more. */
  onLastClose: () => void;
}

/**
 * A server that speaks gRPC on every connection; the caller hands them to it with `emit('connection', socket)`. With `tls`, a
 * connection counts, and reaches gRPC, only after its client has shown the client certificate: another process that finds the
 * socket can neither ask anything nor end the provider by connecting and going away.
 */
export function createProviderServer(options: ServerOptions): NetServer {
  const methods = new Map([...providerMethods(options), ...sideServices(options.onShutdown)]);
  let open = 0;
  const accept = (socket: Socket) => {
    open += 1;
    socket.on('error', (error) => log.debug('connection failed', { error }));
    socket.once('close', () => {
      open -= 1;
      if (open === 0) options.onLastClose();
    });
    serveGrpc(socket, methods);
  };
  if (options.tls === undefined) return createServer(accept);
  const { key, certificate, clientCertificate } = options.tls;
  const server = createTlsServer(
    {
      key,
      cert: certificate,
      // Whose certificate it is, is decided below. With an authority to trust, Node would first read all that it knows.
      ca: [],
      requestCert: true,
      rejectUnauthorized: false,
      ALPNProtocols: ['h2'],
      minVersion: 'TLSv1.2',
    },
    (socket) => {
      // The client has proved that it holds the key of what it shows.
      if (socket.getPeerX509Certificate()?.raw.equals(clientCertificate)) accept(socket);
      else {
        log.warn('refused a connection: its client has not shown the certificate that Terraform announced');
        socket.destroy();
      }
    },
  );
  server.on('tlsClientError', (error) => log.warn('refused a connection', { error }));
  return server;
}

/** The RPCs of `tfplugin6.Provider`. One that there is no handler for is UNIMPLEMENTED, by which Terraform learns what is missing. */
function providerMethods({ logic, onAnswered }: ServerOptions): [string, Method][] {
  const calls = createCalls(logic);
  const unary = RPC_NAMES.map((rpc: RpcName): [string, Method] => [
    `/tfplugin6.Provider/${rpc}`,
    {
      async answer(bytes, caller) {
        const response = await calls.run(rpc, requestIn(rpc, bytes), caller);
        if (response === undefined) throw missing(rpc);
        onAnswered(rpc);
        return response;
      },
    },
  ]);
  const streams = STREAM_NAMES.map((rpc: StreamName): [string, Method] => [
    `/tfplugin6.Provider/${rpc}`,
    {
      async stream(bytes, caller) {
        const events = await calls.stream(rpc, requestIn(rpc, bytes), caller);
        if (events === undefined) throw missing(rpc);
        return events;
      },
    },
  ]);
  return [...unary, ...streams];
}

function missing(rpc: RpcName | StreamName): StatusError {
  return new StatusError(STATUS.unimplemented, `The provider has no ${rpc}.`);
}

function requestIn<R extends RpcName | StreamName>(rpc: R, bytes: Buffer): (Requests & StreamRequests)[R] {
  try {
    return decodeMessage(`${rpc}.Request`, bytes) as (Requests & StreamRequests)[R];
  } catch (cause) {
    if (!(cause instanceof WireError)) throw cause;
    throw new StatusError(STATUS.internal, `The request of ${rpc} cannot be read: ${cause.message}`);
  }
}
