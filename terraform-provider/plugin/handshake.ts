import { X509Certificate } from 'node:crypto';

/** What Terraform asks for in the environment of the process that it starts. */
export interface HandshakeRequest {
  /** The certificate of the one client that may connect, in DER; undefined means plaintext. */
  clientCertificate: Buffer | undefined;
  /** Where the socket is to lie, instead of the temporary directory. */
  socketDirectory: string | undefined;
  /** Name or number of the group that may use the socket. */
  socketGroup: string | undefined;
  /** The range of TCP ports, for where a unix socket is not possible. */
  minPort: number;
  maxPort: number;
  /** Whether the line is to say if several services can share one connection. */
  tellsMultiplexing: boolean;
}

/** A start that cannot go on; the message is one line for the user. */
export class StartError extends Error {
  override readonly name = 'StartError';
}

/** Set by Terraform: not a secret, but a sign that Terraform started the process. */
export const MAGIC_COOKIE = {
  name: 'TF_PLUGIN_MAGIC_COOKIE',
  value: 'd602bf8f470bc67ca7faa0386276bbdd4330efaf76d1a219cb4d6991ca9872b2',
} as const;

const PROTOCOL_VERSION = 6;

/** What a person reads who starts the provider by hand. */
export const HELP = `This is the Terraform provider "accredit". Terraform starts it; it does nothing when started by hand.

To use it, name it in your configuration:

  terraform {
    required_providers {
      accredit = { source = "registry.terraform.io/accredit/accredit" }
    }
  }

and run terraform init. If it is not in a registry that Terraform reaches, point Terraform at the directory which holds
registry.terraform.io/accredit/accredit/VERSION/OS_ARCH/ with this file, in the file that TF_CLI_CONFIG_FILE names:

  provider_installation {
    filesystem_mirror { path = "/path/to/that/directory" }
  }
`;

/** True when Terraform started this process. */
export function startedByTerraform(env: NodeJS.ProcessEnv): boolean {
  return env[MAGIC_COOKIE.name] === MAGIC_COOKIE.value;
}

/**
 * Reads what Terraform asks for. Throws {@link StartError} when Terraform does not speak protocol 6 or the ports are no ports.
 */
export function readHandshake(env: NodeJS.ProcessEnv): HandshakeRequest {
  const versions = (env.PLUGIN_PROTOCOL_VERSIONS ?? '').split(',').filter((version) => version !== '');
  if (versions.length > 0 && !versions.includes(String(PROTOCOL_VERSION))) {
    throw new StartError(
      `Incompatible API version with plugin. Plugin version: ${PROTOCOL_VERSION}, Client versions: ${versions.join(', ')}. ` +
        'The accredit provider needs Terraform 1.0 or newer.',
    );
  }
  return {
    clientCertificate: certificate(env.PLUGIN_CLIENT_CERT),
    socketDirectory: env.PLUGIN_UNIX_SOCKET_DIR || undefined,
    socketGroup: env.PLUGIN_UNIX_SOCKET_GROUP || undefined,
    minPort: port(env, 'PLUGIN_MIN_PORT', 10_000),
    maxPort: port(env, 'PLUGIN_MAX_PORT', 25_000),
    tellsMultiplexing: (env.PLUGIN_MULTIPLEX_GRPC ?? '') !== '',
  };
}

/**
 * The line by which Terraform learns where the provider listens. The seventh field belongs only where it was asked for; it is
 * `false`, for the multiplexing meant there wraps the whole connection in another protocol.
 */
export function handshakeLine(
  address: { network: string; address: string },
  certificate: string,
  request: HandshakeRequest,
) {
  const fields = ['1', String(PROTOCOL_VERSION), address.network, address.address, 'grpc', certificate];
  if (request.tellsMultiplexing) fields.push('false');
  return `${fields.join('|')}\n`;
}

/** Any failure at start as one line, since Terraform shows nothing but the first line of standard output. */
export function startFailure(error: unknown): string {
  const text = error instanceof Error ? error.message : String(error);
  return `The accredit provider cannot start: ${text.replace(/\s+/g, ' ')}\n`;
}

function certificate(pem: string | undefined): Buffer | undefined {
  if (pem === undefined || pem === '') return undefined;
  try {
    return new X509Certificate(pem).raw;
  } catch (cause) {
    throw new StartError('PLUGIN_CLIENT_CERT is no certificate.', { cause });
  }
}

function port(env: NodeJS.ProcessEnv, name: string, fallback: number): number {
  const text = env[name];
  if (text === undefined || text === '') return fallback;
  const value = Number(text);
  if (!Number.isInteger(value) || value < 0 || value > 65_535) throw new StartError(`${name} is no port: "${text}".`);
  return value;
}
