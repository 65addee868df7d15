import type {
  ServerDuplexStream,
  ServerUnaryCall,
  ServerWritableStream,
  ServiceDefinition,
  sendUnaryData,
} from '@grpc/grpc-js';
import { status } from '@grpc/grpc-js';
import { RPC_NAMES } from './descriptors.ts';
import type { RpcName } from './messages.ts';
import { decodeMessage, encodeMessage } from './wire.ts';

const SERVING = 1;

/**
 * The RPCs of `tfplugin6.Provider` for grpc-js. Requests arrive decoded; a response goes out as the bytes that the handler encoded, for
 * a response that cannot be encoded is to become a diagnostic and not an error of the transport.
 */
export function providerDefinition(): ServiceDefinition {
  return Object.fromEntries(
    RPC_NAMES.map((rpc: RpcName) => [
      rpc,
      {
        path: `/tfplugin6.Provider/${rpc}`,
        requestStream: false,
        responseStream: false,
        requestSerialize: (message: object) => asBuffer(encodeMessage(`${rpc}.Request`, message)),
        requestDeserialize: (bytes: Buffer) => decodeMessage(`${rpc}.Request`, bytes),
        responseSerialize: asBuffer,
        responseDeserialize: (bytes: Buffer) => decodeMessage(`${rpc}.Response`, bytes),
      },
    ]),
  );
}

/** A service beside the provider's own: what go-plugin, Terraform's side of the connection, expects of every plugin. */
export interface SideService {
  definition: ServiceDefinition;
  implementation: Record<string, (...args: never[]) => void>;
}

/**
 * Shutdown, standard output, the broker and the health check. `shutdown` is called once the answer to Shutdown is on its way. The two
 * streams carry nothing: standard output is not used after the handshake, and there is no second connection to negotiate.
 */
export function sideServices(shutdown: () => void): SideService[] {
  return [
    {
      definition: method('/plugin.GRPCController/Shutdown', 'Empty', 'Empty'),
      implementation: {
        call: (_call: ServerUnaryCall<object, object>, callback: sendUnaryData<object>) => {
          callback(null, {});
          shutdown();
        },
      },
    },
    {
      definition: method('/plugin.GRPCStdio/StreamStdio', 'Empty', 'StdioData', { responseStream: true }),
      implementation: {
        call: (call: ServerWritableStream<object, object>) => {
          call.on('cancelled', () => call.end());
        },
      },
    },
    {
      definition: method('/plugin.GRPCBroker/StartStream', 'ConnInfo', 'ConnInfo', {
        requestStream: true,
        responseStream: true,
      }),
      implementation: {
        call: (call: ServerDuplexStream<object, object>) => {
          call.on('end', () => call.end());
          call.resume();
        },
      },
    },
    {
      definition: method('/grpc.health.v1.Health/Check', 'HealthCheckRequest', 'HealthCheckResponse'),
      implementation: {
        call: (call: ServerUnaryCall<{ service: string }, object>, callback: sendUnaryData<object>) => {
          const { service } = call.request;
          if (service === '' || service === 'plugin') callback(null, { status: SERVING });
          else callback({ code: status.NOT_FOUND, details: `There is no service "${service}".` });
        },
      },
    },
  ];
}

function method(
  path: string,
  request: string,
  response: string,
  streams: { requestStream?: boolean; responseStream?: boolean } = {},
): ServiceDefinition {
  return {
    call: {
      path,
      requestStream: streams.requestStream ?? false,
      responseStream: streams.responseStream ?? false,
      requestSerialize: (message: object) => asBuffer(encodeMessage(request, message)),
      requestDeserialize: (bytes: Buffer) => decodeMessage(request, bytes),
      responseSerialize: (message: object) => asBuffer(encodeMessage(response, message)),
      responseDeserialize: (bytes: Buffer) => decodeMessage(response, bytes),
    },
  };
}

function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
}
