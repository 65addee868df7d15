/** The ID of an OpenPGP key (RFC 4880, sections 6.2 and 12.2; RFC 9580 keeps both for keys of version 4). */
import { createHash } from 'node:crypto';

const PUBLIC_KEY = 6;

/**
 * The ID of the first public key in `armored`, in 16 upper-case hexadecimal digits. Throws `Error` for what is no ASCII-armored
 * public key of version 4, the only one that Terraform verifies with.
 */
export function keyId(armored: string): string {
  const body = firstPacket(dearmored(armored));
  if (body === undefined || body[0] !== 4) throw new Error('it is no OpenPGP public key of version 4');
  const length = Buffer.of(0x99, body.length >> 8, body.length & 0xff);
  const fingerprint = createHash('sha1').update(length).update(body).digest('hex');
  return fingerprint.slice(-16).toUpperCase();
}

function dearmored(armored: string): Buffer {
  const block = /^-----BEGIN PGP PUBLIC KEY BLOCK-----\r?\n([\s\S]*?)^-----END PGP PUBLIC KEY BLOCK-----/m.exec(
    armored,
  );
  const [, text = ''] = block ?? [];
  // Headers end with an empty line, and a last line that begins with = is a checksum.
  const lines = text.split(/\r?\n/);
  const data = lines.slice(lines.findIndex((line) => line.trim() === '') + 1).filter((line) => !line.startsWith('='));
  return Buffer.from(data.join(''), 'base64');
}

/** The body of the first packet, if it is a public key (RFC 4880, section 4.2). */
function firstPacket(packets: Buffer): Buffer | undefined {
  const [tag = 0, first = 0, second = 0] = packets;
  if ((tag & 0xc0) === 0xc0 && (tag & 0x3f) === PUBLIC_KEY) {
    if (first < 192) return packets.subarray(2, 2 + first);
    if (first < 224) return packets.subarray(3, 3 + ((first - 192) << 8) + second + 192);
    if (first === 255) return packets.subarray(6, 6 + packets.readUInt32BE(2));
  }
  if ((tag & 0xc0) === 0x80 && (tag & 0x3c) >> 2 === PUBLIC_KEY) {
    const type = tag & 0x03;
    if (type === 0) return packets.subarray(2, 2 + first);
    if (type === 1) return packets.subarray(3, 3 + (first << 8) + second);
    if (type === 2) return packets.subarray(5, 5 + packets.readUInt32BE(1));
  }
  return undefined;
}
