import { chmodSync, chownSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import type { Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type HandshakeRequest, StartError } from './handshake.ts';

/** Where Terraform is to connect. */
export interface Address {
  network: 'unix' | 'tcp';
  address: string;
}

/** Bytes that the path of a unix socket may have (`sun_path` less its final zero); macOS takes four fewer. */
const LONGEST_PATH = process.platform === 'darwin' ? 103 : 107;

/** What makes a place unusable for a socket, while another one may do. */
const TRY_ELSEWHERE = new Set(['EACCES', 'EPERM', 'ENOENT', 'ENOTDIR', 'EROFS', 'ENOSPC', 'EOPNOTSUPP', 'EINVAL']);

/**
 * Makes the server listen on a unix socket in a directory of its own that only this user can enter, or, where no path is short
 * enough or no directory writable, on a loopback port of the range asked for. The socket is removed when the process exits.
 * Throws {@link StartError} when nothing works.
 */
export async function listen(
  server: Server,
  request: HandshakeRequest,
  places: readonly string[] = socketPlaces(request),
): Promise<Address> {
  for (const place of places) {
    const path = await listenOnSocket(server, place, request.socketGroup);
    if (path !== undefined) return { network: 'unix', address: path };
  }
  return { network: 'tcp', address: await listenOnPort(server, request) };
}

/** Windows has no unix sockets in Node. */
function socketPlaces(request: HandshakeRequest): string[] {
  return process.platform === 'win32' ? [] : [request.socketDirectory ?? tmpdir(), '/tmp'];
}

async function listenOnSocket(server: Server, place: string, group: string | undefined): Promise<string | undefined> {
  // mkdtemp adds six characters to the prefix and makes the directory with mode 0700.
  const prefix = join(place, 'accredit-');
  if (Buffer.byteLength(`${prefix}XXXXXX/plugin`) > LONGEST_PATH) return undefined;
  let directory: string | undefined;
  try {
    directory = mkdtempSync(prefix);
    removeAtExit(directory);
    const path = join(directory, 'plugin');
    await listening(server, { path });
    if (group !== undefined) admitGroup(directory, path, groupId(group));
    return path;
  } catch (error) {
    if (!TRY_ELSEWHERE.has((error as NodeJS.ErrnoException).code ?? '') || server.listening) throw error;
    return undefined;
  }
}

async function listenOnPort(server: Server, { minPort, maxPort }: HandshakeRequest): Promise<string> {
  for (let port = minPort; port <= maxPort; port += 1) {
    try {
      await listening(server, { host: '127.0.0.1', port, exclusive: true });
      const bound = server.address();
      return `127.0.0.1:${typeof bound === 'object' && bound !== null ? bound.port : port}`;
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      if (code !== 'EADDRINUSE' && code !== 'EACCES') throw error;
    }
  }
  throw new StartError(
    `there is no place for a unix socket in the temporary directory or /tmp, and no free port from ${minPort} to ${maxPort}.`,
  );
}

function listening(server: Server, where: { path: string } | { host: string; port: number; exclusive: boolean }) {
  return new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(where, () => {
      server.off('error', reject);
      resolve();
    });
  });
}

function removeAtExit(directory: string): void {
  process.on('exit', () => rmSync(directory, { recursive: true, force: true }));
}

/** The group may enter the directory and use the socket, nothing else. */
function admitGroup(directory: string, path: string, group: number): void {
  chownSync(path, -1, group);
  chmodSync(path, 0o660);
  chownSync(directory, -1, group);
  chmodSync(directory, 0o710);
}

function groupId(group: string): number {
  if (/^\d+$/.test(group)) return Number(group);
  const line = readFileSync('/etc/group', 'utf8')
    .split('\n')
    .find((entry) => entry.startsWith(`${group}:`));
  if (line === undefined) throw new StartError(`there is no group "${group}", which PLUGIN_UNIX_SOCKET_GROUP names.`);
  return Number(line.split(':')[2]);
}
