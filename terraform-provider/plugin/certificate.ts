import { generateKeyPairSync, randomBytes, sign } from 'node:crypto';

/** A certificate that lives as long as the process, and its key. */
export interface EphemeralCertificate {
  /** PEM. */
  key: string;
  /** PEM. */
  certificate: string;
  /** The certificate in the form in which the handshake line carries it. */
  handshakeField: string;
}

const HOUR = 3_600_000;
const LIFETIME = 10 * 365 * 24 * HOUR;

/**
 * A self-signed P-256 certificate for `localhost`, for server and client (RFC 5280). It is written in DER by hand: no library, and
 * milliseconds where an RSA key would take a good part of a second.
 */
export function createCertificate(now: number = Date.now()): EphemeralCertificate {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const algorithm = sequence(objectIdentifier('1.2.840.10045.4.3.2')); // ecdsa-with-SHA256
  const name = sequence(tagged(0x31, sequence(objectIdentifier('2.5.4.3'), tagged(0x0c, Buffer.from('localhost')))));
  const body = sequence(
    tagged(0xa0, integer(Buffer.of(2))), // version 3
    integer(positive(randomBytes(16))),
    algorithm,
    name,
    sequence(time(now - HOUR), time(now + LIFETIME)),
    name,
    publicKey.export({ type: 'spki', format: 'der' }),
    tagged(0xa3, sequence(...extensions())),
  );
  const signature = sign('sha256', body, privateKey);
  const der = sequence(body, algorithm, bitString(0, signature));
  const lines = der.toString('base64').replace(/.{1,64}/g, '$&\n');
  return {
    key: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
    certificate: `-----BEGIN CERTIFICATE-----\n${lines}-----END CERTIFICATE-----\n`,
    handshakeField: unpaddedBase64(der),
  };
}

/** Base64 without `=`: Terraform refuses the padded form, which two of three lengths would have. */
export function unpaddedBase64(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('base64').replace(/=+$/, '');
}

/** An authority of its own (the client trusts exactly this certificate), for TLS on both ends, named localhost. */
function extensions(): Buffer[] {
  const critical = tagged(0x01, Buffer.of(0xff));
  return [
    extension('2.5.29.19', critical, sequence(critical)), // basicConstraints: CA
    extension('2.5.29.15', critical, bitString(2, Buffer.of(0b1000_0100))), // keyUsage: digitalSignature, keyCertSign
    extension(
      '2.5.29.37', // extKeyUsage: serverAuth, clientAuth
      sequence(objectIdentifier('1.3.6.1.5.5.7.3.1'), objectIdentifier('1.3.6.1.5.5.7.3.2')),
    ),
    extension('2.5.29.17', sequence(tagged(0x82, Buffer.from('localhost')))), // subjectAltName: DNS
  ];
}

function extension(id: string, ...rest: Buffer[]): Buffer {
  const value = rest.pop() as Buffer;
  return sequence(objectIdentifier(id), ...rest, tagged(0x04, value));
}

function tagged(tag: number, ...parts: Buffer[]): Buffer {
  const content = Buffer.concat(parts);
  const { length } = content;
  const size = length < 0x80 ? [length] : length < 0x100 ? [0x81, length] : [0x82, length >> 8, length & 0xff];
  return Buffer.concat([Buffer.of(tag, ...size), content]);
}

function sequence(...parts: Buffer[]): Buffer {
  return tagged(0x30, ...parts);
}

function integer(bytes: Buffer): Buffer {
  return tagged(0x02, bytes);
}

/** As DER integer: above zero, and no superfluous leading byte. */
function positive(bytes: Buffer): Buffer {
  bytes[0] = ((bytes[0] as number) & 0x7f) | 0x40;
  return bytes;
}

function bitString(unusedBits: number, bytes: Buffer): Buffer {
  return tagged(0x03, Buffer.of(unusedBits), bytes);
}

function objectIdentifier(dotted: string): Buffer {
  const [first = 0, second = 0, ...rest] = dotted.split('.').map(Number);
  const bytes = [first * 40 + second];
  for (const arc of rest) {
    const septets = [arc & 0x7f];
    for (let high = Math.floor(arc / 128); high > 0; high = Math.floor(high / 128))
      septets.unshift((high & 0x7f) | 0x80);
    bytes.push(...septets);
  }
  return tagged(0x06, Buffer.from(bytes));
}

/** UTCTime up to 2049, GeneralizedTime after (RFC 5280, 4.1.2.5). */
function time(milliseconds: number): Buffer {
  const digits = `${new Date(milliseconds).toISOString().replace(/[-:T]|\..*$/g, '')}Z`;
  return digits < '2050' ? tagged(0x17, Buffer.from(digits.slice(2))) : tagged(0x18, Buffer.from(digits));
}
