import { isIPv4, isIPv6 } from 'node:net';

/** A network in CIDR notation (RFC 4632, RFC 4291), read. */
export interface Network {
  readonly version: 4 | 6;
  /** The address as a number of 32 or 128 bits. */
  readonly bits: bigint;
  readonly prefix: number;
}

/** Reads an IPv4 or IPv6 address with a prefix length; `undefined` for anything else. Host bits may be set. */
export function readNetwork(text: string): Network | undefined {
  const match = /^([0-9a-fA-F:.]{2,45})\/(0|[1-9][0-9]{0,2})$/.exec(text);
  if (match === null) return undefined;
  const [address, prefix] = [match[1] as string, Number(match[2])];
  if (isIPv4(address) && prefix <= 32) return { version: 4, bits: ipv4Bits(address), prefix };
  if (isIPv6(address) && prefix <= 128) return { version: 6, bits: ipv6Bits(address), prefix };
  return undefined;
}

/** The network with all bits behind its prefix cleared. */
export function withoutHostBits(network: Network): Network {
  const host = BigInt((network.version === 4 ? 32 : 128) - network.prefix);
  return { ...network, bits: (network.bits >> host) << host };
}

/** Whether it holds IPv4 addresses only, written as IPv6 (`::ffff:0:0/96`, RFC 4291 section 2.5.5.2). */
export function isMappedIpv4({ version, bits, prefix }: Network): boolean {
  return version === 6 && prefix >= 96 && bits >> 32n === 0xffffn;
}

/** The shortest usual notation; IPv6 as RFC 5952 recommends. */
export function formatNetwork({ version, bits, prefix }: Network): string {
  return `${version === 4 ? formatIpv4(bits) : formatIpv6(bits)}/${prefix}`;
}

function ipv4Bits(address: string): bigint {
  return address.split('.').reduce((bits, byte) => (bits << 8n) | BigInt(byte), 0n);
}

function ipv6Bits(address: string): bigint {
  // An IPv4 tail stands for the last two groups.
  const hexadecimal = address.replace(/[0-9]+\.[0-9.]+$/, (tail) => {
    const bits = ipv4Bits(tail);
    return `${(bits >> 16n).toString(16)}:${(bits & 0xffffn).toString(16)}`;
  });
  const [head, tail] = hexadecimal.split('::').map((side) => (side === '' ? [] : side.split(':')));
  const left = head ?? [];
  const right = tail ?? [];
  const gap = tail === undefined ? 0 : 8 - left.length - right.length;
  const groups = [...left, ...new Array<string>(gap).fill('0'), ...right];
  return groups.reduce((bits, group) => (bits << 16n) | BigInt(`0x${group}`), 0n);
}

function formatIpv4(bits: bigint): string {
  return [24n, 16n, 8n, 0n].map((shift) => (bits >> shift) & 0xffn).join('.');
}

function formatIpv6(bits: bigint): string {
  const groups = Array.from({ length: 8 }, (_, index) => ((bits >> BigInt(112 - 16 * index)) & 0xffffn).toString(16));
  // The first of the longest runs of at least two zero groups becomes "::".
  let [start, length] = [0, 1];
  for (let from = 0; from < 8; from += 1) {
    let to = from;
    while (groups[to] === '0') to += 1;
    if (to - from > length) [start, length] = [from, to - from];
  }
  if (length < 2) return groups.join(':');
  return `${groups.slice(0, start).join(':')}::${groups.slice(start + length).join(':')}`;
}
