import { createServer, type Server as NetServer, type Socket } from 'node:net';
import { createServer as createTlsServer } from 'node:tls';
import type { ServerUnaryCall, sendUnaryData, UntypedServiceImplementation } from '@grpc/grpc-js';
import { Server, ServerCredentials } from '@grpc/grpc-js';
import { createCalls } from './calls.ts';
import { RPC_NAMES } from './descriptors.ts';
import { log } from './log.ts';
import type { Handlers, Requests, RpcName } from './messages.ts';
import { providerDefinition, sideServices } from './services.ts';

/** What HashiCorp's providers take too: a plan with large values must not fail at the 4 MB that grpc has by default. */
const LARGEST_MESSAGE = 256 * 1024 * 1024;

/** What the server of a provider needs. */
export interface ServerOptions {
  handlers: Handlers;
  /** The provider's own certificate and the one client that may connect; undefined means plaintext. */
  tls: { key: string; certificate: string; clientCertificate: string } | undefined;
  /** Terraform asked for the end of the process. Its answer is on the way. */
  onShutdown: () => void;
  /** The last connection is gone, so nobody will ask any more. */
  onLastClose: () => void;
}

/**
 * A server that speaks gRPC on every connection which it accepts; the caller makes it listen. With `tls`, a connection counts, and
 * reaches gRPC, only after its client has shown the client certificate: another process that finds the socket can neither ask
 * anything nor end the provider by connecting and going away.
 */
export function createProviderServer(options: ServerOptions): NetServer {
  const injector = createGrpc(options).createConnectionInjector(ServerCredentials.createInsecure());
  let open = 0;
  const accept = (socket: Socket) => {
    open += 1;
    socket.on('error', (error) => log.debug('connection failed', { error }));
    socket.once('close', () => {
      open -= 1;
      if (open === 0) options.onLastClose();
    });
    injector.injectConnection(socket);
  };
  if (options.tls === undefined) return createServer(accept);
  const { key, certificate, clientCertificate } = options.tls;
  const server = createTlsServer(
    {
      key,
      cert: certificate,
      ca: clientCertificate,
      requestCert: true,
      rejectUnauthorized: true,
      ALPNProtocols: ['h2'],
      minVersion: 'TLSv1.2',
    },
    accept,
  );
  server.on('tlsClientError', (error) => log.warn('refused a connection', { error }));
  return server;
}

function createGrpc({ handlers, onShutdown }: ServerOptions): Server {
  const server = new Server({
    'grpc.max_receive_message_length': LARGEST_MESSAGE,
    'grpc.max_send_message_length': LARGEST_MESSAGE,
    'grpc.enable_channelz': 0,
  });
  const calls = createCalls(handlers);
  const implementation: UntypedServiceImplementation = {};
  for (const rpc of RPC_NAMES) {
    // A missing one is left out: grpc-js answers UNIMPLEMENTED, by which Terraform learns what a provider does not have.
    if (calls.has(rpc)) implementation[rpc] = unary(rpc);
  }
  server.addService(providerDefinition(), implementation);
  for (const side of sideServices(onShutdown)) {
    server.addService(side.definition, side.implementation as UntypedServiceImplementation);
  }
  return server;

  function unary<R extends RpcName>(rpc: R) {
    return (call: ServerUnaryCall<Requests[R], Uint8Array>, callback: sendUnaryData<Uint8Array>) => {
      const cancelled = new AbortController();
      call.on('cancelled', () => cancelled.abort());
      void calls.run(rpc, call.request, cancelled.signal).then((response) => callback(null, response));
    };
  }
}
