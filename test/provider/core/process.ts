/** Starts a provider as Terraform does, and connects to it: the magic cookie, the handshake line, mutual TLS, gRPC. */
import { type ChildProcess, spawn } from 'node:child_process';
import { Client, credentials } from '@grpc/grpc-js';
import type { EphemeralCertificate } from '../../../terraform-provider/plugin/certificate.ts';
import { MAGIC_COOKIE } from '../../../terraform-provider/plugin/handshake.ts';
import { decodeMessage, encodeMessage } from '../../../terraform-provider/plugin/wire.ts';

/** How the provider process is to be started. */
export interface LaunchOptions {
  /** The executable and its arguments. */
  command: readonly string[];
  /** Added to the environment of the test; undefined removes a variable. */
  env?: Record<string, string | undefined>;
  /** False starts it without a client certificate, as `TF_DISABLE_PLUGIN_TLS` does. */
  tls?: boolean;
}

/** What the handshake line says. */
export interface Handshake {
  line: string;
  network: string;
  address: string;
  /** The server's certificate, unpadded base64 of DER; empty without TLS. */
  certificate: string;
}

/** How a process ended. */
export interface Exit {
  code: number | null;
  signal: NodeJS.Signals | null;
}

/** A provider process from the outside. */
export interface LaunchedProcess {
  child: ChildProcess;
  /** The first line of standard output; rejects when the process ends without one. */
  firstLine: Promise<string>;
  exit: Promise<Exit>;
  /** Standard error up to now. */
  stderr: () => string;
}

/** Starts a provider as Terraform does. The client certificate is the one to connect with. */
export function startProvider(options: LaunchOptions, client: EphemeralCertificate | undefined): LaunchedProcess {
  const [command = '', ...args] = options.command;
  const child = spawn(command, args, {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: {
      ...process.env,
      [MAGIC_COOKIE.name]: MAGIC_COOKIE.value,
      PLUGIN_MIN_PORT: '10000',
      PLUGIN_MAX_PORT: '25000',
      PLUGIN_PROTOCOL_VERSIONS: '5,6',
      PLUGIN_CLIENT_CERT: client?.certificate,
      ...options.env,
    },
  });
  let stdout = '';
  let stderr = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr += text;
  });
  const exit = new Promise<Exit>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code, signal) => resolve({ code, signal }));
  });
  const firstLine = new Promise<string>((resolve, reject) => {
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      stdout += text;
      if (stdout.includes('\n')) resolve(stdout.slice(0, stdout.indexOf('\n')));
    });
    exit.then(
      ({ code }) => reject(new Error(`the provider ended (${code}) without a line: ${stdout}${stderr}`)),
      reject,
    );
  });
  // Whoever does not wait for the line must not be hit by its absence.
  firstLine.catch(() => undefined);
  return { child, firstLine, exit, stderr: () => stderr };
}

/** Splits a handshake line; throws when it is none. */
export function parseHandshake(line: string): Handshake {
  const [core, protocol, network = '', address = '', kind, certificate = ''] = line.split('|');
  if (core !== '1' || protocol !== '6' || kind !== 'grpc') throw new Error(`Not a handshake: ${line}`);
  return { line, network, address, certificate };
}

/** A gRPC client for a provider that has said where it listens. Without `client` it shows no certificate. */
export function connect(handshake: Handshake, client: EphemeralCertificate | undefined): Client {
  const target = handshake.network === 'unix' ? `unix:${handshake.address}` : handshake.address;
  const options = {
    'grpc.max_receive_message_length': -1,
    'grpc.max_send_message_length': -1,
    'grpc.ssl_target_name_override': 'localhost',
    'grpc.use_local_subchannel_pool': 1,
  };
  if (handshake.certificate === '') return new Client(target, credentials.createInsecure(), options);
  const padded = handshake.certificate.padEnd(Math.ceil(handshake.certificate.length / 4) * 4, '=');
  const pem = `-----BEGIN CERTIFICATE-----\n${padded.replace(/.{1,64}/g, '$&\n')}-----END CERTIFICATE-----\n`;
  const security = credentials.createSsl(
    Buffer.from(pem),
    client ? Buffer.from(client.key) : null,
    client ? Buffer.from(client.certificate) : null,
  );
  return new Client(target, security, options);
}

/** One unary call by full path and message names. Rejects with grpc-js's ServiceError. */
export function unaryCall(client: Client, path: string, request: [string, object], response: string): Promise<object> {
  return new Promise((resolve, reject) => {
    client.makeUnaryRequest(
      path,
      (message: object) => Buffer.from(encodeMessage(request[0], message)),
      (bytes: Buffer) => decodeMessage(response, bytes),
      request[1],
      { deadline: Date.now() + 30_000 },
      (error, answer) => (error ? reject(error) : resolve(answer as object)),
    );
  });
}

/** One call that is answered with a stream, by full path and the names of request and event. Rejects like `unaryCall`. */
export function streamCall(
  client: Client,
  path: string,
  request: object,
  [requestName, eventName]: readonly [string, string],
): Promise<object[]> {
  return new Promise((resolve, reject) => {
    const events: object[] = [];
    const stream = client.makeServerStreamRequest(
      path,
      (message: object) => Buffer.from(encodeMessage(requestName, message)),
      (bytes: Buffer) => decodeMessage(eventName, bytes),
      request,
      { deadline: Date.now() + 30_000 },
    );
    stream.on('data', (event: object) => events.push(event));
    stream.on('error', reject);
    stream.on('end', () => resolve(events));
  });
}
