/** Where a request comes from. */
import type { IncomingMessage } from 'node:http';
import { BlockList, isIP, type Socket } from 'node:net';
import { readNetwork } from '../../terraform-provider-spec/network.ts';

/** Who is at the other end of a connection, which stays the same as long as it lasts. */
interface Peer {
  readonly address: string;
  readonly trusted: boolean;
}

/** Tells the client's address of a request, or null when the connection is gone already. */
export type ClientAddress = (request: IncomingMessage) => string | null;

/**
 * Reads the address from the connection. Only if that is one of `proxies` (addresses or CIDR blocks, IPv4 or IPv6),
 * `X-Forwarded-For` counts: then the client is the last address in it that is not a trusted proxy itself.
 * Throws `RangeError` for something that is no network.
 */
export function clientAddress(proxies: readonly string[]): ClientAddress {
  const isTrusted = addressesIn(proxies);
  const peers = new WeakMap<Socket, Peer>();
  const peerOf = (socket: Socket): Peer | undefined => {
    const known = peers.get(socket);
    if (known !== undefined) return known;
    if (socket.remoteAddress === undefined) return undefined;
    const address = plain(socket.remoteAddress);
    const peer = { address, trusted: isTrusted(address) };
    peers.set(socket, peer);
    return peer;
  };
  return (request) => {
    const peer = peerOf(request.socket);
    if (peer === undefined) return null;
    let client = peer.address;
    if (!peer.trusted) return client;
    // Node joins what came in several headers of this name.
    const hops = String(request.headers['x-forwarded-for'] ?? '').split(',');
    while (isTrusted(client)) {
      const hop = plain(hops.pop()?.trim() ?? '');
      // A hop that is no address cannot be attributed: the proxy that passed it on is the last one known.
      if (isIP(hop) === 0) break;
      client = hop;
    }
    return client;
  };
}

/**
 * Tells whether an address lies in one of `networks` (addresses or CIDR blocks, IPv4 or IPv6). Throws `RangeError` for
 * something that is no network.
 */
export function addressesIn(networks: readonly string[]): (address: string) => boolean {
  const list = new BlockList();
  for (const network of networks) addNetwork(list, network);
  return (address) => list.check(address, isIP(address) === 6 ? 'ipv6' : 'ipv4');
}

/** The networks of the machine itself (RFC 1122, section 3.2.1.3; RFC 4291, section 2.5.3). */
export const LOOPBACK: readonly string[] = ['127.0.0.0/8', '::1'];

/** The address at the other end of the connection, or null when it is gone already. */
export function peerOf({ socket }: Pick<IncomingMessage, 'socket'>): string | null {
  return socket.remoteAddress === undefined ? null : plain(socket.remoteAddress);
}

/** IPv4 addresses reach a dual-stack socket as `::ffff:192.0.2.1`, link-local ones with the zone behind `%`. */
function plain(address: string): string {
  const [unzoned = ''] = address.split('%', 1);
  return /^::ffff:([0-9.]+)$/i.exec(unzoned)?.[1] ?? unzoned;
}

function addNetwork(list: BlockList, network: string): void {
  const version = isIP(network);
  const read = readNetwork(version === 0 ? network : `${network}/${version === 6 ? 128 : 32}`);
  if (read === undefined) {
    throw new RangeError(`${JSON.stringify(network)} is neither an address nor a CIDR block such as 10.0.0.0/8`);
  }
  const [address = ''] = network.split('/', 1);
  list.addSubnet(address, read.prefix, read.version === 6 ? 'ipv6' : 'ipv4');
}
