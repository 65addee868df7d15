import { type Method, STATUS, StatusError } from './grpc.ts';
import { decodeMessage, encodeMessage } from './wire.ts';

const SERVING = 1;

/**
 * What go-plugin, Terraform's side of the connection, expects of every plugin beside its own service: Shutdown, standard output, the
 * broker and the health check. `shutdown` is called when Shutdown is about to be answered. The two streams carry nothing: standard
 * output is not used after the handshake, and there is no second connection to negotiate.
 */
export function sideServices(shutdown: () => void): ReadonlyMap<string, Method> {
  return new Map<string, Method>([
    [
      '/plugin.GRPCController/Shutdown',
      {
        answer: async () => {
          shutdown();
          return encodeMessage('Empty', {});
        },
      },
    ],
    ['/plugin.GRPCStdio/StreamStdio', { open: 'for good' }],
    ['/plugin.GRPCBroker/StartStream', { open: 'until the client ends it' }],
    [
      '/grpc.health.v1.Health/Check',
      {
        answer: async (request) => {
          const { service } = decodeMessage('HealthCheckRequest', request) as { service: string };
          if (service !== '' && service !== 'plugin') {
            throw new StatusError(STATUS.notFound, `There is no service "${service}".`);
          }
          return encodeMessage('HealthCheckResponse', { status: SERVING });
        },
      },
    ],
  ]);
}
